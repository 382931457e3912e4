"""Conformal intervals: what they cover, what they know, and that they follow a series."""

import numpy as np
import pytest
from small_series import load, wave, write

from rnnzoo.tasks.judging.conformal import ENOUGH, KEPT, LEVELS, Conformal, calibrate, movement
from rnnzoo.tasks.judging.forecast_errors import forecast_errors
from rnnzoo.tasks.judging.naive_forecasts import naive_forecasters

HORIZON = 3


def normal(windows, spread=1.0, seed=0):
    """Windows whose truth is noise around a forecast of 0, and whose past moves by 1 a step."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(windows, HORIZON, 1)) * spread
    x = np.tile(np.array([0.0, 1.0] * 4)[None, :, None], (windows, 1, 1))
    return np.arange(windows), np.zeros(windows, int), x, np.zeros_like(truth), truth


def state(windows=KEPT, spread=1.0):
    *_, truth = normal(windows, spread, seed=1)
    return {"pool": np.abs(truth), "floor": [0.1]}


@pytest.mark.parametrize("before", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("windows", [5, KEPT])
def test_they_cover_what_they_promise_whatever_validation_was(before, windows):
    *inputs, truth = normal(1000)
    found = Conformal(state(windows, before))(*inputs, truth)
    for level, width in found.items():
        assert np.mean(np.abs(truth) <= width) == pytest.approx(level / 100, abs=0.025)


def test_they_grow_beyond_every_error_that_was_seen():
    *inputs, truth = normal(400)
    truth = truth * np.exp(np.arange(400) / 15)[:, None, None]
    found = Conformal(state())(*inputs, truth)
    for level, width in found.items():
        assert np.mean(np.abs(truth) <= width) == pytest.approx(level / 100, abs=0.03)


def test_an_interval_never_knows_its_own_truth_nor_what_comes_later():
    *inputs, truth = normal(30)
    found = Conformal(state())(*inputs, truth)
    for window in (7, 20):
        other = truth.copy()
        for step in range(HORIZON):  # the truth of step k of a window is known k steps after its start
            known = inputs[0] + step + 1 <= window
            other[~known, step] = 99.0
        changed = Conformal(state())(*inputs, other)
        for level in LEVELS:
            np.testing.assert_array_equal(changed[level][: window + 1], found[level][: window + 1])
            assert (changed[level][window + HORIZON + 1] != found[level][window + HORIZON + 1]).any()


def test_the_first_interval_is_that_of_split_conformal_prediction():
    pool = np.sort(np.array(state()["pool"])[:, 0, 0])
    width = Conformal(state())(*normal(1))[80]
    assert width[0, 0, 0] == pytest.approx(pool[int(np.ceil(0.8 * (KEPT + 1))) - 1])


def test_a_series_that_moves_more_has_wider_intervals():
    starts, which, x, forecast, truth = normal(2)
    x[1] *= 5
    width = Conformal(state())(starts, which, x, forecast, np.full_like(truth, np.nan))[80]
    np.testing.assert_allclose(width[1], 5 * width[0])
    np.testing.assert_allclose(movement(x, 1, 0.1)[:, 0, 0], [1, 5])
    assert movement(0 * x, 1, 0.1).min() == 0.1


def test_series_do_not_learn_from_each_other_and_unknown_truths_count_for_nothing():
    starts, which, x, forecast, truth = normal(40)
    alone = Conformal(state())(starts[:20], which[:20], x[:20], forecast[:20], truth[:20])
    both = Conformal(state())(starts, np.repeat([0, 1], 20), x, forecast, np.concatenate([truth[20:], truth[:20]]))
    np.testing.assert_array_equal(both[80][20:], alone[80])  # `starts` go on: only their distances count
    nothing = Conformal(state())(starts, which, x, forecast, np.full_like(truth, np.nan))
    np.testing.assert_array_equal(nothing[95][-1], nothing[95][0])


def test_batches_and_windows_make_no_difference(tmp_path):
    values = wave(300) + np.random.default_rng(0).normal(0, 0.1, (300, 2))
    data, parts = load(write(tmp_path / "s.csv", values), period=5)
    answer = naive_forecasters(None, **data.naive_sizes)["repeat_last"]
    begin = calibrate(answer, parts["validation"], parts["test"])
    assert np.array(begin["next"]["80"]).shape == (1, 3, 2)
    assert len(begin["pool"]) < ENOUGH
    errors = forecast_errors(answer, parts["test"], data, conformal=Conformal(begin)).scores()
    rows = np.arange(len(parts["test"]))
    x, y = parts["test"].x[rows], parts["test"].y[rows]
    at_once = Conformal(begin)(parts["test"].y.starts, parts["test"].y.which, x, answer(x), y)
    for level in LEVELS:
        inside = np.abs(answer(x) - y) <= at_once[level]
        assert errors[f"conformal_coverage_{level}"] == pytest.approx(inside.mean())
    assert {"conformal_interval_score_95", "mase", "rmse_original"} <= errors.keys()
