"""Features known in advance: where in the day, the week and the year a step lies."""

import numpy as np

DAY, WEEK, YEAR = 86_400, 7 * 86_400, 365.2425 * 86_400


def calendar_features(times: np.ndarray, ahead: int) -> np.ndarray:
    """Return sine and cosine of the time of day, of the week and of the year, as they will be `ahead` steps later.

    So the inputs of a window tell the calendar of its whole forecast, where the lookback is not shorter.

    Args:
        times: `(steps,)` of datetime64[s], regular.
        ahead: In steps.

    Returns:
        `(steps, 2 to 6)`, float32 in -1..1. A cycle that one step covers is left out.
    """
    seconds = times.astype("datetime64[s]").astype("int64")
    step = int(np.median(np.diff(seconds))) if len(seconds) > 1 else 0
    seconds = seconds + ahead * step - 4 * DAY  # the first Monday of 1970 was the 5th of January
    phases = [2 * np.pi * (seconds % cycle) / cycle for cycle in (DAY, WEEK, YEAR) if step < cycle]
    if not phases:
        return np.zeros((len(seconds), 0), "float32")
    return np.stack([wave(phase) for phase in phases for wave in (np.sin, np.cos)], axis=1).astype("float32")
