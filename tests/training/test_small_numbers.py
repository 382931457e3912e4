"""Values of any size: what is printed, kept and answered of very small ones is never 0."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from refusals import one_sentence
from rich.console import Console
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

import rnnzoo
from rnnzoo import cli
from rnnzoo.data import SequenceRegression, SeriesForecasting
from rnnzoo.rounding import rounded, short


@pytest.mark.parametrize(
    ("value", "read", "kept"),
    [
        (0.89261234567, "0.8926", 0.892612),
        (123456.7891234567, "123456.7891", 123456.789123),
        (-0.00123456789, "-0.0012", -0.00123457),
        (0.00023456789, "0.0002346", 0.000234568),
        (-2.3456789e-9, "-2.346e-09", -2.34568e-9),
        (0.0, "0.0000", 0.0),
        (float("inf"), "inf", float("inf")),
    ],
)
def test_four_decimals_or_four_digits(value, read, kept):
    assert short(value) == read
    assert rounded(value) == pytest.approx(kept, rel=1e-12)


def lines_of(recipe, folder):
    console = Console(file=io.StringIO(), width=500)
    run = rnnzoo.train(recipe, folder, console=console)
    return run, console.file.getvalue()


def test_a_series_of_millionths(tmp_path, monkeypatch, capsys):
    """The error of a naive forecast is that of pandas, to five digits; so is what is printed."""
    monkeypatch.chdir(tmp_path)
    values = 1e-6 * np.random.default_rng(0).normal(5, 1, 200).cumsum()
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=200, freq="h"), "current": values})
    frame.to_csv("amperes.csv", index=False)
    recipe = rnnzoo.Recipe(
        name="amperes",
        task="forecasting",
        data=SeriesForecasting(file="amperes.csv", time="time", horizon=1),
        model="repeat_last",
        sequence_length=4,
        epochs=1,
    )
    run, printed = lines_of(recipe, tmp_path / "run")
    expected = frame["current"].diff().iloc[-40:].abs().mean()  # the last fifth
    assert run.results["metrics"]["test"]["mae_original"] == pytest.approx(expected, rel=1e-5)
    assert float(re.search(r"test: .*mae_original (\S+)", printed)[1]) == pytest.approx(expected, rel=1e-3)
    cli.main(recipe, ["evaluate", str(tmp_path / "run")])
    assert float(re.search(r"(?m)^mae_original +(\S+)$", capsys.readouterr().out)[1]) == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize("size", [1e-6, 1, 1e6])
def test_values_of_any_size_are_learnt_and_answered(size, tmp_path):
    """By a linear model better than by their mean; the errors are those of the answers, by scikit-learn."""
    rng = np.random.default_rng(0)
    x = 2000 + 300 * rng.normal(size=(200, 5, 1)).astype("float32")  # features of any size too
    y = size * (3 + x.mean(axis=(1, 2)) / 1000)
    data = SequenceRegression({"x_train": x[:150], "y_train": y[:150], "x_test": x[150:], "y_test": y[150:]})
    recipe = rnnzoo.Recipe(name="any", task="regression", data=data, model="mlp", epochs=15, learning_rate=0.01)
    run, printed = lines_of(recipe, tmp_path / "run")
    scores = run.results["metrics"]["test"]
    assert scores["r2"] > 0.9
    answers = np.array([answer["values"][0] for answer in run.predict(x[150:])])
    for name, measure in (("mae", mean_absolute_error), ("rmse", root_mean_squared_error)):
        assert scores[f"{name}_original"] == pytest.approx(measure(y[150:], answers), rel=1e-3)
        read = float(re.search(rf"test: .*{name}_original (\S+)", printed)[1])
        assert read == pytest.approx(scores[f"{name}_original"], rel=1e-3, abs=1e-4)
    assert rnnzoo.load(tmp_path / "run").evaluate() == pytest.approx(scores, rel=1e-4)
    assert "values: 0.0" not in run.task.in_words(run.predict(x[:1])[0], x[0])


def test_features_of_any_size_are_told_apart(tmp_path):
    """Of 20,000 and more, as they come from Python."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6, 2)).astype("float32")
    y = np.where(x.mean(axis=(1, 2)) > 0, "up", "down")
    recipe = rnnzoo.Recipe(
        name="large",
        task="classification",
        data=rnnzoo.data.SequenceClassification((20_000 + 300 * x, y)),
        model="mlp",
        epochs=20,
        learning_rate=0.01,
    )
    run, _ = lines_of(recipe, tmp_path / "run")
    assert run.results["metrics"]["test"]["accuracy"] > 0.9


def test_a_run_of_before_answers_as_it_did(tmp_path):
    """Its answers had no scaler, and its data.json none."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5, 1)).astype("float32"), rng.normal(size=60)
    data = SequenceRegression((x, y), scale="none", scale_answers="none")
    run, _ = lines_of(rnnzoo.Recipe(name="old", task="regression", data=data, model="mlp", epochs=1), tmp_path / "run")
    expected = run.predict(x[:4])
    for name, without in (("data.json", "scaler"), ("config.json", "scale_answers")):
        path = tmp_path / "run" / name
        content = json.loads(path.read_text())
        del (content["answers"] if name == "data.json" else content["data"]["arguments"])[without]
        path.write_text(json.dumps(content))
    (tmp_path / "run" / "manifest.json").unlink()
    old = rnnzoo.load(tmp_path / "run")
    assert old.predict(x[:4]) == expected
    assert "mae_original" not in old.evaluate()


def test_a_task_that_learns_answers_as_they_are_says_so(tmp_path):
    data = SequenceRegression((np.zeros((9, 2, 1)), np.arange(9)))
    one_sentence(
        lambda: rnnzoo.Recipe(name="x", task="classification", data=data, model="mlp").check(),
        "learns its answers as they are: give the data scale_answers='none'",
    )


def test_what_was_not_learnt_is_said_after_training_and_by_evaluate(tmp_path, capsys):
    """All sequences are the same, so that the answer is too."""
    x, y = np.ones((60, 3, 1), "float32"), np.arange(60) % 3 // 2
    data = rnnzoo.data.SequenceClassification((x, y))
    recipe = rnnzoo.Recipe(name="same", task="classification", data=data, model="mlp", epochs=1)
    _, printed = lines_of(recipe, tmp_path / "run")
    assert "mlp tells the classes apart no better than a guess (mean recall 0.50 of 2 classes)" in printed
    cli.main(recipe, ["evaluate", str(tmp_path / "run")])
    assert "no better than a guess" in capsys.readouterr().out
