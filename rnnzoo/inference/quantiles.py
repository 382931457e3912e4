"""Forecasts of models that answer with quantiles, and of those that do not."""

from collections.abc import Callable
from typing import Any

import numpy as np


def levels_of(model: Any) -> tuple[float, ...]:
    """Return the levels of the quantiles that a model answers with; none of one that answers with its forecast."""
    for layer in getattr(model, "layers", ()):
        found = getattr(layer, "levels", None) if layer.name == "quantiles" else levels_of(layer)
        if found:
            return found
    return ()


def median(model: Any, answer: np.ndarray) -> np.ndarray:
    """Return the forecast `(windows, horizon, outputs)` in a model's answer: the median of its quantiles."""
    levels = levels_of(model)
    return answer[:, levels.index(0.5)] if levels else answer


def forecaster(model: Any) -> Callable[[Any], np.ndarray]:
    """Return a function from what a model reads to its forecast, `(windows, horizon, outputs)`."""
    return lambda x: median(model, np.asarray(model.predict_on_batch(x)))


def pairs(levels: tuple[float, ...]) -> dict[int, tuple[int, int]]:
    """Return the central intervals among levels: per cent between, and the places of both ends."""
    found: dict[int, tuple[int, int]] = {}
    for low, level in enumerate(levels):
        beside = [high for high, other in enumerate(levels) if level < 0.5 and abs(level + other - 1) < 1e-9]
        found |= {round(100 * (1 - 2 * level)): (low, high) for high in beside}
    return found
