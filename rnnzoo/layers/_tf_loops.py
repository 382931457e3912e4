"""The two loops over time, compiled by XLA: forward, and back.

Only these loops are compiled: the large products around them are faster in TensorFlow itself. Arrays are time-major,
`(time, batch, units)`. `lengths`, `(batch,)`, counts the real steps of each row; at a padded step nothing changes, and
the loop ends at the longest row. `backwards`, a scalar 0 or 1, is an argument, not a Python value, so that both
directions of a layer share one compiled program.
"""

import functools
from typing import Any

import tensorflow as tf

from rnnzoo.layers._tf_cells import Cell


def _buffer(first, time):
    """An array of `time` steps of which each, until it is written, equals `first`."""
    shape = tf.concat([[time], tf.shape(first)], 0)
    return tf.TensorArray(tf.float32, time, element_shape=first.shape).unstack(tf.broadcast_to(first, shape))


def _readable(x):
    """`x` to be read step by step. Indexed by `x[t]`, XLA would compile anew for every longest length it meets."""
    return tf.TensorArray(x.dtype, tf.shape(x)[0], element_shape=x.shape[1:]).unstack(x)


def _schedule(time, lengths, backwards):
    """The number of steps to take, and the function from the s-th step to its place in the arrays."""
    steps = time if lengths is None else tf.reduce_max(lengths)
    first = backwards * (steps - 1)
    return steps, lambda s: first + s * (1 - 2 * backwards)


def _real(t, lengths):
    return (t < lengths)[:, None]


@functools.cache
def forward_loop(cell: Cell, units: int, keep_all: bool, keep_saved: bool):
    """Compile the loop `(z, weights, state, lengths, backwards) -> last state, [all h], [all saved]`."""

    def loop(z, weights, state, lengths, backwards):
        time = tf.shape(z[0])[0]
        steps, place = _schedule(time, lengths, backwards)
        zero = tf.zeros_like(state[0])
        z = [_readable(part) for part in z]
        arrays = [_buffer(state[0], time)] * keep_all + [_buffer(zero, time)] * (cell.saves * keep_saved)

        def body(s, state, arrays):
            t = place(s)
            new, saved = cell.step([part.read(t) for part in z], state, weights)
            if lengths is not None:
                new = tuple(tf.where(_real(t, lengths), a, b) for a, b in zip(new, state, strict=True))
            values = [new[0]] * keep_all + list(saved) * keep_saved
            return s + 1, new, [array.write(t, value) for array, value in zip(arrays, values, strict=True)]

        _, state, arrays = tf.while_loop(lambda s, *_: s < steps, body, (0, tuple(state), arrays))
        arrays = [array.stack() for array in arrays]
        return state, arrays[:keep_all], arrays[keep_all:]

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)


@functools.cache
def backward_loop(cell: Cell, units: int, every_step: bool):
    """Compile the loop `(saved, h_prev, h, dy, dstate, U, lengths, backwards) -> [all d], first dstate`."""

    def loop(saved, h_prev, h, dy, dstate, u, lengths, backwards):
        time = tf.shape(h)[0]
        steps, place = _schedule(time, lengths, backwards)
        u_transposed = tf.transpose(u)
        kept, before_, after = [_readable(part) for part in saved], _readable(h_prev), _readable(h)
        dy_: Any = _readable(dy) if every_step else None
        d_zero = tf.zeros([tf.shape(h)[1], cell.gates * units])
        arrays = [_buffer(d_zero, time)] * (2 if cell.gates == 3 else 1)

        def body(s, dstate, arrays):
            t = place(s)
            if every_step:
                dstate = (dstate[0] + dy_.read(t), *dstate[1:])
            here = dstate
            if lengths is not None:
                here = tuple(tf.where(_real(t, lengths), a, 0.0) for a in dstate)
            d, before = cell.back([part.read(t) for part in kept], before_.read(t), after.read(t), here, u_transposed)
            if lengths is not None:
                before = tuple(tf.where(_real(t, lengths), a, b) for a, b in zip(before, dstate, strict=True))
            return s - 1, before, [array.write(t, value) for array, value in zip(arrays, d, strict=True)]

        _, dstate, arrays = tf.while_loop(lambda s, *_: s >= 0, body, (steps - 1, tuple(dstate), arrays))
        return [array.stack() for array in arrays], dstate

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)
