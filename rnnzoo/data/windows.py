"""Windows of a series, cut out when a batch asks for them: memory does not grow with their length."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Pieces of equal length of one array. `windows[i]` is a view, `windows[indices]` a new array of those pieces.

    Args:
        values: `(steps, columns)`.
        starts: The first step of each piece.
        steps: Their length.
    """

    values: np.ndarray
    starts: np.ndarray
    steps: int

    def __len__(self):
        """Count the windows."""
        return len(self.starts)

    @property
    def lengths(self) -> np.ndarray:
        """The windows' lengths, all the same."""
        return np.full(len(self), self.steps)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return one window `(steps, columns)`, or those of an array of indices `(indices, steps, columns)`."""
        starts = self.starts[index]
        if np.ndim(starts) == 0:
            return self.values[starts : starts + self.steps]
        return self.values[starts[:, None] + np.arange(self.steps)]


def window_starts(begin: int, end: int, lookback: int, horizon: int, stride: int = 1) -> np.ndarray:
    """Return where the inputs begin of all windows whose forecast lies within the steps `begin` to `end`.

    Inputs reach back before `begin`, as far as the series goes; a forecast never leaves the part. Without `stride` no
    window is left out.

    Args:
        begin: First step of the part.
        end: The step behind its last.
        lookback: Steps of an input.
        horizon: Steps of a forecast.
        stride: Steps between two windows.
    """
    first = max(begin, lookback) - lookback
    return np.arange(first, end - horizon - lookback + 1, stride)
