"""The three recurrent cells as equations: one step forward, one step of backpropagation through time.

Every gate is an array of its own, `(batch, units)`: XLA turns arithmetic over whole contiguous arrays into wide vector
instructions, and a slice of a `(batch, gates * units)` array into slow scalar ones.

A cell is four things:

- `gates`: how many blocks of `units` columns its kernels have.
- `saves`: how many arrays each step keeps for the way back.
- `step(z, state, weights) -> state, saved`: `z` holds this step's projected input, one array per gate.
- `back(saved, h_prev, h, dstate, u_transposed) -> d, dstate_prev`: `d` holds the gradients of `h @ U` and of `z`, all
  gates side by side; one array where the two are equal.

Shapes: `h`, `c` and each gate `(batch, units)`; `d` `(batch, gates * units)`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf


class Cell(NamedTuple):
    gates: int
    saves: int
    step: Callable[..., Any]
    back: Callable[..., Any]


def _lstm_step(z, state, weights):
    """Hochreiter and Schmidhuber (1997) and Gers et al. (2000); gates in Keras's order i, f, c, o."""
    h_prev, c_prev = state
    u_i, u_f, u_g, u_o = weights
    i = tf.sigmoid(z[0] + h_prev @ u_i)
    f = tf.sigmoid(z[1] + h_prev @ u_f)
    g = tf.tanh(z[2] + h_prev @ u_g)
    o = tf.sigmoid(z[3] + h_prev @ u_o)
    c = f * c_prev + i * g
    h = o * tf.tanh(c)
    return (h, c), (i, f, g, o, c_prev)


def _lstm_back(saved, h_prev, h, dstate, u_transposed):
    i, f, g, o, c_prev = saved
    dh, dc = dstate
    tanh_c = tf.tanh(f * c_prev + i * g)
    dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
    d = tf.concat(
        [dc * g * i * (1.0 - i), dc * c_prev * f * (1.0 - f), dc * i * (1.0 - g * g), dh * tanh_c * o * (1.0 - o)], 1
    )
    return (d,), (d @ u_transposed, dc * f)


def _gru_step(z, state, weights):
    """Cho et al. (2014), the reset gate applied after the product (Keras's `reset_after=True`, as in cuDNN)."""
    (h_prev,) = state
    u_z, u_r, u_h, bias_h = weights
    update = tf.sigmoid(z[0] + h_prev @ u_z)
    reset = tf.sigmoid(z[1] + h_prev @ u_r)
    m = h_prev @ u_h + bias_h
    candidate = tf.tanh(z[2] + reset * m)
    h = update * h_prev + (1.0 - update) * candidate
    return (h,), (update, reset, candidate, m)


def _gru_back(saved, h_prev, h, dstate, u_transposed):
    update, reset, candidate, m = saved
    (dh,) = dstate
    d_update = dh * (h_prev - candidate) * update * (1.0 - update)
    d_candidate = dh * (1.0 - update) * (1.0 - candidate * candidate)
    d_reset = d_candidate * m * reset * (1.0 - reset)
    d_recurrent = tf.concat([d_update, d_reset, d_candidate * reset], 1)
    d_input = tf.concat([d_update, d_reset, d_candidate], 1)
    return (d_recurrent, d_input), (d_recurrent @ u_transposed + dh * update,)


def _simple_step(z, state, weights):
    """Elman (1990): h = tanh(x W + b + h U)."""
    h = tf.tanh(z[0] + state[0] @ weights[0])
    return (h,), ()


def _simple_back(saved, h_prev, h, dstate, u_transposed):
    d = dstate[0] * (1.0 - h * h)
    return (d,), (d @ u_transposed,)


LSTM = Cell(4, 5, _lstm_step, _lstm_back)
GRU = Cell(3, 4, _gru_step, _gru_back)
SIMPLE_RNN = Cell(1, 0, _simple_step, _simple_back)
