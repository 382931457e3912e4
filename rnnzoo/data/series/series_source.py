"""Where a forecast's series come from, and what a model reads of them."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data.files.number_table import Found, Reading, read_series
from rnnzoo.data.files.numbers import Decimal
from rnnzoo.data.fitted import Fitted
from rnnzoo.data.in_memory import TABLE, Held, as_frame, is_named, write_frame
from rnnzoo.data.scaling import Scaling
from rnnzoo.data.sequences.arrays import parse_sequences
from rnnzoo.data.series import covariates
from rnnzoo.data.series.frequency import Frequency, infer
from rnnzoo.data.series.grid import Fill
from rnnzoo.data.series.scaling import SeriesScaler
from rnnzoo.data.series.table import Table, history
from rnnzoo.data.series.times import local, shown
from rnnzoo.data.tfds import numbers
from rnnzoo.errors import InvalidValue


@dataclass(kw_only=True)
class SeriesSource(Fitted):
    """A base: columns of a series, or of many, read, and encoded as a model reads them.

    Args:
        dataset: A TFDS data set of one series: `ett/h1`, `exchange_rate`, `sine`, `mackey_glass`; or a DataFrame.
        file: Instead: a table with a header.
        time: The file's column with the time, or several: year month day hour, or date and clock.
        series: The file's column with the name of a row's series, where it holds many, one below the other.
        target: The columns to forecast; by default all that are read.
        features: The columns to read beside the target; by default all.
        future: Columns that are known ahead, such as prices; `predict` needs their next rows.
        static: Columns that say what a series is, such as a shop's type; the same in all its rows.
        horizon: Steps to forecast.
        quantiles: Levels to forecast beside the median, 0.5 among them: 0.1,0.5,0.9.
        calendar: Also read time of day, day of the week and of the year, as they will be `horizon` steps later.
        country: Also read its holidays (DE, FR, US, ...), with the calendar.
        scale: `standard` (mean 0, deviation 1) or `minmax` (0..1), by series and column, fitted on train.
        fill: Missing values and steps: `none` refuses them, `forward` repeats the value before, `linear` draws a line
            to the next value (and so looks into the future there).
        fill_many: Put steps in even if they are more than a fifth of the rows.
        missing: What stands for a missing value beside nothing, such as -200 or ?.
        decimal: What decimals begin with.
        time_format: Of the time, as strptime has it (%d/%m/%Y); or s, ms, us, ns: numbers counted from 1970 on.
        timezone: Of the clock, where it changes between summer and winter: Europe/Berlin.
        frequency: The step as a calendar offset: h, 30min, D, B, W-SUN, MS, ME, QS, QE, YS, YE, or observed: rows are
            the steps. By default found.
        without_first: Leave so many rows at the beginning of each series out.
        without_last: The same at its end; the parts are cut from what is left, whatever parts the source has.
    """

    dataset: str | None = None
    file: str | None = None
    time: tuple[str, ...] = ()
    series: str | None = None
    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    horizon: int = 24
    quantiles: str | None = None
    calendar: bool = False
    country: str | None = None
    scale: Scaling = "standard"
    fill: Fill = "none"
    fill_many: bool = False
    missing: tuple[str, ...] = ()
    decimal: Decimal = "."
    time_format: str | None = None
    timezone: str | None = None
    frequency: str | None = None
    without_first: int = 0
    without_last: int | None = None

    def __post_init__(self):
        """Take one name of a column for several."""
        self._cache: tuple[Any, ...] = ()
        self.notes: list[str] = []
        self.naive: dict[str, Any] = {}
        for word in ("time", "target", "features", "future", "static", "missing"):
            value = getattr(self, word)
            setattr(self, word, (value,) if isinstance(value, str) else tuple(value or ()))
        if isinstance(self.quantiles, tuple | list):
            self.quantiles = ",".join(map(str, self.quantiles))
        for word in ("dataset", "file"):
            if not is_named(given := getattr(self, word)):
                self.dataset, self.file = None, self._framed(given)

    def _framed(self, given: Any) -> Any:
        """Return a table in memory as a DataFrame; an index of times becomes a column, and is the time."""
        frame = as_frame(given, ())
        index: Any = getattr(frame, "index", None)
        if type(index).__name__ != "DatetimeIndex":
            return frame
        self.time = self.time or (str(index.name or "time"),)
        return frame.reset_index(names=self.time[0])

    def held(self):
        """Return a table in memory as Parquet."""
        return None if is_named(self.file) else Held("file", TABLE, lambda path: write_frame(self.file, path))

    def _read(self, data_dir) -> tuple[Found, Mapping[str, int]]:
        """Return the columns that the model reads, target first, and the rows of the parts that the source has."""
        if self.file is not None:
            return self._read_file(self.file), {}
        parts = numbers.read_tables(str(self.dataset), data_dir)
        first = parts["train"]
        times = frequency = None
        if first.times is not None:
            times = np.concatenate([part.times for part in parts.values()]).astype("datetime64[us]")
            found = infer(times, np.ones(len(times) - 1, bool))
            frequency = found.name if found else None
        table = Table(first.columns, np.concatenate([part.values for part in parts.values()]), times)
        table = table.select(self._order(table.columns))
        return Found([table], frequency), {name: len(part) for name, part in parts.items()}

    def _read_file(self, file) -> Found:
        file = file if is_named(file) else self._framed(file)
        wanted = (*self.target, *self.features, *self.future) if self.features else ()
        how = Reading(
            time=self.time, columns=tuple(dict.fromkeys(wanted)), targets=self.target, series=self.series,
            static=self.static, time_format=self.time_format, timezone=self.timezone, fill=self.fill,
            fill_many=self.fill_many, missing=self.missing, decimal=self.decimal,
            frequency=self.fitted.get("frequency") or self.frequency, known="frequency" in self.fitted,
        )  # fmt: skip
        found = read_series(file, how)
        tables = [table.select(self.fitted.get("columns") or self._order(table.columns)) for table in found.tables]
        return Found(tables, found.frequency, found.notes)

    def _kept(self, found: Found) -> Found:
        """Leave out rows as asked for."""
        first, last = self.without_first, self.without_last or 0
        if not (first or last):
            return found
        tables = [table.between(first, len(table) - last) for table in found.tables]
        return Found([table for table in tables if len(table)], found.frequency, found.notes)

    def _order(self, columns: Sequence[str]) -> list[str]:
        """Put the target first, and what is known ahead last."""
        others = [name for name in self.features or columns if name not in self.future]
        return list(dict.fromkeys([*self.target, *others, *self.future]))

    @property
    def scalers(self) -> SeriesScaler:
        """Those of the series, as fitted on train."""
        fitted = self._known("scaler")
        if self._cache[:1] != (id(fitted),):
            self._cache = (id(fitted), SeriesScaler.restored(fitted))
        return self._cache[1]

    def _encode_table(self, table: Table) -> np.ndarray:
        """Return scaled columns (known ones as they will be), calendar and static, `(steps, features)` float32."""
        scaler, ahead = self.scalers.of(table.name, table.values), len(self.future)
        values = scaler(table.values)
        if ahead:
            known = covariates.shifted(table.values, table.ahead, self.horizon)
            values[:, -ahead:] = np.nan_to_num(scaler(known)[:, -ahead:])
        found = [values]
        if self.calendar or self.country:
            name = self.fitted.get("frequency")
            frequency = Frequency(name) if name else None
            found.append(covariates.of_calendar(table, frequency, self.horizon, self.clock, self.country))
        if self.static:
            found.append(covariates.of_static(table, self._known("static")))
        return np.concatenate(found, axis=1) if len(found) > 1 else values

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return self.dataset or (os.path.basename(self.file or "") if is_named(self.file) else "DataFrame")

    @property
    def targets(self) -> list[str]:
        """Names of the columns that are forecast."""
        return self._known("columns")[: self.inputs["outputs"]]

    def in_units(self, y: np.ndarray, series: str = "") -> np.ndarray:
        """Undo the scaling of targets `(..., outputs)`, of the series of this name where there are many."""
        scaler, outputs = self.scalers, self.inputs["outputs"]
        if series not in scaler.names:
            raise InvalidValue(f"Say of which series, one of {', '.join(scaler.names[:5])}, .... Received: {series!r}")
        row = scaler.names.index(series)
        return y * scaler.scale[row, :outputs] + scaler.shift[row, :outputs]

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn forecasts `(batch, horizon, outputs)` into one list of numbers for each target, in its units."""
        return [self._lists(self.in_units(window)) for window in np.asarray(y, "float64")]

    def _lists(self, window: np.ndarray) -> dict[str, list[float]]:
        return {name: [float(v) for v in line] for name, line in zip(self.targets, window.T, strict=True)}

    def _units(self, table: Table) -> tuple[np.ndarray, np.ndarray]:
        """Return shift and scale of a series' targets."""
        scaler, outputs = self.scalers.of(table.name, table.values), self.inputs["outputs"]
        return np.array(scaler.shift[:outputs]), np.array(scaler.scale[:outputs])

    def _named(self, table: Table, steps: int) -> dict[str, Any]:
        """Return the name of a history's series and the times of its next steps, as far as they are known."""
        found: dict[str, Any] = {"series": table.name} if table.name else {}
        name = self.fitted.get("frequency")
        if table.times is not None and name and (times := Frequency(name).ahead(table.times, steps)) is not None:
            found["time"] = [shown(time) for time in local(times, self.clock)]
        return found

    @property
    def clock(self) -> str | None:
        """The zone by which times are shown; None where they are already the clock's own, as days and months are."""
        name = self.fitted.get("frequency")
        return self.timezone if name and Frequency(name).within_days else None

    def read_inputs(self, file: str, future_file: str | None = None) -> list[Table]:
        """Read a table like the one that was trained on: a forecast begins after the last target of each series.

        Args:
            file: The table. Rows at its end without targets say what is known ahead.
            future_file: They stand in a table of their own instead.
        """
        tables = self._read_file(file).tables
        if future_file is None:
            return tables
        if not self.future:
            raise InvalidValue(f"This model reads nothing that is known ahead. Received: future_file={future_file}")
        return [self._with_ahead(table, self._read_ahead(future_file)) for table in tables]

    def _read_ahead(self, file: str) -> dict[str, Table]:
        how = Reading(
            time=self.time, columns=self.future, targets=self.future, series=self.series, time_format=self.time_format,
            timezone=self.timezone, missing=self.missing, decimal=self.decimal, frequency=self.fitted.get("frequency"),
        )  # fmt: skip
        return {table.name: table for table in read_series(str(file), how).tables}

    def _with_ahead(self, table: Table, known: dict[str, Table]) -> Table:
        """Put the rows of a future file behind a series."""
        if table.name not in known:
            raise InvalidValue(f"The future file has no rows of this series. Received: {table.name or 'no row'}")
        after = known[table.name]
        name = self.fitted.get("frequency")
        last, following = table.times, after.times
        if name and last is not None and following is not None and not Frequency(name).follows(last[-1], following[0]):
            raise InvalidValue(
                f"The future file goes on where the file ends, a step ({name}) behind {shown(last[-1])}. "
                f"Received: {shown(following[0])}"
            )
        ahead = np.full((len(after), len(table.columns)), np.nan)
        ahead[:, -len(self.future) :] = after.select(self.future).values
        return dataclasses.replace(table, ahead=ahead)

    def histories(self, raw: Sequence[Any]) -> list[Table]:
        """Take tables, arrays `(steps, columns)` in their units, or JSON for histories; refuse those too short."""
        lookback, columns = self.inputs["sequence_length"], self._known("columns")
        found = []
        for item in parse_sequences(raw):
            table = item if isinstance(item, Table) else history(item, columns)
            if len(table) < lookback:
                of_series = f" of series {table.name}" if table.name else ""
                raise InvalidValue(
                    f"A history needs at least {lookback} steps, the lookback. Received: {len(table)}{of_series}"
                )
            found.append(table)
        return found

    def encode(self, raw: Sequence[Any]) -> list[np.ndarray]:
        """Turn histories into what the model reads, `(lookback, features)` each. See `histories`."""
        found = []
        for table in self.histories(raw):
            ahead, known = len(self.future), 0
            if ahead:
                rows = table.ahead[: self.horizon, -ahead:] if table.ahead is not None else np.zeros((0, ahead))
                known = int((~np.isnan(rows)).all(axis=1).sum())
            if ahead and known < self.horizon:
                raise InvalidValue(
                    f"The forecast needs the next {self.horizon} rows of {', '.join(self.future)}: behind the last "
                    "target in the file, or in --future-file. "
                    f"Received: {known} rows{f' of series {table.name}' if table.name else ''}"
                )
            found.append(self._encode_table(table)[-self.inputs["sequence_length"] :])
        return found
