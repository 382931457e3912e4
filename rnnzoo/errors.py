"""The errors that a user can cause. The command line prints them as one sentence; all others stay loud."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

_LINE_BREAKS = {ord(sign): repr(sign)[1:-1] for sign in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


class UserError(Exception):
    """What went wrong, what is valid, and what was received, in one sentence: what was received may have several."""

    def __str__(self):
        """Return the sentence on one line."""
        return super().__str__().translate(_LINE_BREAKS)


class InvalidValue(UserError, ValueError):
    """A value that cannot be used."""


class InvalidType(UserError, TypeError):
    """A value of a type that cannot be used."""


class Diverged(UserError, ArithmeticError):
    """The loss is no number any more."""


class Moved(UserError, ImportError):
    """A library no longer has what the package uses of it."""


class WriteFailed(UserError, OSError):
    """A file could not be written; nothing half-written is left."""


class OutOfMemory(UserError, MemoryError):
    """The machine has not the memory for it."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return ` Did you mean 'bilstm'?`, or nothing when no word is close, capitals aside."""
    known = {each.casefold(): each for each in words}
    close = difflib.get_close_matches(word.casefold(), list(known), n=1)
    return f" Did you mean {known[close[0]]!r}?" if close else ""


def differences(there: Mapping[str, Any], here: Mapping[str, Any], most: int = 4) -> str:
    """Return `units=8 there, 16 here; ...`, or nothing when all is equal; names and models come first."""
    first = {word: i for i, word in enumerate(("name", "model", "dataset", "source"))}
    names = sorted({*there, *here}, key=lambda word: (first.get(word, len(first)), word))
    found = [f"{k}={there.get(k)!r} there, {here.get(k)!r} here" for k in names if there.get(k) != here.get(k)]
    return "; ".join(found[:most] + [f"{len(found) - most} more"] * (len(found) > most))
