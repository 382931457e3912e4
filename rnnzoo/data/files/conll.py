"""Files of sentences, a word a line: CoNLL-U, and columns as in the shared tasks of CoNLL-2000 to 2003."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rnnzoo.data.files.opening import Opened, encoding_of
from rnnzoo.errors import InvalidValue

Sentence = tuple[list[str], list[str]]
"""Words, and as many tags; none where only words are asked for."""

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of https://universaldependencies.org/format.html."""
CONLL2003 = ("word", "pos", "chunk", "ner")
"""The columns of https://aclanthology.org/W03-0419; with three, the last is missing."""
DOCUMENT = "-DOCSTART-"
NONE = "_"
"""What stands in CoNLL-U where there is nothing."""
LOOKED_AT = 1000
"""Lines by which a text is told from a file with a word a line."""


@dataclass(frozen=True)
class Columns:
    """How a file's lines are divided.

    Args:
        names: Of the columns.
        words: The one with the words.
        tags: The one with the tags; None reads the words alone.
        numbered: Whether it is CoNLL-U.
    """

    names: tuple[str, ...]
    words: str
    tags: str | None
    numbered: bool

    def divided(self, line: str, where: str) -> dict[str, str]:
        """Return a word's line by column."""
        found = line.split("\t") if self.numbered else line.split()
        if len(found) != len(self.names):
            what = "A word's line of CoNLL-U has" if self.numbered else "Every word's line has, as the first,"
            raise InvalidValue(
                f"{what} {len(self.names)} columns, divided by {'tabs' if self.numbered else 'spaces or tabs'}. "
                f"Received: {len(found)} in {where}: {line[:60]}"
            )
        return dict(zip(self.names, found, strict=True))


def read_sentences(
    opened: Opened, words: str | None, tags: str | None, tagged: bool, encoding: str | None
) -> Iterator[Sentence]:
    """Yield the sentences of a file with a word a line, which an empty line ends; errors name the line.

    Args:
        opened: The file.
        words: The column of words; by default `form` of CoNLL-U, else the first.
        tags: The column of tags; by default `upos`, else the last.
        tagged: False reads the words alone.
        encoding: By default recognised.
    """
    found, _ = encoding_of(opened, encoding)
    with opened.text(found) as file:
        columns = _columns(opened.path, next((line for line in file if _is_word(line)), ""), words, tags, tagged)
    sentence: Sentence = ([], [])
    commented, spare, document = False, 0, False
    with opened.text(found) as file:
        for number, line in enumerate(itertools.chain(file, [""]), 1):
            where = f"line {number} of {opened.path}"
            line = line.rstrip("\r\n")
            if line.strip() and spare:
                raise InvalidValue(
                    f"One empty line ends a sentence. Received: an empty sentence, line {spare} of {opened.path}"
                )
            if line.startswith(DOCUMENT):
                document = True
            elif columns.numbered and line.startswith("#"):
                commented = True
            elif line.strip():
                _add(sentence, columns, line, where)
            elif sentence[0]:
                yield sentence
                sentence, commented, document = ([], []), False, False
            elif document:
                document = False
            elif commented:
                raise InvalidValue(f"A sentence needs a word. Received: an empty sentence that ends in {where}")
            elif columns.numbered:
                spare = number


def is_prose(opened: Opened, tags: Iterable[str], encoding: str | None) -> bool:
    """Tell a text with a sentence a line from a file with a word a line, by its first lines.

    There are columns if some column holds nothing but tags that are known, not marks alone (a tag may be `.`), if tabs
    divide the lines, if each line has one word, or if all have as many and empty lines stand between groups of them.

    Args:
        opened: The file.
        tags: Those that are known.
        encoding: By default recognised.
    """
    found, known = encoding_of(opened, encoding)[0], {*tags}
    with opened.text(found) as file:
        lines = [line.strip() for line in itertools.islice(file, LOOKED_AT) if not line.startswith(DOCUMENT)]
    groups = [list(group) for real, group in itertools.groupby(lines, bool) if real]
    rows = [line.split() for group in groups for line in group if not line.startswith("#")]
    if not rows or any("\t" in line for group in groups for line in group):
        return False
    widths = {len(row) for row in rows}
    columns = ({row[i] for row in rows if len(row) > i} for i in range(1, max(widths)))
    grouped = len(widths) == 1 and len(groups) > 1 and max(map(len, groups)) > 1
    tags_stand = any(column <= known and any(map(str.isalnum, "".join(column))) for column in columns)
    return widths != {1} and not grouped and not tags_stand


def _is_word(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("# ", "#\n", "#\r", DOCUMENT))


def _columns(path: str, line: str, words: str | None, tags: str | None, tagged: bool) -> Columns:
    """Tell the columns by the first word's line."""
    line = line.rstrip("\r\n")
    numbered = line.count("\t") == len(CONLLU) - 1 or path.endswith(".conllu")
    width = len(line.split())
    others = CONLL2003[:width] if width in (3, 4) else ("word", *map(str, range(2, width)), "tag")[:width]
    names = CONLLU if numbered else others
    words = words or ("form" if numbered else names[0] if names else "word")
    tags = (tags or ("upos" if numbered else names[-1] if names else "tag")) if tagged else None
    check_columns(path, names, words, tags)
    return Columns(tuple(names), words, tags, numbered)


def _add(sentence: Sentence, columns: Columns, line: str, where: str) -> None:
    """Take a word and its tag; `3-4` tells how words 3 and 4 are written as one, `3.1` a word that is not written."""
    found = columns.divided(line, where)
    expected = str(len(sentence[0]) + 1)
    if columns.numbered and found["id"] != expected:
        if not found["id"].replace("-", ".", 1).replace(".", "", 1).isdecimal() or found["id"].isdecimal():
            raise InvalidValue(
                f"The words of a sentence are numbered from 1: {expected} is next. "
                f"Received: {found['id'][:20]!r} in {where}"
            )
        return
    sentence[0].append(found[columns.words])
    if columns.tags is not None:
        if columns.numbered and found[columns.tags] in ("", NONE):
            raise InvalidValue(
                f"Each word needs a tag in the column {columns.tags}. "
                f"Received: {found[columns.words]} without one in {where}"
            )
        sentence[1].append(found[columns.tags])


def check_columns(path: str, columns: Sequence[str], words: str, tags: str | None) -> None:
    """Refuse columns that the file has not."""
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
