"""What all data with one answer per sequence share: truncation, answers, batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rnnzoo.data.batches import Batches, Splits, bucket_lengths
from rnnzoo.data.files.labels import check_kinds, spelled
from rnnzoo.data.ragged import lengths, truncated
from rnnzoo.data.sequences.arrays import as_answers
from rnnzoo.data.splits import PARTS, InParts, Part
from rnnzoo.errors import InvalidType, InvalidValue
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
        buckets = bucket_lengths(lengths(x), batch_size) if padded else np.unique(lengths(x)).tolist()
        answers = np.zeros(len(x)) if y is None else self.encode_answers(y)
        return self._batches(x, answers, buckets, batch_size)

    def batches_of(self, file: Any) -> Batches:
        """Batch the raw inputs and answers of a file of the same kind as the data's own."""
        return self.batches(*self.labelled(file))


class Classes:
    """Answers that are one of several classes."""

    _known: Any

    def _fit_answers(self, y):
        classes = np.unique(_labels(y))
        if len(classes) < 2:
            raise InvalidValue(f"A classifier needs two classes or more. Received: only {classes[0]!s} in train")
        return {"classes": [str(c) for c in classes], "outputs": len(classes)}

    def _encode_answers(self, y, part):
        index = {spelled(name): i for i, name in enumerate(self.classes)}
        words = [spelled(str(label)) for label in _labels(y)]
        unknown = next((word for word in words if word not in index), None)
        if unknown is not None:
            raise InvalidValue(
                f"{part} has a label that train has not; train has {', '.join(self.classes[:12])}. Received: {unknown}"
            )
        return np.array([index[word] for word in words], "int32")

    def _strata(self, y):
        return _labels(y)

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of the logits."""
        return self._known("answers")["classes"]

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn logits `(batch, outputs)` into the likeliest class and its probability."""
        from scipy.special import softmax

        probabilities = softmax(np.asarray(y, "float64"), axis=-1)
        best = probabilities.argmax(axis=-1)
        return [
            {"label": self.classes[i], "probability": float(p[i])} for i, p in zip(best, probabilities, strict=True)
        ]


def _labels(y: np.ndarray) -> np.ndarray:
    """Return labels as whole numbers or as words, so that they can be sorted and compared.

    Raises:
        TypeError: They are something else, or some are missing.
    """
    if y.ndim == 1 and y.dtype.kind in "iub":
        return y
    if y.ndim != 1 or not all(isinstance(label, str | bytes | int) for label in y.tolist()):
        raise InvalidType(
            f"Labels must be a row of whole numbers or words. Received: dtype {y.dtype} of shape {y.shape}"
        )
    words = [spelled(label.decode() if isinstance(label, bytes) else str(label)) for label in y.tolist()]
    check_kinds(words, "y")
    return np.array(words)


class Values:
    """Answers that are one number or several."""

    _known: Any

    def _fit_answers(self, y):
        return {"outputs": self._numbers(y, "train").shape[1]}

    def _encode_answers(self, y, part):
        values, outputs = self._numbers(y, part), self._known("answers")["outputs"]
        if values.shape[1] != outputs:
            raise InvalidValue(f"y of {part} must have {outputs} values a row. Received: {values.shape[1]}")
        return values

    @staticmethod
    def _numbers(y, part):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
            values = y.astype("float32") if y.dtype.kind in "iuf" else None
        if values is None or y.ndim not in (1, 2) or not np.isfinite(values).all():
            raise InvalidValue(
                f"y of {part} must be finite numbers of shape (examples,) or (examples, outputs). "
                f"Received: dtype {y.dtype} of shape {y.shape}"
            )
        return values.reshape(len(y), -1)

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn values `(batch, outputs)` into plain numbers."""
        return [{"values": [float(v) for v in row]} for row in np.asarray(y)]
