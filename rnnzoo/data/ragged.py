"""Rows of unequal length, and what is done to many at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np


class Ragged(Sequence):
    """Rows of ids that share one flat array, so that a text costs four bytes a token and no more.

    A row is a view, or a copy where both its ends are kept.

    Args:
        flat: The ids of all rows.
        starts: Where each row starts in `flat`.
        ends: Where it ends.
        limit: Longest row; None keeps all.
        keep: What is kept of a longer one, see `truncate`.
    """

    def __init__(
        self, flat: np.ndarray, starts: np.ndarray, ends: np.ndarray, limit: int | None = None, keep: str = "head"
    ):
        self.flat, self.starts, self.ends, self.limit, self.keep = flat, starts, ends, limit, keep

    def __len__(self):
        """Count the rows."""
        return len(self.ends)

    def __getitem__(self, row):
        """Return one row."""
        return truncate(self.flat[self.starts[row] : self.ends[row]], self.limit, self.keep)

    @property
    def lengths(self) -> np.ndarray:
        """The rows' lengths."""
        return np.minimum(self.ends - self.starts, np.inf if self.limit is None else self.limit).astype(int)

    def take(self, rows: np.ndarray) -> "Ragged":
        """Return some of the rows."""
        return Ragged(self.flat, self.starts[rows], self.ends[rows], self.limit, self.keep)

    def truncated(self, limit: int | None, keep: str) -> "Ragged":
        """Return the rows, each cut to `limit`."""
        return Ragged(self.flat, self.starts, self.ends, limit, keep)


def recode(ids: np.ndarray, codes: np.ndarray) -> None:
    """Replace every id i by `codes[i]`, in place: the ids of a large text are not held twice."""
    step = 2**20
    for start in range(0, len(ids), step):
        ids[start : start + step] = codes[ids[start : start + step]]


def truncate(sequence: np.ndarray, length: int | None, keep: str) -> np.ndarray:
    """Keep at most `length` steps: those at the `head`, at the `tail`, or half of them at `both` ends."""
    if length is None or len(sequence) <= length:
        return sequence
    if keep == "both":
        head = (length + 1) // 2
        return np.concatenate([sequence[:head], sequence[len(sequence) - (length - head) :]])
    return sequence[:length] if keep == "head" else sequence[-length:]


def truncated(x: Any, length: int | None, keep: str) -> Any:
    """Truncate every row; None leaves them as they are, truncated before or not."""
    if length is None:
        return x
    return x.truncated(length, keep) if isinstance(x, Ragged) else [truncate(row, length, keep) for row in x]


def take(x: Any, rows: np.ndarray) -> Any:
    """Return some of the rows."""
    return x.take(rows) if isinstance(x, Ragged) else [x[i] for i in rows]


def lengths(x: Any) -> np.ndarray:
    """Return every row's length."""
    return x.lengths if hasattr(x, "lengths") else np.array([len(row) for row in x])
