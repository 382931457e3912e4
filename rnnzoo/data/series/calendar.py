"""Features known in advance: where in the day, the week and the year a step lies, and holidays."""

from typing import Any

import numpy as np

from rnnzoo._lazy import required
from rnnzoo.errors import InvalidValue

DAY, WEEK, YEAR = 86_400, 7 * 86_400, 365.2425 * 86_400


def calendar_features(stamps: np.ndarray, step: float, country: str | None = None) -> np.ndarray:
    """Return sine and cosine of the time of day, of the week and of the year.

    Args:
        stamps: `(steps,)` of datetime64, on the local clock.
        step: The seconds of a usual step. A cycle that one step covers is left out.
        country: Also tell its holidays, 1 on such a day; a code such as `DE` or `US`.

    Returns:
        `(steps, 2 to 7)`, float32 in -1..1.
    """
    seconds = stamps.astype("datetime64[us]").astype("int64") / 1e6 - 4 * DAY  # the first Monday of 1970: January 5
    phases = [2 * np.pi * (seconds % cycle) / cycle for cycle in (DAY, WEEK, YEAR) if step < cycle]
    found = [wave(phase) for phase in phases for wave in (np.sin, np.cos)]
    if country:
        found.append(_holidays(stamps, country))
    if not found:
        return np.zeros((len(seconds), 0), "float32")
    return np.stack(found, axis=1).astype("float32")


def _holidays(stamps: np.ndarray, country: str) -> np.ndarray:
    holidays = required("holidays", "series", "The holidays of a country need the library holidays")

    days, at = np.unique(stamps.astype("datetime64[D]"), return_inverse=True)
    years: Any = np.unique(days.astype("datetime64[Y]")).astype(int) + 1970
    try:
        known = holidays.country_holidays(country, years=years.tolist())
    except NotImplementedError:
        raise InvalidValue(f"country is a code such as DE, FR or US. Received: country={country!r}") from None
    found = np.array([day.item() in known for day in days], "float64")
    return found[at]
