"""Rows of a table whose cells stand between separators, checked strictly: what a row means is never guessed."""

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from rnnzoo.data.files.opening import Opened
from rnnzoo.errors import InvalidValue

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
SAMPLE = 100
"""Lines that the separator is recognised by."""
LONGEST = 2**27
"""Characters of a cell; a longer one is a quote that never closes."""
SHORT = 0.05
"""Share of rows with cells missing at which the file is not what it seems to be."""
WORDS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|", "\\t": "\t"}

csv.field_size_limit(LONGEST)


def separator_of(opened: Opened, encoding: str, given: str | None, quoted: bool) -> tuple[str, str | None]:
    """Return the separator, and a note if it is not the one that the file's ending promises.

    Raises:
        ValueError: What is given is no separator.
    """
    if given is not None:
        found = WORDS.get(given, given)
        if len(found) != 1 or found in '"\r\n':
            raise InvalidValue(f"A separator is one sign, such as , ; | or tab. Received: separator={given!r}")
        return found, None
    usual = "\t" if opened.suffix in (".tsv", ".tab") else ","
    with opened.text(encoding) as file:
        lines = list(itertools.islice(_lines(file), SAMPLE))
    best = max(SEPARATORS, key=lambda sign: (*_fits(lines, sign, quoted), sign == usual))
    if best == usual or _fits(lines, best, quoted)[0] == 0:
        return usual, None
    return best, f"separator {SEPARATORS[best]}"


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines, none longer than a cell may be."""
    while line := file.readline(LONGEST):
        yield line


def _fits(lines: Sequence[str], sign: str, quoted: bool) -> tuple[int, float]:
    """Tell whether a sign divides the header, and the share of rows with as many cells."""
    reader = csv.reader(lines, delimiter=sign, quoting=quoting(sign, quoted))
    try:
        rows = [row for row in reader if row]
    except csv.Error:
        return 0, 0.0
    if not rows or len(rows[0]) < 2:
        return 0, 0.0
    return 1, sum(len(row) == len(rows[0]) for row in rows) / len(rows)


def quoting(separator: str, quoted: bool) -> Any:
    """Return how csv takes quotes: in a table with tabs they may stand for themselves."""
    return csv.QUOTE_NONE if separator == "\t" and not quoted else csv.QUOTE_MINIMAL


class Rows:
    """The rows of an open table, one by one: `(line at which it begins, cells)`; the header is the first.

    Args:
        file: Decoded, ends of lines as they are.
        separator: One sign.
        quoted: See `quoting`.
        where: Whose rows they are.
    """

    def __init__(self, file: io.TextIOWrapper, separator: str, quoted: bool, where: str):
        self.where, self.count, self.short, self.first_short = where, 0, 0, 0
        self._reader = csv.reader(file, delimiter=separator, quoting=quoting(separator, quoted), strict=True)

    def header(self) -> list[str]:
        """Read the header."""
        return next(self._cells(), (0, []))[1]

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows behind the header.

        Raises:
            ValueError: A quote that never closes, a row with more cells than the header, the header once more, or too
                many rows with fewer cells; says where.
        """
        cells = self._cells()
        header = next(cells, (0, []))[1]
        width, single = len(header), len(header) == 1
        for line, row in cells:
            if len(row) != width:
                if len(row) > width:
                    raise InvalidValue(
                        f"A row has as many cells as the header, {width}; a cell that holds the separator or a quote "
                        f"stands in quotes. Received: {len(row)} cells in line {line} of {self.where}"
                    )
                self.short += 1
                self.first_short = self.first_short or line
                continue
            if row == header and not single:
                raise InvalidValue(
                    f"A table has one header; was it put together from several? "
                    f"Received: the header again in line {line} of {self.where}"
                )
            self.count += 1
            yield line, row
        if self.short > SHORT * (self.count + self.short):
            raise InvalidValue(
                f"A row has as many cells as the header, {width}. Received: {self.short} of "
                f"{self.count + self.short} rows with fewer, the first in line {self.first_short} of {self.where}"
            )

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        reader, end = self._reader, 0
        try:
            for row in reader:
                line, end = end + 1, reader.line_num
                if row:
                    yield line, row
        except csv.Error as error:
            if "end of data" in str(error) or "limit" in str(error):
                raise InvalidValue(
                    f"A quote that opens a cell must be closed by another. "
                    f'Received: a " that is never closed in the row that begins in line {end + 1} of {self.where}'
                ) from None
            raise InvalidValue(
                "A cell in quotes ends with its second quote, and quotes within it are doubled. Received: text behind "
                f"the quotes of the row that begins in line {end + 1}, found in line {reader.line_num} of {self.where}"
            ) from None
