"""A head, a loss, vectors and a clipping norm of one's own in `build`."""

import keras
import numpy as np
import pytest

import rnnzoo

X = np.array([[4, 7, 2], [3, 5, 0]], "int32")
VECTORS = np.random.default_rng(0).normal(size=(9, 5)).astype("float32")
SMALL = {"vocabulary_size": 9, "units": 4, "seed": 0}


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
        ({"clip": -1.0}, "clip must be"),
        ({"clip": "no"}, "clip must be"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        rnnzoo.build("lstm", **SMALL | arguments)


def test_a_body_that_answers_itself_takes_no_head():
    with pytest.raises(ValueError, match="without a head"):
        rnnzoo.build("repeat_last", "forecasting", features=2, horizon=3, head=keras.layers.Dense(2))


def test_capitals_do_not_hide_a_name():
    with pytest.raises(ValueError, match="Did you mean 'bilstm'"):
        rnnzoo.build("BiLSTM")
