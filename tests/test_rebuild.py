"""`rebuild`: the same weights, other sizes."""

import itertools

import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import layers

TINY = {"units": 4, "num_layers": 2}
X = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")


def _tiny(name, task="tagging", **changes):
    words = rnnzoo.describe(name).hyperparameters
    return rnnzoo.build(name, task, features=3, seed=0, **{k: v for k, v in TINY.items() if k in words} | changes)


def _step_by_step(model, x):
    return np.concatenate([np.asarray(model(x[:, t : t + 1])) for t in range(x.shape[1])], axis=1)


CARRYING = [name for name in rnnzoo.list_models(task="language_modeling") if not name.startswith(("cnn", "tcn"))]
QUICK = ("simple_rnn", "lstm", "cfc", "lmu", "mamba", "mogrifier_lstm", "qrnn")  # test_streaming.py has others


@pytest.mark.parametrize("name", others_slow(CARRYING, QUICK))
def test_stateful_step_by_step_is_the_full_pass(name):
    """Not for bodies with a convolution: it has no state to carry."""
    model = _tiny(name)
    expected = np.asarray(model(X))
    stateful = rnnzoo.rebuild(model, stateful=True, batch_size=2)
    np.testing.assert_allclose(_step_by_step(stateful, X), expected, atol=1e-5)
    # The state is carried on; begun anew, the answers are those of the beginning.
    again = np.asarray(stateful(X[:, :1]))
    assert np.abs(again - expected[:, :1]).max() > 1e-4
    for layer in stateful.get_layer("body").layers:
        if hasattr(layer, "reset_state"):
            layer.reset_state()
    np.testing.assert_allclose(_step_by_step(stateful, X), expected, atol=1e-5)
    np.testing.assert_allclose(model(X), expected, atol=1e-6)  # the model itself is as it was


def test_stateful_tokens():
    model = rnnzoo.build("lstm", "language_modeling", vocabulary_size=9, embedding_dim=3, seed=0, **TINY)
    tokens = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], "int32")
    stateful = rnnzoo.rebuild(model, stateful=True, batch_size=2)
    np.testing.assert_allclose(_step_by_step(stateful, tokens), model(tokens), atol=1e-5)


NAMES, TASKS = ("lstm", "bigru", "stacked_rnn", "cnn_lstm"), ("classification", "forecasting", "tagging")
FIXED = [*itertools.product(NAMES, TASKS)]
FEW = [*zip(NAMES, (*TASKS, TASKS[0]), strict=True)]


@pytest.mark.parametrize(("name", "task"), others_slow(FIXED, FEW, "-".join, spread=True))
def test_fixed_and_unrolled(name, task):
    model = _tiny(name, task, **({"horizon": 2} if task == "forecasting" else {}))
    fixed = rnnzoo.rebuild(model, unroll=True, batch_size=2, sequence_length=6)
    assert fixed.input_shape == (2, 6, 3)
    assert fixed.output_shape[0] == 2
    np.testing.assert_allclose(fixed(X), model(X), atol=1e-5)
    recurrent = [layer for layer in fixed.get_layer("body").layers if hasattr(layer, "unroll")]
    assert all(layer.unroll for layer in recurrent)


def test_free_again():
    fixed = rnnzoo.rebuild(_tiny("gru"), batch_size=2, sequence_length=6)
    free = rnnzoo.rebuild(fixed)
    assert free.input_shape == (None, None, 3)
    np.testing.assert_allclose(free(X[:1, :4]), fixed(X)[:1, :4], atol=1e-5)


def test_masks_survive():
    model = rnnzoo.build("bilstm", vocabulary_size=9, embedding_dim=3, seed=0, units=4)
    tokens = np.array([[1, 2, 3, 0, 0], [4, 0, 5, 0, 0]], "int32")
    fixed = rnnzoo.rebuild(model, batch_size=2, sequence_length=5)
    np.testing.assert_allclose(fixed(tokens), model(tokens[:, :3]), atol=1e-5)


def test_a_rebuilt_model_is_saved_and_loaded(tmp_path):
    import keras

    model = rnnzoo.rebuild(_tiny("lstm"), stateful=True, batch_size=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(_step_by_step(loaded, X), _step_by_step(model, X), atol=1e-6)
    assert isinstance(loaded.get_layer("body"), layers.Part)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"model must be a keras\.Model\. Received: model=3$"):
        rnnzoo.rebuild(3)
    with pytest.raises(TypeError, match=r"unroll must be True or False\. Received: unroll='no'$"):
        rnnzoo.rebuild(_tiny("lstm"), unroll="no")


@pytest.mark.parametrize("name", ["bilstm", "bigru"])
def test_unrolled_with_padding(name):
    model = rnnzoo.build(name, vocabulary_size=9, embedding_dim=3, seed=0, units=3)
    unrolled = rnnzoo.rebuild(model, unroll=True, sequence_length=5)
    tokens = np.array([[1, 2, 3, 0, 0], [4, 0, 5, 6, 7], [8, 0, 0, 0, 0]], "int32")
    np.testing.assert_allclose(unrolled(tokens), model(tokens), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("lstm", {"stateful": True}, "needs a fixed batch_size. Received: batch_size=None$"),
        ("lstm", {"unroll": True}, "needs a fixed sequence_length. Received: sequence_length=None$"),
        ("bilstm", {"stateful": True, "batch_size": 2}, "bidirectional layer reads the end first.*stateful=True$"),
        ("lstm", {"batch_size": 0}, "batch_size must be a whole number >= 1 and < 10,000,000. Received: batch_size=0$"),
        ("lstm", {"sequence_length": -1}, "sequence_length must be a whole number >= 1"),
    ],
)
def test_refusals(name, arguments, words):
    with pytest.raises(ValueError, match=words):
        rnnzoo.rebuild(_tiny(name), **arguments)
