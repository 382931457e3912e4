"""What a model reads beside the past of its targets: columns known ahead, the calendar, and what never changes.

What is known ahead stands `horizon` steps earlier than it holds: the last steps that a model reads tell of its whole
forecast, where the lookback is not shorter than the horizon. So every body can read it as it reads any feature.
"""

from collections.abc import Sequence

import numpy as np

from rnnzoo.data.series.calendar import calendar_features
from rnnzoo.data.series.frequency import Frequency, infer
from rnnzoo.data.series.table import Table
from rnnzoo.data.series.times import local
from rnnzoo.errors import InvalidValue


def shifted(values: np.ndarray, ahead: np.ndarray | None, horizon: int) -> np.ndarray:
    """Return `values` `(steps, columns)` as they are `horizon` steps later; NaN where nobody knows.

    Args:
        values: Until the last step.
        ahead: Of the steps behind, or None.
        horizon: Steps.
    """
    behind = np.full((horizon, values.shape[1]), np.nan)
    if ahead is not None:
        known = ahead[:horizon]
        behind[: len(known)] = known
    return np.concatenate([values, behind])[horizon:]


def of_calendar(
    table: Table, frequency: Frequency | None, horizon: int, timezone: str | None, country: str | None
) -> np.ndarray:
    """Return the calendar of each step's forecast: of the true stamp `horizon` steps later, `(steps, features)`.

    Without a frequency it is found; runs of before kept none.
    """
    if table.times is None:
        raise InvalidValue("The calendar needs times: name their column with --time. Received: no times")
    times = table.times
    frequency = frequency or infer(times, np.ones(len(times) - 1, bool))
    if frequency is None:
        raise InvalidValue("The calendar needs two rows at least, or --frequency. Received: 1 row")
    after = frequency.ahead(times, horizon)
    if after is None:
        raise InvalidValue(
            "The calendar of steps to come is not known where the rows are the steps: leave --calendar and --country "
            f"out. Received: frequency={frequency.name!r}"
        )
    stamps = np.concatenate([times, after])[horizon:]
    step = np.median(np.diff(times).astype("timedelta64[us]").astype("int64")) / 1e6 if len(times) > 1 else 0.0
    return calendar_features(local(stamps, timezone), step, country)


def words_of(tables: Sequence[Table], names: Sequence[str]) -> dict[str, list[str]]:
    """Return the different words of each static column in train."""
    return {name: sorted({table.static[name] for table in tables}) for name in names}


def of_static(table: Table, words: dict[str, list[str]]) -> np.ndarray:
    """Return a step's static features: for each column one place a word, 1 at its own.

    What reads it multiplies it by a kernel, so that each word has a vector of its own, trained: an embedding. A word
    that train did not have is all zeros.

    Returns:
        `(steps, words)`, float32.
    """
    row = [float(table.static.get(name) == word) for name, known in words.items() for word in known]
    return np.tile(np.array(row, "float32"), (len(table), 1))
