"""Tables of sentences with a tag for each word: a sentence a row, or a word a row."""

from collections.abc import Iterator
from typing import Any

from rnnzoo.data.files.conll import Sentence, check_columns, check_counts
from rnnzoo.data.files.reading import cells
from rnnzoo.data.files.tables import Table
from rnnzoo.errors import InvalidValue


def sentence_a_row(table: Table, words: str, tags: str | None) -> Iterator[Sentence]:
    """Yield the sentences of a table: words and tags are lists, or stand between spaces."""
    check_columns(table.path, table.columns, words, tags)
    for place, *row in cells(table, [words] if tags is None else [words, tags]):
        found = [_list(cell, f"{place} of {table.path}") for cell in row]
        check_counts(found[0], found[-1], f"{place} of {table.path}")
        yield found[0], found[1] if tags is not None else []


def word_a_row(table: Table, words: str, tags: str | None, sentence: str) -> Iterator[Sentence]:
    """Yield the sentences of a table with a word a row; a new value in the column `sentence` begins a new one.

    Raises:
        ValueError: A row without a word or a tag, or a sentence that stands in two places; says where.
    """
    check_columns(table.path, table.columns, words, tags)
    table.check(sentence, said="say with --sentence which tells where one begins")
    seen: set[str] = set()
    current: Any = None
    found: Sentence = ([], [])
    for place, key, *row in cells(table, [sentence, words] if tags is None else [sentence, words, tags]):
        where = f"{place} of {table.path}"
        if key is not None and key != current:  # only the first word of a sentence may name it
            if str(key) in seen:
                raise InvalidValue(
                    f"The words of a sentence stand in one place. Received: {str(key)[:40]!r} once more in {where}"
                )
            if found[0]:
                yield found
            current, found = key, ([], [])
            seen.add(str(key))
        if any(not isinstance(cell, str) or not cell.strip() for cell in row):
            raise InvalidValue(f"Each row holds a word{' and its tag' if tags else ''}. Received: {where}")
        found[0].append(row[0].strip())
        if tags is not None:
            found[1].append(row[1].strip())
    yield found


def _list(cell: Any, where: str) -> list[str]:
    """Return the items of a cell."""
    if not isinstance(cell, list):
        return str(cell if cell is not None else "").split()
    wrong = next((item for item in cell if not isinstance(item, str | int)), None)
    if wrong is not None:
        raise InvalidValue(f"A list of words or tags holds texts. Received: {type(wrong).__name__} in {where}")
    return [str(item) for item in cell]
