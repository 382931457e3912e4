"""How much each setting of a search decides: a random forest over the trials, and what is lost by shuffling a setting.

Reference: Breiman (2001), https://doi.org/10.1023/A:1010933404324
"""

import itertools
from collections.abc import Sequence

import numpy as np

from rnnzoo.search.space import Dimension
from rnnzoo.search.trials import Trial

LEAST = 8
"""Trials below which nothing is said."""
TREES, SHUFFLES = 100, 20
FORETOLD = 0.1
"""Least share of the variance that the trees must foretell of trials that they have not seen."""


def importance(done: Sequence[Trial], space: Sequence[Dimension]) -> dict[str, float]:
    """Return each setting's share, from 0 to 1, of what the settings together explain of the score.

    Args:
        done: Finished trials.
        space: The search's dimensions.

    Returns:
        By name, the largest first. Nothing where the trials are too few, or where the forest foretells trials that its
        trees have not seen hardly better than their mean does: then no share means anything.
    """
    scores = np.array([trial.score for trial in done], float)
    names = [d for d in space if len({str(trial.settings.get(d.name)) for trial in done}) > 1]
    if len(done) < LEAST or not names or np.ptp(scores) == 0:
        return {}
    from sklearn.ensemble import RandomForestRegressor

    columns = [_columns(d, done) for d in names]
    x = np.concatenate(columns, axis=1)
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, oob_score=True, random_state=0).fit(x, scores)
    if forest.oob_score_ < FORETOLD:
        return {}
    rng, ends = np.random.default_rng(0), np.cumsum([0, *(column.shape[1] for column in columns)])
    error, lost = np.mean((forest.predict(x) - scores) ** 2), []
    for first, last in itertools.pairwise(ends):  # all columns of a choice are shuffled together
        shuffled = np.tile(x, (SHUFFLES, 1))
        shuffled[:, first:last] = np.concatenate([rng.permutation(x[:, first:last]) for _ in range(SHUFFLES)])
        errors = (forest.predict(shuffled) - np.tile(scores, SHUFFLES)) ** 2
        lost.append(max(0.0, float(np.mean(errors) - error)))
    total = sum(lost) or 1.0
    return dict(sorted(((d.name, value / total) for d, value in zip(names, lost, strict=True)), key=lambda p: -p[1]))


def _columns(dimension: Dimension, done: Sequence[Trial]) -> np.ndarray:
    """Return a setting as numbers, `(trials, columns)`: of a choice one for each; 0 where a trial has none."""
    values = [trial.settings.get(dimension.name) for trial in done]
    if dimension.choices:
        return np.array([[float(value == choice) for choice in dimension.choices] for value in values])
    low = dimension.low
    place = [0.0 if v is None else float(np.log(v / low)) if dimension.log else float(v) - low for v in values]
    return np.array([[at, float(v is not None)] for at, v in zip(place, values, strict=True)])
