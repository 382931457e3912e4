"""Series of unlike size in one file: none is lost beside another, and none owns the mean."""

import json

import numpy as np
import pandas as pd
import pytest

import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SeriesForecasting
from rnnzoo.data.series.season import find_season, naive_errors
from rnnzoo.data.series.windows import Panel
from rnnzoo.tasks.judging.scale_free import BySeries

SIZES = {"huge": 2e9, "large": 3e5, "per cent": 1.0, "tiny": 1e-5}


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    rng = np.random.default_rng(0)
    rows = []
    for name, size in SIZES.items():
        for i, day in enumerate(pd.date_range("2024-01-01", periods=80)):
            rows.append({"day": day.date(), "what": name, "y": size * (2 + np.sin(i) + rng.normal(0, 0.1))})
        rows[-1]["y"] = size * 1e-4  # far below its series' spread
    path = tmp_path_factory.mktemp("panel") / "long.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


@pytest.fixture(scope="module")
def run(panel, tmp_path_factory):
    data = SeriesForecasting(file=panel, time="day", series="what", horizon=3)
    settings = Recipe("tiny", "forecasting", data, "repeat_last", sequence_length=10)
    return rnnzoo.train(settings, tmp_path_factory.mktemp("runs") / "run")


def test_the_last_value_of_every_series_is_repeated(run, panel):
    frame = pd.read_csv(panel)
    answers = run.predict(run.data.read_inputs(panel))
    assert [answer["series"] for answer in answers] == list(SIZES)
    for answer in answers:
        last = frame[frame["what"] == answer["series"]]["y"].iloc[-1]
        np.testing.assert_allclose(answer["y"], last, rtol=1e-6)
        assert answer["time"] == ["2024-03-21", "2024-03-22", "2024-03-23"]


def test_errors_are_those_of_each_series(run):
    series = run.results["series"]["test"]
    assert list(series) == list(SIZES)
    for name, size in SIZES.items():
        assert 0.3 * size < series[name]["mae"] < 3 * size
    mase = [row["mase"] for row in series.values()]
    assert run.results["metrics"]["test"]["mase"] == pytest.approx(np.mean(mase), rel=1e-4)
    assert "rmse_original" not in run.results["metrics"]["test"]


def test_a_forecast_is_a_table_and_a_picture(run, panel, tmp_path, capsys, drawn):
    output = tmp_path / "forecast.csv"
    cli.entry_point(["predict", str(run.folder), "--file", panel, "--output", str(output)])
    table = pd.read_csv(output)
    assert list(table)[:7] == ["series", "time", "y", "y_low_80", "y_high_80", "y_low_95", "y_high_95"]
    assert len(table) == 3 * len(SIZES)
    assert (table["y_low_95"] <= table["y_low_80"]).all()
    assert (table["y_low_80"] <= table["y"]).all()
    assert output.with_suffix(".png").stat().st_size > 10_000
    cli.entry_point(["predict", str(run.folder), "--file", panel, "--json", "--steps", "5"])
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["series"] == "tiny"
    assert len(answer["y"]) == len(answer["time"]) == 5
    assert "own answers" in answer["note"]


def test_scale_free_measures_are_those_of_their_definitions():
    rng = np.random.default_rng(0)
    train = rng.normal(10, 3, (40, 1))
    naive = naive_errors(train, 4)
    truth, forecast = rng.normal(10, 3, (5, 6, 1)), rng.normal(10, 3, (5, 6, 1))
    ones = np.ones((1, 1))
    errors = BySeries(Panel(("",), 0 * ones, ones, naive[:, None]))
    errors.add(truth, forecast, np.zeros(5, int))
    error, season = np.abs(truth - forecast), train[4:] - train[:-4]
    assert errors.scores() == pytest.approx(
        {
            "mase": error.mean() / np.abs(season).mean(),
            "rmsse": np.sqrt((error**2).mean() / (season**2).mean()),
            "smape": (2 * error / (np.abs(truth) + np.abs(forecast))).mean(),
            "wape": error.sum() / np.abs(truth).sum(),
        }
    )


def test_nothing_is_divided_by_a_naive_forecast_that_is_exact():
    wave = np.sin(2 * np.pi * np.arange(50) / 5)[:, None]
    assert np.isnan(naive_errors(wave, 5)).all()
    assert np.isfinite(naive_errors(wave, 4)).all()


def test_a_season_is_found_under_a_trend():
    t = np.arange(200)
    rng = np.random.default_rng(0)
    assert find_season([(t + 10 * np.sin(2 * np.pi * t / 9) + rng.normal(0, 1, 200))[:, None]], None, 50)[0] % 9 == 0
    assert find_season([np.cumsum(rng.normal(size=(200, 1)), axis=0)], None, 50)[0] == 1
