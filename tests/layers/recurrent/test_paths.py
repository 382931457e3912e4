"""Which path a recurrent layer takes: cuDNN, hand-written BPTT, a scan or Keras's own loop."""

import keras
import numpy as np
import pytest

import rnnzoo.layers
from rnnzoo.layers.recurrent import paths


def situation(**changes):
    return paths.Situation(**{"backend": "tensorflow", "device": "cpu", "kind": "lstm", **changes})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "bptt"),
        ({"kind": "simple_rnn"}, "bptt"),
        ({"use_cudnn": False}, "bptt"),
        ({"use_cudnn": True}, "general"),
        ({"dtype": "bfloat16"}, "general"),
        ({"activation": "relu"}, "general"),
        ({"kind": "gru", "reset_after": False}, "general"),
        ({"device": "gpu", "padded": True}, "cudnn"),
        ({"device": "gpu", "padded": True, "needs_state": True}, "cudnn"),
        ({"device": "gpu", "dtype": "float16"}, "cudnn"),
        ({"device": "gpu", "kind": "gru", "padded": True}, "cudnn"),
        ({"device": "gpu", "kind": "simple_rnn"}, "general"),
        ({"device": "gpu", "use_cudnn": False}, "general"),
        ({"device": "gpu", "recurrent_dropout": 0.1}, "general"),
        ({"device": "gpu", "use_bias": False}, "general"),
        ({"device": "tpu"}, "scan"),
        ({"backend": "jax"}, "scan"),
        ({"backend": "jax", "device": "gpu"}, "scan"),
        ({"backend": "jax", "device": "gpu", "kind": "gru"}, "scan"),
        ({"backend": "jax", "device": "tpu"}, "scan"),
        ({"backend": "torch"}, "general"),
        ({"backend": "torch", "device": "gpu", "padded": True}, "cudnn"),
        ({"backend": "torch", "device": "gpu", "padded": True, "needs_state": True}, "general"),
    ],
    ids=str,
)
def test_the_path_on_a_pretended_device(changes, path):
    assert paths.choose(situation(**changes)) == path
    with rnnzoo.layers.use("general"):
        assert paths.choose(situation(**changes)) == "general"


def test_a_layer_tells_its_path(monkeypatch):
    layer = rnnzoo.layers.LSTM(4)
    assert layer.path == "bptt"
    monkeypatch.setattr(paths, "device", lambda: "gpu")
    assert layer.path == "cudnn"
    assert rnnzoo.layers.LSTM(4, activation="relu").path == "general"


def test_a_forced_path_ends_with_its_block():
    layer = rnnzoo.layers.LSTM(4)
    with rnnzoo.layers.use("general"):
        assert layer.path == "general"
    rnnzoo.layers.use("general")
    assert layer.path == "general"
    rnnzoo.layers.use("auto")
    assert layer.path == "bptt"
    with pytest.raises(ValueError, match="Received: path='fast'"):
        rnnzoo.layers.use("fast")


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_the_general_way_never_takes_cudnn(monkeypatch, kind):
    """Keras's own layers take it whenever they can."""

    def taken(*_, **__):
        raise AssertionError("Keras took cuDNN")

    monkeypatch.setattr(f"keras.src.backend.{kind.lower()}", taken)
    with pytest.raises(AssertionError, match="took cuDNN"):
        getattr(keras.layers, kind)(3)(np.ones((2, 4, 3), "float32"))
    with rnnzoo.layers.use("general"):
        assert getattr(rnnzoo.layers, kind)(3)(np.ones((2, 4, 3), "float32")).shape == (2, 3)
