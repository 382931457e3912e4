"""Scaling of series, each by its own train rows, in float64."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data.scaling import Scaler, Scaling


@dataclass(frozen=True)
class SeriesScaler:
    """x → (x - shift) / scale, for each series and column.

    Args:
        names: Of the series; `("",)` where there is one without a name.
        shift: `(series, columns)`, in the units of the data.
        scale: The same, nowhere 0.
        kind: What it was fitted as; series that were not there are fitted in the same way.
    """

    names: tuple[str, ...]
    shift: np.ndarray
    scale: np.ndarray
    kind: Scaling = "standard"

    @classmethod
    def fit(cls, names: Sequence[str], trains: Sequence[np.ndarray], kind: Scaling):
        """Fit to the train rows `(steps, columns)` of each series."""
        scalers = [Scaler.fit([train], kind) for train in trains]
        return cls(tuple(names), np.array([s.shift for s in scalers]), np.array([s.scale for s in scalers]), kind)

    @classmethod
    def restored(cls, fitted: dict[str, Any]):
        """Undo `to_json`."""
        if "names" not in fitted:
            return cls(("",), np.array([fitted["shift"]]), np.array([fitted["scale"]]))
        return cls(tuple(fitted["names"]), np.array(fitted["shift"]), np.array(fitted["scale"]), fitted["kind"])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it; that of one series without a name as a plain scaler."""
        if self.names == ("",):
            return {"shift": self.shift[0].tolist(), "scale": self.scale[0].tolist()}
        return {
            "names": list(self.names),
            "shift": self.shift.tolist(),
            "scale": self.scale.tolist(),
            "kind": self.kind,
        }

    def extended(self, other: "SeriesScaler") -> "SeriesScaler":
        """Return it with the scalers of series that it does not know."""
        new = [row for row, name in enumerate(other.names) if name not in self._index]
        if self.names == ("",) or not new:
            return self
        names = (*self.names, *(other.names[row] for row in new))
        return SeriesScaler(
            names,
            np.concatenate([self.shift, other.shift[new]]),
            np.concatenate([self.scale, other.scale[new]]),
            self.kind,
        )

    def of(self, name: str, values: np.ndarray) -> Scaler:
        """Return a series' own scaler; of one that train did not have, fitted to these values of it."""
        row = 0 if self.names == ("",) else self._index.get(name)
        if row is None:
            return Scaler.fit([values], self.kind)
        return Scaler(self.shift[row].tolist(), self.scale[row].tolist())

    @functools.cached_property
    def _index(self):
        return {name: row for row, name in enumerate(self.names)}
