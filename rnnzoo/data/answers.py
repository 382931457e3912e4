"""The two kinds of answers that a sequence may have: one of several classes, or numbers."""

from typing import Any

import numpy as np

from rnnzoo.data.files.labels import check_kinds, spelled
from rnnzoo.errors import InvalidType, InvalidValue


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
