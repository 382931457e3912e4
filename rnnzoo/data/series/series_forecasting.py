"""Forecasting: windows of a series, in the order of time. A TFDS data set, or the user's table."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo import hyperparameters as hp
from rnnzoo.data.batches import Batches
from rnnzoo.data.files.number_table import Found
from rnnzoo.data.report import notes_on_series, of_series
from rnnzoo.data.series import covariates
from rnnzoo.data.series.frequency import Frequency
from rnnzoo.data.series.scaling import SeriesScaler
from rnnzoo.data.series.season import find_season, naive_errors
from rnnzoo.data.series.series_source import SeriesSource
from rnnzoo.data.series.table import Table, check_change, check_length
from rnnzoo.data.series.windows import Panel, Windows, part_ends, scored, window_starts
from rnnzoo.data.splits import PARTS, Splits
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter
from rnnzoo.tasks.levels import check_levels

ROWS = HyperParameter(float, low=0.0)
STEPS = HyperParameter(int, low=0)


@dataclass(kw_only=True)
class SeriesForecasting(SeriesSource):
    """Columns of a series, or of many, to forecast from the steps before; train, validation, test in this order.

    A model reads the columns of `target`, then those of `features`, then what is known ahead, over `lookback` steps
    (`load(sequence_length=...)`), and answers with the next `horizon` steps of `target`. Inputs of validation and test
    reach back into the part before; every window of theirs is measured. Many series are each cut and scaled in this
    way, on their own train rows, share the model, and no window holds steps of two. Values that were filled in are
    read, never scored.

    Args:
        period: Steps of the season; by default found on train.
        stride: Steps between two windows of train. Validation and test use every window.
        validation: Share of the rows (below 1) or their number, before those of test, where the source has no parts.
        test: Share of the rows (below 1) or their number, at the end, where the source has no parts.
        updates: An epoch has at least so many updates: few windows are gone over more than once. 0: once.
        feed_back: In the end also forecast so many steps by reading own answers; 0: do not.
    """

    needs = ("columns", "scaler")
    needs_inputs = ("features", "outputs", "horizon", "sequence_length")

    period: int | None = None
    stride: int = 1
    validation: float = 0.1
    test: float = 0.2
    updates: int = 0
    feed_back: int = 0

    def load(
        self, *, sequence_length: int | None = None, batch_size: int = 32, seed: int = 0, limit: int | None = None,
        data_dir: str | None = None,
    ) -> Splits:  # fmt: skip
        """Read, check, split, fit on train, scale, and cut into windows when batches are asked for.

        Args:
            sequence_length: The lookback: steps that the model reads.
            batch_size: Windows per batch.
            seed: Of the order of training.
            limit: At most so many windows of each part, evenly spread.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.

        Returns:
            The batched splits. `inputs` is known afterwards, and `notes`: what a person should know.

        Raises:
            ValueError, TypeError: Data that no model can be trained on; says which and why.
        """
        lookback = self._check(sequence_length)
        kept = self.fitted if self.keep_fitted else {}
        self.fitted = kept
        found, sizes = self._read(data_dir)
        found, sizes = self._kept(found), sizes if self.without_last is None else {}
        tables, ends, notes = self._long_enough(found, sizes, lookback)
        trains = [table.values[: parts_of["train"][1]] for table, parts_of in zip(tables, ends, strict=True)]
        columns = tables[0].columns
        outputs = len(self.target) or len(columns) - len(self.future)
        check_change(trains, columns)
        frequency = Frequency(found.frequency) if found.frequency else None
        targets = [train[:, :outputs] for train in trains]
        self.report = of_series(tables, outputs, self.future, self.static)
        longest = max(map(len, trains)) // 2
        period, how = (self.period, "as given") if self.period else find_season(targets, frequency, longest)
        if "period" in kept:
            period, how = kept["period"], "of the run"
        names = [table.name for table in tables]
        scaler = SeriesScaler.fit(names, trains, self.scale)
        self.fitted = {
            "columns": list(columns),
            "scaler": scaler.to_json(),
            "fill": 0.0,
            "inputs": {"outputs": outputs, "horizon": self.horizon}
            | ({"quantiles": check_levels(self.quantiles)} if self.quantiles else {}),
            "frequency": found.frequency,
            "period": period,
        }
        if self.static:
            self.fitted["static"] = covariates.words_of(tables, self.static)
        if kept:
            self.fitted |= kept | {"scaler": SeriesScaler.restored(kept["scaler"]).extended(scaler).to_json()}
        every = f"; a step is {found.frequency}" if found.frequency else ""
        self.notes = [*notes, f"season: {period} steps ({how}){every}", *notes_on_series(targets, columns[:outputs])]
        values = np.concatenate([self._encode_table(table) for table in tables])
        self.fitted["inputs"] |= {"features": values.shape[1], "sequence_length": lookback}
        self._check_feed_back(values.shape[1], ends[0])
        panel = self._panel(tables, np.stack([naive_errors(one, period) for one in targets], axis=1))
        truth = scored(values[:, :outputs], [table.filled for table in tables], [*map(len, tables)])
        origins = np.cumsum([0, *map(len, tables[:-1])])
        parts = {}
        for part in (p for p in PARTS if p in ends[0]):
            stride = self.stride if part == "train" else 1
            starts = [
                origin + window_starts(parts_of[part][0], parts_of[part][1], lookback, self.horizon, stride)
                for origin, parts_of in zip(origins, ends, strict=True)
            ]
            parts[part] = self._batches(
                values, truth, starts, panel, batch_size, seed if part == "train" else None, limit
            )
        return Splits(parts)

    def folds(self, count: int, rows: int | None = None, sliding: bool = False, data_dir: str | None = None):
        """Return the data of each fold of a backtest: its test part is the fold, and what follows is left out.

        Args:
            count: How many.
            rows: Of each; None: those of test divided, and the horizon at least.
            sliding: As many rows before each fold as before the first; else all of them.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        """
        self._check(1)
        found, sizes = self._read(data_dir)
        longest = max(map(len, found.tables))
        begin, end = part_ends(longest, sizes, self.validation, self.test).get("test", (0, 0))
        rows = rows or max(self.horizon, (end - begin) // count)
        validation = self.validation
        if 0 < validation < 1:
            validation = max(self.horizon, int(validation * (longest - count * rows)))
        whole = dataclasses.replace(self, test=float(rows), validation=float(validation))
        return [
            dataclasses.replace(whole, without_first=k * rows if sliding else 0, without_last=(count - 1 - k) * rows)
            for k in range(count)
        ]

    def _long_enough(self, found: Found, sizes, lookback):
        """Return the series that can be learned from, their parts, and what there is to say; refuse when none can."""
        tables, ends, left, refused = [], [], [], None
        for table in found.tables:
            try:
                parts = part_ends(len(table), sizes, self.validation, self.test)
                check_length(table, parts, lookback, self.horizon)
            except InvalidValue as error:
                refused = refused or error
                left.append(f"{table.name or 'one'} ({len(table)} rows)")
            else:
                tables.append(table)
                ends.append(parts)
        if refused and not tables:
            raise refused
        if not tables:
            raise InvalidValue("No row is left. Received: without_first and without_last of more rows than there are")
        notes = list(found.notes)
        if left:
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            notes.append(f"too short, left out: {', '.join(left[:5])}{more}; {refused}")
        return tables, ends, notes

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

    def _check(self, lookback):
        if lookback is None:
            raise InvalidValue("Forecasting needs lookback (sequence_length), the steps to read. Received: None")
        for word in ("horizon", "stride", "period"):
            hp.check(word, getattr(self, word))
        check_levels(self.quantiles)
        for word in ("feed_back", "updates", "without_first"):
            STEPS.check(word, getattr(self, word))
        STEPS.check("without_last", self.without_last or 0)
        for word in ("validation", "test"):
            ROWS.check(word, getattr(self, word))
        if (self.dataset is None) == (self.file is None):
            raise InvalidValue(
                "Name the data: a file (--file load.csv --time timestamp --target OT) or a TFDS --dataset. "
                f"Received: dataset={self.dataset!r}, file={self.file!r}"
            )
        if self.series and self.feed_back:
            raise InvalidValue(f"feed_back goes on from one series, not from many. Received: series={self.series!r}")
        if both := set(self.target) & {*self.future, *self.static}:
            raise InvalidValue(f"A target is not known ahead. Received: {min(both)}, target and known")
        return hp.check("sequence_length", lookback)

    def _panel(self, tables: Sequence[Table], naive: np.ndarray) -> Panel:
        outputs = self.inputs["outputs"]
        scalers = [self.scalers.of(table.name, table.values) for table in tables]
        shift, scale = (np.array([getattr(s, word)[:outputs] for s in scalers]) for word in ("shift", "scale"))
        times = [table.times for table in tables if table.times is not None]
        stamps = np.concatenate(times) if len(times) == len(tables) else None
        names = tuple(table.name for table in tables)
        return Panel(names, shift, scale, naive, stamps, self.fitted.get("period", 1), self.clock)

    def _batches(self, values, truth, starts, panel, batch_size, seed=None, limit=None) -> Batches:
        """Batch windows; `starts` are those of each series."""
        lookback = self.inputs["sequence_length"]
        which = np.repeat(np.arange(len(starts)), [len(each) for each in starts])
        starts = np.concatenate(starts)
        if np.isnan(truth).any():
            known = np.append(0, np.cumsum(~np.isnan(truth).all(axis=1)))
            real = known[starts + lookback + self.horizon] > known[starts + lookback]  # no window of fillings alone
            starts, which = starts[real], which[real]
        if limit is not None and limit < len(starts):
            chosen = np.linspace(0, len(starts) - 1, limit).round().astype(int)
            starts, which = starts[chosen], which[chosen]
        x = Windows(values, starts, lookback, which, panel)
        y = Windows(truth, starts + lookback, self.horizon, which, panel)
        updates = max(1, -(-len(x) // batch_size))
        passes = 1 if seed is None else max(1, -(-self.updates // updates))
        return Batches(x, y, [lookback], batch_size, seed=seed, passes=passes)

    @property
    def settings(self) -> dict[str, int]:
        """What a number depends on beside data and model, for results."""
        found = {"lookback": self.inputs["sequence_length"], "horizon": self.horizon}
        return found | {word: self.fitted[word] for word in ("period", "frequency") if self.fitted.get(word)}

    @property
    def naive_sizes(self) -> dict[str, int]:
        """What naive forecasts must know."""
        inputs = self.inputs
        found = {"horizon": self.horizon, "outputs": inputs["outputs"], "lookback": inputs["sequence_length"]}
        return found | {"period": self.fitted.get("period", 1)}

    def intervals(self) -> dict[str, Any]:
        """Return what intervals begin with, see `rnnzoo.tasks.judging.conformal`; nothing where that is not known."""
        found = self.fitted.get("intervals", {})
        return found if "pool" in found else {}

    def _check_fitted(self, found: dict[str, Any]) -> None:
        super()._check_fitted(found)
        if "pool" in (state := found.get("intervals", {})):
            shape = (found["inputs"]["horizon"], found["inputs"]["outputs"])
            shapes = [np.asarray(values, "float64").shape[1:] for values in (state["pool"], *state["next"].values())]
            if set(shapes) != {shape} or np.asarray(state["floor"], "float64").shape != shape[1:]:
                raise InvalidValue(f"The intervals are not of {shape[0]} steps and {shape[1]} targets.")

    def batches(self, raw: Sequence[Any], batch_size: int = 64) -> Batches:
        """Batch histories, to be answered."""
        x = self.encode(raw)
        return Batches(x, np.zeros(len(x)), [len(x[0])], batch_size)

    def batches_of(self, file: Any) -> Batches:
        """Batch every window of a file like the one that was trained on."""
        tables, lookback = self._read_file(file).tables, self.inputs["sequence_length"]
        starts, origin, outputs = [], 0, self.inputs["outputs"]
        for table in tables:
            if len(table) < lookback + self.horizon:
                raise InvalidValue(
                    f"The file needs at least lookback + horizon = {lookback} + {self.horizon} rows of a series. "
                    f"Received: {len(table)} rows{f' of series {table.name}' if table.name else ''}"
                )
            starts.append(origin + window_starts(0, len(table), lookback, self.horizon))
            origin += len(table)
        values = np.concatenate([self._encode_table(table) for table in tables])
        naive = [naive_errors(table.values[:, :outputs], self.fitted.get("period", 1)) for table in tables]
        truth = scored(values[:, :outputs], [table.filled for table in tables], [*map(len, tables)])
        return self._batches(values, truth, starts, self._panel(tables, np.stack(naive, axis=1)), 64)

    def answers(self, raw: Sequence[Any], outputs: Any) -> list[dict[str, Any]]:
        """Return series, times and forecast of each history, in its units.

        Args:
            raw: Histories, see `histories`.
            outputs: Scaled forecasts `(histories, steps, outputs)`.
        """
        found = []
        for table, y in zip(self.histories(raw), np.asarray(outputs, "float64"), strict=True):
            shift, scale = self._units(table)
            last = (table.values[-1, : len(scale)] - shift) / scale
            y = y + (last - last.astype("float32"))  # the level that float32 lost: a repeated last value is that value
            found.append(self._named(table, len(y)) | self._lists(y * scale + shift))
        return found
