"""Windows of a series, cut out when a batch asks for them: memory does not grow with their length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue


@dataclass(frozen=True)
class Panel:
    """What is known of each of the series that windows are cut from.

    Args:
        names: Of the series.
        shift: Of each target, `(series, targets)`: values are `scaled * scale + shift`.
        scale: The same.
        naive: Mean absolute and mean squared error of the seasonal naive forecast in train, `(2, series, targets)`, in
            the units of the data.
        times: Of all steps, those of the series one behind the other, or None.
        period: Steps of the season.
        timezone: Of the clock that times are shown by.
    """

    names: tuple[str, ...]
    shift: np.ndarray
    scale: np.ndarray
    naive: np.ndarray
    times: np.ndarray | None = None
    period: int = 1
    timezone: str | None = None

    def in_units(self, values: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Undo the scaling of values `(windows, ..., targets)`, float64, of the series `which` `(windows,)`."""
        shape = (len(which), *(1,) * (values.ndim - 2), -1)
        return values * self.scale[which].reshape(shape) + self.shift[which].reshape(shape)


@dataclass(frozen=True)
class Windows:
    """Pieces of equal length of one array. `windows[i]` is a view, `windows[indices]` a new array of those pieces.

    Args:
        values: `(steps, columns)`.
        starts: The first step of each piece.
        steps: Their length.
        which: The series of each piece, a row of `panel`; None where that is not known.
        panel: What is known of the series.
    """

    values: np.ndarray
    starts: np.ndarray
    steps: int
    which: np.ndarray | None = None
    panel: Panel | None = None

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


def part_ends(rows: int, sizes: Mapping[str, int], validation: float, test: float) -> dict[str, tuple[int, int]]:
    """Return first step and the step behind the last of each part; as the source says, or by share or number."""
    if len(sizes) < 2:
        counts = {
            name: int(round(share * rows, 6)) if share < 1 else int(share)
            for name, share in (("validation", validation), ("test", test))
        }
        if test < 1 and validation < 1:  # as the literature rounds: train and test down, the rest is validation
            counts["validation"] = (
                rows - counts["test"] - int(round((1 - validation - test) * rows, 6)) if validation else 0
            )
        if sum(counts.values()) >= rows:
            raise InvalidValue(
                "Validation and test must leave rows for train. "
                f"Received: validation={validation:g}, test={test:g} of {rows} rows"
            )
        sizes = {"train": rows - sum(counts.values()), **{name: count for name, count in counts.items() if count}}
    ends, end = {}, 0
    for part in (p for p in ("train", "validation", "test") if p in sizes):
        ends[part] = (end, end + sizes[part])
        end += sizes[part]
    return ends


def scored(values: np.ndarray, filled: Sequence[np.ndarray | None], lengths: Sequence[int]) -> np.ndarray:
    """Return what forecasts are compared with: NaN where a value was filled in.

    Args:
        values: Of the targets, those of all series one below the other, `(steps, targets)`.
        filled: Of each series, `(steps, columns)` with the targets first, or None.
        lengths: Steps of each series.
    """
    if all(each is None for each in filled):
        return values
    found, begin = values.copy(), 0
    for each, steps in zip(filled, lengths, strict=True):
        if each is not None:
            found[begin : begin + steps][each[:, : values.shape[1]]] = np.nan
        begin += steps
    return found
