"""Text → token ids. 0 is padding, 1 an unknown token."""

import functools
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
RULE = 2
"""How texts are divided into words today. A run remembers its rule; before there was more than one it was 1."""
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Chinese characters and Japanese syllables, written without spaces: each is a word."""


def words_before(unspaced: str = UNSPACED, letters: str = rf"[^\W{UNSPACED}]") -> str:
    """Return the pattern of a word of rule 1; the arguments are classes of characters, for other libraries."""
    return rf"[{unspaced}]|{letters}+(?:'{letters}+)*|[!?！？]"


@dataclass(frozen=True)
class Signs:
    """Classes of characters and borders of ASCII words, as a library of regular expressions writes them.

    The defaults are those of `regex`.
    """

    unspaced: str = UNSPACED
    letter: str = rf"[[\p{{L}}\p{{N}}_]--[{UNSPACED}]]"
    mark: str = r"[\p{M}\u200c\u200d]"
    picture: str = "[\\p{Extended_Pictographic}--[©®™]]"
    modifier: str = r"[\ufe0f\p{Emoji_Modifier}]"
    flag: str = r"\p{Regional_Indicator}"
    keycap: str = "\ufe0f?\u20e3"
    joiner: str = "\u200d"
    no_word_before: str = "(?<![a-z0-9_])"
    no_word_after: str = "(?![a-z0-9_])"
    no_word_after_letter: str = "(?![a-z0-9_])"


def emoticon(s: Signs) -> str:
    """Return the pattern of :) ;-( :'( :d (of :D) :/ <3 and their kin, in lower case.

    Letters and strokes count as mouths behind a gap alone, so that no web address, clock or list holds one.
    """
    eyes = "[:;=]['^-]?"
    return (
        rf"{eyes}[)(\]\[]+{s.no_word_after}|{s.no_word_before}{eyes}[|\\/*]{s.no_word_after}"
        f"|{s.no_word_before}{eyes}[dp3o]{s.no_word_after_letter}|{s.no_word_before}<3{s.no_word_after_letter}"
    )


def words(s: Signs) -> str:
    """Return the pattern of a word of rule 2."""
    word = f"{s.letter}(?:{s.letter}|{s.mark})*"
    picture = f"{s.picture}{s.modifier}?"
    emoji = f"{s.flag}{s.flag}|[0-9#*]{s.keycap}|{picture}(?:{s.joiner}{picture})*"
    return f"{emoji}|[{s.unspaced}]|{word}(?:'{word})*|[!?！？]|{emoticon(s)}"


def tokenize(text: str, unit: Unit, rule: int = RULE) -> list[str]:
    """Split a text: lower-case words without markup, or characters as they are.

    A word is a run of letters and digits with its inner apostrophes. Of the punctuation ! and ? are words, and, since
    rule 2, emoticons and emoji, which say what a text feels. Rule 2 also leaves the marks on a letter, such as the
    vowels of Hindi, in its word.
    """
    if unit == "characters":
        return list(text)
    text = MARKUP.sub(" ", text).lower()
    found = pattern(text, rule).findall(text)
    return found if rule == 1 or text.isascii() else [word.replace("\ufe0f", "") for word in found]


def pattern(text: str, rule: int) -> re.Pattern[str]:
    """Return the pattern of a word, by which a text without markup, in lower case, is divided."""
    if rule == 1:
        return (_before if text.isascii() else _before_anywhere)()
    return (_english if text.isascii() else _anywhere)()


@functools.cache
def _before():
    return re.compile(r"\w+(?:'\w+)*|[!?]")


@functools.cache
def _before_anywhere():
    return re.compile(words_before())


@functools.cache
def _english():
    return re.compile(rf"\w+(?:'\w+)*|[!?]|{emoticon(Signs())}")


@functools.cache
def _anywhere():
    import regex

    return regex.compile(f"(?V1){words(Signs())}")


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
