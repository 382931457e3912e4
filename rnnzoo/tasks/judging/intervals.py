"""How good intervals, quantiles and distributions are."""

import numpy as np

from rnnzoo.inference.quantiles import pairs

QUANTILES = (0.1, 0.5, 0.9)


def interval_scores(y: np.ndarray, low: np.ndarray, high: np.ndarray, level: int) -> dict[str, np.ndarray]:
    """Judge intervals by the true values, all of one shape.

    Returns:
        `coverage_80`: whether y lies within. `interval_score_80`: width, and 2 / alpha times what y lies outside
        (Gneiting and Raftery 2007, equation 43, https://doi.org/10.1198/016214506000001437); smaller is better.
    """
    alpha = 1 - level / 100
    score = (high - low) + 2 / alpha * (np.maximum(low - y, 0) + np.maximum(y - high, 0))
    return {f"coverage_{level}": ((low <= y) & (y <= high)).astype("float64"), f"interval_score_{level}": score}


def pinball(y: np.ndarray, quantile: np.ndarray, level: float) -> np.ndarray:
    """Return the pinball loss of a quantile (Koenker and Bassett 1978, https://doi.org/10.2307/1913643)."""
    return np.maximum(level * (y - quantile), (level - 1) * (y - quantile))


def quantile_errors(y: np.ndarray, quantiles: np.ndarray, levels: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Judge quantiles by the true values.

    Args:
        y: `(windows, horizon, outputs)`.
        quantiles: `(windows, levels, horizon, outputs)`.
        levels: Ascending.

    Returns:
        Arrays of y's shape. `pinball`: the mean over levels of their loss; `quantile_loss_10` and the like: that of
        each; `quantile_coverage_80`, `quantile_interval_score_80`: of the interval between 10 % and 90 %, and the like.
    """
    losses = [pinball(y, quantiles[:, i], level) for i, level in enumerate(levels)]
    found = {f"quantile_loss_{100 * level:g}": loss for level, loss in zip(levels, losses, strict=True)}
    for between, (low, high) in pairs(levels).items():
        scores = interval_scores(y, quantiles[:, low], quantiles[:, high], between)
        found |= {f"quantile_{name}": values for name, values in scores.items()}
    return found | {"pinball": np.mean(losses, axis=0)}


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
        found[f"quantile_loss_{100 * q:.0f}"] = pinball(y, value, q)
    return found | interval_scores(y, quantiles[0], quantiles[-1], 80)
