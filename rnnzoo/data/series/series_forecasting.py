"""Forecasting: windows of a series, in the order of time. A TFDS data set, or the user's CSV."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo import hyperparameters as hp
from rnnzoo.data.batches import Batches
from rnnzoo.data.files.number_table import read_csv
from rnnzoo.data.fitted import Fitted
from rnnzoo.data.scaling import Scaler, Scaling
from rnnzoo.data.sequences.arrays import parse_sequences
from rnnzoo.data.series.calendar import calendar_features
from rnnzoo.data.series.table import Fill, Table, history
from rnnzoo.data.series.windows import Windows, part_ends, window_starts
from rnnzoo.data.splits import PARTS, Splits
from rnnzoo.data.tfds import numbers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter

ROWS = HyperParameter(float, low=0.0)
STEPS = HyperParameter(int, low=0)


@dataclass(kw_only=True)
class SeriesForecasting(Fitted):
    """Columns of a series, or of many, to forecast from the steps before; train, validation, test in this order.

    A model reads the columns of `target`, then those of `features`, then the calendar, over `lookback` steps
    (`load(sequence_length=...)`), and answers with the next `horizon` steps of `target`. Inputs of validation and test
    reach back into the part before; every window of theirs is measured. Scaling is fitted on train alone. Many series
    are each cut in this way, share scaling and model, and no window holds steps of two.

    Args:
        dataset: A TFDS data set of one series: `ett/h1`, `exchange_rate`, `sine`, `mackey_glass`.
        file: Instead: a table `.csv` or `.tsv` with a header.
        time: The file's column with the time.
        series: The file's column with the name of a row's series, where it holds many, one below the other.
        target: The columns to forecast; by default all that are read.
        features: The columns to read beside the target; by default all.
        horizon: Steps to forecast.
        calendar: Also read time of day, day of the week and of the year, as they will be `horizon` steps later.
        scale: `standard` (mean 0, deviation 1) or `minmax` (0..1), by column, fitted on train.
        fill: Missing values and steps: `none` refuses them, `forward` repeats the value before, `linear` draws a line
            to the next value (and so looks into the future there).
        stride: Steps between two windows of train. Validation and test use every window.
        validation: Share of the rows (below 1) or their number, before those of test, where the source has no parts.
        test: Share of the rows (below 1) or their number, at the end, where the source has no parts.
        feed_back: In the end also forecast so many steps by reading own answers; 0: do not.
    """

    needs = ("columns", "scaler")

    dataset: str | None = None
    file: str | None = None
    time: str | None = None
    series: str | None = None
    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    horizon: int = 24
    calendar: bool = False
    scale: Scaling = "standard"
    fill: Fill = "none"
    stride: int = 1
    validation: float = 0.1
    test: float = 0.2
    feed_back: int = 0

    def load(self, *, sequence_length=None, batch_size=32, seed=0, limit=None, data_dir=None) -> Splits:
        """Read, check, split, fit on train, scale, and cut into windows when batches are asked for.

        Args:
            sequence_length: The lookback: steps that the model reads.
            batch_size: Windows per batch.
            seed: Of the order of training.
            limit: At most so many windows of each part, evenly spread.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.

        Returns:
            The batched splits. `inputs` is known afterwards.

        Raises:
            ValueError, TypeError: Data that no model can be trained on; says which and why.
        """
        lookback = self._check(sequence_length)
        tables, sizes = self._read(data_dir)
        ends = [part_ends(len(table), sizes, self.validation, self.test) for table in tables]
        for table, parts_of in zip(tables, ends, strict=True):
            self._check_length(table, parts_of, lookback)
        trains = [table.values[: parts_of["train"][1]] for table, parts_of in zip(tables, ends, strict=True)]
        columns = tables[0].columns
        lowest, highest = (np.array([f(train, axis=0) for train in trains]) for f in (np.min, np.max))
        constant = np.flatnonzero(lowest.min(axis=0) == highest.max(axis=0))
        if len(constant):
            raise InvalidValue(
                f"A column that never changes in train tells nothing: leave it out with --target and --features. "
                f"Received: {columns[constant[0]]} = {trains[0][0, constant[0]]:g}"
            )
        self.fitted = {
            "columns": list(columns),
            "scaler": dataclasses.asdict(Scaler.fit(trains, self.scale)),
            "fill": 0.0,
            "inputs": {"outputs": len(self.target) or len(columns), "horizon": self.horizon},
        }
        values = np.concatenate([self._encode_table(table) for table in tables])
        origins = np.cumsum([0, *map(len, tables[:-1])])
        self.fitted["inputs"] |= {"features": values.shape[1], "sequence_length": lookback}
        self._check_feed_back(values.shape[1], ends[0])
        parts = {}
        for part in (p for p in PARTS if p in ends[0]):
            stride = self.stride if part == "train" else 1
            starts = np.concatenate(
                [
                    origin + window_starts(*parts_of[part], lookback, self.horizon, stride)
                    for origin, parts_of in zip(origins, ends, strict=True)
                ]
            )
            if limit is not None and limit < len(starts):
                starts = starts[np.linspace(0, len(starts) - 1, limit).round().astype(int)]
            parts[part] = self._batches(values, starts, batch_size, seed if part == "train" else None)
        return Splits(parts)

    def _check_feed_back(self, features, ends):
        """Refuse steps that cannot be fed back, before anything is trained."""
        begin, end = list(ends.values())[-1]
        if self.feed_back and features != self.inputs["outputs"]:
            raise InvalidValue(
                "A model that reads its own answers must answer all that it reads: leave --features and --calendar "
                f"out. Received: {features} features, {self.inputs['outputs']} of them answered"
            )
        if self.feed_back > end - begin:
            raise InvalidValue(
                f"The last part is shorter than the steps to feed back. Received: feed_back={self.feed_back}"
            )

    def _check_length(self, table, ends, lookback):
        of_series = f", series {table.name}" if table.name else ""
        if ends["train"][1] < lookback + self.horizon:
            raise InvalidValue(
                f"Train needs at least lookback + horizon = {lookback} + {self.horizon} steps. "
                f"Received: {ends['train'][1]} of {len(table)} rows{of_series}"
            )
        for part, (begin, end) in ends.items():
            if end - begin < self.horizon:
                raise InvalidValue(
                    f"The {part} part needs at least horizon = {self.horizon} steps. "
                    f"Received: {end - begin} rows{of_series}"
                )

    def _check(self, lookback):
        if lookback is None:
            raise InvalidValue("Forecasting needs lookback (sequence_length), the steps to read. Received: None")
        for word in ("horizon", "stride"):
            hp.check(word, getattr(self, word))
        STEPS.check("feed_back", self.feed_back)
        for word in ("validation", "test"):
            ROWS.check(word, getattr(self, word))
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the data: a file (--file load.csv --time timestamp --target OT) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        if self.series and self.feed_back:
            raise InvalidValue(f"feed_back goes on from one series, not from many. Received: series={self.series!r}")
        return hp.check("sequence_length", lookback)

    def _read(self, data_dir) -> tuple[list[Table], Mapping[str, int]]:
        """Return the columns that the model reads, target first, and the rows of the parts that the source has."""
        if self.file is not None:
            return self._read_file(self.file), {}
        parts = numbers.read_tables(str(self.dataset), data_dir)
        first = parts["train"]
        times = None if first.times is None else np.concatenate([part.times for part in parts.values()])
        table = Table(first.columns, np.concatenate([part.values for part in parts.values()]), times)
        return [table.select(self._order(table.columns))], {name: len(part) for name, part in parts.items()}

    def _read_file(self, file) -> list[Table]:
        wanted = (*self.target, *self.features) if self.features else ()
        tables = read_csv(str(file), self.time, tuple(dict.fromkeys(wanted)), self.fill, self.series)
        return [table.select(self.fitted.get("columns") or self._order(table.columns)) for table in tables]

    def _order(self, columns: Sequence[str]) -> list[str]:
        """Put the target first."""
        return list(dict.fromkeys([*self.target, *(self.features or columns)]))

    def _encode_table(self, table: Table) -> np.ndarray:
        """Return scaled columns and calendar, `(steps, features)` float32."""
        values = Scaler(**self._known("scaler"))(table.values)
        if not self.calendar:
            return values
        if table.times is None:
            raise InvalidValue("The calendar needs times: name their column with --time. Received: no times")
        return np.concatenate([values, calendar_features(table.times, self.horizon)], axis=1)

    def _batches(self, values: np.ndarray, starts: np.ndarray, batch_size: int, seed: int | None) -> Batches:
        inputs = self._known("inputs")
        lookback = inputs["sequence_length"]
        x = Windows(values, starts, lookback)
        y = Windows(values[:, : inputs["outputs"]], starts + lookback, self.horizon)
        return Batches(x, y, [lookback], batch_size, seed=seed)

    @property
    def name(self) -> str:
        """The data set's or the file's name."""
        return self.dataset or os.path.basename(self.file or "")

    @property
    def settings(self) -> dict[str, int]:
        """What a number depends on beside data and model, for results."""
        return {"lookback": self.inputs["sequence_length"], "horizon": self.horizon}

    @property
    def targets(self) -> list[str]:
        """Names of the columns that are forecast."""
        return self._known("columns")[: self.inputs["outputs"]]

    def in_units(self, y: np.ndarray) -> np.ndarray:
        """Undo the scaling of targets `(..., outputs)`."""
        scaler, outputs = Scaler(**self._known("scaler")), self.inputs["outputs"]
        return Scaler(scaler.shift[:outputs], scaler.scale[:outputs]).inverse(y)

    def read_inputs(self, file: str) -> list[Table]:
        """Read a table like the one that was trained on: a forecast begins after the last row of each series."""
        return self._read_file(file)

    def encode(self, raw: Sequence[Any]) -> list[np.ndarray]:
        """Turn histories (tables, arrays `(steps, columns)` in their units, JSON) into what the model reads."""
        lookback, columns = self.inputs["sequence_length"], self._known("columns")
        found = []
        for item in parse_sequences(raw):
            table = item if isinstance(item, Table) else history(item, columns)
            if len(table) < lookback:
                raise InvalidValue(f"A history needs at least {lookback} steps, the lookback. Received: {len(table)}")
            found.append(self._encode_table(table)[-lookback:])
        return found

    def batches(self, raw: Sequence[Any], batch_size: int = 64) -> Batches:
        """Batch histories, to be answered."""
        x = self.encode(raw)
        return Batches(x, np.zeros(len(x)), [len(x[0])], batch_size)

    def batches_of(self, file: Any) -> Batches:
        """Batch every window of a file like the one that was trained on."""
        tables, lookback = self._read_file(file), self.inputs["sequence_length"]
        starts, origin = [], 0
        for table in tables:
            if len(table) < lookback + self.horizon:
                raise InvalidValue(
                    f"The file needs at least lookback + horizon = {lookback} + {self.horizon} rows of a series. "
                    f"Received: {len(table)} rows"
                )
            starts.append(origin + window_starts(0, len(table), lookback, self.horizon))
            origin += len(table)
        values = np.concatenate([self._encode_table(table) for table in tables])
        return self._batches(values, np.concatenate(starts), 64, None)

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn forecasts `(batch, horizon, outputs)` into one list of numbers for each target, in its units."""
        return [
            {name: [float(v) for v in line] for name, line in zip(self.targets, window.T, strict=True)}
            for window in self.in_units(np.asarray(y))
        ]
