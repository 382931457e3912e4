"""Forecasting data: windows, splits and scaling against brute force; nothing from the future; bad files."""

import csv
import json
import os
import tracemalloc

import numpy as np
import pytest

from rnnzoo.data import SeriesForecasting
from rnnzoo.data.files.number_table import read_csv
from rnnzoo.data.series.calendar import calendar_features
from rnnzoo.data.series.table import Table
from rnnzoo.errors import UserError

ROWS, LOOKBACK, HORIZON = 60, 6, 3


def wave(rows=ROWS):
    """Two columns that never repeat a value."""
    t = np.arange(rows)
    return np.stack([np.sin(t) + 0.1 * t, np.cos(t / 3) - 0.05 * t], axis=1)


def write(path, values, names=("load", "OT"), times="hours", lines=None):
    """Write a CSV: a time and the columns; `lines` changes rows of text before they are written."""
    start = np.datetime64("2024-01-01T00:00:00")
    stamps = start + np.arange(len(values)) * np.timedelta64(1, "h")
    rows = [[str(s).replace("T", " "), *map(repr, map(float, v))] for s, v in zip(stamps, values, strict=True)]
    if lines:
        rows = lines(rows)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", *names])
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "load.csv", wave())


def load(file, lookback=LOOKBACK, **settings):
    data = SeriesForecasting(file=file, **{"time": "time", "horizon": HORIZON} | settings)
    return data, data.load(sequence_length=lookback, batch_size=4).parts


# Windows. ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lookback", [1, LOOKBACK, 20])
def test_windows_are_those_of_brute_force(file, lookback):
    _, parts = load(file, lookback, scale="none")
    values = wave().astype("float32")
    ends = {"train": (0, 42), "validation": (42, 48), "test": (48, 60)}
    for name, (begin, end) in ends.items():
        first = [t for t in range(begin, end) if t >= lookback and t + HORIZON <= end]  # of each forecast
        x, y = parts[name].x, parts[name].y
        assert len(x) == len(y) == len(first) > 0
        for i, t in enumerate(first):
            np.testing.assert_array_equal(x[i], values[t - lookback : t])
            np.testing.assert_array_equal(y[i], values[t : t + HORIZON])


def test_every_window_is_in_the_batches_once(file):
    _, parts = load(file)
    for part in parts.values():
        batches = list(part.arrays())
        seen = np.concatenate([x[weight > 0] for x, _, weight in batches])
        answers = np.concatenate([y[weight > 0] for _, y, weight in batches])
        order = np.argsort(seen[:, 0, 0])
        expected = np.stack([part.x[i] for i in range(len(part))])
        np.testing.assert_array_equal(seen[order], expected[np.argsort(expected[:, 0, 0])])
        assert len(answers) == len(part)
        assert {x.shape for x, _, _ in batches} == {(min(4, len(part)), LOOKBACK, 2)}
    order = [np.concatenate([x[:, 0, 0] for x, _, _ in parts["train"].arrays(epoch)]) for epoch in (0, 0, 1)]
    np.testing.assert_array_equal(order[0], order[1])
    assert not np.array_equal(order[0], order[2])


def test_stride_thins_train_alone(file):
    _, parts = load(file, stride=5)
    _, whole = load(file)
    assert len(parts["train"]) == -(-len(whole["train"]) // 5)
    np.testing.assert_array_equal(parts["train"].x[1], whole["train"].x[5])
    assert len(parts["test"]) == len(whole["test"])


@pytest.mark.parametrize(
    ("validation", "test", "sizes"), [(0.1, 0.2, (42, 6, 12)), (9, 11, (40, 9, 11)), (0, 0.5, (30, 30)), (0, 0, (60,))]
)
def test_splits_by_share_or_rows(file, validation, test, sizes):
    _, parts = load(file, validation=validation, test=test)
    found = [len(part) + HORIZON - 1 + (LOOKBACK if name == "train" else 0) for name, part in parts.items()]
    assert tuple(found) == sizes


def test_limit_spreads_windows_evenly(file):
    data = SeriesForecasting(file=file, time="time", horizon=HORIZON)
    parts = data.load(sequence_length=LOOKBACK, limit=3).parts
    whole = data.load(sequence_length=LOOKBACK).parts["train"]
    assert [len(part) for part in parts.values()] == [3, 3, 3]
    np.testing.assert_array_equal(parts["train"].x[2], whole.x[len(whole) - 1])


def test_memory_does_not_grow_with_the_lookback(tmp_path):
    file = write(tmp_path / "long.csv", wave(4000))
    peaks = []
    for lookback in (8, 800):
        data = SeriesForecasting(file=file, time="time", horizon=HORIZON)
        tracemalloc.start()
        parts = data.load(sequence_length=lookback, batch_size=2).parts
        next(parts["train"].arrays())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1e6  # all windows of 800 steps would be 16 MB


# Scaling and targets. ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", ["standard", "minmax"])
def test_scaling_is_that_of_train_and_is_undone(file, scale):
    data, parts = load(file, scale=scale)
    train = wave()[:42]
    shift, spread = (train.mean(0), train.std(0)) if scale == "standard" else (train.min(0), np.ptp(train, axis=0))
    np.testing.assert_allclose(parts["test"].x[0], (wave()[42:48] - shift) / spread, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(data.in_units(parts["test"].y[0]), wave()[48:51], rtol=1e-5)
    (answer,) = data.decode(parts["test"].y[0][None])
    np.testing.assert_allclose(answer["OT"], wave()[48:51, 1], rtol=1e-5)


def test_targets_come_first_and_alone_are_answered(file):
    data, parts = load(file, target=("OT",), scale="none")
    assert data.inputs == {"outputs": 1, "horizon": HORIZON, "features": 2, "sequence_length": LOOKBACK}
    assert data.targets == ["OT"]
    np.testing.assert_allclose(parts["train"].x[0], wave()[:LOOKBACK, ::-1], rtol=1e-6)
    np.testing.assert_allclose(parts["train"].y[0], wave()[LOOKBACK : LOOKBACK + HORIZON, 1:], rtol=1e-6)
    only, _ = load(file, target=("OT",), features=("OT",))
    assert only.inputs["features"] == 1


def test_calendar_is_that_of_the_forecast():
    times = np.datetime64("2024-01-01T00:00:00") + np.arange(400) * np.timedelta64(1, "h")
    found = calendar_features(times, 5)
    assert found.shape == (400, 6)
    hour, day = (np.arange(400) + 5) % 24, (np.arange(400) + 5) / 24  # the first of January 2024 was a Monday
    np.testing.assert_allclose(found[:, 0], np.sin(2 * np.pi * hour / 24), atol=1e-5)
    np.testing.assert_allclose(found[:, 3], np.cos(2 * np.pi * day / 7), atol=1e-5)
    assert calendar_features(times[::24], 1).shape == (17, 4)  # no time of day in daily data


def test_calendar_on_request(file):
    data, parts = load(file, calendar=True)
    assert data.inputs["features"] == 2 + 6
    assert parts["train"].x[0].shape == (LOOKBACK, 8)
    assert parts["train"].y[0].shape == (HORIZON, 2)


# Nothing from the future. --------------------------------------------------------------------------------------------


def test_shuffling_the_future_changes_no_input_and_no_scaler(tmp_path):
    values = wave()
    for seen in (42, 48):  # all that lies behind train, all that lies behind validation
        other = values.copy()
        np.random.default_rng(0).shuffle(other[seen:])
        assert not np.array_equal(values, other)
        data, parts = load(write(tmp_path / "a.csv", values))
        changed, after = load(write(tmp_path / "b.csv", other))
        assert data.fitted == changed.fitted
        before = 0
        for name, part in parts.items():
            for i, start in enumerate(part.x.starts):
                if start + LOOKBACK <= seen:
                    before += 1
                    np.testing.assert_array_equal(part.x[i], after[name].x[i])
        assert before >= len(parts["train"])
        assert any(not np.array_equal(parts["test"].y[i], after["test"].y[i]) for i in range(len(parts["test"])))


def test_no_input_holds_a_value_of_its_forecast(file):
    """Every value occurs once in the series, so a model that only copies the answer cannot be built from the input."""
    _, parts = load(file, target=("OT",), scale="none")
    for part in parts.values():
        for i in range(len(part)):
            assert not np.intersect1d(part.x[i], part.y[i]).size


def test_changing_what_comes_later_changes_no_earlier_window(file):
    _, parts = load(file, scale="none")
    part = parts["test"]
    before = part.x[2].copy()
    end = part.x.starts[2] + LOOKBACK
    part.x.values[end:] = 99
    np.testing.assert_array_equal(part.x[2], before)
    assert (part.y[2] == 99).all()


# Files. --------------------------------------------------------------------------------------------------------------


def _without(*gone):
    return lambda rows: [row for i, row in enumerate(rows) if i not in gone]


def _cell(row, column, text):
    def change(rows):
        rows[row][column] = text
        return rows

    return change


def _swapped(rows):
    rows[10], rows[11] = rows[11], rows[10]
    return rows


BAD = [
    ("a missing column", {"target": ("OIL",)}, None, "they have load, OT.*Received: OIL"),
    ("a missing time", {"time": "when"}, None, "Received: when"),
    ("unsorted", {}, _swapped, "order of time.*line 13"),
    ("a time twice", {}, lambda rows: [*rows[:11], rows[10], *rows[11:]], "may occur once.*twice, again in line 13"),
    ("a gap", {}, _without(20, 21), "Steps are missing: --fill.*line 22"),
    ("irregular", {}, _cell(20, 0, "2024-01-01 20:20:00"), "Steps must be regular.*line 22"),
    ("text for a number", {}, _cell(7, 1, "broken"), "Column load must hold numbers.*'broken' in line 9"),
    ("text for a time", {}, _cell(7, 0, "yesterday"), "(cannot be read as time|order of time|table).*Received"),
    ("no time", {}, _cell(7, 0, ""), "Every row needs a time.*line 9"),
    ("NaN", {}, _cell(7, 2, "NaN"), "1 values are missing: --fill.*column OT"),
    ("nothing", {}, _cell(7, 2, ""), "1 values are missing: --fill.*column OT"),
    ("infinity", {}, _cell(7, 2, "inf"), "Values must be finite.*column OT, line 9"),
    ("constant", {}, lambda rows: [[row[0], "5.0", row[2]] for row in rows], "never changes.*load = 5"),
    (
        "constant in train",
        {},
        lambda rows: [[r[0], "5.0" if i < 50 else "6", r[2]] for i, r in enumerate(rows)],
        "never",
    ),
    ("too short", {}, lambda rows: rows[:10], r"at least lookback \+ horizon = 6 \+ 3 steps.*Received: 7 of 10 rows"),
    ("no rows", {}, lambda rows: [], "a header and no rows"),
    ("text without its name", {"time": None}, None, "Column time must hold numbers.*--time.*line 2"),
    (
        "a calendar without times",
        {"time": None, "target": ("OT",), "features": ("load",), "calendar": True},
        None,
        "time",
    ),
    ("too much held out", {"validation": 30, "test": 30}, None, "must leave rows for train"),
    ("validation too short", {"validation": 2}, None, "validation part needs at least horizon = 3.*Received: 2 rows"),
]


@pytest.mark.parametrize(("settings", "lines", "match"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_bad_files_get_one_sentence(tmp_path, settings, lines, match):
    file = write(tmp_path / "bad.csv", wave(), lines=lines)
    with pytest.raises(UserError, match=match) as caught:
        load(file, **settings)
    assert "\n" not in str(caught.value)
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "match"),
    [(None, "no such file"), (b"", "file is empty"), (b"\xff\xfe\x00\x01,\n", "UTF-8"), (b"a,a\n1,2\n", "twice")],
)
def test_no_table(tmp_path, content, match):
    path = tmp_path / "load.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=match):
        read_csv(str(path))


@pytest.mark.parametrize(
    ("settings", "lookback", "match"),
    [
        ({"horizon": 0}, 3, "horizon must be"),
        ({"stride": 0}, 3, "stride must be"),
        ({"validation": -1.0}, 3, "validation must be"),
        ({"scale": "log"}, 3, "scale must be"),
        ({"fill": "zero"}, 3, "fill must be"),
        ({}, None, "needs lookback"),
        ({}, 0, "sequence_length must be"),
        ({"dataset": "ett/h1"}, 3, "Name the data"),
        ({"file": None}, 3, "Name the data"),
    ],
)
def test_bad_settings(file, settings, lookback, match):
    with pytest.raises(UserError, match=match):
        load(**{"file": file} | settings, lookback=lookback)


def test_fill(tmp_path):
    def holes(rows):
        rows[5][1] = rows[6][1] = ""
        return [row for i, row in enumerate(rows) if i not in (30, 31)]

    values = wave()
    file = write(tmp_path / "holes.csv", values, lines=holes)
    (forward,), (linear,) = (read_csv(file, "time", fill=fill) for fill in ("forward", "linear"))
    assert len(forward) == len(linear) == ROWS
    np.testing.assert_allclose(forward.values[5:7, 0], values[4, 0])
    np.testing.assert_allclose(forward.values[30:32], values[[29, 29]])
    line = values[4, 0] + (values[7, 0] - values[4, 0]) * np.array([1, 2]) / 3
    np.testing.assert_allclose(linear.values[5:7, 0], line)
    whole = [i for i in range(ROWS) if i not in (5, 6, 30, 31)]
    np.testing.assert_allclose(forward.values[whole], values[whole])
    assert (np.diff(forward.times) == np.timedelta64(1, "h")).all()


@pytest.mark.parametrize(
    ("stamps", "step"),
    [
        (["2024/1/1 0:00", "2024/1/1 1:00", "2024/1/1 2:00"], 3600),
        (["01.02.2024 00:00", "01.02.2024 00:15", "01.02.2024 00:30"], 900),
        (["2024-02-01", "2024-02-02", "2024-02-03"], 86400),
        (["0", "5", "10"], 5),
    ],
)
def test_forms_of_time(tmp_path, stamps, step):
    path = tmp_path / "times.csv"
    path.write_text("when,v\n" + "".join(f"{s},{i}\n" for i, s in enumerate(stamps)))
    (table,) = read_csv(str(path), "when")
    assert np.diff(table.times).tolist() == [np.timedelta64(step, "s").item()] * 2


def test_months_are_regular(tmp_path):
    path = tmp_path / "months.csv"
    path.write_text("when,v\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n2024-04-01,4\n")
    assert [len(table) for table in read_csv(str(path), "when")] == [4]


# Many series in one file. -----------------------------------------------------------------------------------------


def panel(path, sizes={"north": 60, "south": 40}, mixed=False, change=None):  # noqa: B006
    """Write a file with a column `shop`; mixed, its rows are sorted by time, not by shop."""
    start, rows = np.datetime64("2024-01-01"), []
    for number, (name, size) in enumerate(sizes.items()):
        for day, value in enumerate(wave(size)[:, 0] + 10 * number):
            rows.append([str(start + day), name, repr(float(value))])
    if mixed:
        rows.sort(key=lambda row: row[0])
    if change:
        rows = change(rows)
    path.write_text("day,shop,sold\n" + "".join(",".join(row) + "\n" for row in rows))
    return str(path)


def load_panel(file, **settings):
    data = SeriesForecasting(file=file, time="day", series="shop", horizon=HORIZON, **settings)
    return data, data.load(sequence_length=LOOKBACK, batch_size=4).parts


@pytest.mark.parametrize("mixed", [False, True])
def test_windows_of_many_series_are_those_of_each(tmp_path, mixed):
    _, parts = load_panel(panel(tmp_path / "shops.csv", mixed=mixed), scale="none")
    alone = {"train": [], "validation": [], "test": []}
    for number, size in enumerate((60, 40)):
        path = write(tmp_path / f"{number}.csv", wave(size)[:, :1] + 10 * number, ("sold",))
        _, of_one = load(path, scale="none")
        for name, part in of_one.items():
            alone[name] += [(part.x[i], part.y[i]) for i in range(len(part))]
    for name, part in parts.items():
        assert len(part) == len(alone[name])
        for i, (x, y) in enumerate(alone[name]):
            np.testing.assert_array_equal(part.x[i], x)
            np.testing.assert_array_equal(part.y[i], y)


def test_scaling_of_many_series_is_that_of_all_their_train_rows(tmp_path):
    data, _ = load_panel(panel(tmp_path / "shops.csv"))
    train = np.concatenate([wave(60)[:42, 0], wave(40)[:28, 0] + 10])
    np.testing.assert_allclose(data.in_units(np.zeros(1)), train.mean())
    np.testing.assert_allclose(data.in_units(np.ones(1)), train.mean() + train.std())


def test_each_series_of_a_file_is_answered(tmp_path):
    file = panel(tmp_path / "shops.csv", mixed=True)
    data, _ = load_panel(file, scale="none")
    north, south = data.read_inputs(file)
    assert [str(table).split(":")[0] for table in (north, south)] == ["north", "south"]
    first, second = data.encode([north, south])
    np.testing.assert_allclose(first[:, 0], wave(60)[-LOOKBACK:, 0], rtol=1e-6)
    np.testing.assert_allclose(second[:, 0], wave(40)[-LOOKBACK:, 0] + 10, rtol=1e-6)
    assert len(data.batches_of(file)) == 60 + 40 - 2 * (LOOKBACK + HORIZON - 1)


@pytest.mark.parametrize(
    ("sizes", "change", "match"),
    [
        ({"north": 60, "south": 5}, None, "rows, series south"),
        ({"north": 60, "south": 20}, None, "validation part needs .* Received: 2 rows, series south"),
        (None, lambda rows: [*rows[:70], [rows[70][0], "", "1.0"], *rows[71:]], "a name in column shop.*line 72"),
        (None, lambda rows: [*rows[:70], *rows[71:]], "Steps are missing.*line 72, .*series south"),
        (None, lambda rows: [*rows[:70], [*rows[70][:2], ""], *rows[71:]], "values are missing.*series south"),
        (None, lambda rows: [[*row[:2], "7.5"] for row in rows], "never changes"),
    ],
)
def test_bad_panels(tmp_path, sizes, change, match):
    file = panel(tmp_path / "shops.csv", **({"sizes": sizes} if sizes else {}), change=change)
    with pytest.raises(UserError, match=match):
        load_panel(file)


def test_feeding_back_needs_one_series(tmp_path):
    with pytest.raises(UserError, match="one series"):
        load_panel(panel(tmp_path / "shops.csv"), feed_back=5)


# What a run needs. -------------------------------------------------------------------------------------------------


def test_encode_takes_the_last_steps_of_a_history(file, tmp_path):
    data, _ = load(file)
    data.save(tmp_path)
    again = SeriesForecasting(file=file, time="time", horizon=HORIZON).restore(tmp_path)
    history = wave()[:20]
    expected = (history[-LOOKBACK:] - wave()[:42].mean(0)) / wave()[:42].std(0)
    raws = (history, json.dumps(history.tolist()), Table(("load", "OT"), history))
    for raw in raws:
        np.testing.assert_allclose(again.encode([raw])[0], expected, rtol=1e-5, atol=1e-6)
    for raw, match in (
        (history[:3], "at least 6 steps"),
        (history[:, :1], "shape"),
        ("[1, 2", "JSON"),
        (["a"], "numbers"),
    ):
        with pytest.raises(UserError, match=match):
            again.encode([raw])


def test_a_file_is_cut_into_all_its_windows(file):
    data, _ = load(file, scale="none")
    batches = data.batches_of(file)
    assert len(batches) == ROWS - LOOKBACK - HORIZON + 1
    np.testing.assert_allclose(batches.y[3], wave()[3 + LOOKBACK : 3 + LOOKBACK + HORIZON], rtol=1e-6)


# The literature's protocol. ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("horizon", "windows"), [(96, 2785), (192, 2689), (336, 2545), (720, 2161)])
def test_ett_has_the_windows_of_the_literature(tfds_dir, horizon, windows):
    if not os.path.isdir(os.path.join(tfds_dir, "ett", "h1")):
        pytest.skip("ett/h1 is not prepared")
    data = SeriesForecasting(dataset="ett/h1", horizon=horizon)
    parts = data.load(sequence_length=96, batch_size=256).parts
    assert len(parts["test"]) == len(parts["validation"]) == windows
    assert len(parts["train"]) == 8640 - 96 - horizon + 1
    assert sum((weight > 0).sum() for _, _, weight in parts["test"].arrays()) == windows
    assert data.targets == ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]


def test_repeating_the_last_value_has_the_error_of_the_literature(tfds_dir):
    if not os.path.isdir(os.path.join(tfds_dir, "ett", "h1")):
        pytest.skip("ett/h1 is not prepared")
    part = SeriesForecasting(dataset="ett/h1", horizon=96).load(sequence_length=96).parts["test"]
    error = np.mean([np.mean((part.x[i][-1:] - part.y[i]) ** 2) for i in range(len(part))])
    assert round(float(error), 3) == 1.294
