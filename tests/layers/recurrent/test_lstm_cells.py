"""LSTM cells that were changed inside, against NumPy written from the papers' equations."""

import numpy as np
import pytest

from rnnzoo import layers

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 3
X = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Gers and Schmidhuber (2000): the input and the forget gate see the old cell, the output gate the new one.
def peephole(x, h, c, w):
    i, f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=-1)
    i, f = sigmoid(i + w["input_peephole"] * c), sigmoid(f + w["forget_peephole"] * c)
    c = f * c + i * np.tanh(g)
    return sigmoid(o + w["output_peephole"] * c) * np.tanh(c), c


# Melis et al. (2020): (1) for odd rounds, (2) for even ones, then an LSTM.
def mogrifier(x, h, c, w):
    x = 2 * sigmoid(h @ w["q_1"]) * x
    h = 2 * sigmoid(x @ w["r_2"]) * h
    x = 2 * sigmoid(h @ w["q_3"]) * x
    i, f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


CELLS = {peephole: (layers.PeepholeLSTMCell, {}), mogrifier: (layers.MogrifierLSTMCell, {"rounds": 3})}


@pytest.mark.parametrize("step", CELLS)
def test_the_papers_equations(step):
    cell_class, options = CELLS[step]
    layer = layers.RNN(cell_class(UNITS, kernel_regularizer="l2", **options), return_sequences=True)
    layer.build(X.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    weights = {w.name: np.asarray(w) for w in layer.weights}
    h = c = np.zeros((BATCH, UNITS))
    expected = []
    for t in range(TIME):
        h, c = step(X[:, t], h, c, weights)
        expected.append(h)
    np.testing.assert_allclose(layer(X), np.stack(expected, axis=1), atol=1e-5)
    config = layer.cell.get_config()
    assert cell_class.from_config(config).get_config() == config


def test_the_forget_gate_begins_open():
    cell = layers.MogrifierLSTMCell(2, rounds=0)
    cell.build((None, 3))
    np.testing.assert_array_equal(cell.b, [0, 0, 1, 1, 0, 0, 0, 0])


def test_refusals():
    with pytest.raises(ValueError, match=r"rounds must be at least 0. Received: rounds=-1"):
        layers.MogrifierLSTMCell(2, rounds=-1)
