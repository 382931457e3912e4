"""Vocabularies of pairs: words, characters and subwords."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnzoo.data.pairs import tokenizers
from rnnzoo.data.text.vocabulary import END, UNKNOWN

TEXTS = ["The dog's bone, the cat!", "the DOG", "ein Hund — der Hund"]


def test_words_are_kept_as_they_are_written():
    found = tokenizers.restore(tokenizers.fit(TEXTS, "words", 100, 3))
    assert found.pieces(TEXTS[0]) == ["The", "dog's", "bone", ",", "the", "cat", "!"]
    assert found.text(found.encode(TEXTS[0])) == "The dog's bone , the cat !" == found.normal(TEXTS[0])
    assert found.ids["the"] == 3  # the most frequent one, before those met later
    assert found.tokens([0, 1, 2, 3]) == ["", "⁇", "■", "the"]
    assert found.text(found.encode("the Hund barks")) == "the Hund ⁇"
    assert found.normal("the Hund barks") == "the Hund barks"  # so that an unknown word is never right


def test_characters_keep_all():
    found = tokenizers.restore(tokenizers.fit(TEXTS, "characters", 100, 2))
    assert found.text(found.encode(TEXTS[0])) == TEXTS[0] == found.normal(TEXTS[0])
    assert len(found) == 2 + len(set("".join(TEXTS)))
    assert found.ids[" "] == 2


def test_subwords_write_any_text_of_their_letters():
    texts = [f"{a} {b} the dogs are barking." for a in ("old", "young", "small") for b in ("and", "or", "but")] * 4
    fitted = tokenizers.fit(texts, "subwords", 40, 3)
    found = tokenizers.restore(json.loads(json.dumps(fitted)))  # as a run keeps it
    assert found.text(found.encode("the young dog")) == "the young dog"
    assert found.pieces("the  dog")[0].startswith("▁")
    assert len(found.encode("the dog")) == len(found.pieces("the dog")) > 0
    assert found.encode("the dog").min() >= 3
    assert UNKNOWN in found.encode("dög")
    assert found.normal("ﬁve  dogs ") == "five dogs"
    assert "⁇" in found.tokens(found.encode("ö"))
    assert len(found) <= 40
    assert tokenizers.fit(texts, "subwords", 40, 3) == fitted, "the same texts give the same pieces"


@given(st.lists(st.text(alphabet="ab c.", min_size=1), min_size=1, max_size=10))
def test_rows_of_ids_are_those_of_each_text(texts):
    texts = ["a", *texts]
    for first in (2, 3):
        found = tokenizers.restore(tokenizers.fit(texts, "words", 50, first))
        rows = tokenizers.encode_all(found, texts)
        for row, text in zip(rows, texts, strict=True):
            expected = [*found.encode(text)] + ([END] if first == 3 else [])
            assert row.tolist() == (expected or [UNKNOWN])


@pytest.mark.parametrize(
    ("texts", "unit", "size", "message"),
    [
        (["a b"], "words", 3, "room for a token"),
        ([" "], "words", 9, "no token"),
        (["a b c d e f g"], "subwords", 5, "Vocabulary size is smaller"),
        ([" "], "subwords", 9, "no token"),
    ],
)
def test_vocabularies_that_cannot_be(texts, unit, size, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        tokenizers.fit(texts, unit, size, 3)
