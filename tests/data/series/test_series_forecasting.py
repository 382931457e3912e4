"""A series as a run needs it: scaling, targets, calendar, histories."""

import json
import os

import numpy as np
import pytest
from small_series import HORIZON, LOOKBACK, ROWS, load, wave

from rnnzoo.data import SeriesForecasting
from rnnzoo.data.series.covariates import of_calendar
from rnnzoo.data.series.frequency import Frequency
from rnnzoo.data.series.table import Table
from rnnzoo.errors import UserError

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
    times = np.datetime64("2024-01-01T00:00:00", "us") + np.arange(400) * np.timedelta64(1, "h")
    table = Table(("v",), np.zeros((400, 1)), times)
    found = of_calendar(table, Frequency("h"), 5, None, None)
    assert found.shape == (400, 6)
    hour, day = (np.arange(400) + 5) % 24, (np.arange(400) + 5) / 24  # the first of January 2024 was a Monday
    np.testing.assert_allclose(found[:, 0], np.sin(2 * np.pi * hour / 24), atol=1e-5)
    np.testing.assert_allclose(found[:, 3], np.cos(2 * np.pi * day / 7), atol=1e-5)
    daily = Table(("v",), np.zeros((17, 1)), times[::24])
    assert of_calendar(daily, Frequency("D"), 1, None, None).shape == (17, 4)  # no time of day


def test_calendar_on_request(file):
    data, parts = load(file, calendar=True)
    assert data.inputs["features"] == 2 + 6
    assert parts["train"].x[0].shape == (LOOKBACK, 8)
    assert parts["train"].y[0].shape == (HORIZON, 2)


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


def test_repeating_the_last_value_has_the_error_of_the_literature(tfds_dir):
    if not os.path.isdir(os.path.join(tfds_dir, "ett", "h1")):
        pytest.skip("ett/h1 is not prepared")
    part = SeriesForecasting(dataset="ett/h1", horizon=96).load(sequence_length=96).parts["test"]
    error = np.mean([np.mean((part.x[i][-1:] - part.y[i]) ** 2) for i in range(len(part))])
    assert round(float(error), 3) == 1.294
