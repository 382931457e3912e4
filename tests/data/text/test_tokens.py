"""How texts become words: what rule 2 adds to rule 1, and that runs keep theirs."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import one_sentence

from rnnzoo.data import TextClassification, TextRegression
from rnnzoo.data.text.vocabulary import tokenize
from rnnzoo.data.text.written import as_written

FRAME = pd.DataFrame({"text": ["fun :) fun", "dull :( dull"] * 20, "label": [5, 1] * 20})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Great movie :) I loved it :-D <3", ["great", "movie", ":)", "i", "loved", "it", ":-d", "<3"]),
        ("='( :(( ;) no :p", ["='(", ":((", ";)", "no", ":p"]),
        ("good 😀👍🏽 ❤️ 👨‍👩‍👧 🇩🇪", ["good", "😀", "👍🏽", "❤", "👨‍👩‍👧", "🇩🇪"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("日本語です! 한국어", ["日", "本", "語", "で", "す", "!", "한국어"]),
        ("cafe\u0301 caf\u00e9", ["cafe\u0301", "caf\u00e9"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("© 2026 don't <br />stop!", ["2026", "don't", "stop", "!"]),
    ],
)
def test_emoticons_emoji_and_words_of_every_script(text, words):
    assert tokenize(text, "words") == words


@pytest.mark.parametrize(
    "text",
    [
        "see http://x.com/a:b at 10:30 (note: (1) yes), ratio 3:1; c:\\dir; (8) 'x) <b>film:(bad</b>",
        "Didn't it -- the film's 2nd half -- drag?! A 10/10; 'twas so-so... [sic] {x} = 3; y=2)",
    ],
)
def test_plain_english_is_as_it_was(text):
    assert tokenize(text, "words", 1) == tokenize(text, "words", 2)


@given(st.text("abc XYZ'!?.,-019\n\"", max_size=60))
def test_without_signs_of_emoticons_nothing_has_changed(text):
    assert tokenize(text, "words", 1) == tokenize(text, "words", 2)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('He said: "(A gorgeous,  witty', ["He", "said:", '"(A', "gorgeous,", "witty"]),
        ("film...) - <br />isn't it?", ["film...)", "- isn't", "it", "?"]),
        ("Größe, 日本! İx", ["größe,", "日", "本", "!", "i̇x"]),
        ("... !", ["... !"]),
        ("...", []),
    ],
)  # fmt: skip
def test_words_as_a_person_wrote_them(text, written):
    assert as_written(text, "words") == written


@given(st.text("aB <>/b'!?.,-(019)\n\"İé語:", max_size=60), st.sampled_from((1, 2)))
def test_for_each_token_there_is_what_was_written(text, rule):
    tokens, written = tokenize(text, "words", rule), as_written(text, "words", rule)
    assert len(tokens) == len(written)
    assert all(token in piece.lower() for token, piece in zip(tokens, written, strict=True))


def test_rows_of_a_part_are_found_again_as_they_were_written(tmp_path):
    rows = [f'A "{"good" if i % 2 else "bad"}" film (no. {i}),{i % 2}' for i in range(60)]
    (tmp_path / "a.csv").write_text("text,label\n" + "\n".join(rows).replace('"', "'") + "\n")
    data = TextClassification(file=str(tmp_path / "a.csv"), vocabulary_size=6)
    test = data.load(sequence_length=3).parts["test"]
    numbers = [3, 0]
    kinds = ["good" if test.y[i] else "bad" for i in numbers]
    assert data.pieces_of(test.x, numbers) == [["A", f"'{kind}'", "film"] for kind in kinds]
    assert data.pieces_of([test.x[0]], [0]) == [data.vocabulary.decode(test.x[0])]  # of what it has not read itself
    (tmp_path / "a.csv").write_text("text,label\n" + "\n".join(reversed(rows)).replace('"', "'") + "\n")
    again = data.pieces_of(test.x, numbers)
    assert [words[0].lower() for words in again] == ["a", "a"]  # the file has changed: never the words of another row


def test_a_run_of_before_divides_texts_as_it_did(tmp_path):
    data = TextClassification(FRAME)
    data.read()
    assert {":)", ":("} <= {*data.vocabulary.tokens}
    data.fitted["sequence_length"] = None
    data.save(tmp_path)
    assert TextClassification(FRAME).restore(tmp_path).pieces(["fun :)"]) == [["fun", ":)"]]
    kept = json.loads((tmp_path / "data.json").read_text())
    assert kept.pop("rule") == 2
    (tmp_path / "data.json").write_text(json.dumps(kept))
    before = TextClassification(FRAME).restore(tmp_path)
    assert before.pieces(["fun :)"]) == [["fun :)"]]  # one word, and signs that are none
    again = TextClassification(FRAME)
    again.divide_as(tmp_path)  # it is extended
    again.read()
    assert set(again.vocabulary.tokens) == {"fun", "dull"}


def test_numbers_are_learnt_as_numbers_and_an_order_of_labels_is_noticed():
    data = TextRegression(FRAME.assign(label=["4.5", "1"] * 20), scale_answers="none")
    parts = data.read()
    assert sorted({float(y) for _, values in parts.values() for y in values[:, 0]}) == [1.0, 4.5]
    assert data.inputs["outputs"] == 1
    stars = TextClassification(FRAME.assign(label=[1, 2, 3, 4, 5] * 8))
    stars.read()
    assert any("labels from 1 to 5" in note for note in stars.report["notes"])
    one_sentence(
        lambda: TextRegression(FRAME.assign(label="good")).read(), "a number; words are learnt.*'good' in row 1"
    )
