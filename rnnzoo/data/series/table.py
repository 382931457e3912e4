"""A series as a table: named columns of numbers at regular times."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rnnzoo.errors import InvalidValue, did_you_mean

Fill = Literal["none", "forward", "linear"]


@dataclass(frozen=True)
class Table:
    """Columns of one series.

    Args:
        columns: Their names.
        values: `(steps, columns)`, in the units of the data.
        times: `(steps,)` of datetime64[s], regular; None if they are not known.
        name: Tells it from other series of one file.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    times: np.ndarray | None = None
    name: str = ""

    def __len__(self):
        """Count the steps."""
        return len(self.values)

    def __str__(self):
        until = "" if self.times is None else f" until {self.times[-1]}"
        return f"{self.name}{': ' if self.name else ''}{len(self)} steps{until}"

    def select(self, names: Sequence[str]) -> "Table":
        """Return these columns, in this order."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            hint = did_you_mean(missing[0], self.columns)
            raise InvalidValue(
                f"The data have no such column; they have {', '.join(self.columns)}.{hint} Received: {missing[0]}"
            )
        values = self.values[:, [self.columns.index(name) for name in names]]
        return dataclasses.replace(self, columns=tuple(names), values=values)


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


def regular(table: Table, fill: Fill, lines: np.ndarray) -> Table:
    """Check that the times ascend in equal steps; put missing steps in, if asked to.

    Args:
        table: A series; without times, its rows are taken as regular steps.
        fill: How.
        lines: Where in its file each step stands, `(steps,)`.
    """
    times = table.times
    if times is None or len(times) < 2:
        return table
    steps = np.diff(times)
    zero = np.timedelta64(0, "s")
    row, _ = first(steps == zero)
    if row is not None:
        raise InvalidValue(f"Each time may occur once. Received: {times[row]} twice, again in line {lines[row + 1]}")
    row, _ = first(steps < zero)
    if row is not None:
        raise InvalidValue(
            f"Rows must be in the order of time: sort the file. Received: {times[row + 1]} after {times[row]} in line "
            f"{lines[row + 1]}"
        )
    usual, counts = np.unique(steps, return_counts=True)
    step = usual[counts.argmax()]
    row, _ = first(steps != step)
    if row is None or _calendar(times):
        return table
    place = f"{times[row + 1]} after {times[row]} in line {lines[row + 1]}, where the usual step is {step}"
    if (steps % step != zero).any():
        row, _ = first(steps % step != zero)
        place = f"{times[row + 1]} after {times[row]} in line {lines[row + 1]}, where the usual step is {step}"
        raise InvalidValue(f"Steps must be regular: bring the file to one step first. Received: {place}")
    if fill == "none":
        raise InvalidValue(f"Steps are missing: --fill forward or --fill linear puts them in. Received: {place}")
    grid = np.arange(times[0], times[-1] + step, step)
    values = np.full((len(grid), table.values.shape[1]), np.nan)
    values[((times - times[0]) // step).astype(int)] = table.values
    return dataclasses.replace(table, values=values, times=grid)


def _calendar(times: np.ndarray) -> bool:
    """Tell whether the times are the firsts of successive months (or quarters, or years)."""
    months = times.astype("datetime64[M]")
    return bool((months.astype(times.dtype) == times).all() and len(np.unique(np.diff(months))) == 1)


def filled(table: Table, fill: Fill, lines: np.ndarray) -> Table:
    """Fill missing values, column by column; arguments as `regular`'s."""
    missing = np.isnan(table.values)
    row, column = first(missing)
    if row is None:
        return table
    if fill == "none":
        where = f"line {lines[row]}" if table.times is None else str(table.times[row])
        raise InvalidValue(
            f"{missing.sum():,} values are missing: --fill forward or --fill linear puts them in. "
            f"Received: nothing in column {table.columns[column]} at {where}"
        )
    values, steps = table.values.copy(), np.arange(len(table))
    for name, known, line in zip(table.columns, ~missing.T, values.T, strict=True):
        if not known.any():
            raise InvalidValue(f"A column without any value cannot be filled. Received: {name}")
        if fill == "linear":
            line[:] = np.interp(steps, steps[known], line[known])
        else:
            before = np.maximum.accumulate(np.where(known, steps, 0))
            earliest = known.argmax()
            line[:] = line[np.maximum(before, earliest)]
    return dataclasses.replace(table, values=values)


def first(where: np.ndarray) -> tuple[Any, Any]:
    """Return row and column of the first True, or None."""
    if not where.any():
        return None, None
    found = np.unravel_index(where.reshape(-1).argmax(), where.shape)
    return int(found[0]), int(found[-1])
