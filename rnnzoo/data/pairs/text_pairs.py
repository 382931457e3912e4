"""Pairs of texts, one to read and one to write: a TFDS data set, or the user's own table."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from rnnzoo.data import ragged
from rnnzoo.data.batches import bucket_shapes
from rnnzoo.data.files.columns import choose_pair
from rnnzoo.data.files.opening import looks_like_a_file
from rnnzoo.data.files.reading import Inputs, LeftOut, ReadsTables, cells, is_table, lines_of, rows_of, text_in
from rnnzoo.data.files.tables import Table
from rnnzoo.data.pairs import tokenizers
from rnnzoo.data.pairs.pair_batches import PairBatches
from rnnzoo.data.pairs.tokenizers import Tokenizer, Unit
from rnnzoo.data.splits import PARTS, InParts, Part, Splits
from rnnzoo.data.text.vocabulary import END, FIRST, check_text
from rnnzoo.data.tfds import texts
from rnnzoo.errors import InvalidType, InvalidValue

Measure = Literal["exact_match", "bleu", "chrf", "cer"]


@dataclass
class TextPairs(ReadsTables, InParts):
    """Sources and the targets to write for them. See `InParts` and `ReadsTables` for further arguments.

    A pair longer than the recipe's `sequence_length`, in tokens of the source or of the target, is left out of train;
    validation and test are measured whole.

    Args:
        dataset: A TFDS data set of pairs of texts; a `pandas.DataFrame`; or a file: a table with a header (`.csv`,
            `.tsv`, `.txt`, `.xlsx`, `.parquet`) or JSON Lines (`.jsonl`), also packed (`.gz`, `.zip`). Between tabs
            quotes stand for themselves.
        file: Such a file, instead of the data set.
        source: The column or feature to read; by default `source`, or the first of the two.
        target: The column or feature to write; by default `target`, or the second of the two.
        tokens: `words` and punctuation marks as they are written, `characters`, or `subwords`, learnt by SentencePiece
            from train.
        target_tokens: Of the target; by default the same as of the source.
        vocabulary_size: The most frequent tokens of train, padding and unknown included.
        target_vocabulary_size: Of the target, the end included too; by default the same as of the source.
        measure: What `compare` judges by.
    """

    needs = ("vocabulary", "answers", "longest")

    dataset: str | None = None
    source: str | None = None
    target: str | None = None
    tokens: Unit = "words"
    target_tokens: Unit | None = None
    vocabulary_size: int = 20_000
    target_vocabulary_size: int | None = None
    measure: Measure = "exact_match"
    file: str | None = None
    _texts: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return os.path.basename(self.dataset) if self.dataset and self._file else self.source_name()

    @property
    def _file(self) -> Any:
        """The table, whichever way it is named."""
        if self.file is not None:
            return self.file
        return self.dataset if self.dataset and looks_like_a_file(self.dataset) else None

    @property
    def settings(self) -> dict[str, Any]:
        """What results tell beside the data set's name."""
        return {"measure": self.measure}

    @property
    def vocabulary(self) -> Tokenizer:
        """The tokens that the model reads, fitted on train."""
        return tokenizers.restore(self._known("vocabulary"))

    @property
    def target_vocabulary(self) -> Tokenizer:
        """The tokens that the model writes, fitted on train; 2 is the end."""
        return tokenizers.restore(self._known("answers"))

    @property
    def longest(self) -> tuple[int, int]:
        """Steps of the longest source and of the longest target, the end included, that training read."""
        source, target = self._known("longest")
        return source, target

    @property
    def _columns(self):
        return self.source or "source", self.target or "target"

    def _read(self, data_dir):
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the data: a file (--file pairs.tsv) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        if self._file is not None:
            found: dict[str, Iterator[tuple[str, str]]] = {"train": self._pairs(self._file)}
        else:
            found = texts.open_pairs(str(self.dataset), self.source, self.target, data_dir)
        return {part: _columns(found[part], self.name) for part in PARTS if part in found}

    def _fit_inputs(self, parts):
        sources, _ = parts["train"]
        fitted = tokenizers.fit(sources, self.tokens, self.vocabulary_size, FIRST)
        return {"vocabulary": fitted, "fill": 0, "inputs": {"vocabulary_size": len(tokenizers.restore(fitted))}}

    def _fit_answers(self, y):
        unit, size = self.target_tokens or self.tokens, self.target_vocabulary_size or self.vocabulary_size
        fitted = tokenizers.fit(y, unit, size, END + 1)
        return {**fitted, "outputs": len(tokenizers.restore(fitted))}

    def _check_fitted(self, found):
        for name, size in (("vocabulary", found["inputs"]["vocabulary_size"]), ("answers", found["inputs"]["outputs"])):
            if len(tokenizers.restore(found[name])) != size:
                raise InvalidValue(f"{name} has not {size} tokens.")
        super()._check_fitted(found)

    def _encode_inputs(self, x, part):
        return tokenizers.encode_all(self.vocabulary, x)

    def _encode_answers(self, y, part):
        tokenizer = self.target_vocabulary
        if part != "train":  # which may be large, and is asked for its texts only where nothing is held out
            self._texts[part] = [tokenizer.normal(text) for text in y]
        return tokenizers.encode_all(tokenizer, y)

    def batch(self, parts: dict[str, Part], *, sequence_length=None, batch_size=32, seed=0) -> Splits:
        """Leave too long pairs out of train, and batch what `read` gave. See `load`."""
        x, y = parts["train"]
        if sequence_length is not None:
            short = np.maximum(ragged.lengths(x), ragged.lengths(y) - 1) <= sequence_length
            if not short.any():
                raise InvalidValue(
                    "No pair of train is that short: give a larger --sequence-length, or none. "
                    f"Received: sequence_length={sequence_length}"
                )
            kept = np.flatnonzero(short)
            x, y = ragged.take(x, kept), ragged.take(y, kept)
        lengths = np.stack([ragged.lengths(x), ragged.lengths(y)], axis=1)
        self.fitted |= {"sequence_length": sequence_length, "longest": lengths.max(axis=0).tolist()}
        buckets = bucket_shapes(lengths, batch_size)
        batches = {"train": PairBatches(x, y, buckets, batch_size, seed=seed)}
        for name in (p for p in PARTS[1:] if p in parts):
            batches[name] = PairBatches(*parts[name], buckets, batch_size, texts=self._texts.get(name))
        return Splits({**batches})

    def encode(self, raw: Sequence[str]) -> Sequence[np.ndarray]:
        """Turn texts into the ids that the model reads.

        Raises:
            ValueError, TypeError: There is nothing to read; an input is no text.
        """
        if not len(raw):
            raise InvalidValue("There is nothing to read. Received: no input")
        wrong = next((item for item in raw if not isinstance(item, str)), None)
        if wrong is not None:
            raise InvalidType(f"An input is a text. Received: {type(wrong).__name__} {str(wrong)[:40]}")
        blank = next((item for item in raw if not item.strip()), None)
        if blank is not None:
            raise InvalidValue(f"There is nothing to read in this input. Received: {blank!r}")
        return self._encode_inputs([check_text(item) for item in raw], "input")

    def inputs_of(self, file: str) -> Iterator[Inputs]:
        """Yield the rows of a table with their sources, some hundreds at once; or the lines of a plain text."""
        if not is_table(file, self.source or "source", separator=self.separator, encoding=self.encoding):
            yield from lines_of(file, self.encoding, self.source or "source")
            return
        table = self.open_table(file, quoted=False)
        column = self.source or ("source" if "source" in table.columns else table.columns[0])
        table.check(column, said=f"the model reads the column {column}: give the one with the sources this name")
        yield from rows_of(table, column, self.is_missing)

    def is_missing(self, cell: Any) -> bool:
        """Tell whether a cell holds no text: `null` is a word that can be translated."""
        return cell is None or (isinstance(cell, str) and (not cell.strip() or cell.strip() in self.missing))

    def _pairs(self, path: Any) -> Iterator[tuple[str, str]]:
        """Yield `(source, target)` of each row of a file; `read_from` tells of those without either.

        Raises:
            ValueError: There is no such column, or a row has one side alone; says where.
        """
        table, left, rows = self.open_table(path, quoted=False), LeftOut(), 0
        columns = self._chosen(table)
        for place, *sides in cells(table, columns):
            empty = [self.is_missing(side) for side in sides]
            if all(empty):
                left.add("nothing in either column", place)
                continue
            if any(empty):
                raise InvalidValue(
                    f"Every row needs both a source and a target. "
                    f"Received: nothing in column {columns[empty.index(True)]} of {place} of {table.path}"
                )
            rows += 1
            source, target = (text_in(side, name, place, table.path) for side, name in zip(sides, columns, strict=True))
            yield source, target
        self.read_from = self.told(table, left, rows)

    def _chosen(self, table: Table) -> tuple[str, str]:
        """Return the columns that are meant."""
        names, source, target = table.columns, self.source, self.target
        if {"source", "target"} <= set(names):
            usual = ["source", "target"]
        else:  # one that is named says nothing of where the other stands
            usual = names[:2] if len(names) == 2 or source is target is None else []
        return choose_pair(names, source, target, usual, table.path)

    def batches_of(self, file: Any, batch_size: int = 64) -> PairBatches:
        """Batch the pairs of a file with the same columns."""
        sources, targets = _columns(self._pairs(file), str(file)[:60])
        tokenizer = self.target_vocabulary
        x, y = self.encode(sources), tokenizers.encode_all(tokenizer, targets)
        buckets = bucket_shapes(np.stack([ragged.lengths(x), ragged.lengths(y)], axis=1), batch_size)
        return PairBatches(x, y, buckets, batch_size, texts=[tokenizer.normal(text) for text in targets])


def _columns(pairs: Iterator[tuple[str, str]], name: str) -> tuple[list[str], np.ndarray]:
    """Return all sources and all targets."""
    sources, targets = [], []
    for source, target in pairs:
        sources.append(source)
        targets.append(target)
    if not sources:
        raise InvalidValue(f"There is no pair of texts. Received: {name}")
    return sources, np.array(targets, dtype=object)
