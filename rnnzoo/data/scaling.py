"""Scaling of features, fitted on the training split alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter

Scaling = Literal["none", "standard", "minmax"]


@dataclass(frozen=True)
class Scaler:
    """x → (x - shift) / scale, feature by feature.

    Args:
        shift: `(features,)`, in the units of the data.
        scale: `(features,)`, in the units of the data, nowhere 0.
    """

    shift: list[float]
    scale: list[float]

    @classmethod
    def fit(cls, sequences: Sequence[np.ndarray], kind: Scaling) -> "Scaler":
        """Fit to sequences `(time, features)`, NaN left out: `standard` to mean 0, deviation 1; `minmax` to 0..1."""
        HyperParameter(str, choices=get_args(Scaling)).check("scale", kind)
        steps = np.concatenate(sequences).astype("float64")
        if np.isnan(steps).all(axis=0).any():
            column = int(np.isnan(steps).all(axis=0).argmax())
            raise InvalidValue(f"A feature needs a value in train. Received: none of feature {column}")
        if kind == "none":
            shift, scale = np.zeros(steps.shape[1]), np.ones(steps.shape[1])
        elif kind == "standard":
            shift, scale = np.nanmean(steps, axis=0), np.nanstd(steps, axis=0)
        else:
            shift = np.nanmin(steps, axis=0)
            scale = np.nanmax(steps, axis=0) - shift
        varies = np.nanmax(steps, axis=0) > np.nanmin(steps, axis=0)  # though the mean of a constant be rounded
        return cls(shift.tolist(), np.where(varies & (scale > 0), scale, 1).tolist())  # a constant feature becomes 0

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return any(self.shift) or any(scale != 1 for scale in self.scale)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Scale `(..., features)` to float32."""
        return ((x - np.array(self.shift)) / np.array(self.scale)).astype("float32")

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Undo it."""
        return x * np.array(self.scale) + np.array(self.shift)
