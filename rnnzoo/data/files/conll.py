"""Files of sentences with a tag for each word: CoNLL-U, or a table with a sentence a row."""

import csv
import itertools
import os
from collections.abc import Iterator, Sequence

from rnnzoo.errors import InvalidValue

Sentence = tuple[list[str], list[str]]
"""Words, and as many tags; none where only words are asked for."""

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of https://universaldependencies.org/format.html."""
ENDINGS = (".conllu", ".conll")
NONE = "_"
"""What stands in CoNLL-U where there is nothing."""


def read_tagged(path: str, words: str | None, tags: str | None, *, tagged: bool = True) -> Iterator[Sentence]:
    """Yield the sentences of a file `.conllu`, or of a table `.csv` or `.tsv` with a header.

    Args:
        path: In UTF-8.
        words: The column of words; by default `form` of CoNLL-U, `words` of a table, where spaces divide them.
        tags: The column of tags; by default `upos`, or `tags`.
        tagged: False reads the words alone, whatever their tags are.

    Raises:
        ValueError: A file, a column or a line that cannot be used; says which.
    """
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    if os.path.getsize(path) == 0:
        raise InvalidValue(f"The file is empty. Received: {path}")
    try:
        if path.endswith(ENDINGS):
            yield from _conllu(path, words or "form", (tags or "upos") if tagged else None)
        else:
            yield from _table(path, words or "words", (tags or "tags") if tagged else None)
    except UnicodeDecodeError as error:
        raise InvalidValue(
            f"The file is not in UTF-8: {error.reason} at byte {error.start}. Received: {path}"
        ) from None


def _conllu(path: str, words: str, tags: str | None) -> Iterator[Sentence]:
    """Read line by line, so that an error can name the line."""
    _check_columns(path, CONLLU, words, tags)
    sentence: Sentence = ([], [])
    commented, spare = False, 0
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(itertools.chain(file, [""]), 1):
            where = f"line {number} of {path}"
            if line.strip() and spare:
                raise InvalidValue(
                    f"One empty line ends a sentence. Received: an empty sentence, line {spare} of {path}"
                )
            if line.startswith("#"):
                commented = True
            elif line.strip():
                _add(sentence, _columns(line.rstrip("\n"), where), words, tags, where)
            elif sentence[0]:
                yield sentence
                sentence, commented = ([], []), False
            elif commented:
                raise InvalidValue(f"A sentence needs a word. Received: an empty sentence that ends in {where}")
            else:
                spare = number


def _columns(line: str, where: str) -> dict[str, str]:
    found = line.split("\t")
    if len(found) != len(CONLLU):
        raise InvalidValue(
            f"A word's line of CoNLL-U has {len(CONLLU)} columns, divided by tabs. "
            f"Received: {len(found)} in {where}: {line[:60]}"
        )
    return dict(zip(CONLLU, found, strict=True))


def _add(sentence: Sentence, columns: dict[str, str], words: str, tags: str | None, where: str) -> None:
    """Take a word and its tag; `3-4` tells how words 3 and 4 are written as one, `3.1` a word that is not written."""
    expected = str(len(sentence[0]) + 1)
    if columns["id"] != expected:
        if not columns["id"].replace("-", ".", 1).replace(".", "", 1).isdecimal() or columns["id"].isdecimal():
            raise InvalidValue(
                f"The words of a sentence are numbered from 1: {expected} is next. "
                f"Received: {columns['id'][:20]!r} in {where}"
            )
        return
    sentence[0].append(columns[words])
    if tags is not None:
        if columns[tags] in ("", NONE):
            raise InvalidValue(
                f"Each word needs a tag in the column {tags}. Received: {columns[words]} without one in {where}"
            )
        sentence[1].append(columns[tags])


def _table(path: str, words: str, tags: str | None) -> Iterator[Sentence]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, delimiter="\t" if path.endswith(".tsv") else ",")
        _check_columns(path, reader.fieldnames or (), words, tags)
        try:
            for row in reader:
                found = (row[words] or "").split(), [] if tags is None else (row[tags] or "").split()
                check_counts(found[0], found[0] if tags is None else found[1], f"line {reader.line_num} of {path}")
                yield found
        except csv.Error as error:
            raise InvalidValue(f"Line {reader.line_num} is no row of a table ({error}). Received: {path}") from None


def _check_columns(path: str, columns: Sequence[str], words: str, tags: str | None) -> None:
    for role, name in {"words": words, "tags": tags}.items():
        if name is not None and name not in columns:
            raise InvalidValue(
                f"{path} has the columns {', '.join(columns) or 'none'}; say with --words and --tags which hold words "
                f"and tags. Received: --{role} {name}"
            )


def check_counts(words: list[str], tags: list[str], where: str) -> None:
    """Refuse a sentence without words, or with another number of tags than words."""
    if not words:
        raise InvalidValue(f"A sentence needs a word. Received: an empty sentence in {where}")
    if len(words) != len(tags):
        raise InvalidValue(
            f"Each word needs one tag, divided by spaces. Received: {len(words)} words and {len(tags)} tags in {where}"
        )
