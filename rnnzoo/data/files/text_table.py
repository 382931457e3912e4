"""Rows of the user's file by column: a table `.csv` or `.tsv` with a header, or JSON Lines, in UTF-8, one by one."""

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rnnzoo.errors import InvalidValue

csv.field_size_limit(sys.maxsize)  # a text may be longer than a cell of a table


def read_rows(path: str, *, quoted: bool = True) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield `(line, row)`; a table's missing cells are None.

    Args:
        path: The file.
        quoted: A cell of a `.tsv` may stand in quotes, as in a `.csv`; False takes quotes as they are.

    Raises:
        ValueError: No file, or none of the kind; says where.
    """
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    if os.path.getsize(path) == 0:
        raise InvalidValue(f"The file is empty. Received: {path}")
    try:
        if path.endswith((".jsonl", ".ndjson", ".json")):
            yield from _json_rows(path)
        else:
            yield from _table_rows(path, quoted)
    except UnicodeDecodeError as error:
        raise InvalidValue(
            f"The file is not in UTF-8: {error.reason} at byte {error.start}. Received: {path}"
        ) from None


def _table_rows(path, quoted):
    tabs = path.endswith(".tsv")
    quoting: Any = csv.QUOTE_NONE if tabs and not quoted else csv.QUOTE_MINIMAL
    with open(path, newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file, delimiter="\t" if tabs else ",", quoting=quoting)
            if reader.fieldnames and len(reader.fieldnames) < 2:
                raise InvalidValue(f"A table needs two columns or more. Received: {reader.fieldnames}")
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise InvalidValue(f"Line {reader.line_num} is no row of a table ({error}). Received: {path}") from None


def _json_rows(path):
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise InvalidValue(f"Line {number} of {path} is no JSON ({error.msg}). Received: {line[:60]}") from None
            if not isinstance(row, dict):
                raise InvalidValue(f"Each line holds one JSON object. Received: line {number} of {path}")
            yield number, row


def choose_pair(
    names: Sequence[str], source: str | None, target: str | None, usual: Sequence[str], where: str
) -> tuple[str, str]:
    """Return the two columns that are meant: those given, else the usual ones.

    Args:
        names: All columns.
        source: The one to read, or None.
        target: The one to write, or None.
        usual: Source and target where nothing is given; empty if nothing is usual.
        where: Whose columns they are.

    Raises:
        ValueError: There is no such column, or it is not clear which are meant.
    """
    missing = [name for name in (source, target) if name is not None and name not in names]
    rest = [name for name in usual if name not in (source, target)]
    found = source or (rest[0] if rest else None), target or (rest[-1] if rest else None)
    if missing or None in found or found[0] == found[1]:
        raise InvalidValue(
            f"{where} has the columns {', '.join(names)}; say which two are meant with --source and --target. "
            f"Received: {', '.join(missing) or f'source={source!r}, target={target!r}'}"
        )
    return str(found[0]), str(found[1])
