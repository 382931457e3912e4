"""One step of a Keras recurrent layer, in parts: what is known before it can be computed for all steps at once."""

from collections.abc import Callable

from keras import ops


def project(layer, x):
    """Return W x + b of `x` `(batch, [time,] width)`; of a kernel that takes more, the first rows."""
    bias = layer.cell.bias[0] if layer.kind == "gru" else layer.cell.bias
    return ops.matmul(x, layer.cell.kernel[: x.shape[-1]]) + bias


def step(layer, z, product, state):
    """Return the state after a step, a list: h, and c of an LSTM. Gates are in Keras's order.

    Args:
        layer: A `SimpleRNN`, `LSTM` or `GRU`.
        z: The input's projection, `(batch, units)` by gate.
        product: U h, likewise.
        state: The state before.
    """
    steps: dict[str, Callable] = {"simple_rnn": _simple, "lstm": _lstm, "gru": _gru}
    return steps[layer.kind](layer.cell, z, product, *state)


def _simple(cell, z, product, h):
    return [ops.tanh(z[0] + product[0])]


def _lstm(cell, z, product, h, c):
    i, f, g, o = (a + b for a, b in zip(z, product, strict=True))
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return [ops.sigmoid(o) * ops.tanh(c), c]


def _gru(cell, z, product, h):
    """The reset gate after the product, as in cuDNN."""
    h_update, h_reset, h_new = (a + b for a, b in zip(product, ops.split(cell.bias[1], 3), strict=True))
    update, reset = ops.sigmoid(z[0] + h_update), ops.sigmoid(z[1] + h_reset)
    return [update * h + (1 - update) * ops.tanh(z[2] + reset * h_new)]


def gates(x, units):
    """Cut the last axis into pieces `units` wide, a list."""
    return ops.split(x, x.shape[-1] // units, axis=-1)
