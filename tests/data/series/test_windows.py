"""Windows of a series: those of brute force; nothing from the future."""

import os
import tracemalloc

import numpy as np
import pytest
from small_series import HORIZON, LOOKBACK, load, wave, write

from rnnzoo.data import SeriesForecasting

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
