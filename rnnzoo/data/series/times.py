"""Stamps as people write them, read into times: the one place that knows how.

Texts that can be read in one way alone are read; of others the user is asked for `--time-format`.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue

UNITS = ("s", "ms", "us", "ns")
"""What `--time-format` says of whole numbers that are counted from 1970 on."""
CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H", "%H.%M", "%H.%M.%S")
QUARTERS = (r"(?P<y>\d{4})[ \-/]?Q(?P<q>[1-4])", r"Q(?P<q>[1-4])[ \-/]?(?P<y>\d{4})")
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
PARTS = ("year", "month", "day", "hour", "minute", "second")
EPOCHS = (("s", 10**8, 10**10), ("ms", 10**11, 10**13), ("us", 10**14, 10**16), ("ns", 10**17, 10**19))
"""Unit, smallest and largest number: from 1973 to 2286."""
WRITTEN_OUT = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Digits of whole numbers that are a date and a clock without marks between."""
MONTHS = ("%b-%Y", "%b %Y", "%B %Y", "%B-%Y", "%Y-%b", "%Y %b", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
          "%B %d, %Y", "%b %d %Y")  # fmt: skip


def parse_times(
    columns: Sequence[Any], names: Sequence[str], form: str | None = None, lines: Any = None
) -> tuple[np.ndarray, bool]:
    """Read the stamps of one or several columns.

    Args:
        columns: Texts, `(rows,)` each, None where there is nothing. One column of stamps; or year, month, day, hour,
            minute and second by their names; or pieces that make a stamp one after the other, such as date and clock.
        names: Of the columns.
        form: As `strptime` writes it, or `s`, `ms`, `us` or `ns`: numbers counted from 1970 on. None: find out.
        lines: Where each row stands in its file; by default under a header.

    Returns:
        `(rows,)` of datetime64[us], and whether they are in UTC: those with an offset (`+01:00`) and those that are
        counted from 1970 on are, others are of some local clock.

    Raises:
        ValueError: Rows without a time, text that is none, or that could be read in two ways.
    """
    import pandas as pd

    name = " and ".join(names)
    lines = np.arange(len(columns[0])) + 2 if lines is None else lines
    for column, each in zip(columns, names, strict=True):
        empty = np.flatnonzero(pd.isna(column))
        if len(empty):
            raise InvalidValue(f"Every row needs a time in column {each}. Received: none in line {lines[empty[0]]}")
    if len(columns) > 1 and {each.lower() for each in names} <= set(PARTS):
        return _of_parts(columns, [each.lower() for each in names], name, lines), False
    texts = pd.Series(columns[0], dtype="str").str.strip()
    for column in columns[1:]:
        texts = texts + " " + pd.Series(column, dtype="str").str.strip()
    codes, unique = pd.factorize(texts)  # a panel says each time many times
    found = _read(pd.Series(unique, dtype="str"), name, form)
    bad = np.flatnonzero(np.isnat(found))
    if len(bad):
        row = int(np.flatnonzero(codes == bad[0])[0])
        raise InvalidValue(
            f"Column {name} cannot be read as time: write ISO 8601 (2024-01-31 15:00:00), or say its form with "
            f"--time-format, such as %d/%m/%Y. Received: {unique[bad[0]][:40]!r} in line {lines[row]}"
        )
    return found[codes], _is_utc(str(unique[0]), found[0], form)


def _is_utc(text, found, form):
    """Tell whether a stamp that was read says its time in UTC."""
    if form:
        return form in UNITS or "%z" in form
    if re.fullmatch(r"-?\d+(\.0*)?", text):
        return not text.startswith(str(found)[:4])  # not written out: counted
    return ":" in text and re.search(OFFSET, text) is not None


def _of_parts(columns, names, name, lines):
    """Join year, month, day ... of columns of their own; what is not given is the first."""
    import pandas as pd

    numbers = {}
    for column, part in zip(columns, names, strict=True):
        numbers[part] = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy("float64")
    rows = len(columns[0])
    if "year" not in numbers:
        raise InvalidValue(f"Times in several columns need the year. Received: {name}")
    given = {"month": np.ones(rows), "day": np.ones(rows)} | numbers
    with np.errstate(invalid="ignore"):
        found = pd.to_datetime(pd.DataFrame(given), errors="coerce").to_numpy("datetime64[us]")
    bad = np.flatnonzero(np.isnat(found))
    if len(bad):
        shown = " ".join(str(column[bad[0]]) for column in columns)
        raise InvalidValue(f"Columns {name} are no time. Received: {shown[:40]!r} in line {lines[bad[0]]}")
    return found


def _read(texts, name, form):
    """Read different texts; NaT where one cannot be."""
    if form in UNITS:
        return _since_1970(texts, form)
    if form:
        return _by(texts, form)
    for pattern, read in {
        r"-?\d+(?:\.0*)?": lambda those: _whole_numbers(those.str.replace(r"\.0*$", "", regex=True), name),
        QUARTERS[0]: _quarters,
        QUARTERS[1]: _quarters,
        r"\d{4}-?W\d{2}": lambda those: _by(those.str.replace("-", "") + "1", "%GW%V%u"),
        r"\d{1,2}/\d{4}": lambda those: _by(those, "%m/%Y"),
        r"\d{4}/\d{1,2}": lambda those: _by(those, "%Y/%m"),
        r"\d{4}M\d{1,2}": lambda those: _by(those, "%YM%m"),
    }.items():
        fits = texts.str.fullmatch(pattern, case=False).to_numpy(bool)
        if fits.mean() > 0.5:  # a row of another kind, such as a sum at the end, is named and not all of them
            found = np.full(len(texts), np.datetime64("NaT"), "datetime64[us]")
            found[fits] = read(texts[fits].str.upper())
            return found
    if re.match(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}\b", texts.iloc[0]):
        return _numbered_dates(texts, name)
    slashed = re.match(r"\d{4}[/.]\d{1,2}[/.]\d{1,2}", texts.iloc[0])
    if slashed:
        mark = texts.iloc[0][4]
        return _best(texts, [f"%Y{mark}%m{mark}%d {clock}".strip() for clock in CLOCKS])
    if re.search(r"[A-Za-z]{3}", texts.iloc[0]):
        return _best(texts, [f"{month} {clock}".strip() for month in MONTHS for clock in ("", "%H:%M", "%H:%M:%S")])
    return _iso(texts)


def _quarters(texts):
    pattern = next(each for each in QUARTERS if texts.str.fullmatch(each).any())
    found = texts.str.extract(pattern)
    months = (found["y"].astype(int) - 1970) * 12 + (found["q"].astype(int) - 1) * 3
    return months.to_numpy().astype("datetime64[M]").astype("datetime64[us]")


def _by(texts, form):
    import pandas as pd

    try:
        return pd.to_datetime(texts, format=form, errors="coerce", utc="%z" in form).to_numpy("datetime64[us]")
    except ValueError:
        raise InvalidValue(
            f"--time-format takes the codes of strptime (%d/%m/%Y %H:%M), or s, ms, us or ns. Received: {form}"
        ) from None


def _best(texts, forms):
    """Return what the form gives that reads all texts; if none does, the one that reads most."""
    fallback = None
    for form in forms:
        if np.isnat(_by(texts.iloc[:1], form)[0]):
            continue
        found = _by(texts, form)
        if not np.isnat(found).any():
            return found
        fallback = found if fallback is None else fallback
    return np.full(len(texts), np.datetime64("NaT"), "datetime64[us]") if fallback is None else fallback


def _iso(texts):
    import pandas as pd

    texts = texts.where(texts.str.contains(r"^\d{4}-?\d\d", regex=True))  # pandas takes 1949.5 for a month
    if texts.str.contains(OFFSET, regex=True).any() and texts.str.contains(":").any():
        return pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).to_numpy("datetime64[us]")
    return pd.to_datetime(texts, format="ISO8601", errors="coerce").to_numpy("datetime64[us]")


def _numbered_dates(texts, name):
    """Read 31/12/2006, 12/31/06 or 31.12.2006: what no month can be tells which number is the day."""
    parts = texts.str.extract(r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?:[ T,]+(.+))?$")
    row = np.flatnonzero(parts[0].isna())
    if len(row):
        found = np.zeros(len(texts), "datetime64[us]")
        found[row] = np.datetime64("NaT")
        return found
    first, second = parts[0].astype(int), parts[1].astype(int)
    dotted = "." in texts.iloc[0][:6]
    if first.max() > 12 and second.max() > 12:
        raise InvalidValue(
            f"Column {name} has no one order of day and month: say it with --time-format. "
            f"Received: {texts[first.idxmax()][:40]!r} and {texts[second.idxmax()][:40]!r}"
        )
    if first.max() <= 12 and second.max() <= 12 and not dotted and not (first == second).all():
        raise InvalidValue(
            f"Column {name} could be read with the day or the month first: say which with --time-format %d/%m/%Y or "
            f"--time-format %m/%d/%Y. Received: {texts[(first != second).idxmax()][:40]!r}"
        )
    day_first = first.max() > 12 or (dotted and second.max() <= 12)
    mark, year = texts.iloc[0].lstrip("0123456789")[0], "%Y" if len(parts[2].iloc[0]) == 4 else "%y"
    date = f"%d{mark}%m{mark}{year}" if day_first else f"%m{mark}%d{mark}{year}"
    return _best(texts, [f"{date} {clock}".strip() for clock in CLOCKS])


def _since_1970(texts, unit):
    import pandas as pd

    numbers = pd.to_numeric(texts, errors="coerce")
    whole = texts.str.fullmatch(r"-?\d+").all()
    factor = {"s": 10**6, "ms": 10**3, "us": 1}.get(unit)
    if whole:
        numbers = numbers.to_numpy("int64")
        return (numbers * factor if factor else numbers // 1000).astype("datetime64[us]")
    counted = numbers.to_numpy("float64") * (factor or 1e-3)
    return np.where(np.isfinite(counted), counted, 0).round().astype("int64").astype("datetime64[us]")


def _whole_numbers(texts, name):
    """Read whole numbers as years, months, days, or as counted from 1970 on, by their range."""
    numbers = texts.astype("int64")
    low, high = int(numbers.min()), int(numbers.max())
    if low >= 1500 and high <= 2300:
        return (numbers.to_numpy() - 1970).astype("datetime64[Y]").astype("datetime64[us]")
    for digits, form in WRITTEN_OUT.items():
        first, last = (1500, 2300) if digits < 10 else (1900, 2099)  # where no number counted from 1970 on is likely
        if first * 10 ** (digits - 4) <= low and high < (last + 1) * 10 ** (digits - 4):
            found = _by(texts, form)
            if not np.isnat(found).any():
                return found
    for unit, least, most in EPOCHS:
        if least <= low and high < most:
            return _since_1970(texts, unit)
    raise InvalidValue(
        f"Column {name} holds whole numbers that are neither years, YYYYMM, YYYYMMDD(HHMMSS) nor counted from 1970 on: "
        "leave --time out where each row is a step, or say what is counted with --time-format s (ms, us, ns). "
        f"Received: {low} to {high}"
    )


def check_zone(zone: str) -> None:
    """Refuse a name that no time zone has."""
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValue(f"--timezone takes a name such as Europe/Berlin. Received: {zone}") from None


def localized(times: np.ndarray, zone: str, breaks: np.ndarray) -> np.ndarray:
    """Turn times of a local clock into UTC; an hour that comes twice is told by the order of the rows.

    Args:
        times: `(rows,)`, of one or many series, one below the other.
        zone: Such as `Europe/Berlin`.
        breaks: Where each series begins, row 0 among them.
    """
    import pandas as pd

    found = np.empty_like(times)
    for begin, end in zip(breaks, [*breaks[1:], len(times)], strict=True):
        local = pd.DatetimeIndex(times[begin:end])
        try:
            aware = local.tz_localize(zone, ambiguous="infer")
        except ValueError as error:
            said = str(error).splitlines()[0]
            if "infer" not in said and "Cannot infer" not in said and "no repeated" not in said:
                raise InvalidValue(f"This time does not exist in the time zone {zone}. Received: {said[:80]}") from None
            aware = local.tz_localize(zone, ambiguous=np.ones(len(local), bool))
        found[begin:end] = aware.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")
    return found


def local(times: np.ndarray, zone: str | None) -> np.ndarray:
    """Turn UTC into the time of a local clock; without a zone they stay."""
    if not zone:
        return times
    import pandas as pd

    return pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy("datetime64[us]")


def shown(time: Any) -> str:
    """Write a time as short as it can be: 2024-01-31, or 2024-01-31 15:00:00."""
    import pandas as pd

    stamp = pd.Timestamp(time)
    if stamp == stamp.normalize():
        return str(stamp.date())
    return str(stamp)
