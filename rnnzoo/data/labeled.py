"""What all data with one answer per sequence share: truncation and batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rnnzoo.data.batches import Batches, bucket_lengths, lengths_to_answer
from rnnzoo.data.ragged import lengths, truncated
from rnnzoo.data.sequences.arrays import as_answers
from rnnzoo.data.splits import PARTS, InParts, Part, Splits
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter


@dataclass(kw_only=True)
class Labeled(InParts):
    """Sequences with one answer each. See `InParts` for further arguments.

    Args:
        truncate: Which part of a longer sequence is kept: its `head`, its `tail` or `both` ends.
    """

    truncate: Literal["head", "tail", "both"] = "head"

    def _parse(self, raw: Sequence[Any]) -> Sequence[Any]:
        """Turn inputs as a user writes them into what `_read` gives."""
        raise NotImplementedError

    def _check_settings(self):
        HyperParameter(str, choices=("head", "tail", "both")).check("truncate", self.truncate)
        super()._check_settings()

    def batch(self, parts: dict[str, Part], *, sequence_length=None, batch_size=32, seed=0) -> Splits:
        """Truncate what `read` gave, and batch it. See `load`."""
        self.fitted["sequence_length"] = sequence_length
        batches: dict[str, Batches] = {}
        for name in (p for p in PARTS if p in parts):
            x = truncated(parts[name][0], sequence_length, self.truncate)
            buckets = batches["train"].buckets if batches else bucket_lengths(lengths(x), batch_size)
            order = seed if name == "train" else None
            batches[name] = self._batches(x, parts[name][1], buckets, batch_size, order)
        return Splits(batches)

    def _batches(self, x: Any, y: Any, buckets: Sequence[int], batch_size: int, seed: int | None = None) -> Batches:
        return Batches(x, y, buckets, batch_size, self.pad_with, seed)

    def encode(self, raw: Sequence[Any]) -> list[np.ndarray]:
        """Turn inputs as the user writes them into what the model reads."""
        length = self._known("sequence_length")
        return truncated(self._encode_inputs(self._parse(raw), "input"), length, self.truncate)

    def encode_answers(self, y: Any) -> np.ndarray:
        """Turn labels or values as the user writes them into what the loss reads."""
        return self._encode_answers(as_answers(y, "input"), "input")

    def labelled(self, file: Any) -> tuple[Sequence[Any], Any]:
        """Read raw inputs and their answers from a file of the same kind as the data's own."""
        raise NotImplementedError

    def batches(self, raw: Sequence[Any], y: Any = None, batch_size: int = 64) -> Batches:
        """Batch raw inputs in their order within each length, with their answers or without."""
        x = self.encode(raw)
        padded = "pad_value" in self.inputs or "vocabulary_size" in self.inputs
        buckets = np.unique(lengths(x)).tolist()
        if not padded and 0 in buckets:  # where there is padding, it is all of it
            empty = int(np.argmin(lengths(x)))
            raise InvalidValue(f"A sequence needs at least 1 step. Received: input {empty} without one")
        if padded:
            buckets = lengths_to_answer(lengths(x), batch_size, self._known("sequence_length"))
        answers = np.zeros(len(x)) if y is None else self.encode_answers(y)
        return self._batches(x, answers, buckets, batch_size)

    def batches_of(self, file: Any) -> Batches:
        """Batch the raw inputs and answers of a file of the same kind as the data's own."""
        return self.batches(*self.labelled(file))
