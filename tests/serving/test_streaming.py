"""A model that reads step by step answers as it does of whole sequences; exported too."""

import re

import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import describe, layers, list_models
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.testing.cases import VOCABULARY, build

TOKENS = np.array([3, 1, 4, 1, 5, 9, 2, 6], "int32")
VALUES = np.random.default_rng(0).normal(size=(len(TOKENS), 2)).astype("float32")
CAUSAL = [name for name in list_models(task="language_modeling") if describe(name).causal]
QUICK = ("awd_lstm", "echo_state", "gru_d", "hawk", "lstm", "tcn", "xlstm")


@pytest.fixture(autouse=True)
def several_chunks(monkeypatch):
    monkeypatch.setattr("rnnzoo.layers.recurrent.modern.extended.CHUNK", 3)


@pytest.mark.parametrize("name", others_slow(CAUSAL, QUICK))
def test_a_language_model_step_by_step(name):
    model = build(name, "language_modeling", "tokens")
    with layers.use("general"):
        expected = np.asarray(model(TOKENS[None]))[0]
    read = rnnzoo.stream(model)
    for again in range(2):
        found = [read(token) for token in (TOKENS if not again else TOKENS[:2])]
        np.testing.assert_allclose(found, expected[: len(found)], atol=1e-5)
        assert found[0].shape == (VOCABULARY,)
        read.reset()


@pytest.mark.parametrize("samples", [0, 5])
def test_tied_weights_step_by_step(samples):
    """The layer of the tokens' vectors is there twice, the second time in reverse."""
    model = build("gru", "language_modeling", "tokens", tie_weights=True, samples=samples)
    read = rnnzoo.stream(model)
    found = np.stack([read(token) for token in TOKENS])
    np.testing.assert_allclose(found, np.asarray(model(TOKENS[None]))[0], atol=1e-5)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "mean_max", "concat"])
def test_a_summary_of_all_steps_so_far(pooling):
    model = build("gru", "classification", "floats", pooling=pooling)
    read = rnnzoo.stream(model, batch_size=2)
    for t in range(4):
        found = read(VALUES[[t, t + 1]])
        expected = model(np.stack([VALUES[: t + 1], VALUES[1 : t + 2]]))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_forecast_of_all_steps_so_far():
    model = rnnzoo.build("min_gru", "forecasting", features=2, horizon=3, normalization="none", seed=0)
    read = rnnzoo.stream(model)
    for t in range(3):
        np.testing.assert_allclose(read(VALUES[t]), model(VALUES[None, : t + 1])[0], atol=1e-5)


def test_what_cannot_be_streamed_is_refused():
    for name, options in (("bilstm", {}), ("cnn_bigru", {}), ("min_gru", {"bidirectional": True}), ("han", {})):
        model = build(name, "classification", "tokens", **options)
        with pytest.raises(InvalidValue, match=r"every layer reads step after step is streamed. Received: \w+, a \w+$"):
            rnnzoo.stream(model)
    normalised = rnnzoo.build("gru", "forecasting", features=2, horizon=3)
    with pytest.raises(InvalidValue, match=r"Received: normalize, a Normalize$"):
        rnnzoo.stream(normalised)
    with pytest.raises(InvalidValue, match=r"A step has the shape \(1, 2\), or \(2,\). Received: shape \(3,\)$"):
        rnnzoo.stream(build("gru", "classification", "floats"))(np.zeros(3))
    with pytest.raises(InvalidType, match=r"A run or a keras.Model is streamed. Received: int$"):
        rnnzoo.stream(3)


def by_litert(path):
    import tensorflow as tf

    runner = tf.lite.Interpreter(str(path)).get_signature_runner()
    given, found = _in_order(runner.get_input_details()), _in_order(runner.get_output_details())

    def step(*x):
        answers = runner(**dict(zip(given, x, strict=True)))
        return [answers[name] for name in found]

    return step


def _in_order(names):
    """The input x and then the states, by the numbers in their names."""
    return sorted(names, key=lambda name: (name != "x", [int(number) for number in re.findall(r"\d+", name)]))


def by_onnx(path):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    names = [one.name for one in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))


@pytest.mark.parametrize("name", ["lstm", pytest.param("mamba", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("form", "reader"), [("litert", by_litert), ("onnx", by_onnx)])
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated", "ignore:In the future `np.object`")
def test_exported_with_its_states(tmp_path, name, form, reader):
    if form == "onnx":
        pytest.importorskip("tf2onnx")
    model = build(name, "tagging", "floats")
    listening = rnnzoo.stream(model)
    path = listening.export(tmp_path / "step", form)
    step, states = reader(path), listening.states
    for x in VALUES[:4]:
        answer, *states = step(x[None], *states)
        np.testing.assert_allclose(answer[0], listening(x), atol=1e-5)
