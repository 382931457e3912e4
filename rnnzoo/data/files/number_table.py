"""Series from a CSV: read, or refused with a reason."""

import csv
import os
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from rnnzoo.data.series.table import Fill, Table, filled, first, regular
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.hyperparameters import HyperParameter

TIME_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")
"""Beside ISO 8601. Forms that could be read in two ways (1/2/2024) are left out."""


def read_csv(
    path: str, time: str | None = None, columns: Sequence[str] = (), fill: Fill = "none", series: str | None = None
) -> list[Table]:
    """Read one or many series from a table `.csv` or `.tsv` with a header.

    Args:
        path: The file.
        time: The column with the time; None: rows are taken as regular steps.
        columns: The columns with numbers to read; by default all but `time` and `series`.
        fill: What to do where values or whole steps are missing: `none` refuses; `forward` repeats the value before;
            `linear` draws a straight line to the next value, which looks into the future there.
        series: The column with the name of a row's series, where the file holds many; None: it holds one.

    Returns:
        The series, in the order in which they begin.

    Raises:
        ValueError: No file, no such column, text among the numbers, infinity, values or steps missing, times that do
            not ascend or are irregular; says where.
    """
    HyperParameter(str, choices=get_args(Fill)).check("fill", fill)
    header, delimiter = _header(path)
    keys = [name for name in (time, series) if name]
    columns = tuple(columns) or tuple(name for name in header if name not in keys)
    for name in (*columns, *keys):
        if name not in header:
            raise InvalidValue(
                f"{os.path.basename(path)} has the columns {', '.join(header)}."
                f"{did_you_mean(name, header)} Received: {name}"
            )
    if not columns:
        raise InvalidValue(f"The file needs a column of numbers beside the time. Received: {', '.join(header)}")
    found = _read(path, delimiter, columns, time, series)
    if not found.num_rows:
        raise InvalidValue(f"The file has a header and no rows. Received: {path}")
    values = np.column_stack([found[name].to_numpy(zero_copy_only=False).astype("float64") for name in columns])
    row, column = first(np.isinf(values))
    if row is not None:
        raise InvalidValue(f"Values must be finite. Received: infinity in column {columns[column]}, line {row + 2}")
    times = _times(found[time], time) if time else None
    tables = []
    for name, rows in _rows_of(found, series):
        table = Table(columns, values[rows], None if times is None else times[rows], name)
        try:
            tables.append(filled(regular(table, fill, rows + 2), fill, rows + 2))
        except InvalidValue as error:
            raise error if not name else InvalidValue(f"{error}, series {name}") from None
    return tables


def _rows_of(found: Any, series: str | None) -> list[tuple[str, np.ndarray]]:
    """Return name and rows of each series."""
    if series is None:
        return [("", np.arange(found.num_rows))]
    names = found[series].combine_chunks().dictionary_encode()
    if names.null_count:
        row, _ = first(names.is_null().to_numpy(zero_copy_only=False))
        raise InvalidValue(f"Every row needs a name in column {series}. Received: none in line {row + 2}")
    which = names.indices.to_numpy()
    order, ends = np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1]
    return list(zip(map(str, names.dictionary.to_pylist()), np.split(order, ends), strict=True))


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


def _read(path: str, delimiter: str, columns: Sequence[str], time: str | None, series: str | None) -> Any:
    """Read the columns as float64, names of series as text, and the time as whatever it looks like."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    wanted = list(dict.fromkeys([*columns, *(name for name in (time, series) if name)]))

    def read(kind):
        return arrow.read_csv(
            path,
            parse_options=arrow.ParseOptions(delimiter=delimiter),
            convert_options=arrow.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(columns, kind) | ({series: pa.string()} if series else {}),
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
