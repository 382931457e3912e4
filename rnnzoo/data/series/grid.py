"""Rows of a file become series of regular steps: checked, and filled where that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rnnzoo.data.series import frequency as frequencies
from rnnzoo.data.series.frequency import Frequency
from rnnzoo.data.series.table import Table, first
from rnnzoo.data.series.times import shown
from rnnzoo.errors import InvalidValue

Fill = Literal["none", "forward", "linear"]
MOST = 0.2
"""A larger share of rows is put in only when told to."""
HOUR = np.timedelta64(1, "h")
OFTEN = 10
"""So many gaps are no accident."""
FILL = "--fill forward or --fill linear puts them in"


@dataclass(frozen=True)
class Rows:
    """Rows of a file, those of a series one below the other.

    Args:
        columns: The names of `values`.
        values: `(rows, columns)`; NaN is missing.
        lines: Where in its file each row stands, `(rows,)`.
        names: Of the series.
        begins: The first row of each series.
        times: `(rows,)` of datetime64[us], or None.
        targets: How many of the first columns are forecast.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    lines: np.ndarray
    names: Sequence[str]
    begins: np.ndarray
    times: np.ndarray | None
    targets: int

    @property
    def ends(self) -> np.ndarray:
        """The row behind the last of each series."""
        return np.append(self.begins[1:], len(self.values))

    @property
    def same(self) -> np.ndarray:
        """Whether each row but the first is of the series of the row before."""
        found = np.ones(len(self.values) - 1, bool)
        found[self.begins[1:] - 1] = False
        return found

    def of_series(self, row: int) -> str:
        """Return `, series north` for an error at a row; nothing where there is one series."""
        name = self.names[int(np.searchsorted(self.begins, row, side="right")) - 1]
        return f", series {name}" if name else ""


def tables(
    rows: Rows, fill: Fill, frequency: Frequency | None, fill_many: bool = False, known: bool = False
) -> tuple[list[Table], Frequency | None]:
    """Make series of regular steps.

    Args:
        rows: As they were read.
        fill: What to do where values or whole steps are missing.
        frequency: The step; None: that of most steps.
        fill_many: Fill even where more is put in than a fifth of what is there.
        known: The frequency is that of a trained model: another one is refused.

    Returns:
        The series, and their frequency.

    Raises:
        ValueError: Times that do not ascend, that lie between the steps, or are missing; missing values.
    """
    positions = None
    if rows.times is not None:
        _check_order(rows)
        frequency = frequency or frequencies.infer(rows.times, rows.same)
        if frequency is not None and frequency.name != frequencies.OBSERVED:
            positions = _positions(rows, frequency, fill, known)
            _check_share(rows, positions, frequency, fill_many)
    found = []
    for name, begin, end in zip(rows.names, rows.begins, rows.ends, strict=True):
        values, times = rows.values[begin:end], None if rows.times is None else rows.times[begin:end]
        lines: Any = rows.lines[begin:end]
        at = None if positions is None else positions[begin:end]
        if at is not None and at[-1] + 1 != len(at):
            assert frequency is not None
            assert times is not None
            whole = np.full((at[-1] + 1, values.shape[1]), np.nan)
            whole[at] = values
            values, times, lines = whole, frequency.times(times[0], np.arange(len(whole))), None
        table = Table(rows.columns, values, times, name)
        try:
            found.append(_filled(_until_the_last_target(table, rows.targets), fill, lines))
        except InvalidValue as error:
            raise error if not name else InvalidValue(f"{error}, series {name}") from None
    return found, frequency


def _check_order(rows: Rows) -> None:
    times: Any = rows.times
    steps, zero = np.diff(times), np.timedelta64(0, "us")
    row, _ = first((steps == zero) & rows.same)
    if row is not None:
        many = (
            "" if rows.names[0] else "name the column that tells them apart with --series where these are many series, "
        )
        raise InvalidValue(
            f"Each time may occur once: {many}or the clock's zone with --timezone where it was set back. "
            f"Received: {shown(times[row])} twice, again in line {rows.lines[row + 1]}{rows.of_series(row + 1)}"
        )
    row, _ = first((steps < zero) & rows.same)
    if row is not None:
        raise InvalidValue(
            f"Rows must be in the order of time: sort the file. Received: {shown(times[row + 1])} after "
            f"{shown(times[row])} in line {rows.lines[row + 1]}{rows.of_series(row + 1)}"
        )


def _positions(rows: Rows, frequency: Frequency, fill: Fill, known: bool) -> np.ndarray:
    """Number the steps of each series; refuse what lies between them, and gaps that are not to be filled."""
    times: Any = rows.times
    counts = rows.ends - rows.begins
    positions = frequency.positions(times, np.repeat(times[rows.begins], counts))
    steps = np.diff(positions)[rows.same]
    if known and len(steps) and np.median(steps) != 1:
        raise InvalidValue(
            f"The model was trained on steps of {frequency.name}, and this file has others. "
            f"Received: {shown(times[1])} after {shown(times[0])}"
        )
    row, _ = first(positions < 0)
    place = "" if row is None else f"{shown(times[row])} in line {rows.lines[row]}{rows.of_series(row)}"
    if row is not None:
        before = "" if row in rows.begins else f" after {shown(times[row - 1])}"
        off = None if row in rows.begins else (times[row] - times[row - 1]) % frequencies.DAY
        zone = ", or --timezone where a clock is set back" if off in (HOUR, frequencies.DAY - HOUR) else ""
        raise InvalidValue(
            f"Steps must be regular, here {frequency.name}: give another --frequency (h, D, B, MS, ME, QE, ...; "
            f"'observed' takes rows as steps){zone}, or bring the file to one step first. Received: {place}{before}"
        )
    row, _ = first((np.diff(positions) > 1) & rows.same)
    if row is not None and fill == "none":
        others = _otherwise(rows, positions, frequency)
        raise InvalidValue(
            f"Steps are missing: {FILL}{others}. Received: {shown(times[row + 1])} after {shown(times[row])} in line "
            f"{rows.lines[row + 1]}, where the usual step is {frequency.name}{rows.of_series(row)}"
        )
    return positions


def _otherwise(rows: Rows, positions: np.ndarray, frequency: Frequency) -> str:
    """Return what else may be done about missing steps: of trading hours and days, and of a clock set forward."""
    gaps = np.flatnonzero((np.diff(positions) > 1) & rows.same)
    said = ""
    if frequency.name == "B" or len(gaps) >= OFTEN:
        said += "; --frequency observed takes the rows as the steps, such as trading days or hours"
    times: Any = rows.times
    lost = (times[gaps + 1] - times[gaps]) - (frequency.step or np.timedelta64(0, "us"))
    if frequency.within_days and (lost == HOUR).any():
        said += "; an hour is lost where a clock was set forward: --timezone says which"
    return said


def _check_share(rows: Rows, positions: np.ndarray, frequency: Frequency, fill_many: bool) -> None:
    """Refuse to put in many steps, as a step that is not the series' own would."""
    counts = rows.ends - rows.begins
    absent = positions[rows.ends - 1] + 1 - counts
    worst = int((absent / counts).argmax())
    if absent[worst] > MOST * counts[worst] and not fill_many:
        raise InvalidValue(
            f"More than a fifth would be put in as steps of {frequency.name}: check --time and --frequency ('observed' "
            f"takes rows as steps), or say --fill-many. Received: {absent[worst]:,} steps missing beside "
            f"{counts[worst]:,} rows{rows.of_series(int(rows.begins[worst]))}"
        )


def _until_the_last_target(table: Table, targets: int) -> Table:
    """Set rows at the end without a target aside: they are the known future, not history."""
    there = np.flatnonzero(~np.isnan(table.values[:, :targets]).all(axis=1))
    end = int(there[-1]) + 1 if len(there) else len(table)
    if end == len(table):
        return table
    times = None if table.times is None else table.times[:end]
    return Table(table.columns, table.values[:end], times, table.name, ahead=table.values[end:])


def _filled(table: Table, fill: Fill, lines: Any) -> Table:
    """Fill missing values, column by column; steps before every column has begun are left out."""
    missing = np.isnan(table.values)
    row, column = first(missing)
    if row is None:
        return table
    if fill == "none":
        where = shown(table.times[row]) if table.times is not None else f"line {lines[row]}"
        raise InvalidValue(
            f"{missing.sum():,} values are missing: {FILL}. "
            f"Received: nothing in column {table.columns[column]} at {where}"
        )
    if missing.all(axis=0).any():
        name = table.columns[missing.all(axis=0).argmax()]
        raise InvalidValue(f"A column without any value cannot be filled. Received: {name}")
    begin = int((~missing).argmax(axis=0).max())  # what comes later must not tell of what was before
    values, missing = table.values[begin:].copy(), missing[begin:]
    steps = np.arange(len(values))
    for known, line in zip(~missing.T, values.T, strict=True):
        if fill == "linear":
            line[:] = np.interp(steps, steps[known], line[known])
        else:
            line[:] = line[np.maximum.accumulate(np.where(known, steps, 0))]
    times = None if table.times is None else table.times[begin:]
    return Table(table.columns, values, times, table.name, missing if missing.any() else None, table.ahead)
