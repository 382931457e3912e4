"""Backtests: folds of the right rows, each forecast from what came before it; and a training that goes on."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from refusals import refused
from rich.console import Console
from small_series import write

import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting

ROWS, HORIZON, LOOKBACK = 120, 3, 6
QUIET = Console(quiet=True)


def values(rows=ROWS, times=1.0):
    return times * (np.sin(np.arange(rows))[:, None] + np.random.default_rng(0).normal(0, 0.1, (rows, 1)))


def recipe(file, model="nlinear", **data):
    source = SeriesForecasting(file=file, time="time", horizon=HORIZON, period=6, **data)
    return Recipe("tiny", "forecasting", source, model, sequence_length=LOOKBACK, epochs=2, learning_rate=0.01)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "s.csv", values(), names=("v",))


@pytest.mark.parametrize("how", [[], ["--sliding", "--refit"]])
def test_folds_through_the_command_line(file, how, drawn):
    cli.main(recipe(file, "repeat_last"), ["backtest", "--folds", "3", "--fold-rows", "10", "--output", "bt", *how])
    found = json.loads(Path("bt/backtest.json").read_text())
    x = values()[:, 0]
    for number, fold in enumerate(found["folds"]):
        begin = ROWS - 30 + 10 * number
        origins = np.arange(begin, begin + 10 - HORIZON + 1)
        error = np.concatenate([x[t : t + HORIZON] - x[t - 1] for t in origins])
        assert fold["windows"] == len(origins)
        assert fold["scores"]["rmse_original"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-4)
        assert fold["begin"] == str(np.datetime64("2024-01-01T00") + begin).replace("T", " ") + ":00:00"
        train = ROWS - 30 - 9 + (0 if how else 10 * number)  # a tenth of what comes before the first is validation
        assert fold["train_windows"] == train - LOOKBACK - HORIZON + 1
        assert {"seasonal_naive", "ridge"} <= fold["naive"].keys()
    mean = np.mean([fold["scores"]["rmse"] for fold in found["folds"]])
    assert found["mean"]["scores"]["rmse"] == pytest.approx(mean)
    with open("bt/backtest.png", "rb") as picture:
        assert picture.read(4) == b"\x89PNG"


def test_backtests_that_are_refused(file, capsys):
    assert "folds is a whole number >= 2" in refused(capsys, cli.main, recipe(file), ["backtest", "--folds", "1"])
    many = ["backtest", "--folds", "37", "--output", "bt"]
    assert "at least lookback" in refused(capsys, cli.main, recipe(file), many)
    assert "belongs to recipes of another task" in refused(capsys, cli.entry_point, ["backtest", "digits"])


def test_training_goes_on_with_new_rows_from_the_old_weights_and_scale(file):
    small = recipe(file)
    run = rnnzoo.train(small, "run", console=QUIET)
    before, scaler = run.model.get_weights(), run.data.fitted["scaler"]
    rmse = run.evaluate()["rmse_original"]
    write(file, values(160, times=3.0), names=("v",))
    measured = rnnzoo.load("run").evaluate()  # by the scale that was fitted: R² and units agree
    assert measured["rmse_original"] / measured["rmse"] == pytest.approx(scaler["scale"][0], rel=1e-4)
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"have changed.*--new-data"):
        rnnzoo.train(dataclasses.replace(small, epochs=3), "run", console=QUIET)
    cli.main(small, ["train", "--new-data", "--run", "run", "--learning-rate", "0.01"])
    after = rnnzoo.load("run")
    assert after.results["epochs"] == 2
    assert after.data.fitted["scaler"] == scaler
    assert after.changed_data() is None
    change = np.abs(after.model.get_weights()[0] - before[0]).max()
    assert 0 < change < 0.3  # not from new random ones, and not left alone
    assert rmse > 0
    cli.main(small, ["train", "--new-data", "--run", "run"])  # nothing has changed since: left alone
    assert rnnzoo.load("run").results == after.results


def test_a_kill_between_old_and_new_rows_loses_nothing(file):
    run = rnnzoo.train(recipe(file), "run", console=QUIET)
    old = run.model.get_weights()
    write(file, values(160), names=("v",))

    def stop(epoch, _):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(file), "run", new_data=True, console=QUIET, on_epoch_end=stop)
    cut = rnnzoo.train(recipe(file), "run", console=QUIET)  # the new rows are its own by now
    whole = rnnzoo.train(recipe(file), "whole", console=QUIET)
    assert cut.results["epochs"] == 2
    assert cut.data.fitted["scaler"] == run.data.fitted["scaler"] != whole.data.fitted["scaler"]
    assert np.abs(cut.model.get_weights()[0] - old[0]).max() > 0
    assert not np.allclose(cut.model.get_weights()[0], whole.model.get_weights()[0])
