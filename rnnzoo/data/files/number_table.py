"""Series from a table of the user's: read, or refused with a reason."""

import dataclasses
import os
import re
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from rnnzoo.data.files.numbers import Decimal, numbers, outlying
from rnnzoo.data.files.tables import open_table
from rnnzoo.data.series import frequency as frequencies
from rnnzoo.data.series.frequency import Frequency
from rnnzoo.data.series.grid import Fill, Rows, tables
from rnnzoo.data.series.table import Table, first
from rnnzoo.data.series.times import check_zone, local, localized, parse_times
from rnnzoo.errors import InvalidValue, did_you_mean
from rnnzoo.hyperparameters import HyperParameter


@dataclass(frozen=True)
class Reading:
    """How a table is read.

    Args:
        time: The columns of the time; none: rows are taken as regular steps.
        columns: The columns with numbers; by default all others.
        targets: Those that are forecast, among `columns`; by default all.
        series: The column with the name of a row's series; None: the file holds one.
        static: Columns of words or numbers that are the same at all steps of a series.
        time_format: See `parse_times`.
        timezone: Of the clock that the times were read from.
        frequency: A calendar offset; None: found.
        fill: What to do where values or steps are missing.
        fill_many: Put in more than a fifth of the rows too.
        missing: What also stands for nothing.
        decimal: What the decimals begin with.
        known: The frequency is that of a trained model.
    """

    time: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    series: str | None = None
    static: tuple[str, ...] = ()
    time_format: str | None = None
    timezone: str | None = None
    frequency: str | None = None
    fill: Fill = "none"
    fill_many: bool = False
    missing: tuple[str, ...] = ()
    decimal: Decimal = "."
    known: bool = False


@dataclass
class Found:
    """What a table holds.

    Args:
        tables: The series, in the order in which they begin.
        frequency: Of their steps, None if it is not known.
        notes: What a person should know.
    """

    tables: list[Table]
    frequency: str | None = None
    notes: list[str] = field(default_factory=list)


def read_series(path: Any, how: Reading = Reading()) -> Found:
    """Read one or many series from a table with a header.

    Args:
        path: The file, or a DataFrame.
        how: What its columns are.

    Raises:
        ValueError, TypeError: No file, no such column, text among the numbers, infinity, values or steps missing, times
            that do not ascend or are irregular; says where, and what to do.
    """
    HyperParameter(str, choices=get_args(Fill)).check("fill", how.fill)
    HyperParameter(str, choices=get_args(Decimal)).check("decimal", how.decimal)
    table = open_table(path)
    header, notes = table.columns, list(table.notes)
    if all(re.fullmatch(r"-?[\d.]+(e-?\d+)?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b[\d:.TZ ]*", name) for name in header):
        raise InvalidValue(
            f"The file needs a header: a first line with the columns' names. Received: {', '.join(header)[:60]}"
        )
    keys = [*how.time, *([how.series] if how.series else []), *how.static]
    for name in (*how.columns, *how.targets, *keys):
        if name not in header:
            raise InvalidValue(
                f"{os.path.basename(table.path)} has the columns {', '.join(header)}."
                f"{did_you_mean(name, header)} Received: {name}"
            )
    wanted = how.columns or tuple(name for name in header if name not in keys)
    cells = _cells(table, list(dict.fromkeys([*how.targets, *wanted, *keys])))
    notes += [note for note in table.notes if note not in notes]
    columns = list(dict.fromkeys([*how.targets, *wanted]))
    lines = np.asarray(cells.index)
    if not how.columns:
        for name in (name for name in columns if re.fullmatch(r"column \d+", name) and name not in how.targets):
            columns = [each for each in columns if each != name]
            notes.append(f"{name} has no name in the header: left out")
    if not columns:
        raise InvalidValue(f"The file needs a column of numbers beside the time. Received: {', '.join(header)}")
    values = np.column_stack([numbers(cells[name], name, lines, how.missing, how.decimal) for name in columns])
    far: dict[float, list[str]] = {}
    for name, column in zip(columns, values.T, strict=True):
        if (value := outlying(column)) is not None:
            far.setdefault(value, []).append(name)
    for value, of in far.items():
        notes.append(
            f"{value:g} repeats in {', '.join(of)}, far from all other values: if it stands for nothing, say --missing "
            f"{value:g}"
        )
    order, names, begins = _by_series(cells, how.series, lines)
    values, lines = values[order], lines[order]
    times = None
    if how.time:
        stamps = [cells[name].to_numpy()[order] for name in how.time]
        times, utc = parse_times(stamps, how.time, how.time_format, lines)
    targets = len(dict.fromkeys(how.targets)) or len(columns)
    frequency = frequencies.given(how.frequency) if how.frequency else None
    rows = Rows(tuple(columns), values, lines, names, begins, times, targets)
    if times is not None and how.timezone:
        rows = dataclasses.replace(rows, times=_in_zone(rows, utc, how.timezone, frequency))
    found, frequency = tables(rows, how.fill, frequency, how.fill_many, how.known)
    if how.static:
        words = cells[list(how.static)].iloc[order].astype("str")
        _check_static(rows, words)
        said = words.iloc[begins].to_dict("records")
        found = [dataclasses.replace(one, static=row) for one, row in zip(found, said, strict=True)]
    return Found(found, frequency.name if frequency else None, notes)


def _cells(table: Any, names: list[str]) -> Any:
    """Read columns whole."""
    import pandas as pd

    return pd.concat(list(table.chunks(names)))


def _by_series(cells: Any, series: str | None, lines: np.ndarray) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return the rows so that those of a series lie together, the series' names, and where each begins."""
    import pandas as pd

    if series is None:
        return np.arange(len(cells)), [""], np.zeros(1, int)
    codes, names = pd.factorize(cells[series])  # in the order in which they begin
    if (codes < 0).any():
        raise InvalidValue(f"Every row needs a name in column {series}. Received: none in line {lines[codes.argmin()]}")
    counts = np.bincount(codes)
    return np.argsort(codes, kind="stable"), [str(name) for name in names], np.cumsum(counts) - counts


def _in_zone(rows: Rows, utc: bool, zone: str, frequency: Frequency | None) -> np.ndarray:
    """Return times in UTC where steps are shorter than a day; days and months are the clock's own."""
    assert rows.times is not None
    check_zone(zone)
    frequency = frequency or frequencies.infer(rows.times, rows.same)
    if frequency is not None and frequency.within_days:
        return rows.times if utc else localized(rows.times, zone, rows.begins)
    return local(rows.times, zone) if utc else rows.times


def _check_static(rows: Rows, words: Any) -> None:
    """Refuse what is said of a series if it is not the same in all its rows."""
    same = (words.to_numpy()[1:] == words.to_numpy()[:-1]) | ~rows.same[:, None]
    row, column = first(~same)
    if row is not None:
        before, after = words.iloc[row : row + 2, column]
        raise InvalidValue(
            f"What is static is the same in all rows of a series. Received: {before!r} and then {after!r} in column "
            f"{words.columns[column]}, line {rows.lines[row + 1]}{rows.of_series(row + 1)}"
        )
