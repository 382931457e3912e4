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


ASKED = {
    "imdb": [*TEXTS, "a dull, endless, stupid mess", "a gorgeous, witty film " * 300],
    "dates": ["søndag den 5. marts 2023", "3 July 1987", "¿", "x" * 70],
}
WITHOUT = """
import json, sys, tensorflow as tf
for name, texts in json.loads(sys.argv[2]).items():
    model = tf.saved_model.load(f"{sys.argv[1]}/{name}")
    found = {key: value.numpy() for key, value in model.answer(tf.constant(texts)).items()}
    print(json.dumps({key: (v.astype(str) if v.dtype == object else v).tolist() for key, v in found.items()}))
assert not [name for name in sys.modules if name.split(".")[0] == "rnnzoo"]
"""


@pytest.mark.slow  # `.ci/wheel` asks presets too, by the command line
def test_presets_answer_texts_without_rnnzoo(tmp_path, python):
    """One that classifies, and one that translates: each is one SavedModel."""
    runs = {name: rnnzoo.load(name) for name in ASKED}
    errors = {name: export(run, "tf_saved_model", tmp_path / name)[1] for name, run in runs.items()}
    assert errors["dates"] == 0
    said = python(WITHOUT, tmp_path, json.dumps(ASKED))
    assert said.returncode == 0, said.stderr
    for (name, run), found in zip(runs.items(), map(json.loads, said.stdout.splitlines()), strict=True):
        answers = run.predict(ASKED[name])
        text, number, atol = ("label", "probability", 1e-5) if name == "imdb" else ("text", "score", 1e-4)
        assert found[text] == [answer[text] for answer in answers]
        np.testing.assert_allclose(found[number], [answer[number] for answer in answers], atol=atol)
    for form in ("onnx", "litert"):
        one_sentence(lambda form=form: export(runs["dates"], form, tmp_path / "x", sequence_length=9), "tf_saved_model")


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
