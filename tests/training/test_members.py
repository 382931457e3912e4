"""Members of an ensemble: a run that answers with their mean, and is a run like any other."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from refusals import refused
from rich.console import Console
from scipy.special import softmax
from small_series import write

import rnnzoo
from rnnzoo import Recipe, cli, layers
from rnnzoo.data import SequenceClassification, SeriesForecasting

QUIET = Console(quiet=True)


@pytest.fixture
def forecasts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).normal(size=(90, 1))
    data = SeriesForecasting(file=write(tmp_path / "s.csv", noise, names=("v",)), time="time", horizon=3)
    return Recipe("tiny", "forecasting", data, "nlinear", sequence_length=6, epochs=2, learning_rate=0.01)


def test_a_run_of_members_is_a_run_like_any_other(forecasts, capsys):
    cli.main(forecasts, ["train", "--members", "2", "--seed", "5", "--run", "run", "--quantiles", "0.1,0.5,0.9"])
    run = rnnzoo.load("run")
    parts = [rnnzoo.load(f"run/members/seed-{seed}") for seed in (5, 6)]
    assert [part.results["seed"] for part in parts] == [5, 6]
    raw = run.data.read_inputs("s.csv")
    each = [part.outputs(raw) for part in parts]
    assert np.ptp(each, axis=0).max() > 0
    np.testing.assert_allclose(run.outputs(raw), np.mean(each, axis=0), atol=1e-6)
    assert run.results["parameters"] == sum(part.results["parameters"] for part in parts)
    assert run.evaluate()["rmse"] == pytest.approx(run.results["metrics"]["test"]["rmse"], rel=1e-5)
    assert {"conformal_coverage_80", "quantile_coverage_80"} <= run.results["metrics"]["test"].keys()
    capsys.readouterr()
    cli.entry_point(["predict", "run", "--file", "s.csv", "--json"])
    assert {"v", "v_low_80", "v_quantile_10"} <= json.loads(capsys.readouterr().out).keys()
    again = ["train", "--members", "2", "--seed", "5", "--run", "run", "--quantiles", "0.1,0.5,0.9"]
    cli.main(forecasts, again)
    assert "Finished already, all 2 members" in capsys.readouterr().out
    cli.main(forecasts, [*again, "--epochs", "3"])
    assert rnnzoo.load("run").results["epochs"] == 3
    assert "give another --run" in refused(capsys, cli.main, forecasts, ["train", "--run", "run"])


def test_of_classes_the_probabilities_have_a_mean(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(60, 4, 2)).astype("float32"), np.arange(60) % 3
    np.savez(tmp_path / "x.npz", x=x, y=y)
    data = SequenceClassification(str(tmp_path / "x.npz"))
    recipe = Recipe("tiny", "classification", data, "mlp", {"units": 4}, epochs=1, members=2)
    run = rnnzoo.train(recipe, tmp_path / "run", console=QUIET)
    each = [rnnzoo.load(tmp_path / "run" / "members" / f"seed-{seed}").outputs(list(x[:5])) for seed in (0, 1)]
    expected = np.mean([softmax(one, axis=-1) for one in each], axis=0)
    np.testing.assert_allclose(softmax(run.outputs(list(x[:5])), axis=-1), expected, atol=1e-5)
    assert run.evaluate()["accuracy"] == pytest.approx(run.results["metrics"]["test"]["accuracy"])
    with pytest.raises(rnnzoo.errors.InvalidValue, match="This model has no attention"):
        rnnzoo.attention(run.model)


def test_means_of_labels():
    logits = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    found = 1 / (1 + np.exp(-np.asarray(layers.MeanAnswer("labels")(list(logits)))))
    np.testing.assert_allclose(found, (1 / (1 + np.exp(-logits))).mean(axis=0), atol=1e-5)


def test_members_that_are_refused(forecasts, capsys, tmp_path):
    assert "members must be" in refused(capsys, cli.main, forecasts, ["train", "--members", "0"])
    text = Path(__file__).parents[2] / "recipes" / "language_model.py"
    Path("a.txt").write_text("abc " * 200)
    arguments = ["train", str(text), "--file", "a.txt", "--members", "2"]
    assert "language_modeling has none" in refused(capsys, cli.entry_point, arguments)
    small = dataclasses.replace(forecasts, members=2)
    with pytest.raises(rnnzoo.errors.InvalidValue, match="one model a trial"):
        rnnzoo.train(small, tmp_path / "run", measure=False, console=QUIET)
