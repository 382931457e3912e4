"""One step of a Keras recurrent layer, from its input's projection and its state before.

`project` is what no state changes: over a whole sequence it is one large product. `fed` `(batch, n)` joins the input:
its rows of the kernel are the last ones.
"""

from keras import ops


def project(layer, x):
    """Return W x + b of `x` `(batch, [time,] width)`; `width` may be less than the kernel takes, see `feed`."""
    bias = layer.cell.bias[0] if layer.kind == "gru" else layer.cell.bias
    return ops.matmul(x, layer.cell.kernel[: x.shape[-1]]) + bias


def feed(layer, z, fed):
    """Return the projection with `fed` as the last part of the input."""
    return z + ops.matmul(fed, layer.cell.kernel[-fed.shape[-1] :])


def step(layer, z, state):
    """Return the state after a step: h, and c of an LSTM. Gates are in Keras's order."""
    return {"simple_rnn": _simple, "lstm": _lstm, "gru": _gru}[layer.kind](layer.cell, z, *state)


def _simple(cell, z, h):
    return [ops.tanh(z + ops.matmul(h, cell.recurrent_kernel))]


def _lstm(cell, z, h, c):
    i, f, g, o = ops.split(z + ops.matmul(h, cell.recurrent_kernel), 4, axis=-1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return [ops.sigmoid(o) * ops.tanh(c), c]


def _gru(cell, z, h):
    """The reset gate after the product, as in cuDNN."""
    z_update, z_reset, z_new = ops.split(z, 3, axis=-1)
    h_update, h_reset, h_new = ops.split(ops.matmul(h, cell.recurrent_kernel) + cell.bias[1], 3, axis=-1)
    update, reset = ops.sigmoid(z_update + h_update), ops.sigmoid(z_reset + h_reset)
    return [update * h + (1 - update) * ops.tanh(z_new + reset * h_new)]
