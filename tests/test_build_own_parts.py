"""A head, a loss, vectors and a clipping norm of one's own in `build`."""

import inspect

import keras
import numpy as np
import pytest
from refusals import one_sentence

import rnnzoo
from rnnzoo import layers

X = np.array([[4, 7, 2], [3, 5, 0]], "int32")
VECTORS = np.random.default_rng(0).normal(size=(9, 5)).astype("float32")
SMALL = {"vocabulary_size": 9, "units": 4, "seed": 0}


@pytest.fixture(autouse=True)
def uncompiled():
    """Keras's own loops: they compile in no time."""
    with layers.use("general"):
        yield


def vectors_with(value):
    found = VECTORS.astype("float64")
    found[3, 1] = value
    return found


def test_without_a_head_the_body_answers():
    model = rnnzoo.build("lstm", head=None, **SMALL)
    assert model.output_shape == (None, 4)
    assert not model.compiled
    whole = rnnzoo.build("lstm", **SMALL)
    np.testing.assert_allclose(model(X), rnnzoo.features(whole)(X), atol=1e-6)
    assert rnnzoo.build("lstm", head=None, loss="mse", **SMALL).compiled


@pytest.mark.parametrize("head", [keras.layers.Dense(3, "sigmoid"), lambda h: keras.layers.Dense(3, "sigmoid")(h)])
def test_a_head_loss_and_metrics_of_ones_own_train_and_are_saved(head, tmp_path):
    model = rnnzoo.build("lstm", head=head, loss="binary_crossentropy", metrics=["binary_accuracy"], **SMALL)
    y = np.array([[1, 0, 1], [0, 1, 1]], "float32")
    before = model.evaluate(X, y, verbose=0)[0]
    answer = np.clip(np.asarray(model(X)), 1e-7, 1 - 1e-7)
    assert before == pytest.approx(-np.mean(y * np.log(answer) + (1 - y) * np.log(1 - answer)), rel=1e-4)
    logs = model.fit(X, y, epochs=20, verbose=0).history
    assert logs["loss"][-1] < before
    assert "binary_accuracy" in logs
    model.save(tmp_path / "own.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "own.keras")(X), model(X), atol=1e-6)


@pytest.mark.parametrize("trainable", [True, False])
def test_vectors_of_ones_own(trainable):
    model = rnnzoo.build("lstm", embeddings=VECTORS, trainable_embeddings=trainable, units=4)
    np.testing.assert_array_equal(model.get_layer("embedding").embeddings, VECTORS)
    model.fit(X, np.array([0, 1]), verbose=0)
    assert np.allclose(model.get_layer("embedding").embeddings, VECTORS) is not trainable


@pytest.mark.parametrize("clip", [None, 0.25])
def test_clipping(clip):
    assert rnnzoo.build("lstm", clip=clip, **SMALL).optimizer.global_clipnorm == clip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": "tusk"}, "head must be"),
        ({"embeddings": VECTORS, "vocabulary_size": 3}, "one for each"),
        ({"embeddings": VECTORS[0], "vocabulary_size": None}, "one for each"),
        ({"embeddings": VECTORS, "embedding_dim": 4}, r"one for each\. Received: shape \(9, 5\), .*embedding_dim=4"),
        ({"embeddings": [[1.0], [1.0, 2.0]], "vocabulary_size": 2}, "one for each. Received: list"),
        ({"embeddings": [[10**400]], "vocabulary_size": 1}, "one for each. Received: list"),
        (
            {"embeddings": vectors_with(np.nan)},
            "finite numbers. Received: nan for token 3",
        ),
        (
            {"embeddings": vectors_with(1e39)},
            "finite numbers. Received: inf for token 3",
        ),
        ({"loss": "x"}, "loss must be a name or an object of keras.losses, or a function. Received: 'x'"),
        ({"loss": "hubr"}, "Did you mean 'huber'"),
        ({"loss": ""}, "loss must be"),
        ({"loss": {}}, "loss must be"),
        ({"loss": int}, "loss must be"),
        ({"metrics": "accuracy"}, r"metrics must be a list, such as \['accuracy'\]. Received: metrics='accuracy'"),
        ({"metrics": {"accuracy"}}, "metrics must be a list"),
        ({"metrics": ["acuracy"]}, "each of metrics must be a name or an object of keras.metrics.*Received: 'acuracy'"),
        ({"metrics": [None]}, "each of metrics must be"),
        ({"metrics": ["mean_io_u"]}, "each of metrics must be"),
        ({"clip": -1.0}, "clip must be"),
        ({"clip": "no"}, "clip must be"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    assert "Received: " in one_sentence(lambda: rnnzoo.build("lstm", **SMALL | arguments), message)


@pytest.mark.parametrize("name", [word for word in inspect.signature(rnnzoo.build).parameters if word != "seed"])
def test_no_argument_takes_anything(name):
    """Before a model is made of it."""
    if name == "hyperparameters":
        name = "units"
    task = {"horizon": "forecasting", "quantiles": "forecasting", "characters": "tagging"}.get(name, "classification")
    given = {"name": "mlp" if task != "tagging" else "lstm", "task": task, "horizon": 2} | {name: object()}
    if task != "forecasting" and name != "horizon":
        del given["horizon"]
    one_sentence(lambda: rnnzoo.build(**given), "Received: .*object")


@pytest.mark.parametrize("loss", ["mse", "ce", keras.losses.Huber, lambda truth, answer: abs(truth - answer)])
def test_losses_and_metrics_of_any_form(loss):
    metrics = ("accuracy", "MAE", keras.metrics.MeanSquaredError, keras.metrics.mean_absolute_error)
    model = rnnzoo.build("mlp", features=2, units=2, outputs=2, loss=loss, metrics=metrics)
    assert model.compiled


def test_a_body_that_answers_itself_takes_no_head():
    with pytest.raises(ValueError, match="without a head"):
        rnnzoo.build("repeat_last", "forecasting", features=2, horizon=3, head=keras.layers.Dense(2))


def test_capitals_do_not_hide_a_name():
    with pytest.raises(ValueError, match="Did you mean 'bilstm'"):
        rnnzoo.build("BiLSTM")
