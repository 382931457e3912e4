"""The one reader of people's tables: CSV and its kin, JSON Lines, Excel, Parquet; read in pieces, strictly."""

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnzoo.data.files import delimited, structured
from rnnzoo.data.files.opening import Opened, encoding_of, recognised, refusing
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

PIECE = 512
"""Rows of a chunk: texts may be long."""
Row = tuple[int, Sequence[Any]]


@dataclass
class Table:
    """A table, opened: its columns are known, its rows are read by `chunks`.

    Args:
        path: Where it lies; what errors call it.
        columns: In their order.
        unit: What the index of a chunk counts: `line` of a text, `row` of a sheet.
        separator: Of a table of text.
        encoding: Of a table of text.
        notes: What was recognised or guessed, and, once it has been read, what was left out.
    """

    path: str
    columns: list[str]
    unit: str = "line"
    separator: str | None = None
    encoding: str | None = None
    notes: list[str] = field(default_factory=list)
    _rows: Callable[[], Any] = field(default=lambda: iter(()), repr=False)

    def __post_init__(self):
        """Check the names of the columns."""
        double = next((name for name in self.columns if name and self.columns.count(name) > 1), None)
        if double is not None:
            raise InvalidValue(f"Each column needs a name of its own. Received: {double!r} twice in {self.path}")
        self.columns = [name or f"column {i}" for i, name in enumerate(self.columns, 1)]

    def check(self, *names: str, said: str = "") -> None:
        """Refuse names of columns that are not there; `said` tells how to name others."""
        wrong = [name for name in names if name not in self.columns]
        if wrong:
            raise InvalidValue(
                f"{os.path.basename(self.path)} has the columns {_listed(self.columns)}"
                f"{said and f'; {said}'}.{did_you_mean(wrong[0], self.columns)} Received: {', '.join(wrong)}"
            )

    def chunks(self, columns: Sequence[str] | None = None) -> Iterator["pd.DataFrame"]:
        """Yield the rows, some hundreds at once, in their order.

        Args:
            columns: Those to read; by default all.

        Returns:
            Frames of dtype object. A cell is a text, or a list or dict where the file holds such; None where it is
            empty. The index is the line (or row) at which each row begins, from 1.

        Raises:
            ValueError: No row, no such column, or a row that does not fit; says where.
        """
        import pandas as pd

        names = self.columns if columns is None else list(dict.fromkeys(columns))
        self.check(*names)
        places = [self.columns.index(name) for name in names]
        empty = True
        with refusing(self.path):
            rows = iter(self.rows())
            while piece := list(itertools.islice(rows, PIECE)):
                empty = False
                yield pd.DataFrame(
                    {name: [row[i] if row[i] != "" else None for _, row in piece]
                     for name, i in zip(names, places, strict=True)},
                    index=[line for line, _ in piece], dtype=object,
                )  # fmt: skip
        if empty:
            raise InvalidValue(f"The file has a header and no rows. Received: {self.path}")

    def rows(self) -> Iterator[Row]:
        """Yield `(line, cells)`, all columns; see `chunks`."""
        source = self._rows()
        yield from source
        short = getattr(source, "short", 0)
        if short:
            said = f"{short} row{'s' * (short > 1)} with too few cells left out (line {source.first_short})"
            if said not in self.notes:
                self.notes.append(said)


def open_table(
    path: Any,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    quoted: bool = True,
    sheet: str | None = None,
) -> Table:
    """Open a table: `.csv`, `.tsv`, `.txt`, JSON Lines, `.xlsx`, `.parquet`, also packed as `.gz` or `.zip`.

    Args:
        path: The file, or a `pandas.DataFrame`.
        separator: Between cells; by default recognised.
        encoding: By default recognised: UTF-8, UTF-16, or guessed.
        quoted: False takes quotes of a table with tabs as they are.
        sheet: Of an Excel file; by default the first.

    Raises:
        ValueError: No file, nothing in it, or no table; says what and where.
    """
    if not isinstance(path, str | os.PathLike):
        return _of_frame(path)
    opened = recognised(path)
    if opened.kind in ("tagged", "arrays"):
        raise InvalidValue(
            f"The file is no table: tables are .csv, .tsv, .jsonl, .xlsx and .parquet. Received: {opened.path}"
        )
    if opened.kind == "excel":
        columns, rows, notes = structured.excel(opened, sheet)
        return Table(opened.path, columns, "row", notes=notes, _rows=rows)
    if opened.kind == "parquet":
        return Table(opened.path, *structured.parquet(opened))
    encoding, note = encoding_of(opened, encoding)
    notes = [note] if note else []
    if opened.kind == "json":
        columns, rows = structured.json_lines(opened, encoding)
        return Table(opened.path, columns, "line", None, encoding, notes, rows)
    return _of_text(opened, separator, encoding, quoted, notes)


def _of_text(opened: Opened, separator: str | None, encoding: str, quoted: bool, notes: list[str]) -> Table:
    with refusing(opened.path):
        separator, note = delimited.separator_of(opened, encoding, separator, quoted)

        @contextmanager
        def reading():
            with opened.text(encoding) as file:
                yield delimited.Rows(file, separator, quoted, opened.path)

        with reading() as rows:
            header = [name.strip() for name in rows.header()]
    if not any(header):
        raise InvalidValue(f"The file has no header. Received: {opened.path}")

    return Table(
        opened.path, header, "line", separator, encoding, notes + ([note] if note else []), lambda: _Once(reading)
    )


class _Once:
    """Rows that hold their file open while they are read, and know afterwards how many were too short."""

    def __init__(self, reading: Callable[[], Any]):
        self.reading, self.short, self.first_short = reading, 0, 0

    def __iter__(self):
        with self.reading() as rows:
            yield from rows
            self.short, self.first_short = rows.short, rows.first_short


def _of_frame(frame: Any) -> Table:
    """Take a DataFrame as a table."""
    columns = getattr(frame, "columns", None)
    if columns is None or not hasattr(frame, "itertuples"):
        raise InvalidType(f"A table is a file or a pandas.DataFrame. Received: {type(frame).__name__}")

    def rows():
        for number, row in enumerate(frame.itertuples(index=False, name=None), 1):
            yield number, [structured.cell(value) for value in row]

    return Table("the DataFrame", [str(name) for name in columns], "row", _rows=rows)


def _listed(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
