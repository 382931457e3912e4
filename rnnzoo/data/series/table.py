"""A series as a table: named columns of numbers at regular times."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnzoo.data.series.times import shown
from rnnzoo.errors import InvalidValue, did_you_mean


@dataclass(frozen=True)
class Table:
    """Columns of one series.

    Args:
        columns: Their names.
        values: `(steps, columns)`, in the units of the data.
        times: `(steps,)` of datetime64[us], in UTC where a time zone is known; None if they are not known.
        name: Tells it from other series of one file.
        filled: `(steps, columns)`: the values that were not there; None if all were.
        ahead: `(steps, columns)`: rows behind the last that has a target, NaN where they hold nothing.
        static: What is the same at all steps, by column.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    times: np.ndarray | None = None
    name: str = ""
    filled: np.ndarray | None = None
    ahead: np.ndarray | None = None
    static: dict[str, str] = field(default_factory=dict)

    def __len__(self):
        """Count the steps."""
        return len(self.values)

    def __str__(self):
        until = "" if self.times is None else f" until {shown(self.times[-1])}"
        return f"{self.name}{': ' if self.name else ''}{len(self)} steps{until}"

    def between(self, begin: int, end: int) -> "Table":
        """Return its steps from `begin` to before `end`; without the last ones nothing is known ahead either."""
        cut = {
            word: array[begin:end]
            for word in ("values", "times", "filled")
            if (array := getattr(self, word)) is not None
        }
        return dataclasses.replace(self, **cut, ahead=self.ahead if end == len(self) else None)

    def select(self, names: Sequence[str]) -> "Table":
        """Return these columns, in this order."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            hint = did_you_mean(missing[0], self.columns)
            raise InvalidValue(
                f"The data have no such column; they have {', '.join(self.columns)}.{hint} Received: {missing[0]}"
            )
        order = [self.columns.index(name) for name in names]
        chosen = {
            word: array[:, order]
            for word in ("values", "filled", "ahead")
            if (array := getattr(self, word)) is not None
        }
        return dataclasses.replace(self, columns=tuple(names), **chosen)


def history(item: Any, columns: Sequence[str]) -> Table:
    """Take an array or nested list `(steps, columns)` for a table; one column may be `(steps,)`."""
    try:
        values = np.asarray(item, "float64")
    except (TypeError, ValueError):
        raise InvalidValue(f"A history holds numbers alone. Received: {str(item)[:60]}") from None
    if values.ndim == 1 and len(columns) == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] != len(columns) or not np.isfinite(values).all():
        raise InvalidValue(
            f"A history is finite numbers of shape (steps, {len(columns)}), the columns {', '.join(columns)}. "
            f"Received: shape {values.shape}"
        )
    return Table(tuple(columns), values)


def first(where: np.ndarray) -> tuple[Any, Any]:
    """Return row and column of the first True, or None."""
    if not where.any():
        return None, None
    found = np.unravel_index(where.reshape(-1).argmax(), where.shape)
    return int(found[0]), int(found[-1])


def check_length(table: Table, ends: Mapping[str, tuple[int, int]], lookback: int, horizon: int) -> None:
    """Refuse a series too short to learn from.

    Args:
        table: The series.
        ends: First step and the step behind the last of each part.
        lookback: Steps that are read.
        horizon: Steps to forecast.
    """
    of_series = f", series {table.name}" if table.name else ""
    if ends["train"][1] < lookback + horizon:
        raise InvalidValue(
            f"Train needs at least lookback + horizon = {lookback} + {horizon} steps: shorten one of them. "
            f"Received: {ends['train'][1]} of {len(table)} rows{of_series}"
        )
    for part, (begin, end) in ends.items():
        if end - begin < horizon:
            raise InvalidValue(
                f"The {part} part needs at least horizon = {horizon} steps. Received: {end - begin} rows{of_series}"
            )


def check_change(trains: Sequence[np.ndarray], columns: Sequence[str]) -> None:
    """Refuse a column that never changes in any series."""
    constant = np.flatnonzero(np.all([np.ptp(train, axis=0) == 0 for train in trains], axis=0))
    if len(constant):
        raise InvalidValue(
            f"A column that never changes in train tells nothing: leave it out with --target and --features (--static "
            f"names one that tells series apart). Received: {columns[constant[0]]} = {trains[0][0, constant[0]]:g}"
        )
