"""Text → token ids. 0 is padding, 1 an unknown token."""

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rnnzoo.data.ragged import Ragged
from rnnzoo.errors import InvalidValue

Unit = Literal["words", "characters"]

PADDING, UNKNOWN, FIRST = 0, 1, 2
END = 2
"""In a vocabulary of targets: the end of a sentence, and what stands before its first token."""
MARKUP = re.compile(r"<[a-zA-Z/!][^>]*>")
SURROGATE = re.compile("[\ud800-\udfff]")
WORDS = re.compile(r"\w+(?:'\w+)*|[!?]")
"""Runs of letters and digits with their inner apostrophes; of the punctuation only ! and ?."""
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Chinese characters and Japanese syllables, written without spaces: each is a word."""
ANY_WORDS = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:'[^\W{UNSPACED}]+)*|[!?！？]")


def tokenize(text: str, unit: Unit) -> list[str]:
    """Split a text: lower-case words without markup, or characters as they are."""
    if unit == "characters":
        return list(text)
    return (WORDS if text.isascii() else ANY_WORDS).findall(MARKUP.sub(" ", text).lower())


def check_text(text: str) -> str:
    """Return a text.

    Raises:
        ValueError: It holds half of a pair of UTF-16, which no file and no library can write.
    """
    if not text.isascii() and (half := SURROGATE.search(text)):
        raise InvalidValue(f"Half of a pair of UTF-16 (a lone surrogate) is no text. Received: {half.group()!a}")
    return text


class _Numbers(dict[str, int]):
    """Number every key in the order of appearance."""

    def __missing__(self, key):
        return self.setdefault(key, len(self))


@dataclass
class Lexicon:
    """Every token met so far, numbered in the order of appearance: one pass over a text of any size.

    Args:
        unit: `words` or `characters`.
    """

    unit: Unit
    ids: dict[str, int] = field(default_factory=_Numbers, init=False)

    def read(self, texts: Iterable[str]) -> Ragged:
        """Number the tokens of each text."""
        flat, ends = array("i"), array("q")
        for text in texts:
            flat.extend(map(self.ids.__getitem__, tokenize(text, self.unit)))
            ends.append(len(flat))
        stops = np.asarray(ends, "int64")
        return Ragged(np.frombuffer(flat, "int32") if flat else np.zeros(0, "int32"), np.append(0, stops)[:-1], stops)

    def most_frequent(self, rows: Iterable[np.ndarray], size: int) -> list[str]:
        """Return the tokens of these rows by falling frequency, at most `size`; the earlier one first where equal."""
        counts = np.zeros(len(self.ids), "int64")
        for row in rows:
            np.add.at(counts, row, 1)
        order = np.argsort(-counts, kind="stable")[:size]
        words = list(self.ids)
        return [words[i] for i in order if counts[i]]


class Vocabulary:
    """The tokens that a model knows.

    Args:
        tokens: Token number i has the id i + 2.
        unit: `words` or `characters`.
    """

    def __init__(self, tokens: Sequence[str], unit: Unit):
        self.tokens, self.unit = list(tokens), unit
        self.ids = {token: i for i, token in enumerate(self.tokens, FIRST)}

    def __len__(self):
        """Count the ids, padding and unknown included."""
        return len(self.tokens) + FIRST

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text, int32 `(time,)`."""
        return np.array([self.ids.get(token, UNKNOWN) for token in tokenize(text, self.unit)], "int32")

    def decode(self, ids: np.ndarray) -> list[str]:
        """Return the tokens of a row of ids; an unknown one is ?."""
        return ["" if i == PADDING else "?" if i == UNKNOWN else self.tokens[i - FIRST] for i in ids]

    def from_lexicon(self, lexicon: Lexicon) -> np.ndarray:
        """Return this vocabulary's id for each of the lexicon's."""
        return np.array([self.ids.get(token, UNKNOWN) for token in lexicon.ids], "int32")
