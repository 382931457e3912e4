"""The season of series, and the error of the naive forecasts that scale-free measures divide by."""

from collections.abc import Sequence

import numpy as np

from rnnzoo.data.series.frequency import Frequency

LONGEST = 400
"""Steps of the longest season that is looked for where no calendar tells."""
CLEAR = 0.3
"""The autocorrelation of the changes at a season that is taken for one."""
EXACT = 1e-9
"""A naive forecast whose error is a smaller share of the spread is exact but for rounding: nothing is divided by it."""
SERIES = 50
"""So many series are looked at."""


def find_season(trains: Sequence[np.ndarray], frequency: Frequency | None, longest: int) -> tuple[int, str]:
    """Find after how many steps series repeat themselves.

    The changes from step to step are compared with those a season before (their autocorrelation): a trend has no part
    in that. Where the calendar is known, its cycles are tried, else every length.

    Args:
        trains: The targets' train rows, `(steps, targets)` each.
        frequency: Of the steps.
        longest: A season has at most so many steps.

    Returns:
        The steps, 1 where there is none; and in words how it was found.
    """
    cycles = [n for n in (frequency.seasons if frequency else ()) if n <= longest]
    candidates = cycles or range(2, min(longest, LONGEST) + 1)
    chosen = [trains[i] for i in np.linspace(0, len(trains) - 1, min(SERIES, len(trains))).astype(int)]
    found = [(_correlation(chosen, n), -n) for n in candidates]
    best, season = max(found, default=(0.0, -1))
    if best >= CLEAR:
        return -season, "found on train"
    if cycles:
        return cycles[0], "of the calendar; train shows none clearly"
    return 1, "none found on train"


def _correlation(trains, steps):
    """Return the mean autocorrelation of changes at a lag, over series and targets with two seasons at least."""
    found = []
    for train in trains:
        changes = np.diff(train, axis=0)
        if len(changes) < 2 * steps:
            continue
        changes = changes - changes.mean(axis=0)
        total = (changes**2).sum(axis=0)
        shared = (changes[steps:] * changes[:-steps]).sum(axis=0) * len(changes) / (len(changes) - steps)
        found.append(np.divide(shared, total, out=np.zeros_like(total), where=total > 0).mean())
    return float(np.mean(found)) if found else 0.0


def naive_errors(train: np.ndarray, period: int) -> np.ndarray:
    """Return the errors of the seasonal naive forecast one season ahead within train: what MASE and RMSSE divide by.

    As `MeanAbsoluteScaledError(sp=period)` and `MeanSquaredScaledError(sp=period)` of sktime have it. Where train is
    shorter than a season, of the naive forecast.

    Args:
        train: `(steps, targets)`, in the units of the data.
        period: Steps of the season.

    Returns:
        Mean absolute and mean squared error, `(2, targets)`; NaN where it is 0 but for rounding.
    """
    period = period if period < len(train) else 1
    error = train[period:] - train[:-period]
    if not len(error):
        return np.full((2, train.shape[1]), np.nan)
    found = np.stack([np.abs(error).mean(axis=0), (error**2).mean(axis=0)])
    spread = np.stack([np.ptp(train, axis=0), np.ptp(train, axis=0) ** 2])
    return np.where(found > EXACT * spread, found, np.nan)
