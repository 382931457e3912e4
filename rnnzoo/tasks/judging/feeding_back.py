"""Forecasts of forecasts: a model that reads its own answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches
from rnnzoo.data.series.windows import Windows
from rnnzoo.inference.quantiles import forecaster

STARTS = 100
"""At most so many windows are gone on from."""


def feed_back(model: Any, x: np.ndarray, steps: int) -> np.ndarray:
    """Forecast `steps` steps; whatever lies behind the model's horizon is read from its own answers.

    Args:
        model: Answers with every feature that it reads.
        x: `(windows, lookback, features)`.
        steps: How far.

    Returns:
        `(windows, steps, features)`.
    """
    answer, lookback, found = forecaster(model), x.shape[1], x
    while found.shape[1] < lookback + steps:
        found = np.concatenate([found, answer(found[:, -lookback:])], axis=1)
    return found[:, lookback : lookback + steps]


@dataclass(frozen=True)
class FedBack:
    """Answers fed back over many steps, beside the truth, in the units of the data.

    Args:
        scores: `rmse_fed_back` over all steps; `nrmse_fed_back`, that of the last step alone over the deviation of the
            truth.
        truth: Of the first path, `(steps, targets)`.
        found: The answers of the first path.
    """

    scores: dict[str, float]
    truth: np.ndarray
    found: np.ndarray


def feed_back_errors(model: Any, batches: Batches, data: Any, steps: int) -> FedBack | None:
    """Go on from windows spread over a split, and compare with the truth.

    Returns:
        None where the split is too short for a path.
    """
    windows: Any = batches.x
    values, lookback = windows.values, windows.steps
    starts = windows.starts[windows.starts + lookback + steps <= len(values)]
    if not len(starts):
        return None
    starts = starts[np.linspace(0, len(starts) - 1, min(STARTS, len(starts))).astype(int)]
    everything = np.arange(len(starts))
    truth = data.in_units(Windows(values, starts + lookback, steps)[everything])
    found = data.in_units(feed_back(model, Windows(values, starts, lookback)[everything], steps))
    error = found - truth
    scores = {
        "rmse_fed_back": float(np.sqrt(np.mean(error**2))),
        "nrmse_fed_back": float(np.sqrt(np.mean(error[:, -1] ** 2)) / truth.std()),
    }
    return FedBack(scores, truth[0], found[0])
