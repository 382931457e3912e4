"""Texts as a person wrote them, token by token: capitals and punctuation, which models do not read, are kept."""

import itertools
import re
from collections.abc import Collection, Iterable

from rnnzoo.data.text.vocabulary import MARKUP, RULE, Unit, pattern

GAP = re.compile(r"\s")


def as_written(text: str, unit: Unit, rule: int = RULE) -> list[str]:
    """Return what stands in a text for each token: its letters as they are, and the signs that touch it.

    There is one for each of `tokenize`. Markup is left out. Signs between two words belong to the one before, up to the
    first space.

    Example:
        >>> as_written("(A gorgeous, witty film...)", "words")
        ['(A', 'gorgeous,', 'witty', 'film...)']
    """
    if unit == "characters":
        return list(text)
    plain = MARKUP.sub(" ", text)
    lower = plain.lower()
    if len(lower) != len(plain):  # of a letter that becomes two: İ
        plain = lower
    words = [found.span() for found in pattern(lower, rule).finditer(lower)]
    cuts = [0]
    for (_, end), (begin, _) in itertools.pairwise(words):
        gap = GAP.search(plain, end, begin)
        cuts.append(gap.start() if gap else begin)
    ends = [*cuts[1:], len(plain)]
    return [" ".join(plain[begin:end].split()) for begin, end in zip(cuts[: len(words)], ends, strict=False)]


def numbered(texts: Iterable[str], wanted: Collection[int]) -> dict[int, str]:
    """Return those of many texts whose numbers are wanted; they are read one by one, up to the last of these."""
    found: dict[int, str] = {}
    for number, text in enumerate(texts):
        if len(found) == len(set(wanted)):
            break
        if number in wanted:
            found[number] = text
    return found
