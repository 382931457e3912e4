"""Texts with an answer each: a TFDS data set, or the user's CSV or JSON Lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data.files.reading import Inputs, LeftOut, ReadsTables, cells, is_table, lines_of, rows_of, text_in
from rnnzoo.data.labeled import Labeled
from rnnzoo.data.ragged import Ragged, recode, truncate
from rnnzoo.data.splits import PARTS
from rnnzoo.data.text.vocabulary import Lexicon, Unit, Vocabulary, check_text
from rnnzoo.data.text.written import as_written, numbered
from rnnzoo.data.tfds import texts
from rnnzoo.errors import InvalidType, InvalidValue


@dataclass
class LabeledTexts(ReadsTables, Labeled):
    """Texts, each with an answer. See `Labeled` and `ReadsTables` for further arguments.

    A file is read once, row by row; only token ids are kept in memory.

    Args:
        dataset: A TFDS data set; or texts in memory: a `pandas.DataFrame`, columns by name, a pair of texts and
            labels, a `tf.data.Dataset`, or a `datasets.Dataset`.
        file: Instead: a table with a header (`.csv`, `.tsv`, `.txt`, `.xlsx`, `.parquet`) or JSON Lines (`.jsonl`),
            also packed (`.gz`, `.zip`).
        text: The column or feature with the text; by default `text`, or the only text feature of a TFDS data set.
        label: The column or feature with the answer; by default `label`, or the only class label.
        tokens: `words` (lower case, without markup) or `characters`.
        vocabulary_size: The most frequent tokens of train, padding and unknown included.
    """

    needs = ("vocabulary", "answers", "sequence_length")

    dataset: str | None = None
    file: str | None = None
    text: str | None = None
    label: str | None = None
    tokens: Unit = "words"
    vocabulary_size: int = 20_000

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return self.source_name()

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens that the model knows, fitted on train."""
        return Vocabulary(self._known("vocabulary"), self.tokens, self.rule)

    def _read(self, data_dir):
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the data: a file (--file reviews.csv --text review --label stars) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        self._lexicon, self._data_dir = Lexicon(self.tokens, self.rule), data_dir
        found = self._open()
        parts = {part: self._split(found[part]) for part in PARTS if part in found}
        self._read_rows = {part: x for part, (x, _) in parts.items()}
        return parts

    def _open(self) -> dict[str, Iterator[tuple[str, Any]]]:
        """Open the rows of each part that the source has."""
        if self.dataset:
            return texts.open_texts(self.dataset, self.text, self.label, self._data_dir)
        return {"train": self._rows(self.file)}

    def labelled(self, file):
        """Read a table or JSON Lines with the same columns."""
        rows = list(self._rows(file))
        if not rows:
            raise InvalidValue(f"There is no row with a text and a label. Received: {file}")
        texts, labels = zip(*rows, strict=True)
        return texts, labels

    def _rows(self, file: Any) -> Iterator[tuple[str, Any]]:
        """Yield `(text, label)` of each row that has both; `read_from` tells of the others."""
        table, left, rows = self.open_table(file), LeftOut(), 0
        text, label = self._columns
        table.check(text, label, said="say which are meant with --text and --label")
        for place, words, answer in cells(table, [text, label]):
            if self.is_missing(words) or self.is_missing(answer):
                left.add("no text" if self.is_missing(words) else "no label", place)
                continue
            rows += 1
            yield text_in(words, text, place, table.path), self._answer(answer, f"{place} of {table.path}")
        self.read_from = self.told(table, left, rows)

    def _answer(self, cell: Any, where: str) -> Any:
        """Return the answer that a cell holds."""
        raise NotImplementedError

    @property
    def _columns(self) -> tuple[str, str]:
        return self.text or "text", self.label or "label"

    def inputs_of(self, file: str) -> Iterator[Inputs]:
        """Yield the rows of a table with their texts, some hundreds at once; or the lines of a plain text."""
        column = self._columns[0]
        if not is_table(file, column, separator=self.separator, encoding=self.encoding):
            yield from lines_of(file, self.encoding, column)
            return
        table = self.open_table(file)
        table.check(column, said=f"the model reads the column {column}: give the one with the texts this name")
        yield from rows_of(table, column, self.is_missing)

    def _split(self, rows: Iterator[tuple[str, Any]]):
        """Read the rows once: texts become ids at once, labels stay."""
        labels: list[Any] = []

        def texts():
            for text, label in rows:
                labels.append(label)
                yield text

        x = self._lexicon.read(texts())
        if not labels:
            raise InvalidValue(f"There is no row with a text and a label. Received: {self.name}")
        return x, np.asarray(labels)

    def _fit_inputs(self, parts):
        size = self.vocabulary_size - 2
        if size < 1:
            raise InvalidValue(
                f"vocabulary_size must be at least 3: padding, unknown and a token. Received: {self.vocabulary_size}"
            )
        tokens = self._lexicon.most_frequent(parts["train"][0], size)
        return {"vocabulary": tokens, "rule": self.rule, "fill": 0, "inputs": {"vocabulary_size": len(tokens) + 2}}

    def _fitted(self, parts):
        ids = self.vocabulary.from_lexicon(self._lexicon)
        for flat in {id(x.flat): x.flat for x, _ in parts.values()}.values():  # a part held out shares train's array
            recode(flat, ids)

    def pieces(self, raw: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each text as a person wrote them, one for each id of `encode`."""
        length = self._known("sequence_length")
        split = [np.array(as_written(text, self.tokens, self.rule), dtype=object) for text in self._parse(raw)]
        return [truncate(tokens, length, self.truncate).tolist() for tokens in split]

    def pieces_of(self, x: Sequence[np.ndarray], rows: Sequence[int]) -> list[list[str]]:
        """Return the tokens of some rows of a part as `pieces` does: what was loaded is read once more, up to them.

        Of what cannot be found again, the tokens that the vocabulary knows.

        Args:
            x: The inputs of a part, as they were batched.
            rows: Their numbers in it.
        """
        told = {row: self.vocabulary.decode(x[row]) for row in rows}
        sources = getattr(self, "_read_rows", {})
        part = next((name for name, read in sources.items() if read.flat is getattr(x, "flat", None)), None)
        if part is None or not isinstance(x, Ragged):
            return [told[row] for row in rows]
        places = {row: int(np.searchsorted(sources[part].starts, x.starts[row], side="right")) - 1 for row in rows}
        found = numbered((text for text, _ in self._open()[part]), set(places.values()))
        for row, place in places.items():
            if place in found and np.array_equal(self.encode([found[place]])[0], x[row]):
                told[row] = self.pieces([found[place]])[0]
        return [told[row] for row in rows]

    def _parse(self, raw):
        wrong = next((item for item in raw if not isinstance(item, str)), None)
        if wrong is not None:
            raise InvalidType(f"An input is a text. Received: {type(wrong).__name__} {str(wrong)[:40]}")
        return [check_text(item) for item in raw]

    def _encode_inputs(self, x, part):
        if part == "input":
            vocabulary = self.vocabulary
            return [vocabulary.encode(text) for text in x]
        return x  # `_fitted` has encoded it already
