"""Rows of files whose cells have types: JSON Lines, Excel, Parquet. A cell becomes a text, or stays a list."""

import datetime
import io
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from rnnzoo.data.files.opening import Opened, refusing
from rnnzoo.data.text.vocabulary import SURROGATE
from rnnzoo.errors import InvalidValue, UserError

Rows = Callable[[], Iterator[tuple[int, Sequence[Any]]]]
FIRST = 1000
"""Rows of JSON Lines that tell the columns: a value that is missing may be left out of a row."""


def cell(value: Any) -> Any:
    """Return a value as a table of text would hold it: a text, None where it is missing; lists and dicts stay."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else repr(float(value))
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, datetime.datetime):
        return None if value != value else value.isoformat(sep=" ")
    if isinstance(value, list | tuple | dict):
        return list(value) if isinstance(value, tuple) else value
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)


def json_lines(opened: Opened, encoding: str) -> tuple[list[str], Rows]:
    """Open JSON Lines, or one JSON list of objects: its columns, and what yields `(line, cells)`."""

    def objects() -> Iterator[tuple[int, dict[str, Any]]]:
        with opened.text(encoding) as text:
            start = text.read(1)
            while start.isspace():
                start = text.read(1)
            yield from _items(text.read(), opened.path) if start == "[" else ()
        if start != "[":
            with opened.text(encoding) as file:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        yield number, _object(line, f"line {number} of {opened.path}")

    columns: dict[str, None] = {}
    for _, row in itertools.islice(objects(), FIRST):
        columns |= dict.fromkeys(row)
    names = list(columns)

    def rows():
        for number, row in objects():
            yield number, [cell(row.get(name)) for name in names]

    if not names:
        raise InvalidValue(f"The file holds no JSON object with a value. Received: {opened.path}")
    return names, rows


def _items(rest: str, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    found = _parsed("[" + rest, path)
    for number, item in enumerate(found, 1):
        if not isinstance(item, dict):
            raise InvalidValue(f"The list must hold JSON objects. Received: item {number} of {path}")
        yield number, item


def _object(line: str, where: str) -> dict[str, Any]:
    row = _parsed(line, where)
    if not isinstance(row, dict):
        raise InvalidValue(f"Each line holds one JSON object. Received: {where}")
    return row


def _parsed(text: str, where: str) -> Any:
    try:
        found = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise InvalidValue(f"This is no JSON ({error.msg}), in {where}. Received: {text[:60].strip()}") from None
    except RecursionError:
        raise InvalidValue(f"This JSON is nested too deep. Received: {where}") from None
    except UserError as error:
        raise InvalidValue(f"{error} in {where}") from None
    except ValueError:
        raise InvalidValue(f"A number has more digits than can be read. Received: {where}") from None
    if "\\ud" in text.lower() and SURROGATE.search(json.dumps(found, ensure_ascii=False)):
        raise InvalidValue(f"Half of a pair of UTF-16 (a lone surrogate) is no text. Received: {where}")
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise InvalidValue(f"Each column needs a name of its own. Received: {double!r} twice")
    return found


def _constant(word: str) -> float | None:
    return None if word == "NaN" else float(word.replace("Infinity", "inf"))


def excel(opened: Opened, sheet: str | None) -> tuple[list[str], Rows, list[str]]:
    """Open a sheet of an Excel file: its columns, what yields `(row, cells)`, and notes."""
    try:
        import openpyxl
    except ImportError:
        raise UserError(f"Excel files need openpyxl: pip install 'rnnzoo[tables]'. Received: {opened.path}") from None

    def cells() -> Iterator[tuple[int, Sequence[Any]]]:
        with _whole(opened) as file, refusing(opened.path, Exception):
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            page = book[sheet or book.sheetnames[0]]
            page.reset_dimensions()  # what the file says of them may be wrong
            for number, row in enumerate(page.iter_rows(values_only=True), 1):
                found = [cell(value) for value in row]
                if any(value not in (None, "") for value in found):
                    yield number, found

    with _whole(opened) as file, refusing(opened.path, Exception):
        sheets = openpyxl.load_workbook(file, read_only=True).sheetnames
    if sheet is not None and sheet not in sheets:
        raise InvalidValue(f"The file has the sheets {', '.join(sheets)}. Received: sheet={sheet!r}")
    top, header = next(cells(), (0, []))
    names = [str(name or "").strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidValue(f"The sheet is empty. Received: {opened.path}")

    def rows():
        for number, row in cells():
            row = list(row)
            if number == top:
                continue
            if any(value not in (None, "") for value in row[len(names) :]):
                raise InvalidValue(
                    f"A row has as many cells as the header, {len(names)}. "
                    f"Received: more in row {number} of {opened.path}"
                )
            row = (row + [None] * len(names))[: len(names)]
            if row == names and len(names) > 1:
                raise InvalidValue(f"A table has one header. Received: it again in row {number} of {opened.path}")
            yield number, row

    return names, rows, [f"sheet {sheets[0]!r} of {len(sheets)}"] if sheet is None and len(sheets) > 1 else []


def parquet(opened: Opened) -> tuple[list[str], str, None, None, list[str], Rows]:
    """Open a Parquet file; returns the arguments of a `Table` after its path."""
    import pyarrow.parquet as pq

    with _whole(opened) as file, refusing(opened.path, Exception):
        names = pq.ParquetFile(file).schema_arrow.names

    def rows():
        number = 0
        with _whole(opened) as file, refusing(opened.path, Exception):
            for batch in pq.ParquetFile(file).iter_batches(4096):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, [cell(value) for value in row]

    return names, "row", None, None, [], rows


def _whole(opened: Opened) -> Any:
    """Open a file that must be read here and there."""
    if not opened.packed:
        return open(opened.path, "rb")
    with opened.bytes() as file:
        return io.BytesIO(file.read())
