"""Sentences with a tag for each word: a TFDS data set such as Universal Dependencies, or the user's own files."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches, lengths_to_answer
from rnnzoo.data.files.conll import Sentence, check_counts, is_prose, read_sentences
from rnnzoo.data.files.opening import TABLES, recognised
from rnnzoo.data.files.reading import Inputs, ReadsTables, lines_of
from rnnzoo.data.files.tables import PIECE
from rnnzoo.data.files.tagged_tables import sentence_a_row, word_a_row
from rnnzoo.data.in_memory import is_named
from rnnzoo.data.labeled import Labeled
from rnnzoo.data.ragged import lengths, truncate, truncated
from rnnzoo.data.splits import PARTS
from rnnzoo.data.text.vocabulary import FIRST, UNKNOWN, Vocabulary, check_text
from rnnzoo.data.tfds import texts
from rnnzoo.errors import InvalidType, InvalidValue

ENDING = r"['’](?:s|m|d|re|ve|ll)\b"
WORDS = re.compile(
    rf"\w+?(?=n['’]t\b)|n['’]t\b|{ENDING}|(?:Mr|Mrs|Ms|Dr|St)\.|\w+(?:(?:[-.:/]|(?!{ENDING})['’])\w+)*|\.\.\.|[^\w\s]",
    re.IGNORECASE,
)
"""As English treebanks divide a sentence: `Didn't Tom's dog bark?` has the words Did n't Tom 's dog bark ?"""


@dataclass(frozen=True)
class WordBatches(Batches):
    """Batches of rows `(time, 1 + length)` of ids, the word's first and then its characters': two inputs of a model."""

    def _batch(self, indices, length, weight):
        rows, y, weight = super()._batch(indices, length, weight)
        return (rows[..., 0], rows[..., 1:]), y, weight


@dataclass
class Tagging(ReadsTables, Labeled):
    """Sentences with a tag for each word. See `Labeled` and `ReadsTables` for further arguments.

    Words are read in lower case, their characters as they are written. A recipe's sequence length cuts the sentences of
    train alone: all words of the others have to get their tags.

    Args:
        dataset: A TFDS data set, or a `pandas.DataFrame`. Rows of CoNLL-U without a tag, such as words written
            together, are left out.
        file: Instead: sentences in CoNLL-U (`.conllu`), columns as in CoNLL-2003 (`.conll`), or a table with a header
            and a sentence a row, its words and its tags as lists or with spaces between them.
        validation_file: A file of the same kind for choosing the best epoch, instead of a share of `file`.
        test_file: A file of the same kind for testing, instead of a share of `file`.
        words: The column or feature with the words; by default `form`, `words` or `tokens`.
        tags: The column or feature with the tags; by default `upos`, `tags`, or the only feature of classes; of
            CoNLL-2003 `ner`.
        sentence: Of a table with a word a row: the column that tells where a sentence begins.
        vocabulary_size: The most frequent words of train, padding and unknown included.
        characters: Give each word's characters to the model too.
        word_length: Characters of a word that are read; of a longer one its beginning and end.
    """

    needs = ("vocabulary", "answers", "sequence_length")

    dataset: str | None = None
    file: str | None = None
    validation_file: str | None = None
    test_file: str | None = None
    words: str | None = None
    tags: str | None = None
    sentence: str | None = None
    vocabulary_size: int = 20_000
    characters: bool = True
    word_length: int = 20
    _notes: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return self.source_name()

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that the model knows, fitted on train."""
        return Vocabulary(self._known("vocabulary"), "words")

    @property
    def alphabet(self) -> Vocabulary:
        """The characters that the model knows, fitted on train."""
        return Vocabulary(self._known("characters"), "characters")

    @property
    def classes(self) -> list[str]:
        """Names of the tags, in the order of the logits."""
        return self._known("answers")["classes"]

    @property
    def _columns(self):
        return self.words or "words", self.tags or "tags"

    def _read(self, data_dir):
        files = dict(zip(PARTS, (self.file, self.validation_file, self.test_file), strict=True))
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the data: a file (--file train.conllu) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        if self.dataset:
            found = texts.open_tagged(self.dataset, self.words, self.tags, data_dir)
            parts = {part: _part(sentences, f"{part} of {self.dataset}") for part, sentences in found.items()}
        else:
            parts = {part: _part(self._sentences(path), path) for part, path in files.items() if path is not None}
            self.read_from = {"rows": sum(len(x) for x, _ in parts.values()), "left_out": {}, "recognised": self._notes}
        self._tags = sorted({tag for row in parts["train"][1] for tag in row}) if "train" in parts else []
        return parts

    def labelled(self, file):
        """Read a file of the same kind."""
        return _part(self._sentences(file), str(file) if is_named(file) else "data in memory")

    def inputs_of(self, file: str) -> Iterator[Inputs]:
        """Yield the words alone of a file of the same kind, some hundred sentences at once; or the lines of a text."""
        import pandas as pd

        opened = recognised(file)
        if opened.kind == "text" and not self._is_table(file) and is_prose(opened, self.classes, self.encoding):
            yield from lines_of(file, self.encoding, "sentence")
            return
        found = self._sentences(file, tagged=False)
        while piece := [words for words, _ in itertools.islice(found, PIECE)]:
            yield Inputs(pd.DataFrame(index=range(len(piece))), piece)

    def _sentences(self, path: Any, *, tagged: bool = True) -> Iterator[Sentence]:
        """Yield the sentences of a file, whatever its kind."""
        words, tags = None if self.dataset else self.words, self.tags  # TFDS calls CoNLL-U's words otherwise
        opened = recognised(path) if is_named(path) else None
        if opened and (opened.kind == "tagged" or (opened.kind == "text" and not self._is_table(path))):
            yield from read_sentences(opened, words, tags, tagged, self.encoding)
            return
        if opened and opened.kind not in (*TABLES, "text"):
            raise InvalidValue(f"Sentences come in .conllu, .conll, .csv, .tsv, .jsonl and the like. Received: {path}")
        table = self.open_table(path)
        named = words or "words", (tags or "tags") if tagged else None
        yield from (
            word_a_row(table, *named, self.sentence) if self.sentence else sentence_a_row(table, *named)
        )  # fmt: skip
        self._notes += [note for note in table.notes if note not in self._notes]

    def _is_table(self, path: str) -> bool:
        return (self.words or "words") in self.open_table(path).columns

    def _fit_inputs(self, parts):
        for name, least in {"vocabulary_size": FIRST + 1, "word_length": 2}.items():
            if getattr(self, name) < least:
                raise InvalidValue(f"{name} must be a whole number >= {least}. Received: {getattr(self, name)}")
        sentences = parts["train"][0]
        words = _frequent((word.lower() for words in sentences for word in words), self.vocabulary_size - FIRST)
        fitted: dict[str, Any] = {"vocabulary": words, "fill": 0, "inputs": {"vocabulary_size": len(words) + FIRST}}
        if self.characters:
            fitted["characters"] = _frequent(c for words in sentences for word in words for c in word)
            fitted["inputs"]["characters"] = len(fitted["characters"]) + FIRST
        return fitted

    def _fit_answers(self, y):
        if len(self._tags) < 2:
            raise InvalidValue(f"A tagger needs two tags or more. Received: only {', '.join(self._tags)} in train")
        return {"classes": self._tags, "outputs": len(self._tags)}  # rare ones too that a drawn part of train has not

    def _encode_inputs(self, x, part):
        ids, letters = self.vocabulary.ids, self.alphabet.ids if self.characters else {}
        rows = []
        for words in x:
            row = np.array([ids.get(word.lower(), UNKNOWN) for word in words], "int32")
            if self.characters:
                row = np.concatenate([row[:, None], self._spelled(words, letters)], axis=1)
            rows.append(row)
        return rows

    def _spelled(self, words, letters):
        """Return the ids of the words' characters, `(words, word_length)`."""
        found = np.zeros((len(words), self.word_length), "int32")
        for row, word in zip(found, words, strict=True):
            spelled = np.array([letters.get(c, UNKNOWN) for c in word], "int32")
            row[: len(word)] = truncate(spelled, self.word_length, "both")
        return found

    def _encode_answers(self, y, part):
        index = {tag: i for i, tag in enumerate(self.classes)}
        unknown = next((tag for row in y for tag in row if tag not in index), None)
        if unknown is not None:
            raise InvalidValue(
                f"{part} has a tag that train has not; train has {', '.join(self.classes)}. Received: {unknown}"
            )
        return [np.array([index[tag] for tag in row], "int32") for row in y]

    def batch(self, parts, *, sequence_length=None, batch_size=32, seed=0):
        """Truncate what `read` gave of train, and batch all. See `load`."""
        cut = [truncated(rows, sequence_length, self.truncate) for rows in parts["train"]]
        return super().batch({**parts, "train": tuple(cut)}, batch_size=batch_size, seed=seed)

    def _batches(self, x, y, buckets, batch_size, seed=None):
        return (WordBatches if self.characters else Batches)(x, y, buckets, batch_size, self.pad_with, seed)

    def _parse(self, raw):
        """Divide sentences into words; lists of words are taken as they are."""
        for item in raw:
            if not (isinstance(item, str) or (isinstance(item, Sequence) and all(isinstance(w, str) for w in item))):
                raise InvalidType(f"An input is a sentence. Received: {type(item).__name__} {str(item)[:40]}")
            check_text("".join(item))
        found = [WORDS.findall(item) if isinstance(item, str) else list(item) for item in raw]
        if [] in found:
            raise InvalidValue(f"A sentence needs a word. Received: {str(raw[found.index([])])!r}")
        return found

    def batches(self, raw, y=None, batch_size=64):
        """Batch sentences, with their tags or without."""
        x = self.encode(raw)
        answers = [np.zeros(len(row), "int32") for row in x]
        if y is not None:
            for number, (words, tags) in enumerate(zip(x, y, strict=True), 1):
                check_counts(list(words), list(tags), f"sentence {number}")
            answers = self._encode_answers(y, "the file")
        return self._batches(x, answers, lengths_to_answer(lengths(x), batch_size, None), batch_size)

    def decode(self, y: Sequence[np.ndarray]) -> list[dict[str, Any]]:
        """Turn logits `(time, outputs)` of each sentence into tags."""
        return [{"tags": [self.classes[i] for i in row.argmax(axis=-1)]} for row in y]

    def answers(self, raw, outputs):
        """Return words and tags of each sentence."""
        found = zip(self._parse(raw), self.decode(outputs), strict=True)
        return [{"words": words, **tags} for words, tags in found]


def _part(sentences: Iterable[Sentence], source: str) -> tuple[list[list[str]], np.ndarray]:
    """Return words, and tags as an array of lists."""
    found = list(sentences)
    if not found:
        raise InvalidValue(f"There is no sentence with tags. Received: {source}")
    tags = np.empty(len(found), object)
    tags[:] = [tags for _, tags in found]
    return [words for words, _ in found], tags


def _frequent(items: Iterable[str], most: int | None = None) -> list[str]:
    """Return what occurs, by falling frequency, the earlier one first where equal."""
    return [item for item, _ in Counter(items).most_common(most)]
