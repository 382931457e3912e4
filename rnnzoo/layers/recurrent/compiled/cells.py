"""The three recurrent cells as equations: one step forward, one step of backpropagation through time.

A cell is:

- `gates`: how many blocks of `units` columns its kernels have.
- `states`: names of its states, `h` first.
- `saves`: what else a step keeps for the way back: names, and how many blocks each has.
- `gradients`: how many arrays `back` returns in `d`.
- `step(log, h_u, h, ...) -> states`: the step forward, from states to states; `h_u` is h_{t-1} U, one block per gate.
- `back(log, dh, ...) -> d, before`: `d` holds the gradients of `h_u` and of `z`, one array where the two are equal;
  `before` the gradients of the states before the step, without what comes through `h_u`.

`log` (see `loops.Log`) reads and writes the arrays over time; `log.read("z", k)` is block `k` of x_t W + b. All
values are `(batch, blocks, units)`. Written this way on purpose, for XLA on a CPU: each line that writes becomes one
kernel of wide vector instructions, and few kernels a step run one after the other, without the cost of scheduling
them. Reading one array's blocks one by one, instead of slicing what was read, is what lets it vectorise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Cell:
    gates: int
    states: tuple[str, ...]
    saves: dict[str, int]
    gradients: int
    step: Callable[..., Any]
    back: Callable[..., Any]


def _sigmoid(x):
    return 0.5 * tf.tanh(0.5 * x) + 0.5


def stack(*blocks):
    """`tf.concat(blocks, 1)` of single blocks, by selection: XLA turns a concatenation into a slow copy."""
    block, result = tf.range(len(blocks))[None, :, None], blocks[-1]
    for k, value in reversed(list(enumerate(blocks[:-1]))):
        result = tf.where(block <= k, value, result)
    return result


def _lstm_step(log, h_u, h, c):
    """Hochreiter and Schmidhuber (1997) and Gers et al. (2000); gates in Keras's order i, f, g, o.

    All four in one expression: sigmoid(x) = (1 + tanh(x / 2)) / 2.
    """
    scale = tf.constant([0.5, 0.5, 1.0, 0.5])[:, None]
    i, f, g, o = log.save("gates", scale * tf.tanh(scale * (log.read("z", 0, 4) + h_u)) + (1.0 - scale))
    c = log.carry("c", f * c + i * g, c)
    return [log.carry("h", o * tf.tanh(c), h), c]


def _lstm_back(log, dh, dc):
    gates, (i, f, g, o) = log.read("gates", 0, 4), (log.read("gates", k) for k in range(4))
    tanh_c = tf.tanh(log.after("c"))
    dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
    # The derivatives: a (1 - a) of a sigmoid a, (1 + a) (1 - a) of a tanh.
    slope = (gates + tf.constant([0.0, 0.0, 1.0, 0.0])[:, None]) * (1.0 - gates)
    return [slope * stack(dc * g, dc * log.before("c"), dc * i, dh * tanh_c)], [0.0, dc * f]


def _gru_step(log, h_u, h):
    """Cho et al. (2014), the reset gate applied after the product (Keras's `reset_after=True`, as in cuDNN)."""
    update, reset = log.save("gates", _sigmoid(log.read("z", 0, 2) + h_u[:, :2]))
    (m,) = log.save("m", h_u[:, 2:])
    (candidate,) = log.save("candidate", tf.tanh(log.read("z", 2) + reset * m))
    return [log.carry("h", update * h + (1.0 - update) * candidate, h)]


def _gru_back(log, dh):
    update, reset, candidate = log.read("gates", 0), log.read("gates", 1), log.read("candidate")
    d_update = dh * (log.before("h") - candidate) * update * (1.0 - update)
    d_candidate = dh * (1.0 - update) * (1.0 - candidate * candidate)
    d_reset = d_candidate * log.read("m") * reset * (1.0 - reset)
    recurrent, projected = stack(d_update, d_reset, d_candidate * reset), stack(d_update, d_reset, d_candidate)
    return [recurrent, projected], [dh * update]


def _simple_step(log, h_u, h):
    """Elman (1990): h = tanh(x W + b + h U)."""
    return [log.carry("h", tf.tanh(log.read("z") + h_u), h)]


def _simple_back(log, dh):
    h = log.after("h")
    return [dh * (1.0 - h * h)], [0.0]


LSTM = Cell(4, ("h", "c"), {"gates": 4}, 1, _lstm_step, _lstm_back)
GRU = Cell(3, ("h",), {"gates": 2, "m": 1, "candidate": 1}, 2, _gru_step, _gru_back)
SIMPLE_RNN = Cell(1, ("h",), {}, 1, _simple_step, _simple_back)
