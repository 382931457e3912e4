"""The two kinds of answers that a sequence may have: one of several classes, or numbers."""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rnnzoo.data.files.labels import check_kinds, spelled
from rnnzoo.data.scaling import Scaler, Scaling
from rnnzoo.errors import InvalidType, InvalidValue


class Classes:
    """Answers that are one of several classes."""

    _known: ClassVar[Any]

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


@dataclass
class Values:
    """Answers that are one number or several.

    Args:
        scale_answers: The model learns them as `standard` (mean 0, deviation 1) or `minmax` (0..1), each value by what
            train has, or with `none` as they are: a network learns numbers about 1. `predict` answers in their units.
    """

    scale_answers: Scaling = "standard"

    _known: ClassVar[Any]

    def _fit_answers(self, y):
        y = self._numbers(y, "train")
        return {"outputs": y.shape[1], "scaler": dataclasses.asdict(Scaler.fit([y], self.scale_answers))}

    @property
    def answer_scaler(self) -> Scaler:
        """Turns answers into what the model learns; of runs of before, which had none, it changes nothing."""
        known = self._known("answers")
        outputs = known["outputs"]
        return Scaler(**known.get("scaler", {"shift": [0.0] * outputs, "scale": [1.0] * outputs}))

    def _encode_answers(self, y, part):
        values, outputs = self._numbers(y, part), self._known("answers")["outputs"]
        if values.shape[1] != outputs:
            raise InvalidValue(f"y of {part} must have {outputs} values a row. Received: {values.shape[1]}")
        return self.answer_scaler(values)

    @staticmethod
    def _numbers(y, part):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
            finite = y.dtype.kind in "iuf" and np.isfinite(y.astype("float32")).all()
        if not finite or y.ndim not in (1, 2):
            raise InvalidValue(
                f"y of {part} must be finite numbers of shape (examples,) or (examples, outputs). "
                f"Received: dtype {y.dtype} of shape {y.shape}"
            )
        return y.astype("float64").reshape(len(y), -1)

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn values `(batch, outputs)` into plain numbers."""
        return [{"values": row} for row in self.answer_scaler.inverse(np.asarray(y, "float64")).tolist()]
