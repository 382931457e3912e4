"""A text to learn to continue: a TFDS data set, or the user's own file."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches
from rnnzoo.data.fitted import Fitted
from rnnzoo.data.in_memory import TEXT, Held, is_named
from rnnzoo.data.ragged import Ragged, recode
from rnnzoo.data.report import of_text
from rnnzoo.data.splits import PARTS, SHARE, Splits
from rnnzoo.data.text.vocabulary import FIRST, Lexicon, Unit, Vocabulary, check_text
from rnnzoo.data.tfds import texts
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.files import write_text

WINDOW = 256
"""Tokens of a window of validation and test, whatever windows were trained on, so that trainings compare."""

MOST_SCORES = 2**26
"""Of tokens, computed at once while judging: 256 MiB."""


@dataclass
class LanguageModeling(Fitted):
    """A text cut into windows that do not overlap; the answer to each token is the next one.

    Validation and test have windows of 256 tokens; those of train begin elsewhere in each epoch. A text without parts
    of its own is cut in the order of reading: train first, then validation, then test. What is left over at a part's
    end makes a shorter window, so that every token counts.

    Args:
        dataset: A TFDS data set with a text, or a list of texts.
        file: Instead: a text file in UTF-8. It is read line by line; only token ids stay in memory.
        text: The feature with the text; by default the only text feature.
        tokens: `characters`, or `words` (lower case, without punctuation and markup).
        vocabulary_size: The most frequent tokens of train, padding and unknown included.
        stateful: Train on `batch_size` streams side by side, so that each row of a batch goes on where the row of the
            batch before ended: the state is carried along (truncated BPTT), and begins anew with each epoch.
        joined: Join the data set's own parts and cut them anew.
        splits: Of a TFDS data set: those to join and cut, whatever else it has, such as `train+unsupervised`.
        validation: Share held out for choosing the best epoch, where the source has no validation part.
        test: Share held out for testing, where the source has no test part.
    """

    needs = ("vocabulary",)

    dataset: str | None = None
    file: str | None = None
    text: str | None = None
    tokens: Unit = "characters"
    vocabulary_size: int = 20_000
    stateful: bool = False
    joined: bool = False
    splits: str | None = None
    validation: float = 0.1
    test: float = 0.0

    _texts: list[str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self):
        """Take texts in memory in the place of a data set."""
        for word in ("dataset", "file"):
            if is_named(given := getattr(self, word)):
                continue
            if not (isinstance(given, Sequence) and given and all(isinstance(text, str) for text in given)):
                raise InvalidType(f"Texts in memory are a list of texts. Received: {type(given).__name__}")
            self.dataset = self.file = None
            self._texts = [check_text(text) for text in given]

    def held(self):
        """Return texts in memory as one text file, a line break between them."""
        if self._texts is None or self.file:
            return None
        return Held("file", TEXT, lambda path: write_text(path, "\n".join(self._texts or ())))

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return self.dataset or os.path.basename(self.file or "texts")

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens that the model knows, fitted on train."""
        return Vocabulary(self._known("vocabulary"), self.tokens, self.rule)

    def load(
        self,
        *,
        sequence_length: int | None = None,
        batch_size: int = 32,
        seed: int = 0,
        limit: int | None = None,
        data_dir: str | None = None,
    ) -> Splits:
        """Read, cut, fit the vocabulary on train, encode and batch.

        Args:
            sequence_length: Tokens of a window of train; None means 256.
            batch_size: Windows per batch.
            seed: Of the order of training.
            limit: At most so many windows of each part.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.

        Raises:
            ValueError: A text that no model can be trained on; says why.
        """
        for name in ("validation", "test"):
            SHARE.check(name, getattr(self, name))
        if self.vocabulary_size <= FIRST:
            raise InvalidValue(
                f"vocabulary_size must be at least 3: padding, unknown and a token. Received: {self.vocabulary_size}"
            )
        lexicon = Lexicon(self.tokens, self.rule)
        parts = {part: lexicon.read(lines).flat for part, lines in self._read(data_dir).items()}
        if self.joined and len(parts) > 1:
            parts = {"train": np.concatenate([*parts.values()])}
        texts = list(parts.values())
        if list(parts) == ["train"]:
            parts = self._cut(parts["train"])
        short = next((part for part, ids in parts.items() if len(ids) < 2), None)
        if short:
            raise InvalidValue(
                f"Every part needs two tokens or more; {short} is shorter. Received: {self.name} of "
                f"{sum(map(len, parts.values()))} tokens"
            )
        if self.keep_fitted:
            found = self._known("vocabulary")
        else:
            found = lexicon.most_frequent([parts["train"]], self.vocabulary_size - FIRST)
        self.fitted = {
            "vocabulary": found,
            "fill": 0,
            "rule": self.rule,
            "sequence_length": sequence_length or WINDOW,
            "inputs": {"vocabulary_size": len(found) + FIRST},
        }
        for ids in texts:
            recode(ids, self.vocabulary.from_lexicon(lexicon))
        self.report = of_text({part: parts[part] for part in PARTS if part in parts}, self.tokens, len(found))
        return Splits(
            {
                part: self._training_windows(parts[part], batch_size, seed, limit)
                if part == "train"
                else _windows(parts[part], WINDOW, self._side_by_side(batch_size), limit=limit)
                for part in PARTS
                if part in parts
            }
        )

    def _read(self, data_dir) -> dict[str, Iterator[str]]:
        if self.splits is not None and not self.dataset:
            raise InvalidValue(f"splits belong to a TFDS --dataset; a file has none. Received: splits={self.splits!r}")
        if self._texts is not None:
            return {"train": iter("\n".join(self._texts).splitlines(keepends=True))}
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the text: a file (--file book.txt) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        if self.dataset:
            return texts.open_plain_texts(self.dataset, self.text, data_dir, self.splits)
        return {"train": _lines(str(self.file))}

    def _side_by_side(self, batch_size: int) -> int:
        """Return how many windows of validation and test are answered at once: each step by the whole vocabulary."""
        return max(1, min(batch_size, MOST_SCORES // (WINDOW * (len(self._known("vocabulary")) + FIRST))))

    def _cut(self, ids: np.ndarray) -> dict[str, np.ndarray]:
        """Cut one text by `validation` and `test`, in the order of reading."""
        kept = 1 - self.validation - self.test
        if kept <= 0:
            raise InvalidValue(
                "validation and test must leave something for train. "
                f"Received: validation={self.validation}, test={self.test}"
            )
        ends = np.round(np.cumsum([kept, self.validation, self.test]) * len(ids)).astype(int)
        pieces = zip(PARTS, np.split(ids, ends[:2]), strict=True)
        return {part: piece for part, piece in pieces if part == "train" or getattr(self, part)}

    def _training_windows(self, ids: np.ndarray, batch_size: int, seed: int, limit: int | None) -> Batches:
        length = self._known("sequence_length")
        if not self.stateful:
            fixed = _windows(ids, length, batch_size, limit=limit, more=1)  # one for what is left over at the end
            return MovingWindows(fixed.x, fixed.y, fixed.buckets, batch_size, seed=seed)
        return _batches(ids, *streams(len(ids) - 1, length, batch_size, limit), batch_size)

    def encode(self, raw: Sequence[str]) -> list[np.ndarray]:
        """Turn texts into ids.

        Raises:
            ValueError: A character that the training text has not.
        """
        ids = [self.vocabulary.encode(text) for text in raw]
        for text, row in zip(raw, ids, strict=True):
            if self.tokens == "characters" and (row < FIRST).any():
                raise InvalidValue(
                    f"The training text has no such character. Received: {text[int((row < FIRST).argmax())]!r}"
                )
        return ids

    def batches(self, raw: Sequence[Any], y: Any = None, batch_size: int = 64) -> Batches:
        """Refuse: a language model has no answer to a text but its continuation."""
        raise InvalidValue(f"A language model continues a text: use generate. Received: {len(raw)} inputs to predict")

    def batches_of(self, file: Any) -> Batches:
        """Cut another text file into windows, to be measured."""
        lexicon = Lexicon(self.tokens, self.rule)
        ids = lexicon.read(_lines(str(file))).flat
        if len(ids) < 2:
            raise InvalidValue(f"A text needs two tokens or more. Received: {file} of {len(ids)}")
        recode(ids, self.vocabulary.from_lexicon(lexicon))
        return _windows(ids, WINDOW, 64)


@dataclass(frozen=True)
class MovingWindows(Batches):
    """Windows that begin elsewhere in each epoch, so that a model meets every token after many different beginnings.

    All of them move by the same number of tokens, which depends on seed and epoch alone: each epoch still has every
    token once. The first window is as much shorter as they move, and what is left over at the end makes one more.
    """

    x: Ragged
    y: Ragged

    def at(self, epoch: int) -> Batches:
        """Return the windows of an epoch."""
        length, end = self.buckets[0], self.x.ends[-1]
        starts = length * np.arange(len(self.x))
        if len(self.x) > 2:
            starts = starts - np.random.default_rng([self.seed or 0, epoch, 0]).integers(length)
        starts, ends = (edge.clip(0, end) for edge in (starts, starts + length))
        moved = _batches(self.x.flat, starts, ends, self.batch_size)
        return dataclasses.replace(
            moved, buckets=self.buckets, seed=self.seed, devices=self.devices, share=self.share, passes=self.passes
        )

    def plan(self, epoch: int = 0):
        """See `Batches.plan`; an epoch has as many batches as every other."""
        return self.at(epoch).plan(epoch)

    def arrays(self, epoch: int = 0):
        """See `Batches.arrays`."""
        return self.at(epoch).arrays(epoch)


def _windows(ids: np.ndarray, length: int, batch_size: int, limit: int | None = None, more: int = 0):
    """Batch windows that do not overlap; what is left over makes a shorter one. `more` are empty."""
    starts = np.arange(0, len(ids) - 1, length)[:limit]
    end = min(int(starts[-1]) + length, len(ids) - 1)
    starts = np.append(starts, [end] * more).astype(int)
    return _batches(ids, starts, np.minimum(starts + length, end), batch_size)


def _batches(ids: np.ndarray, starts: np.ndarray, ends: np.ndarray, batch_size: int):
    """Batch windows: x is a window, y the same one token later."""
    x, y = Ragged(ids, starts, ends), Ragged(ids, starts + 1, ends + 1)
    return Batches(x, y, [int((ends - starts).max())], batch_size)


def streams(tokens: int, length: int, batch_size: int, limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of windows, batch by batch: row r of each batch is the next window of stream r.

    Args:
        tokens: Of the whole text; what does not fill all streams, fewer than `batch_size` tokens, is left out.
        length: Of a window.
        batch_size: Streams.
        limit: At most so many windows, whole batches of them.
    """
    rows = min(batch_size, tokens)
    each = tokens // rows
    offsets = np.arange(0, each, length)[: None if limit is None else max(1, limit // rows)]
    starts = offsets[:, None] + each * np.arange(rows)
    ends = np.minimum(offsets + length, each)[:, None] + each * np.arange(rows)
    return starts.ravel(), ends.ravel()


def _lines(path: str) -> Iterator[str]:
    """Yield a text file's lines, their ends included."""
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    if os.path.getsize(path) == 0:
        raise InvalidValue(f"The file is empty. Received: {path}")
    return _decoded(path)


def _decoded(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise InvalidValue(
            f"The file is not in UTF-8: {error.reason} at byte {error.start}. Received: {path}"
        ) from None
