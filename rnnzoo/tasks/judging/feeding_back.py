"""Forecasts of forecasts: a model that reads its own answers."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.data.batches import Batches
from rnnzoo.data.series.windows import Windows
from rnnzoo.errors import InvalidValue

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
    lookback, found = x.shape[1], x
    while found.shape[1] < lookback + steps:
        answer = np.asarray(model.predict_on_batch(found[:, -lookback:]))
        found = np.concatenate([found, answer], axis=1)
    return found[:, lookback : lookback + steps]


def judge(model: Any, batches: Batches, data: Any, steps: int) -> tuple[dict[str, float], Figure]:
    """Go on from windows spread over a split, and compare with the truth, in the units of the data.

    Returns:
        `rmse_fed_back` over all steps; `nrmse_fed_back`, that of the last step alone over the deviation of the truth;
        and a picture of the first path.

    Raises:
        ValueError: The split is too short, or the model reads what it does not answer.
    """
    assert isinstance(batches.x, Windows)
    values, lookback = batches.x.values, batches.x.steps
    if values.shape[1] != data.inputs["outputs"]:
        raise InvalidValue(
            "A model that reads its own answers must answer all that it reads: leave --features and --calendar out. "
            f"Received: {values.shape[1]} features, {data.inputs['outputs']} of them answered"
        )
    starts = batches.x.starts[batches.x.starts + lookback + steps <= len(values)]
    if not len(starts):
        raise InvalidValue(f"The last part is shorter than the steps to feed back. Received: feed_back={steps}")
    starts = starts[np.linspace(0, len(starts) - 1, min(STARTS, len(starts))).astype(int)]
    everything = np.arange(len(starts))
    truth = data.in_units(Windows(values, starts + lookback, steps)[everything])
    found = data.in_units(feed_back(model, Windows(values, starts, lookback)[everything], steps))
    error = found - truth
    scores = {
        "rmse_fed_back": float(np.sqrt(np.mean(error**2))),
        "nrmse_fed_back": float(np.sqrt(np.mean(error[:, -1] ** 2)) / truth.std()),
    }
    return scores, _picture(truth[0], found[0], data.targets)


def _picture(truth: np.ndarray, found: np.ndarray, names: list[str]) -> Figure:
    figure = Figure(figsize=(8, 2.5 * len(names)), layout="constrained")
    for axes, name, line, answer in zip(
        figure.subplots(len(names), 1, squeeze=False)[:, 0], names, truth.T, found.T, strict=True
    ):
        axes.plot(line, color="black", label="truth")
        axes.plot(answer, color="tab:red", label="answers fed back")
        axes.set(title=name, xlabel="steps")
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
