"""A stream of a run reads and answers in the units of its data."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from rich.console import Console

import rnnzoo
from rnnzoo import cli, layers
from rnnzoo.data import SequenceClassification, SequenceRegression, SeriesForecasting
from rnnzoo.errors import InvalidValue
from rnnzoo.serving import text_in

X = 20_000 + 300 * np.random.default_rng(0).normal(size=(60, 5, 2))


@pytest.fixture(autouse=True)
def quick():
    """Train by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


def train(task, data, folder, **settings):
    recipe = rnnzoo.Recipe(**{"name": "x", "task": task, "data": data, "model": "min_gru", "epochs": 1} | settings)
    return rnnzoo.train(recipe, folder, console=Console(quiet=True))


def test_classes_of_readings_of_any_size(tmp_path):
    train("classification", SequenceClassification((X, np.arange(60) % 2)), tmp_path / "run")
    listener = rnnzoo.stream(tmp_path / "run")
    run = rnnzoo.load(tmp_path / "run")
    for t in range(5):
        probability = keras.ops.convert_to_numpy(keras.ops.softmax(listener(X[0, t])))
        (expected,) = run.predict([X[0, : t + 1]])
        assert probability.max() == pytest.approx(expected["probability"], abs=1e-4)
        assert run.data.classes[probability.argmax()] == expected["label"]


@pytest.mark.parametrize("kind", ["standard", "none"])
def test_values_in_their_units(tmp_path, kind):
    data = SequenceRegression((X, 1e6 * X.mean(axis=(1, 2))), scale=kind, scale_answers=kind)
    run = train("regression", data, tmp_path / "run")
    listener = rnnzoo.stream(run)
    for t in range(5):
        found = listener(X[0, t])
    np.testing.assert_allclose(found, run.predict([X[0]])[0]["values"], rtol=1e-4)


def test_an_export_tells_what_scales(tmp_path, capsys):
    """Of a whole sequence it reads scaled numbers, and says so."""
    data = SequenceRegression((X, 1e6 * X.mean(axis=(1, 2))))
    run = train("regression", data, tmp_path / "run")
    told = text_in.rule(run)
    values = (np.array(run.predict([X[0]])[0]["values"]) - told["answer_scaler"]["shift"]) / told["answer_scaler"][
        "scale"
    ]
    read = (X[0] - told["scaler"]["shift"]) / told["scaler"]["scale"]
    cli.entry_point(["export", str(tmp_path / "run")])
    assert "note: it reads and answers numbers as the run scales them" in capsys.readouterr().out
    loaded = tf.saved_model.load(str(tmp_path / "run" / "saved_model"))
    np.testing.assert_allclose(np.asarray(loaded.serve(read[None].astype("float32")))[0], values, atol=1e-4)


def test_a_forecast_in_its_units(tmp_path):
    values = 1e4 * np.sin(np.arange(120) / 3) + 5e6
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=120, freq="h"), "load": values})
    frame["more"] = -2 * frame["load"]
    frame.to_csv(tmp_path / "load.csv", index=False)
    data = SeriesForecasting(file=str(tmp_path / "load.csv"), time="time", horizon=2, target=("load",), calendar=True)
    options = {"hyperparameters": {"normalization": "none"}, "sequence_length": 6}
    run = train("forecasting", data, tmp_path / "run", **options)
    history = run.data.read_inputs(str(tmp_path / "load.csv"))
    encoded = run.data.encode(history)[0]
    listener = rnnzoo.stream(run)
    for row, own in zip(frame[["load", "more"]].to_numpy()[-6:], encoded[-6:], strict=True):
        found = listener(np.concatenate([row, own[2:]]))  # behind the columns stands the calendar
    (answer,) = run.predict(history)
    np.testing.assert_allclose(found[:, 0], answer["load"], rtol=1e-5)


def test_several_series_have_no_one_scale(tmp_path):
    times = pd.date_range("2024-01-01", periods=60, freq="h")
    parts = [
        pd.DataFrame({"shop": name, "time": times, "sales": size + np.arange(60)})
        for name, size in (("a", 0), ("b", 1e6))
    ]
    pd.concat(parts).to_csv(tmp_path / "shops.csv", index=False)
    data = SeriesForecasting(file=str(tmp_path / "shops.csv"), time="time", series="shop", horizon=2)
    options = {"hyperparameters": {"normalization": "none"}, "sequence_length": 6}
    run = train("forecasting", data, tmp_path / "run", **options)
    with pytest.raises(
        InvalidValue, match=r"rnnzoo.stream\(run.model\) reads and answers scaled numbers. Received: a run"
    ):
        rnnzoo.stream(run)
    assert rnnzoo.stream(run.model)(np.zeros(1)).shape == (2, 1)
    x = 50 + 9 * np.random.default_rng(0).normal(size=(20, 6, 1))
    model = rnnzoo.RnnzooRegressor("min_gru", weights=str(run.folder), epochs=1).fit(x, x.mean(axis=(1, 2)))
    np.testing.assert_allclose(model.scaler_(x), (x - x.mean()) / x.std(), atol=1e-5)  # nor has an estimator it


def test_a_run_that_scales_nothing_reads_as_it_is(tmp_path):
    """Data of a plug-in need not scale."""
    run = train("classification", SequenceClassification((X / 1e4, np.arange(60) % 2), scale="none"), tmp_path / "run")
    del run.data.fitted["scaler"]
    listener = rnnzoo.stream(run)
    for t in range(5):
        found = listener(X[0, t] / 1e4)
    np.testing.assert_allclose(found, run.model.predict(X[:1].astype("float32") / 1e4, verbose=0)[0], rtol=1e-4)
