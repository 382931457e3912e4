"""A series as a table: named columns of numbers at regular times. A CSV is read, or refused with a reason."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.hyperparameters import HyperParameter

Fill = Literal["none", "forward", "linear"]
TIME_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
"""Beside ISO 8601. Forms that could be read in two ways (1/2/2024) are left out."""


@dataclass(frozen=True)
class Table:
    """Columns of one series.

    Args:
        columns: Their names.
        values: `(steps, columns)`, in the units of the data.
        times: `(steps,)` of datetime64[s], regular; None if they are not known.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    times: np.ndarray | None = None

    def __len__(self):
        """Count the steps."""
        return len(self.values)

    def __str__(self):
        until = "" if self.times is None else f" until {self.times[-1]}"
        return f"{len(self)} steps{until}"

    def select(self, names: Sequence[str]) -> "Table":
        """Return these columns, in this order."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            hint = did_you_mean(missing[0], self.columns)
            raise InvalidValue(
                f"The data have no such column; they have {', '.join(self.columns)}.{hint} Received: {missing[0]}"
            )
        return Table(tuple(names), self.values[:, [self.columns.index(name) for name in names]], self.times)


def read_csv(path: str, time: str | None = None, columns: Sequence[str] = (), fill: Fill = "none") -> Table:
    """Read a series from a table `.csv` or `.tsv` with a header.

    Args:
        path: The file.
        time: The column with the time; None: rows are taken as regular steps.
        columns: The columns with numbers to read; by default all but `time`.
        fill: What to do where values or whole steps are missing: `none` refuses; `forward` repeats the value before;
            `linear` draws a straight line to the next value, which looks into the future there.

    Raises:
        ValueError: No file, no such column, text among the numbers, infinity, values or steps missing, times that do
            not ascend or are irregular; says where.
    """
    HyperParameter(str, choices=get_args(Fill)).check("fill", fill)
    header, delimiter = _header(path)
    columns = tuple(columns) or tuple(name for name in header if name != time)
    for name in (*columns, *([time] if time else [])):
        if name not in header:
            raise InvalidValue(
                f"{os.path.basename(path)} has the columns {', '.join(header)}."
                f"{did_you_mean(name, header)} Received: {name}"
            )
    if not columns:
        raise InvalidValue(f"The file needs a column of numbers beside the time. Received: {', '.join(header)}")
    found = _read(path, delimiter, columns, time)
    if not found.num_rows:
        raise InvalidValue(f"The file has a header and no rows. Received: {path}")
    values = np.column_stack([found[name].to_numpy(zero_copy_only=False).astype("float64") for name in columns])
    row, column = _first(np.isinf(values))
    if row is not None:
        raise InvalidValue(f"Values must be finite. Received: infinity in column {columns[column]}, line {row + 2}")
    table = Table(columns, values, _times(found[time], time) if time else None)
    if table.times is not None:
        table = _regular(table, fill)
    return _filled(table, fill)


def _header(path: str) -> tuple[list[str], str]:
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    if os.path.getsize(path) == 0:
        raise InvalidValue(f"The file is empty. Received: {path}")
    delimiter = "\t" if path.endswith(".tsv") else ","
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file, delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidValue(f"The file is no table in UTF-8 ({error}). Received: {path}") from None
    double = next((name for name in header if header.count(name) > 1), None)
    if double is not None:
        raise InvalidValue(f"Each column needs a name of its own. Received: {double!r} twice in {path}")
    return header, delimiter


def _read(path: str, delimiter: str, columns: Sequence[str], time: str | None) -> Any:
    """Read the columns as float64, and the time as whatever it looks like."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    wanted = list(dict.fromkeys([*columns, *([time] if time else [])]))

    def read(kind):
        return arrow.read_csv(
            path,
            parse_options=arrow.ParseOptions(delimiter=delimiter),
            convert_options=arrow.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(columns, kind),
                timestamp_parsers=[arrow.ISO8601, *TIME_FORMATS],
                strings_can_be_null=True,
            ),
        )

    try:
        return read(pa.float64())
    except pa.ArrowInvalid as error:
        try:
            texts = read(pa.string())  # once more, to find the place
        except pa.ArrowInvalid:
            said = str(error).splitlines()[0].removeprefix("CSV parse error: ")
            raise InvalidValue(f"The file cannot be read as a table: {said[:200]} Received: {path}") from None
        for name in columns:
            for row, text in enumerate(texts[name].to_pylist()):
                if text is not None and not _is_number(text):
                    raise InvalidType(
                        f"Column {name} must hold numbers: leave it out with --target and --features, or name it with "
                        f"--time if it is the time. Received: {text[:40]!r} in line {row + 2}"
                    ) from None
        raise InvalidValue(f"The file cannot be read as a table ({error}). Received: {path}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _times(column: Any, name: str) -> np.ndarray:
    """Return the times as datetime64[s]; whole numbers are seconds."""
    import pyarrow as pa

    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if not (pa.types.is_timestamp(column.type) or pa.types.is_integer(column.type)):
        example = next((str(value) for value in column.to_pylist() if value is not None), "nothing")
        raise InvalidValue(
            f"Column {name} cannot be read as time: write ISO 8601 (2024-01-31 15:00:00) or whole seconds. "
            f"Received: {example[:40]!r}"
        )
    if column.null_count:
        row = next(i for i, value in enumerate(column.is_null().to_pylist()) if value)
        raise InvalidValue(f"Every row needs a time in column {name}. Received: none in line {row + 2}")
    return column.to_numpy().astype("datetime64[s]")


def _regular(table: Table, fill: Fill) -> Table:
    """Check that the times ascend in equal steps; put missing steps in, if asked to."""
    times = table.times
    assert times is not None
    steps = np.diff(times)
    if not len(steps):
        return table
    zero = np.timedelta64(0, "s")
    row, _ = _first(steps == zero)
    if row is not None:
        raise InvalidValue(f"Each time may occur once. Received: {times[row]} twice, again in line {row + 3}")
    row, _ = _first(steps < zero)
    if row is not None:
        raise InvalidValue(
            f"Rows must be in the order of time: sort the file. Received: {times[row + 1]} after {times[row]} in line "
            f"{row + 3}"
        )
    usual, counts = np.unique(steps, return_counts=True)
    step = usual[counts.argmax()]
    row, _ = _first(steps != step)
    if row is None or _calendar(times):
        return table
    place = f"{times[row + 1]} after {times[row]} in line {row + 3}, where the usual step is {step}"
    if (steps % step != zero).any():
        row, _ = _first(steps % step != zero)
        place = f"{times[row + 1]} after {times[row]} in line {row + 3}, where the usual step is {step}"
        raise InvalidValue(f"Steps must be regular: bring the file to one step first. Received: {place}")
    if fill == "none":
        raise InvalidValue(f"Steps are missing: --fill forward or --fill linear puts them in. Received: {place}")
    grid = np.arange(times[0], times[-1] + step, step)
    values = np.full((len(grid), table.values.shape[1]), np.nan)
    values[((times - times[0]) // step).astype(int)] = table.values
    return Table(table.columns, values, grid)


def _calendar(times: np.ndarray) -> bool:
    """Tell whether the times are the firsts of successive months (or quarters, or years)."""
    months = times.astype("datetime64[M]")
    return bool((months.astype(times.dtype) == times).all() and len(np.unique(np.diff(months))) == 1)


def _filled(table: Table, fill: Fill) -> Table:
    """Fill missing values, column by column."""
    missing = np.isnan(table.values)
    row, column = _first(missing)
    if row is None:
        return table
    if fill == "none":
        where = f"line {row + 2}" if table.times is None else str(table.times[row])
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
            first = known.argmax()
            line[:] = line[np.maximum(before, first)]
    return Table(table.columns, values, table.times)


def _first(where: np.ndarray) -> tuple[Any, Any]:
    """Return row and column of the first True, or None."""
    if not where.any():
        return None, None
    found = np.unravel_index(where.reshape(-1).argmax(), where.shape)
    return int(found[0]), int(found[-1])
