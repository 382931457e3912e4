"""A series as a table: named columns of numbers at regular times."""

import dataclasses
from collections.abc import Sequence
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
