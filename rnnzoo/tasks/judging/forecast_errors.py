"""Errors of forecasts, summed up batch by batch, so that memory does not grow with the number of windows."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches
from rnnzoo.inference.sampling import likelihood_of, sample
from rnnzoo.tasks.judging.measures import check_finite

KEPT = 20_000
"""Errors that are kept for their distribution, at most so many a batch."""
WINDOWS = 4
"""So many windows are drawn."""
PROBABILISTIC = ("crps", "quantile_loss", "coverage")
QUANTILES = (0.1, 0.5, 0.9)


def forecast_errors(model: Any, dataset: Iterable, data: Any = None, paths: int = 0) -> "ForecastErrors":
    """Sum up the errors of forecasts, batch by batch.

    Args:
        model: From `build`.
        dataset: Batches `(x, y, weight)`.
        data: The data object; with it errors are measured in the units of the data too.
        paths: How many to draw from the forecast's likelihood, where the model has one, to judge that too.
    """
    errors = ForecastErrors(None if data is None else data.in_units)
    draws = paths and likelihood_of(model) is not None
    for x, y, weight in dataset:
        real = np.asarray(weight) > 0
        output = np.asarray(model.predict_on_batch(x))[real]
        check_finite(output)
        errors.add(np.asarray(y)[real], output, sample(model, np.asarray(x)[real], paths) if draws else None)
    return errors


def some_windows(model: Any, batches: Batches, data: Any) -> dict[str, Any]:
    """Return `past`, `truth`, `forecast`, `names` and 80 % `band` of windows spread over a split, to be drawn.

    In the units of the data; `(windows, steps, targets)` each, the band `(2, windows, horizon, targets)` or None.
    """
    chosen = np.linspace(0, len(batches) - 1, min(WINDOWS, len(batches))).astype(int)
    x, y = np.stack([batches.x[i] for i in chosen]), np.stack([batches.y[i] for i in chosen])
    output = np.asarray(model.predict_on_batch(x))
    past, truth, forecast = (data.in_units(values) for values in (x[..., : y.shape[-1]], y, output))
    band = None
    if likelihood_of(model) is not None:
        band = np.quantile(data.in_units(sample(model, x)), (0.1, 0.9), axis=1)
    return {"past": past, "truth": truth, "forecast": forecast, "names": data.targets, "band": band}


def probabilistic_errors(y: np.ndarray, paths: np.ndarray) -> dict[str, np.ndarray]:
    """Judge draws of a distribution by the true values.

    Args:
        y: `(windows, horizon, outputs)`.
        paths: `(windows, count, horizon, outputs)`.

    Returns:
        Arrays of y's shape. `crps`: E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007, equation 21), where X' is
        another draw. `quantile_loss_10`, `_50`, `_90`: the pinball loss of those quantiles. `coverage_80`: whether y
        lies between the outer two.
    """
    count = paths.shape[1]
    ordered = np.sort(paths, axis=1)
    weights = (2 * np.arange(count) - count + 1).reshape(-1, 1, 1)  # each pair once, the larger minus the smaller
    between = 2 * (weights * ordered).sum(axis=1) / (count * max(1, count - 1))
    found = {"crps": np.abs(paths - y[:, None]).mean(axis=1) - between / 2}
    quantiles = np.quantile(ordered, QUANTILES, axis=1)
    for q, value in zip(QUANTILES, quantiles, strict=True):
        found[f"quantile_loss_{100 * q:.0f}"] = np.maximum(q * (y - value), (q - 1) * (y - value))
    found["coverage_80"] = ((quantiles[0] <= y) & (y <= quantiles[-1])).astype("float64")
    return found


class ForecastErrors:
    """Sums over windows, each of shape `(horizon, outputs)`.

    Args:
        in_units: Turns values back into the units of the data; None: there are no other units.
    """

    def __init__(self, in_units: Callable[[np.ndarray], np.ndarray] | None = None):
        self.in_units = in_units
        self.windows = 0
        self._first: np.ndarray | None = None
        self._sums: dict[str, np.ndarray] = {}
        self._sample: list[np.ndarray] = []

    def add(self, y: np.ndarray, output: np.ndarray, paths: np.ndarray | None = None) -> None:
        """Add true values and forecasts of some windows, `(windows, horizon, outputs)` each.

        Args:
            y: True values.
            output: Forecasts.
            paths: Draws from the model's likelihood, `(windows, count, horizon, outputs)`.
        """
        y, output = np.asarray(y, "float64"), np.asarray(output, "float64")
        error = output - y
        if self._first is None:
            self._first = y[0]
        centred = y - self._first  # sums of squares of a far mean would cancel
        found = {"squared": error**2, "absolute": np.abs(error), "y": centred, "y2": centred**2}
        if self.in_units is not None:
            original = self.in_units(output) - self.in_units(y)
            found |= {"squared_original": original**2, "absolute_original": np.abs(original)}
        if paths is not None:
            found |= probabilistic_errors(y, np.asarray(paths, "float64"))
        for name, values in found.items():
            self._sums[name] = self._sums.get(name, 0) + values.sum(axis=0)
        self.windows += len(y)
        self._sample.append(error.ravel()[:: max(1, error.size // (KEPT // 10))].astype("float32"))
        if sum(map(len, self._sample)) > 10 * KEPT:
            self._sample = [np.concatenate(self._sample)[::2]]

    def scores(self) -> dict[str, float]:
        """Return loss = mse, rmse, mae and r2, and mse, rmse and mae in the units of the data, `_original`.

        With paths also those of `probabilistic_errors`, scaled.

        R² is the mean over horizon steps and outputs, as scikit-learn's. It has no unit: it is the same on both scales.
        """
        mse = float(self._mean("squared").mean())
        found = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": float(self._mean("absolute").mean())}
        if self.windows > 1:
            total = self._sums["y2"] - self._sums["y"] ** 2 / self.windows
            rest = self._sums["squared"]
            with np.errstate(divide="ignore", invalid="ignore"):
                r2 = np.where(total > 0, 1 - rest / total, np.where(rest > 0, 0.0, 1.0))
            found["r2"] = float(r2.mean())
        if self.in_units is not None:
            mse = float(self._mean("squared_original").mean())
            mae = float(self._mean("absolute_original").mean())
            found |= {"mse_original": mse, "rmse_original": math.sqrt(mse), "mae_original": mae}
        for name in (name for name in self._sums if name.startswith(PROBABILISTIC)):
            found[name] = float(self._mean(name).mean())
        return found

    @property
    def mse_by_step(self) -> np.ndarray:
        """Mean squared error of each step of the horizon, `(horizon,)`."""
        return self._mean("squared").mean(axis=1)

    @property
    def mae_by_step(self) -> np.ndarray:
        """Mean absolute error of each step of the horizon, `(horizon,)`."""
        return self._mean("absolute").mean(axis=1)

    @property
    def sample(self) -> np.ndarray:
        """Errors, forecast - truth, spread evenly over all."""
        return np.concatenate(self._sample)

    def _mean(self, name):
        return self._sums[name] / self.windows
