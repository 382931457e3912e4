"""Errors of forecasts, summed up batch by batch, so that memory does not grow with the number of windows."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches
from rnnzoo.data.series.times import local
from rnnzoo.data.series.windows import Panel, Windows
from rnnzoo.inference.quantiles import forecaster, levels_of, median, pairs
from rnnzoo.inference.sampling import likelihood_of, sample
from rnnzoo.tasks.judging.conformal import Conformal
from rnnzoo.tasks.judging.intervals import interval_scores, probabilistic_errors, quantile_errors
from rnnzoo.tasks.judging.measures import check_finite
from rnnzoo.tasks.judging.naive_forecasts import NAMES, naive_forecasters
from rnnzoo.tasks.judging.scale_free import BySeries

KEPT = 20_000
"""Errors that are kept for their distribution, at most so many a batch."""
WINDOWS = 4
"""So many windows are drawn."""


def forecast_errors(
    model: Any, dataset: Iterable, data: Any = None, paths: int = 0, conformal: Conformal | None = None
) -> "ForecastErrors":
    """Sum up the errors of forecasts, batch by batch.

    Args:
        model: From `build`; or a function that forecasts from what a model reads.
        dataset: Batches `(x, y, weight)`, or `Batches`, which know of which series each window is.
        data: The data object; with it errors are measured in the units of the data too.
        paths: How many to draw from the forecast's likelihood, where the model has one, to judge that too.
        conformal: Puts intervals around the forecasts of `Batches`, and learns from their truths.
    """
    panel = dataset.y.panel if isinstance(dataset, Batches) and isinstance(dataset.y, Windows) else None
    in_units = None if data is None or panel is not None else getattr(data, "in_units", None)
    errors = ForecastErrors(in_units, panel)
    draws = paths and likelihood_of(model) is not None
    answer, errors.levels = getattr(model, "predict_on_batch", model), levels_of(model)
    for indices, x, y, weight in _batches(dataset):
        real = np.asarray(weight) > 0
        output, x, y = np.asarray(answer(x))[real], np.asarray(x)[real], np.asarray(y)[real]
        check_finite(output)
        drawn = sample(model, x, paths) if draws else None
        which, widths = None, {}
        if panel is not None:
            windows, rows = dataset.y, indices[real]  # type: ignore[attr-defined,index]
            which = windows.which[rows]
            if conformal is not None:
                widths = conformal(windows.starts[rows], which, x, median(model, output).astype("float64"), y)
        errors.add(y, output, drawn, which, widths)
    return errors


def _batches(dataset: Iterable) -> Iterator[tuple[np.ndarray | None, Any, Any, Any]]:
    """Yield the batches, with the indices of their windows where they are known."""
    if not isinstance(dataset, Batches):
        for batch in dataset:
            yield None, *batch
        return
    for (indices, _, _), batch in zip(dataset.plan(), dataset.arrays(), strict=True):
        yield indices, *batch


def some_windows(model: Any, batches: Batches, data: Any) -> dict[str, Any]:
    """Return what is drawn of windows spread over a split: those of `rnnzoo.pictures.forecasts.windows`."""
    chosen = np.linspace(0, len(batches) - 1, min(WINDOWS, len(batches))).astype(int)
    windows: Any = batches.x
    x, y = np.stack([windows[i] for i in chosen]), np.stack([batches.y[i] for i in chosen])
    output = forecaster(model)(x).astype("float64")
    panel, which = batches.y.panel, batches.y.which[chosen]
    naive = naive_forecasters(None, **data.naive_sizes)
    name = next(word for word in ("seasonal_naive", "repeat_last") if word in naive)
    found = {"past": x[..., : y.shape[-1]], "truth": y, "forecast": output, "naive": naive[name](x)}
    found = {word: panel.in_units(values, which) for word, values in found.items()}
    band = None
    if likelihood_of(model) is not None:
        band = np.quantile(panel.in_units(sample(model, x), which), (0.1, 0.9), axis=1)
    elif (ends := pairs(levels_of(model)).get(80)) is not None:
        answer = np.asarray(model.predict_on_batch(x), "float64")
        band = np.stack([panel.in_units(answer[:, end], which) for end in ends])
    elif state := data.intervals():
        unknown = np.full(y.shape, np.nan)
        width = Conformal(state)(np.arange(len(x)), np.arange(len(x)), x, output, unknown)[80]
        band = np.stack([panel.in_units(output - width, which), panel.in_units(output + width, which)])
    times = None
    if panel.times is not None:
        steps = np.arange(x.shape[1] + y.shape[1])
        times = local(panel.times[windows.starts[chosen][:, None] + steps].ravel(), panel.timezone)
        times = times.reshape(len(x), -1)
    series = [panel.names[i] for i in which]
    return {**found, "beside": NAMES[name], "names": data.targets, "band": band, "times": times, "series": series}


class ForecastErrors:
    """Sums over windows, each of shape `(horizon, outputs)`. True values that are NaN are left out.

    Args:
        in_units: Turns values back into the units of the data; None: there are no other units.
        panel: What is known of the series, instead.
    """

    def __init__(
        self,
        in_units: Callable[[np.ndarray], np.ndarray] | None = None,
        panel: Panel | None = None,
    ):
        self.in_units = in_units
        self.panel = panel
        self.levels: tuple[float, ...] = ()
        self.windows = 0
        self.by_series = None if panel is None else BySeries(panel)
        self._first: np.ndarray | None = None
        self._sums: dict[str, np.ndarray] = {}
        self._sample: list[np.ndarray] = []

    def add(
        self,
        y: np.ndarray,
        output: np.ndarray,
        paths: np.ndarray | None = None,
        which: np.ndarray | None = None,
        widths: Mapping[int, np.ndarray] = MappingProxyType({}),
    ) -> None:
        """Add true values and forecasts of some windows, `(windows, horizon, outputs)` each.

        Args:
            y: True values.
            output: Forecasts; of a model with `levels` their quantiles, `(windows, levels, horizon, outputs)`.
            paths: Draws from the model's likelihood, `(windows, count, horizon, outputs)`.
            which: The series of each window, where the panel is known.
            widths: Of intervals around the forecasts, by level.
        """
        y, output, quantiles = np.asarray(y, "float64"), np.asarray(output, "float64"), None
        if self.levels:
            output, quantiles = output[:, self.levels.index(0.5)], output
        if self._first is None:
            self._first = np.nan_to_num(y[0])
        known = ~np.isnan(y)
        error = output - y
        centred = y - self._first  # sums of squares of a far mean would cancel
        found = {"squared": error**2, "absolute": np.abs(error), "y": centred, "y2": centred**2}
        if self.panel is not None:
            assert self.by_series is not None
            if which is None:
                raise ValueError("windows of a panel need their series")
            truth, forecast = self.panel.in_units(y, which), self.panel.in_units(output, which)
            self.by_series.add(truth, forecast, which)
            if len(self.panel.names) == 1:  # of many no sum in their units means a thing
                found |= {"squared_original": (forecast - truth) ** 2, "absolute_original": np.abs(forecast - truth)}
        elif self.in_units is not None:
            original = self.in_units(output) - self.in_units(y)
            found |= {"squared_original": original**2, "absolute_original": np.abs(original)}
        if quantiles is not None:
            found |= quantile_errors(y, quantiles, self.levels)
        if paths is not None:
            found |= probabilistic_errors(y, np.asarray(paths, "float64"))
        for level, width in widths.items():
            scores = interval_scores(y, output - width, output + width, level)
            found |= {f"conformal_{name}": values for name, values in scores.items()}
        self._add("known", known)
        for name, values in found.items():
            self._add(name, np.where(known, values, 0.0))
        self.windows += len(y)
        flat = error[known]
        self._sample.append(flat[:: max(1, error.size // (KEPT // 10))].astype("float32"))
        if sum(map(len, self._sample)) > 10 * KEPT:
            self._sample = [np.concatenate(self._sample)[::2]]

    def _add(self, name, values):
        self._sums[name] = self._sums.get(name, 0) + values.sum(axis=0)

    def scores(self) -> dict[str, float]:
        """Return loss = mse, rmse, mae and R², and mse, rmse and mae in the units of the data, `_original`.

        Of quantiles the loss is the pinball loss, see `quantile_errors`. With paths also those of
        `probabilistic_errors`, with widths those of `interval_scores`, scaled. Where the series are known also the
        scale-free measures, see `BySeries`; of many series there is no `_original`.

        `r2_by_step` is the mean of the R² of each horizon step and output, as scikit-learn's; `r2_pooled` is that of
        all values together, which a level that differs from window to window flatters. They have no unit.
        """
        mse = float(self._mean("squared").mean())
        found = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": float(self._mean("absolute").mean())}
        if self.windows > 1:
            sums = self._sums
            total, rest = sums["y2"] - sums["y"] ** 2 / np.maximum(sums["known"], 1), sums["squared"]
            with np.errstate(divide="ignore", invalid="ignore"):
                r2 = np.where(total > 0, 1 - rest / total, np.where(rest > 0, 0.0, 1.0))
            found["r2_by_step"] = float(r2.mean())
            first = self._first
            assert first is not None
            values = sums["y"] + sums["known"] * (first - first.mean())
            squares = sums["y2"] + 2 * (first - first.mean()) * sums["y"] + sums["known"] * (first - first.mean()) ** 2
            spread = squares.sum() - values.sum() ** 2 / sums["known"].sum()
            found["r2_pooled"] = float(1 - rest.sum() / spread) if spread > 0 else float(rest.sum() == 0)
        if "squared_original" in self._sums:
            mse = float(self._mean("squared_original").mean())
            mae = float(self._mean("absolute_original").mean())
            found |= {"mse_original": mse, "rmse_original": math.sqrt(mse), "mae_original": mae}
        if self.by_series is not None:
            found |= self.by_series.scores()
        if "pinball" in self._sums:
            found["loss"] = float(self._mean("pinball").mean())
        own = {"pinball", "known", "y", "y2", "squared", "absolute", "squared_original", "absolute_original"}
        return found | {name: float(self._mean(name).mean()) for name in self._sums if name not in own}

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
        return self._sums[name] / np.maximum(self._sums["known"], 1)
