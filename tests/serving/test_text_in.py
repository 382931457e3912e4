"""Texts in, labels out: an exported model splits texts as the run does, and answers what it answers, without rnnzoo."""

import json
import re

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from refusals import one_sentence

import rnnzoo
from rnnzoo.data.pairs.tokenizers import WRITTEN
from rnnzoo.data.ragged import truncate
from rnnzoo.data.text.vocabulary import tokenize
from rnnzoo.serving import text_in
from rnnzoo.serving.exporting import describe, export

TEXTS = [
    "A gorgeous, witty film!",
    "don't <br /> miss it's ''quoted'' rock'n'roll",
    "Das Straßenfest war schön, Ärger gab's nicht",
    "映画はとても良い！ 非常好看",
    "ΟΔΥΣΣΕΥΣ Σ İstanbul ǅ",
    "١٢٣ ½ x² ①",
    "",
    "?!",
    "a\x01b <i>c</i> <3",
    "नमस्ते дом_2 e\u0301",
    "so good :) :-D =( <3 a:b http://x (1:) é:d :dé ;p!",
    "😀👍🏽 ❤️ 👨‍👩‍👧 🇩🇪 5️⃣ © ♦ می\u200cخواهم",
]


def words(texts, rule):
    return strings(text_in.words_of(tf.constant(texts), rule))


def strings(rows):
    return [[word.decode() for word in row] for row in rows.to_list()]


@pytest.mark.parametrize("rule", [1, 2])
def test_words_are_python_s(rule):
    assert words(TEXTS, rule) == [tokenize(text, "words", rule) for text in TEXTS]


@hypothesis.given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
@hypothesis.settings(max_examples=60)
def test_words_of_any_text_are_python_s(texts):
    for rule in (1, 2):
        assert words(texts, rule) == [tokenize(text, "words", rule) for text in texts]
    written = strings(text_in.split(tf.constant(texts), "words", text_in.written_pattern))
    assert written == [WRITTEN.findall(re.sub("[\x00\x01]", " ", text)) for text in texts]
    assert strings(text_in.split(tf.constant(texts), "characters", text_in.word_pattern)) == [*map(list, texts)]


@pytest.mark.parametrize("keep", ["head", "tail", "both"])
@pytest.mark.parametrize("length", [1, 4, 5, None])
def test_rows_are_truncated_alike(keep, length):
    rows = [list(range(count)) for count in (0, 1, 4, 5, 9)]
    found = text_in._truncated(tf.ragged.constant(rows, dtype=tf.int32), length, keep).to_list()
    assert found == [truncate(np.array(row), length, keep).tolist() for row in rows]


def test_a_preset_answers_texts_without_rnnzoo(tmp_path, python):
    run = rnnzoo.load("imdb")
    texts = [*TEXTS, "a dull, endless, stupid mess", "a gorgeous, witty film " * 300]
    path, _ = export(run, "tf_saved_model", tmp_path / "imdb")
    code = (
        "import sys, json, tensorflow as tf; m = tf.saved_model.load(sys.argv[1]);"
        "f = m.answer(tf.constant(json.loads(sys.argv[2])));"
        "print(json.dumps([[w.decode() for w in f['label'].numpy()], f['probability'].numpy().tolist()]));"
        "assert not [n for n in sys.modules if n.split('.')[0] == 'rnnzoo']"
    )
    said = python(code, path, json.dumps(texts))
    assert said.returncode == 0, said.stderr
    labels, probabilities = json.loads(said.stdout)
    answers = run.predict(texts)
    assert labels == [answer["label"] for answer in answers]
    np.testing.assert_allclose(probabilities, [answer["probability"] for answer in answers], atol=1e-5)


def test_files_tell_labels_vocabulary_and_rule(finished, tmp_path):
    path, _ = export(finished, "litert", tmp_path / "small.tflite", sequence_length=3)
    assert b'"labels": ["a", "b", "c"]' in path.read_bytes()
    told = text_in.rule(rnnzoo.load("imdb"))
    assert told["labels"] == ["neg", "pos"]
    assert told["tokenizer"]["first_id"] == 2
    assert len(told["vocabulary"]) == told["inputs"]["vocabulary_size"] - 2
    onnx = pytest.importorskip("onnx")
    model = onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], []))
    onnx.save(model, str(tmp_path / "empty.onnx"))
    describe(tmp_path / "empty.onnx", "onnx", told)
    kept = {entry.key: entry.value for entry in onnx.load(str(tmp_path / "empty.onnx")).metadata_props}
    assert json.loads(kept["rnnzoo"]) == json.loads(json.dumps(told))


def test_a_translation_is_one_saved_model(tmp_path, python):
    run = rnnzoo.load("dates")
    texts = ["søndag den 5. marts 2023", "3 July 1987", "¿", "x" * 70]
    path, error = export(run, "tf_saved_model", tmp_path / "dates")
    assert error == 0
    code = (
        "import sys, json, tensorflow as tf; m = tf.saved_model.load(sys.argv[1]);"
        "f = m.answer(tf.constant(json.loads(sys.argv[2])));"
        "print(json.dumps([[w.decode() for w in f['text'].numpy()], f['score'].numpy().tolist()]))"
    )
    said = python(code, path, json.dumps(texts))
    assert said.returncode == 0, said.stderr
    found, scores = json.loads(said.stdout)
    answers = run.predict(texts)
    assert found == [answer["text"] for answer in answers]
    np.testing.assert_allclose(scores, [answer["score"] for answer in answers], atol=1e-4)
    for form in ("onnx", "litert"):
        one_sentence(lambda form=form: export(run, form, tmp_path / "x", sequence_length=9), "tf_saved_model")
