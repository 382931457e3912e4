"""Text → token ids. 0 is padding, 1 an unknown token."""

import functools
import re
import unicodedata
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
RULE = 2
"""How texts are divided into words today. A run remembers its rule; before there was more than one it was 1."""
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Chinese characters and Japanese syllables, written without spaces: each is a word."""
EMOTICON = r"(?<![\d:;=])[:;=]['^-]?[)(\]\[]+(?!\w)|(?<![\w:;=])[:;=]['^-]?[dp3o|\\/*](?![\w/])|(?<!\w)<3(?!\w)"
""":) ;-( :'( :d (of :D) :/ <3 and their kin, in lower case; no end of a web address, a clock or a list."""


def tokenize(text: str, unit: Unit, rule: int = RULE) -> list[str]:
    """Split a text: lower-case words without markup, or characters as they are.

    A word is a run of letters and digits with its inner apostrophes. Of the punctuation ! and ? are words, and, since
    rule 2, emoticons and emoji, which say what a text feels. Rule 2 also leaves the marks on a letter, such as the
    vowels of Hindi, in its word.
    """
    if unit == "characters":
        return list(text)
    text = MARKUP.sub(" ", text).lower()
    if rule == 1:
        return (_before if text.isascii() else _before_anywhere)().findall(text)
    if text.isascii():
        return _english().findall(text)
    return [word.replace("\ufe0f", "") for word in _anywhere().findall(unicodedata.normalize("NFC", text))]


@functools.cache
def _before():
    return re.compile(r"\w+(?:'\w+)*|[!?]")


@functools.cache
def _before_anywhere():
    return re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:'[^\W{UNSPACED}]+)*|[!?！？]")


@functools.cache
def _english():
    return re.compile(rf"\w+(?:'\w+)*|[!?]|{EMOTICON}")


@functools.cache
def _anywhere():
    import regex

    letter = rf"[[\p{{L}}\p{{N}}_]--[{UNSPACED}]]"
    word = rf"{letter}(?:{letter}|[\p{{M}}\u200c\u200d])*"
    picture = r"[\p{Extended_Pictographic}--[©®™]](?:\ufe0f|\p{Emoji_Modifier})?"
    emoji = rf"\p{{Regional_Indicator}}{{2}}|[0-9#*]\ufe0f?\u20e3|{picture}(?:\u200d{picture})*"
    return regex.compile(rf"(?V1){emoji}|[{UNSPACED}]|{word}(?:'{word})*|[!?！？]|{EMOTICON}")


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
        rule: See `tokenize`.
    """

    unit: Unit
    rule: int = RULE
    ids: dict[str, int] = field(default_factory=_Numbers, init=False)

    def read(self, texts: Iterable[str]) -> Ragged:
        """Number the tokens of each text."""
        flat, ends = array("i"), array("q")
        for text in texts:
            flat.extend(map(self.ids.__getitem__, tokenize(text, self.unit, self.rule)))
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
        rule: See `tokenize`.
    """

    def __init__(self, tokens: Sequence[str], unit: Unit, rule: int = RULE):
        self.tokens, self.unit, self.rule = list(tokens), unit, rule
        self.ids = {token: i for i, token in enumerate(self.tokens, FIRST)}

    def __len__(self):
        """Count the ids, padding and unknown included."""
        return len(self.tokens) + FIRST

    def encode(self, text: str) -> np.ndarray:
        """Return the ids of a text, int32 `(time,)`."""
        return np.array([self.ids.get(token, UNKNOWN) for token in tokenize(text, self.unit, self.rule)], "int32")

    def decode(self, ids: np.ndarray) -> list[str]:
        """Return the tokens of a row of ids; an unknown one is ?."""
        return ["" if i == PADDING else "?" if i == UNKNOWN else self.tokens[i - FIRST] for i in ids]

    def from_lexicon(self, lexicon: Lexicon) -> np.ndarray:
        """Return this vocabulary's id for each of the lexicon's."""
        return np.array([self.ids.get(token, UNKNOWN) for token in lexicon.ids], "int32")
