"""Errors of each series, and measures without a unit, in which no large series owns the mean."""

from typing import Any

import numpy as np

from rnnzoo.data.series.windows import Panel

SHOWN = 1000
"""So many series are named in results."""


class BySeries:
    """Sums over the windows of each series, `(series, targets)`, in the units of the data.

    Args:
        panel: What is known of the series.
    """

    def __init__(self, panel: Panel):
        self.panel = panel
        self._sums = {
            name: np.zeros(panel.shift.shape) for name in ("count", "absolute", "squared", "size", "relative")
        }

    def add(self, truth: np.ndarray, forecast: np.ndarray, which: np.ndarray) -> None:
        """Add windows `(windows, horizon, targets)`; true values that are NaN are left out."""
        known = ~np.isnan(truth)
        error = np.abs(forecast - truth)
        sizes = np.abs(truth) + np.abs(forecast)
        found = {
            "count": known,
            "absolute": error,
            "squared": error**2,
            "size": np.abs(truth),
            "relative": np.divide(2 * error, sizes, out=np.zeros_like(error), where=sizes > 0),
        }
        for name, values in found.items():
            np.add.at(self._sums[name], which, np.where(known, values, 0.0).sum(axis=1))

    def measures(self) -> dict[str, np.ndarray]:
        """Return the measures of each series and target, `(series, targets)`, NaN where one means nothing.

        `mase` and `rmsse`: mean absolute error, and root of the mean squared, over that of the seasonal naive forecast
        in train (Hyndman and Koehler 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001; sktime's
        `mean_absolute_scaled_error(sp=period)`). `smape`: mean of 2 |error| / (|truth| + |forecast|) (sktime's,
        symmetric). `wape`: sum of |error| over sum of |truth| (GluonTS's ND).
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            count, total = self._sums["count"], self._sums
            mae, mse = total["absolute"] / count, total["squared"] / count
            return {
                "rmse": np.sqrt(mse),
                "mae": mae,
                "mase": mae / self.panel.naive[0],
                "rmsse": np.sqrt(mse / self.panel.naive[1]),
                "smape": total["relative"] / count,
                "wape": np.where(total["size"] > 0, total["absolute"] / total["size"], np.nan),
            }

    def scores(self) -> dict[str, float]:
        """Return the means over series and targets of the measures that have no unit."""
        found = self.measures()
        names = ("mase", "rmsse", "smape", "wape")
        return {name: float(np.nanmean(found[name])) for name in names if np.isfinite(found[name]).any()}

    def by_name(self) -> dict[str, dict[str, Any]]:
        """Return the measures of each series, means over its targets, of so many as are worth naming."""
        with np.errstate(invalid="ignore"):
            found = {name: values.mean(axis=1) for name, values in self.measures().items()}
        rows = [row for row, count in enumerate(self._sums["count"].sum(axis=1)) if count][:SHOWN]
        return {
            self.panel.names[row]: {n: float(v[row]) for n, v in found.items() if np.isfinite(v[row])} for row in rows
        }
