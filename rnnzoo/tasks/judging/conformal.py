"""Intervals around any model's forecasts, from what it got wrong before, that follow a series as it goes on.

A forecast's error is measured in units of how much the series moves: the mean absolute change within what the model
reads. From such scores of earlier forecasts, each step ahead and target by itself, comes the width of the next
interval (split-conformal prediction: Lei et al. 2018, https://doi.org/10.1080/01621459.2017.1307116, section 5.2 for
scores in units of a spread; by step as Stankevičiūtė et al. 2021, https://openreview.net/forum?id=Rx9dBZaV_IP). They
begin with those of the validation part. As a forecast's truth becomes known, its score joins them, and the level that
is asked for is raised after a miss and lowered after a hit (adaptive conformal inference: Gibbs and Candès 2021,
https://arxiv.org/abs/2106.00170); where that asks for more than the largest score, the width grows beyond it, for the
method's promise rests on intervals without bounds there. An interval never knows more than what was known when its
forecast was made.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnzoo.inference.quantiles import forecaster

LEVELS = (80, 95)
"""Per cent of the truth that an interval is to hold."""
KEPT = 50
"""So many of the last scores of a step ahead make an interval."""
ENOUGH = 40
"""Where there are fewer, the steps beside lend theirs."""
RATE = 0.1
"""How far a miss or a hit moves the level: gamma of Gibbs and Candès."""
SERIES = 1000
"""So many series keep widths of their own for forecasts to come; of more the median is kept."""
FLOOR = 0.1
"""A window that hardly moves counts as moving by this share of what validation does."""


def movement(x: np.ndarray, outputs: int, floor: Any) -> np.ndarray:
    """Return how much the targets move within windows `(windows, lookback, features)`: `(windows, 1, outputs)`."""
    past = np.asarray(x[..., :outputs], "float64")
    moved = np.abs(np.diff(past, axis=1)).mean(axis=1, keepdims=True) if past.shape[1] > 1 else np.zeros_like(past)
    return np.maximum(moved, floor)


def of_model(model: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `calibrate` takes from the validation part of a model's data, the test part behind it."""
    return calibrate(forecaster(model), parts["validation"], parts.get("test"))


def calibrate(answer: Callable[[Any], np.ndarray], validation: Any, following: Any = None) -> dict[str, Any]:
    """Take what intervals begin with from the validation part, which was not trained on.

    Args:
        answer: Forecasts from what a model reads, scaled.
        validation: Its batches.
        following: Batches of the part behind it: what comes after both begins with its scores.

    Returns:
        What `Conformal` takes, as JSON holds it: `pool`, `floor`, and, for forecasts to come, `next`: the widths of
        each series by level.
    """
    found = [
        (np.abs(forecast - truth), movement(inputs, truth.shape[-1], 0.0))
        for inputs, truth, forecast in _forecasts(answer, validation)
    ]
    errors, moved = (np.concatenate(parts) for parts in zip(*found, strict=True))
    usual = FLOOR * moved.mean(axis=(0, 1))
    floor = np.where(usual > 0, usual, 1.0)
    scores = (errors / np.maximum(moved, floor))[_last(validation.y.which, KEPT)]
    state = {"pool": np.round(scores, 5).tolist(), "floor": floor.tolist()}
    conformal = Conformal(state)
    if following is not None:
        place = 0
        for inputs, truth, forecast in _forecasts(answer, following):
            rows = slice(place, place + len(truth))
            conformal(following.y.starts[rows], following.y.which[rows], inputs, forecast, truth)
            place = rows.stop
    return state | {"next": conformal.next(len(validation.y.panel.names))}


def _forecasts(answer, batches):
    for inputs, truth, weight in batches.arrays():
        real = np.asarray(weight) > 0
        yield np.asarray(inputs)[real], np.asarray(truth, "float64")[real], np.asarray(answer(inputs), "float64")[real]


def _last(which: np.ndarray, count: int) -> np.ndarray:
    """Choose the last windows of each series, in all at most `count`, evenly spread."""
    behind = np.zeros(len(which), int)  # how many windows of its series follow each
    for series in np.unique(which):
        rows = np.flatnonzero(which == series)
        behind[rows] = np.arange(len(rows))[::-1]
    each = -(-count // len(np.unique(which)))
    chosen = np.flatnonzero(behind < each)
    return chosen[np.linspace(0, len(chosen) - 1, min(count, len(chosen))).astype(int)]


class Conformal:
    """Widths of intervals, forecast ± width, window after window: series after series, each in the order of time.

    Args:
        state: Of `calibrate`.
    """

    def __init__(self, state: Mapping[str, Any]):
        self.pool, self.floor = np.array(state["pool"], "float64"), np.array(state["floor"], "float64")
        self._series, self._now = -1, _OfSeries(self.pool)
        self._ended: dict[int, Any] = {}

    def __call__(
        self, starts: np.ndarray, which: np.ndarray, x: np.ndarray, forecast: np.ndarray, truth: np.ndarray
    ) -> dict[int, np.ndarray]:
        """Return the widths around forecasts, by level; their truths are learned from once they are known.

        Args:
            starts: The step of each window, `(windows,)`.
            which: Its series.
            x: What the model reads.
            forecast: `(windows, horizon, outputs)`, scaled.
            truth: The same; NaN where it is not known.
        """
        moved = movement(x, forecast.shape[-1], self.floor)
        scores = np.abs(forecast - truth) / moved
        widths = [
            self._of(series).add(start, score)
            for series, start, score in zip(which.tolist(), starts.tolist(), scores, strict=True)
        ]
        return {level: np.stack([width[level] for width in widths]) * moved for level in LEVELS}

    def _of(self, series: int) -> "_OfSeries":
        if series != self._series:
            self._end()
            self._series, self._now = series, _OfSeries(self.pool)
        return self._now

    def _end(self):
        """Remember the widths behind the last window of a series."""
        self._ended[self._series] = self._now.ahead()

    def next(self, series: int) -> dict[str, Any]:
        """Return the widths of each series' next forecast in units of its movement, `(series, horizon, outputs)`."""
        self._end()
        of_none = _OfSeries(self.pool).widths()
        found = [self._ended.get(row, of_none) for row in range(series)]
        by_level = {level: np.stack([width[level] for width in found]) for level in LEVELS}
        if series > SERIES:
            by_level = {level: np.median(widths, axis=0, keepdims=True) for level, widths in by_level.items()}
        return {str(level): np.round(widths, 5).tolist() for level, widths in by_level.items()}


class _OfSeries:
    """Scores of one series: those that it began with, then those of its windows, which are known step by step."""

    def __init__(self, pool):
        self.scores = pool  # (windows, horizon, outputs)
        self.starts = np.full(len(pool), -np.inf)
        self.missed = {level: np.zeros(pool.shape) for level in LEVELS}  # 1, 0, or NaN where the truth is not known
        self.known = np.full(pool.shape[1], len(pool))  # windows whose truth has been learned from, by step ahead
        self.alpha = {level: np.full(pool.shape[1:], 1 - level / 100) for level in LEVELS}

    def add(self, start, score):
        """Return the widths around the forecast of a window, and remember its score for when it is known."""
        self._learn(start)
        widths, unknown = self.widths(), np.isnan(score)
        for level, width in widths.items():
            missed = np.where(unknown, np.nan, score > width)
            self.missed[level] = np.concatenate([self.missed[level], missed[None]])
        # In the place of an unknown score stands the one that drops out for it: the last ones stay what they are.
        again = self.scores[-KEPT] if len(self.scores) >= KEPT else np.nan
        self.scores = np.concatenate([self.scores, np.where(unknown, again, score)[None]])
        self.starts = np.append(self.starts, start)
        self._forget()
        return widths

    def ahead(self):
        """Return the widths around a forecast that begins where the truth of the last window ends."""
        self._learn(np.inf)
        return self.widths()

    def _learn(self, start):
        """Move the level by the steps that are known by now: step k of a window is k steps after its start."""
        ahead = np.arange(1, self.scores.shape[1] + 1)
        known = np.searchsorted(self.starts, start - ahead, side="right")
        for new in range(int((known - self.known).max())):
            row = np.minimum(self.known + new, known - 1)
            there = (self.known + new < known)[:, None]
            for level, alpha in self.alpha.items():
                miss = self.missed[level][row, ahead - 1]
                alpha += np.where(there & ~np.isnan(miss), RATE * (1 - level / 100 - miss), 0.0)
        self.known = known

    def widths(self):
        """Return the quantiles of the last scores that are known, by level, `(horizon, outputs)`."""
        horizon = self.scores.shape[1]
        beside = 0  # steps on each side that lend theirs
        while (2 * beside + 1) * min(KEPT, self.known.min()) < ENOUGH and beside < horizon:
            beside += 1
        step = np.arange(horizon) + np.arange(-beside, beside + 1)[:, None]  # (lenders, horizon)
        inside = np.clip(step, 0, horizon - 1)
        row = self.known[inside] - 1 - np.arange(KEPT)[:, None, None]
        scores = self.scores[np.maximum(row, 0), inside]
        scores = np.where(((row >= 0) & (step == inside))[..., None], scores, np.nan)
        ordered = np.sort(scores.reshape(-1, *scores.shape[2:]), axis=0)  # NaN last
        count = (~np.isnan(ordered)).sum(axis=0)
        found = {}
        for level, alpha in self.alpha.items():
            rank = np.maximum(np.ceil((count + 1) * (1 - alpha)).astype(int), 0)
            taken = np.take_along_axis(ordered, np.clip(rank - 1, 0, count - 1)[None], axis=0)[0]
            # Beyond the largest score the method asks for all there is; the width grows with the rank instead.
            found[level] = np.where(rank > 0, taken * np.maximum(rank / np.maximum(count, 1), 1.0), 0.0)
        return dict(zip(LEVELS, np.maximum.accumulate([found[level] for level in LEVELS]), strict=True))  # none crosses

    def _forget(self):
        """Let go of scores that no interval will ask for."""
        spare = int(self.known.min()) - KEPT
        if spare > KEPT:
            self.scores, self.starts, self.known = self.scores[spare:], self.starts[spare:], self.known - spare
            self.missed = {level: missed[spare:] for level, missed in self.missed.items()}
