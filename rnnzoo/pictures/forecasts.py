"""Pictures of forecasts."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.data.batches import Batches
from rnnzoo.inference.sampling import likelihood_of, sample
from rnnzoo.pictures.classification import save
from rnnzoo.tasks.judging.forecast_errors import ForecastErrors

WINDOWS, COLUMNS = 4, 3
"""So many windows and targets are drawn."""


def plot_forecasts(folder: Path, model: Any, batches: Batches, errors: ForecastErrors, data: Any, split: str) -> None:
    """Save `forecasts.png`, `horizon.png` and `errors.png`.

    Args:
        folder: Where to.
        model: The trained model.
        batches: The windows of a split.
        errors: Those of the model on it.
        data: The data object: names and units of the targets.
        split: What the windows are of: `test`.
    """
    chosen = np.linspace(0, len(batches) - 1, min(WINDOWS, len(batches))).astype(int)
    x, y = np.stack([batches.x[i] for i in chosen]), np.stack([batches.y[i] for i in chosen])
    output = np.asarray(model.predict_on_batch(x))
    past, truth, forecast = (data.in_units(values) for values in (x[..., : y.shape[-1]], y, output))
    band = None
    if likelihood_of(model) is not None:
        band = np.quantile(data.in_units(sample(model, x)), (0.1, 0.9), axis=1)
    save(windows(past, truth, forecast, data.targets, split, band), folder / "forecasts.png")
    save(by_step(errors, split), folder / "horizon.png")
    save(distribution(errors, split), folder / "errors.png")


def windows(
    past: np.ndarray,
    truth: np.ndarray,
    forecast: np.ndarray,
    names: list[str],
    split: str,
    band: np.ndarray | None = None,
) -> Figure:
    """Forecast against truth with the history before, a row a window, a column a target, in the units of the data.

    Args:
        past: `(windows, lookback, targets)`.
        truth: `(windows, horizon, targets)`.
        forecast: The same.
        names: Of the targets; the last ones are drawn.
        split: For the title.
        band: The 10 % and 90 % quantiles, `(2, windows, horizon, targets)`.
    """
    shown = list(range(len(names)))[-COLUMNS:]
    figure = Figure(figsize=(5 * len(shown), 2.4 * len(past)), layout="constrained")
    grid = figure.subplots(len(past), len(shown), squeeze=False)
    horizon = truth.shape[1]
    before = np.arange(-min(past.shape[1], 3 * horizon), 0)
    for row, line in enumerate(grid):
        for axes, column in zip(line, shown, strict=True):
            axes.plot(before, past[row, before, column], color="gray", label="history")
            axes.plot(truth[row, :, column], color="black", label="truth")
            axes.plot(forecast[row, :, column], color="tab:red", label="forecast")
            if band is not None:
                low, high = band[:, row, :, column]
                axes.fill_between(np.arange(horizon), low, high, color="tab:red", alpha=0.2, label="10 % to 90 %")
            axes.set_title(f"{names[column]}, {split} window", fontsize=9)
            axes.grid(alpha=0.3)
    grid[0][0].legend(fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("steps from the forecast's begin")
    return figure


def by_step(errors: ForecastErrors, split: str) -> Figure:
    """Mean squared and absolute error of each step ahead."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, len(errors.mse_by_step) + 1)
    marker = "o" if len(steps) == 1 else ""
    axes.plot(steps, errors.mse_by_step, marker=marker, label="squared")
    axes.plot(steps, errors.mae_by_step, marker=marker, label="absolute")
    axes.set(xlabel="steps ahead", ylabel="mean error, scaled", title=f"error by horizon step, {split}", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def distribution(errors: ForecastErrors, split: str) -> Figure:
    """How the errors are distributed."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    sample = errors.sample
    spread = np.ptp(sample) > 1e-6 * max(1e-30, np.abs(sample).max())
    axes.hist(sample, bins=60 if spread else 1)
    axes.set(xlabel="forecast - truth, scaled", ylabel="count", title=f"errors, {split}: mean {sample.mean():.3g}")
    return figure
