"""How sure a forecast is: intervals of any model from what it got wrong in validation, and their measures."""

from collections.abc import Callable
from typing import Any

import numpy as np

LEVELS = (80, 95)
"""Per cent of the truth that an interval is to hold."""
ENOUGH = 40
"""Residuals, at least, that an interval's width is taken from: a short validation part lends from the steps beside."""
QUANTILES = (0.1, 0.5, 0.9)


def conformal_widths(answer: Callable[[Any], Any], batches: Any) -> dict[int, np.ndarray]:
    """Return how far the truth lies from a model's forecasts, by level: intervals are forecast ± width.

    Split-conformal prediction (Lei et al. 2018, https://doi.org/10.1080/01621459.2017.1307116; by step as Stankevičiūtė
    et al. 2021, https://openreview.net/forum?id=Rx9dBZaV_IP): of each step and target the ceil((n + 1) level)-th
    smallest absolute residual of the validation part, which was not trained on.

    Args:
        answer: Forecasts from what a model reads.
        batches: The validation part.

    Returns:
        `{80: (horizon, outputs), 95: ...}`, scaled.
    """
    found = []
    for x, y, weight in batches.arrays():
        real = np.asarray(weight) > 0
        found.append(np.abs(np.asarray(answer(x), "float64")[real] - np.asarray(y, "float64")[real]))
    residuals = np.concatenate(found)
    beside = 0  # steps on each side that lend theirs
    while (2 * beside + 1) * len(residuals) < ENOUGH and beside < residuals.shape[1]:
        beside += 1
    widths = {level: np.zeros(residuals.shape[1:]) for level in LEVELS}
    for step in range(residuals.shape[1]):
        near = residuals[:, max(0, step - beside) : step + beside + 1]
        for target in range(residuals.shape[2]):
            known = np.sort(near[..., target][~np.isnan(near[..., target])])
            for level in LEVELS:
                rank = int(np.ceil((len(known) + 1) * level / 100))
                widths[level][step, target] = known[min(rank, len(known)) - 1] if len(known) else np.nan
    return widths


def interval_scores(y: np.ndarray, low: np.ndarray, high: np.ndarray, level: int) -> dict[str, np.ndarray]:
    """Judge intervals by the true values, all of one shape.

    Returns:
        `coverage_80`: whether y lies within. `interval_score_80`: width, and 2 / alpha times what y lies outside
        (Gneiting and Raftery 2007, equation 43, https://doi.org/10.1198/016214506000001437); smaller is better.
    """
    alpha = 1 - level / 100
    score = (high - low) + 2 / alpha * (np.maximum(low - y, 0) + np.maximum(y - high, 0))
    return {f"coverage_{level}": ((low <= y) & (y <= high)).astype("float64"), f"interval_score_{level}": score}


def probabilistic_errors(y: np.ndarray, paths: np.ndarray) -> dict[str, np.ndarray]:
    """Judge draws of a distribution by the true values.

    Args:
        y: `(windows, horizon, outputs)`.
        paths: `(windows, count, horizon, outputs)`.

    Returns:
        Arrays of y's shape. `crps`: E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007, equation 21), where X' is
        another draw. `quantile_loss_10`, `_50`, `_90`: the pinball loss of those quantiles. `coverage_80`,
        `interval_score_80`: of the interval between the outer two.
    """
    count = paths.shape[1]
    ordered = np.sort(paths, axis=1)
    weights = (2 * np.arange(count) - count + 1).reshape(-1, 1, 1)  # each pair once, the larger minus the smaller
    between = 2 * (weights * ordered).sum(axis=1) / (count * max(1, count - 1))
    found = {"crps": np.abs(paths - y[:, None]).mean(axis=1) - between / 2}
    quantiles = np.quantile(ordered, QUANTILES, axis=1)
    for q, value in zip(QUANTILES, quantiles, strict=True):
        found[f"quantile_loss_{100 * q:.0f}"] = np.maximum(q * (y - value), (q - 1) * (y - value))
    return found | interval_scores(y, quantiles[0], quantiles[-1], 80)
