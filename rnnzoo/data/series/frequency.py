"""The step of a series as a calendar has it: months are steps though their lengths differ, and so are business days."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue

DAY = np.timedelta64(86_400_000_000, "us")
OBSERVED = "observed"
"""The frequency of rows that are the steps themselves, such as trading days: none is ever missing."""
ENOUGH_DAYS = 8
"""So many days without a weekend are business days."""
NEAR = 4
"""A month's last (first) trading day lies at most so many days before (after) its last (first) business day."""


@dataclass(frozen=True)
class Frequency:
    """A calendar offset.

    Args:
        name: As pandas writes it: `h`, `30min`, `D`, `B`, `W-SUN`, `MS`, `ME`, `QS-JAN`, `QE-DEC`, `YS-JAN`, `YE-DEC`,
            `BMS`, `BME`, ... (on business days); `MS+14D` is the 15th of each month; or `observed`.
    """

    name: str

    @property
    def months(self) -> int:
        """The months of a step; 0 if it is counted otherwise."""
        return {"MS": 1, "ME": 1, "QS": 3, "QE": 3, "YS": 12, "YE": 12}.get(self._kind[-2:], 0) * self._count

    @property
    def _kind(self):
        return self.name.split("+")[0].split("-")[0].lstrip("0123456789")

    @property
    def within_days(self) -> bool:
        """Whether steps are shorter than a day: only then does it matter that a clock is set back."""
        return self.step is not None and bool(self.step < DAY)

    @property
    def _count(self):
        digits = self.name[: len(self.name) - len(self.name.lstrip("0123456789"))]
        return int(digits or 1)

    @property
    def step(self) -> np.timedelta64 | None:
        """The length of a step of a fixed length, else None."""
        if self.months or self.name in ("B", OBSERVED):
            return None
        import pandas as pd

        offset: Any = pd.tseries.frequencies.to_offset(self.name)
        if isinstance(offset, pd.offsets.Week):
            return 7 * offset.n * DAY
        if isinstance(offset, pd.offsets.Day):
            return offset.n * DAY
        return pd.Timedelta(offset).to_timedelta64().astype("timedelta64[us]")

    def positions(self, times: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """Number the steps of each row's series from 0 on.

        Args:
            times: `(rows,)`, of one or many series, one below the other, ascending in each.
            begins: The first time of each row's series, `(rows,)`.

        Returns:
            int64 `(rows,)`; -1 for a time that lies between two steps.
        """
        if self.name == OBSERVED:
            raise ValueError("observed steps have no positions of their own")
        if self.name == "B":
            days, first = times.astype("datetime64[D]"), begins.astype("datetime64[D]")
            found = np.busday_count(first, days)
            fits = np.is_busday(days) & (times - days == begins - first)
        elif self.months:
            month, first = times.astype("datetime64[M]"), begins.astype("datetime64[M]")
            found, rest = np.divmod((month - first).astype("int64"), self.months)
            fits = (rest == 0) & self._anchored(times)
        else:
            found, left = np.divmod((times - begins).astype("int64"), self.step.astype("int64"))  # type: ignore
            fits = left == 0
        return np.where(fits, found, -1)

    def _anchored(self, times):
        """Tell times that lie where in their month this frequency's do; a holiday moves a trading day."""
        days = times.astype("datetime64[D]")
        off = (days - self._days(times.astype("datetime64[M]"))).astype(int)
        if not self._kind.startswith("B"):
            return off == 0
        return np.is_busday(days) & (off <= 0 if self._at_end else off >= 0) & (np.abs(off) <= NEAR)

    @property
    def _at_end(self):
        return self._kind.endswith("E")

    def _days(self, month):
        """Return the day of this frequency in each month."""
        first, last = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
        if self._kind.startswith("B"):
            return np.busday_offset(last, 0, "backward") if self._at_end else np.busday_offset(first, 0, "forward")
        day = int(self.name.partition("+")[2].rstrip("D") or 0)
        return last if self._at_end else np.minimum(first + day, last)

    def times(self, begin: Any, positions: np.ndarray) -> np.ndarray:
        """Return when the steps of these numbers are, in a series that begins at a time of step 0."""
        begin = np.datetime64(begin, "us")
        day = begin.astype("datetime64[D]")
        clock = begin - day
        if self.name in ("B", OBSERVED):
            return np.busday_offset(day, positions, roll="forward").astype("datetime64[us]") + clock
        if not self.months:
            return begin + positions * self.step
        month = begin.astype("datetime64[M]") + positions * self.months
        return self._days(month).astype("datetime64[us]") + clock

    def after(self, last: Any, steps: int) -> np.ndarray:
        """Return the next times after one, `(steps,)`."""
        return self.times(last, np.arange(1, steps + 1))

    def follows(self, last: Any, time: Any) -> bool:
        """Tell whether a time is one step behind another; any later one is where rows are the steps."""
        if self.name == OBSERVED:
            return bool(time > last)
        return bool(self.positions(np.array([time]), np.array([last]))[0] == 1)

    def ahead(self, times: np.ndarray, steps: int) -> np.ndarray | None:
        """Return the next times of a series, `(steps,)`; None where rows are the steps, but not days: nobody knows."""
        if self.name != OBSERVED:
            return self.after(times[-1], steps)
        if len(times) < 2 or np.median(np.diff(times).astype("int64")) != DAY.astype("int64"):
            return None
        return Frequency("B" if np.is_busday(times.astype("datetime64[D]")).all() else "D").after(times[-1], steps)

    @property
    def seasons(self) -> tuple[int, ...]:
        """Steps of the cycles that a calendar has: of a day, a week, a year."""
        if self.months:
            return (12 // self.months,) if 12 % self.months == 0 and self.months < 12 else ()
        if self.name in ("B", OBSERVED):
            return (5,)
        step = self.step
        assert step is not None
        cycles = (DAY, 7 * DAY, 364 * DAY)
        found = [int(cycle // step) for cycle in cycles if step < cycle and cycle % step == np.timedelta64(0)]
        return tuple(n for n in found if n > 1)


def given(name: str) -> Frequency:
    """Take a frequency as pandas writes it.

    Raises:
        ValueError: There is none of this name.
    """
    import pandas as pd

    if name == OBSERVED or (name.startswith("MS+") and name[3:-1].isdigit()):
        return Frequency(name)
    try:
        offset: Any = pd.tseries.frequencies.to_offset(name)
        found = Frequency(offset.freqstr)
        if offset.n < 1 or not (found.months or name == "B" or found.step is not None):
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise InvalidValue(
            "frequency is a calendar offset as pandas writes it (h, 30min, D, B, W-SUN, MS, ME, QS, QE, YS, YE), or "
            f"'observed': the rows are the steps. Received: frequency={name!r}"
        ) from None
    return found


def infer(times: np.ndarray, same: np.ndarray) -> Frequency | None:
    """Find the frequency that most steps have.

    Args:
        times: `(rows,)`, ascending in each series.
        same: Whether each row is of the series of the row before, `(rows - 1,)`.

    Returns:
        None where no series has two steps.
    """
    steps = np.diff(times)[same]
    steps = steps[steps > np.timedelta64(0, "us")]
    if not len(steps):
        return None
    lengths, counts = np.unique(steps, return_counts=True)
    usual = lengths[counts.argmax()]
    if usual >= 28 * DAY and (found := _months(times, same)):
        return found
    days = times.astype("datetime64[D]")
    if usual == DAY and len(steps) >= ENOUGH_DAYS and np.is_busday(days).all():
        return Frequency("B")
    weekdays = np.unique((days.astype(int) + 3) % 7)  # 1970 began on a Thursday
    if usual == 7 * DAY and len(weekdays) == 1:
        return Frequency("W-" + ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"][weekdays[0]])
    return Frequency(_name(usual))


def _months(times, same):
    month = times.astype("datetime64[M]")
    lengths, counts = np.unique(np.diff(month)[same].astype(int), return_counts=True)
    count = int(lengths[counts.argmax()])
    if count < 1:
        return None
    start, end = {1: ("MS", "ME"), 3: ("QS", "QE"), 12: ("YS", "YE")}.get(count, (f"{count}MS", f"{count}ME"))
    names = np.array(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    suffix = f"-{names[month[0].astype(int) % 12]}" if count in (3, 12) else ""
    day = int((times.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int).max())
    prefix = "" if count == 1 else str(count)
    business = (f"B{start}{suffix}", f"B{end}{suffix}") if count in (1, 3, 12) else ()
    for name in (f"{start}{suffix}", f"{end}{suffix}", f"{prefix}MS+{day}D", *business):
        if Frequency(name)._anchored(times).all():
            return Frequency(name)
    return None


def _name(step):
    """Write a step of a fixed length as pandas does."""
    count = int(step.astype("timedelta64[us]").astype("int64"))
    for length, word in (
        (86_400_000_000, "D"),
        (3_600_000_000, "h"),
        (60_000_000, "min"),
        (1_000_000, "s"),
        (1000, "ms"),
    ):
        if count % length == 0:
            return f"{'' if count == length else count // length}{word}"
    return f"{count}us"
