"""What data objects that read tables share: how a table is opened, and which rows are left out."""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rnnzoo.data.files.labels import is_missing
from rnnzoo.data.files.opening import TABLES, encoding_of, recognised
from rnnzoo.data.files.tables import PIECE, Table, open_table
from rnnzoo.data.in_memory import TABLE, Held, as_frame, is_frame, is_named, write_frame
from rnnzoo.errors import InvalidType


@dataclass
class LeftOut:
    """Rows that are not used, counted by reason, with the first line of each."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, why: str, place: str) -> None:
        """Count one row more."""
        self.counts[why] += 1
        self.first.setdefault(why, place)

    def told(self) -> dict[str, int]:
        """Return the counts, each with its first place: `{"no label (first: line 12)": 3}`."""
        return {f"{why} (first: {self.first[why]})": n for why, n in self.counts.items()}


@dataclass(kw_only=True)
class ReadsTables:
    """A base: data that may come from a table.

    Args:
        separator: Between the cells of a table; by default recognised: `,` `;` `|` or tab.
        encoding: Of a file of text; by default recognised: UTF-8, UTF-16, or guessed.
        missing: What stands for a missing value, beside nothing, nan and null.
    """

    separator: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self):
        """Take what is in memory in the place of a data set, as a DataFrame."""
        for word in ("dataset", "file"):
            if not is_named(given := getattr(self, word, None)):
                self.dataset, self.file = None, as_frame(given, self._columns)

    @property
    def _columns(self) -> tuple[str, str]:
        """The columns that are read: the input's, and the answer's."""
        raise NotImplementedError

    def held(self) -> Held | None:
        """Return a table in memory as Parquet."""
        file: Any = getattr(self, "file", None)
        return Held("file", TABLE, lambda path: write_frame(file, path)) if is_frame(file) else None

    def source_name(self) -> str:
        """Return the data set's or the file's name."""
        file: Any = getattr(self, "file", None)
        if is_frame(file):
            return "DataFrame"
        return getattr(self, "dataset", None) or os.path.basename(file or "")

    def open_table(self, path: Any, *, quoted: bool = True) -> Table:
        """Open a table as the settings say; see `rnnzoo.data.files.tables.open_table`."""
        given = path if is_named(path) else as_frame(path, self._columns)
        return open_table(given, separator=self.separator, encoding=self.encoding, quoted=quoted)

    def is_missing(self, cell: Any) -> bool:
        """Tell whether a cell holds no value."""
        return cell is None or (isinstance(cell, str) and is_missing(cell, self.missing))

    def told(self, table: Table, left: LeftOut, rows: int) -> dict[str, Any]:
        """Return what is to be said of a table that has been read."""
        return {"rows": rows, "left_out": left.told(), "recognised": list(table.notes)}


def is_table(path: Any, column: str, **how: Any) -> bool:
    """Tell a table from a plain text with one input a line: by its ending, or a `.txt` by its header."""
    opened = recognised(path)
    return opened.kind in TABLES or (opened.kind == "text" and column in open_table(path, **how).columns)


class Inputs(NamedTuple):
    """What is to be predicted, some hundreds at once: rows of a file as they are, and what a model reads of each.

    Args:
        frame: The rows, all columns.
        raw: One a row; None where there is nothing to read.
    """

    frame: Any
    raw: list[Any]


def rows_of(table: Table, column: str, is_missing: Callable[[Any], bool]) -> Iterator[Inputs]:
    """Yield the rows of a table with the texts of one of its columns."""
    for frame in table.chunks():
        places = (f"{table.unit} {number}" for number in frame.index)
        yield Inputs(
            frame,
            [
                None if is_missing(value) else text_in(value, column, place, table.path)
                for place, value in zip(places, frame[column], strict=True)
            ],
        )


def lines_of(path: str, encoding: str | None, column: str) -> Iterator[Inputs]:
    """Yield the lines of a plain text that hold something, some hundreds at once."""
    import pandas as pd

    opened = recognised(path)
    found, _ = encoding_of(opened, encoding)
    with opened.text(found) as file:
        lines = (line.rstrip("\r\n") for line in file if line.strip())
        while piece := list(itertools.islice(lines, PIECE)):
            yield Inputs(pd.DataFrame({column: piece}, dtype=object), list(piece))


def cells(table: Table, columns: Sequence[str]) -> Iterator[tuple[str, *tuple[Any, ...]]]:
    """Yield `(place, cell, ...)` of each row, the place as errors name it: `line 7`."""
    for frame in table.chunks(columns):
        for number, *row in zip(frame.index, *(frame[name] for name in columns), strict=True):
            yield f"{table.unit} {number}", *row


def text_in(value: Any, column: str, place: str, path: str) -> str:
    """Return a cell as text.

    Raises:
        TypeError: It holds a list or an object.
    """
    if not isinstance(value, str):
        raise InvalidType(
            f"Column {column} must hold texts. Received: {type(value).__name__} {str(value)[:40]} in {place} of {path}"
        )
    return value
