"""What a forecast must beat: the last value, the last season, and a ridge regression on the same steps."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnzoo.data.batches import Batches

ROWS = 10_000
"""Windows, at most, that the ridge is fitted to."""
STRENGTHS = tuple(10.0**k for k in range(-3, 5))
TIE = 0.02
"""A loss by less is a tie."""
NAMES = {"repeat_last": "last value", "seasonal_naive": "last season", "ridge": "ridge on the same steps"}

Forecaster = Callable[[Any], np.ndarray]


def naive_forecasters(
    train: Batches | None, horizon: int, outputs: int, period: int, lookback: int
) -> dict[str, Forecaster]:
    """Return functions from what a model reads, `(windows, lookback, features)`, to forecasts, by name.

    Args:
        train: What the ridge is fitted to; None: there is no ridge.
        horizon: Steps to forecast.
        outputs: Targets, the first features.
        period: Steps of the season; 1: there is no seasonal forecast.
        lookback: Steps that are read.
    """
    found: dict[str, Forecaster] = {
        "repeat_last": lambda x: np.repeat(np.asarray(x)[:, -1:, :outputs], horizon, axis=1)
    }
    if 1 < period <= lookback:
        steps = lookback - period + np.arange(horizon) % period
        found["seasonal_naive"] = lambda x: np.asarray(x)[:, steps, :outputs]
    if train is not None and (ridge := _ridge(train, outputs)):
        found["ridge"] = ridge
    return found


def _ridge(train: Batches, outputs: int) -> Forecaster | None:
    """Fit one ridge regression for all targets: from a target's own steps, less the last, to its next ones.

    How strong it is chosen by leaving single windows out, as scikit-learn's RidgeCV does.
    """
    from sklearn.linear_model import RidgeCV

    count = min(len(train), max(1, ROWS // outputs))
    chosen = np.linspace(0, len(train) - 1, count).astype(int)
    windows: Any = train.x
    x, y = _rows(windows[chosen], outputs), _rows(train.y[chosen], outputs)
    known = ~np.isnan(y).any(axis=1)
    if known.sum() < 3:
        return None
    x, y = x[known], y[known]
    ridge = RidgeCV(STRENGTHS).fit(x - x[:, -1:], y - x[:, -1:])

    def forecast(x):
        x = np.asarray(x)
        rows = _rows(x, outputs)
        change = ridge.predict(rows - rows[:, -1:]).reshape(len(rows), -1)  # of one step it gives a flat array
        y = change + rows[:, -1:]
        return y.reshape(len(x), outputs, -1).transpose(0, 2, 1)

    return forecast


def _rows(windows: np.ndarray, outputs: int) -> np.ndarray:
    """Lay the targets of windows `(windows, steps, features)` one below the other: `(windows * outputs, steps)`."""
    return np.asarray(windows[..., :outputs], "float64").transpose(0, 2, 1).reshape(-1, windows.shape[1])


def verdict(model: str, scores: dict[str, float], others: dict[str, dict[str, float]]) -> str:
    """Return the sentence that says where a model loses, and to what it ties, by rmse; or that it beats all."""
    ratios = {name: scores["rmse"] / max(other["rmse"], 1e-12) for name, other in others.items()}
    loses = [f"{NAMES[name]} by {ratio - 1:.1%}" for name, ratio in ratios.items() if ratio > 1 + TIE]
    ties = [f"{NAMES[name]} ({ratio - 1:+.1%})" for name, ratio in ratios.items() if abs(ratio - 1) <= TIE]
    if loses:
        return f"{model} loses to {', '.join(loses)} (rmse): more --epochs, another --model or --lookback may help"
    if ties:
        return f"{model} does no better than {', '.join(ties)}: a tie within 2 % (rmse)"
    return f"{model} beats {', '.join(NAMES[name] for name in others)} (rmse)"


def table(model: str, scores: dict[str, float], others: dict[str, dict[str, float]]) -> Any:
    """Return the table of a model beside naive forecasts, for the terminal."""
    from rich.table import Table

    words = [word for word in ("rmse_original", "mae_original", "rmse", "mae", "mase", "smape") if word in scores]
    found = Table("forecast", *words, box=None, pad_edge=False)
    for name, row in [(model, scores), *((NAMES[name], row) for name, row in others.items())]:
        found.add_row(name, *(f"{row[word]:.4g}" if word in row else "-" for word in words))
    return found
