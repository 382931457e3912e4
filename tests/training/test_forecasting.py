"""Forecasting from the command line to the run folder, on a series that a small model learns."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from sklearn import metrics as sk

import rnnzoo
from rnnzoo import Recipe, cli, layers
from rnnzoo.data import SeriesForecasting
from rnnzoo.errors import InvalidValue


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("series") / "load.csv"
    t = np.arange(300)
    rng = np.random.default_rng(0)
    values = np.stack([20 + 5 * np.sin(t / 3), 3 * np.cos(t / 5) + 0.01 * t], axis=1) + rng.normal(0, 0.1, (300, 2))
    with open(path, "w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["when", "load", "OT"])
        for i, row in enumerate(values):
            writer.writerow([f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00:00", *row])
    return str(path)


def recipe(model="nlinear", **data):
    return Recipe(
        name="tiny", task="forecasting", data=SeriesForecasting(horizon=4, **data), model=model, sequence_length=12,
        epochs=3, batch_size=32, learning_rate=0.01,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["train", "--file", file, "--time", "when", "--target", "OT", "--horizon", "4", "--lookback", "12"]
    cli.main(recipe(), [*arguments, "--set", "normalization=instance", "--run", str(folder)])
    return rnnzoo.load(folder)


def test_results_hold_both_scales_and_the_protocol(run):
    results = run.results
    assert (results["lookback"], results["horizon"]) == (12, 4)
    assert results["hyperparameters"]["normalization"] == "instance"
    scores = results["metrics"]["test"]
    spread = run.data.fitted["scaler"]["scale"][0]
    assert scores["rmse_original"] == pytest.approx(scores["rmse"] * spread, rel=1e-3)
    assert scores["mae_original"] == pytest.approx(scores["mae"] * spread, rel=1e-3)
    assert scores["r2_by_step"] > 0.2
    plots = sorted(path.name for path in (run.folder / "plots").iterdir())
    assert plots == ["curves.png", "errors.png", "forecasts.png", "horizon.png", "naive.png"]


def test_scores_are_those_of_the_model_by_scikit_learn(run, file):
    data = SeriesForecasting(horizon=4, file=file, time="when", target=("OT",))
    test = data.load(sequence_length=12).parts["test"]
    x, y = (np.stack([windows[i] for i in range(len(test))]) for windows in (test.x, test.y))
    output = run.model.predict(x, verbose=0)
    truth, found = y.reshape(len(y), -1), output.reshape(len(y), -1)
    scores = run.evaluate()
    assert scores["mse"] == pytest.approx(sk.mean_squared_error(truth, found), rel=1e-4)
    assert scores["r2_by_step"] == pytest.approx(sk.r2_score(truth, found), rel=1e-3)
    assert scores["mae_original"] == pytest.approx(np.abs(data.in_units(output) - data.in_units(y)).mean(), rel=1e-4)
    assert run.evaluate(file)["mse"] > 0


def test_predict_goes_on_where_a_file_ends(run, file, capsys):
    cli.entry_point(["predict", str(run.folder), "--file", file])
    assert capsys.readouterr().out.startswith("2024-01-13 12:00:00 to 2024-01-13 15:00:00  OT: ")
    (answer,) = run.predict(run.data.read_inputs(file))
    assert list(answer) == ["time", "OT", "OT_low_80", "OT_high_80", "OT_low_95", "OT_high_95"]
    assert answer["time"][0] == "2024-01-13 12:00:00"
    assert len(answer["OT"]) == 4
    cli.entry_point(["predict", str(run.folder), "--file", file, "--json"])
    assert json.loads(capsys.readouterr().out) == answer
    last = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(2, 1))[-12:]  # target first
    assert run.predict([last])[0]["OT"] == pytest.approx(answer["OT"], rel=1e-4)


@pytest.mark.parametrize("model", ["repeat_last", "seasonal_naive"])
def test_a_baseline_without_weights_goes_through_the_same_command(model, file, tmp_path):
    cli.main(recipe(model, file=file, time="when"), ["train", "--run", str(tmp_path / "run")])
    found = rnnzoo.load(tmp_path / "run")
    assert found.results["parameters"] == 0
    assert found.results["epochs"] == 1
    assert found.evaluate()["mse"] == pytest.approx(found.results["metrics"]["test"]["mse"], rel=1e-4)


def test_compare_puts_models_beside_baselines(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli.main(recipe(file=file, time="when"), ["compare", "--models", "nlinear,repeat_last", "--epochs", "2"])
    rows = json.loads((tmp_path / "runs" / "tiny-compare" / "compare.json").read_text())
    assert {row["model"] for row in rows} == {"nlinear", "repeat_last"}
    assert rows[0]["mse"] <= rows[1]["mse"]


def test_a_likelihood_is_judged_too(file, tmp_path):
    data = SeriesForecasting(horizon=3, file=file, time="when")
    probabilistic = Recipe("tiny", "forecasting", data, "deepar", {"units": 4}, sequence_length=6, epochs=1, limit=20)
    with layers.use("general"):  # compiles in no time
        found = rnnzoo.train(probabilistic, tmp_path / "run")
    scores = found.results["metrics"]["test"]
    assert {"crps", "quantile_loss_10", "quantile_loss_50", "quantile_loss_90", "coverage_80"} <= scores.keys()
    assert scores["crps"] < scores["mae"] * 1.5


def test_fed_back_answers_are_measured_in_units_of_the_data(file, tmp_path):
    data = SeriesForecasting(horizon=2, file=file, time="when", target=("OT",), features=("OT",), feed_back=9)
    settings = Recipe("tiny", "forecasting", data, "repeat_last", sequence_length=6)
    scores = rnnzoo.train(settings, tmp_path / "run").results["metrics"]["test"]
    values = np.loadtxt(file, delimiter=",", skiprows=1, usecols=2)
    test = [t for t in range(240, 300) if t + 9 <= 300]  # first steps of the forecasts
    chosen = np.array(test)[np.linspace(0, len(test) - 1, len(test)).astype(int)]
    error = np.array([values[t : t + 9] - values[t - 1] for t in chosen])
    assert scores["rmse_fed_back"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-3)
    truth = np.array([values[t : t + 9] for t in chosen])
    assert scores["nrmse_fed_back"] == pytest.approx(np.sqrt(np.mean(error[:, -1] ** 2)) / truth.std(), rel=1e-3)
    wide = dataclasses.replace(data, features=("OT", "load"))
    with pytest.raises(InvalidValue, match="must answer all that it reads"):
        rnnzoo.train(dataclasses.replace(settings, data=wide), tmp_path / "wide")


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (["--target", "oil"], "has the columns"),
        (["--lookback", "400"], "at least lookback"),
        (["--file", "nowhere.csv"], "no such file"),
        (["--dataset", "ett/h1", "--file", "load.csv"], "Name the data"),
        (["--set", "normalization=batch"], "normalization must be"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(file, tmp_path, capsys, wrong, match):
    with pytest.raises(SystemExit) as stopped:
        cli.main(recipe(file=file, time="when"), ["train", *wrong, "--run", str(tmp_path / "run")])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert match in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_without_a_lookback(file):
    with pytest.raises(InvalidValue, match="needs lookback"):
        SeriesForecasting(file=file, horizon=4).load()
