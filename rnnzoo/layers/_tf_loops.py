"""The two loops over time, compiled by XLA: forward, and back.

Only these loops are compiled: the large products around them are faster in TensorFlow itself. Arrays are time-major,
`(time, batch, blocks, units)`. `lengths`, `(batch,)`, counts the real steps of each row; at a padded step nothing
changes, and the loop ends at the longest row. `backwards`, a scalar 0 or 1, is an argument, not a Python value, so that
both directions of a layer share one compiled program.

Slices are XLA's own, as in Keras: `tf.slice` would compile anew for every longest length it meets.
"""

import functools

import tensorflow as tf
from tensorflow.compiler.tf2xla.python.xla import dynamic_slice, dynamic_update_slice

from rnnzoo.layers._tf_cells import Cell


class Log:
    """One step's view of the arrays over time: what it reads, what it writes.

    A state's array has one entry more than there are steps: entry `t` lies before step `t`, entry `t + 1` after it; or
    the other way round, if the loop runs backwards. The arrays named in `last` have a single entry, the newest value.
    """

    def __init__(self, arrays, t, lengths, backwards, last=()):
        self.arrays, self.t, self.last = dict(arrays), t, last
        self.t_before, self.t_after = t + backwards, t + 1 - backwards
        self.real = None if lengths is None else (t < lengths)[:, None, None]

    def read(self, name, block=0, count=1, t=None):
        """Return `count` blocks of this step, `(batch, count, units)`."""
        array = self.arrays[name]
        size = [1, tf.shape(array)[1], count, array.shape[3]]
        return dynamic_slice(array, [self._entry(name, t), 0, block, 0], size)[0]

    def before(self, state):
        return self.read(state, t=self.t_before)

    def after(self, state):
        return self.read(state, t=self.t_after)

    def save(self, name, value):
        """Write all blocks of this step; return them one by one.

        They are read back, so that XLA computes `value` once, in place.
        """
        self._write(name, value, self.t)
        return [self.read(name, block) for block in range(value.shape[1])]

    def carry(self, state, value):
        """Write a state after this step (at a padded step, what it was before) and return it."""
        self._write(state, self.where_real(value, lambda: self.before(state)), self.t_after)
        return self.after(state)

    def where_real(self, value, otherwise):
        """`value` in rows for which this step is real, `otherwise()` in the others."""
        return value if self.real is None else tf.where(self.real, value, otherwise())

    def _write(self, name, value, t):
        entry = [self._entry(name, t), 0, 0, 0]
        self.arrays[name] = dynamic_update_slice(self.arrays[name], value[None], entry)

    def _entry(self, name, t):
        return 0 if name in self.last else self.t if t is None else t


def _schedule(time, lengths, backwards):
    """Return the first step, the one after the last, the stride between them, and how many steps there are."""
    steps = time if lengths is None else tf.reduce_max(lengths)
    stride = 1 - 2 * backwards
    first = backwards * (steps - 1)
    return first, first + stride * steps, stride, steps


@functools.cache
def forward_loop(cell: Cell, units: int, keep_all: bool, keep_saved: bool):
    """Compile the loop `(z, U, recurrent bias, state, lengths, backwards) -> last state, arrays`.

    `arrays` holds `h` of all steps, `(time + 1, batch, 1, units)`, if `keep_all`, and all that `cell.back` looks at, if
    `keep_saved`; otherwise the last values alone.
    """
    last = {*cell.saves, *cell.states} if not keep_saved else set()
    if keep_all:
        last -= {"h"}

    def loop(z, u, bias, state, lengths, backwards):
        time, rows = tf.shape(z)[0], tf.shape(z)[1]
        first, end, stride, steps = _schedule(time, lengths, backwards)
        arrays = {name: tf.zeros([1 if name in last else time, rows, k, units]) for name, k in cell.saves.items()}
        for name, value in zip(cell.states, state, strict=True):
            zeros = tf.zeros([1 if name in last else time + 1, rows, 1, units])
            entry = 0 if name in last else backwards * steps
            arrays[name] = dynamic_update_slice(zeros, value[None, :, None], [entry, 0, 0, 0])

        def body(t, arrays):
            log = Log({**arrays, "z": z}, t, lengths, backwards, last)
            h_u = tf.reshape(log.before("h")[:, 0] @ u, [rows, cell.gates, units])
            cell.step(log, h_u if bias is None else h_u + bias)
            return t + stride, {name: log.arrays[name] for name in arrays}

        _, arrays = tf.while_loop(lambda t, _: tf.not_equal(t, end), body, (first, arrays))
        log = Log(arrays, end - stride, lengths, backwards, last)
        return [log.after(name)[:, 0] for name in cell.states], arrays

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)


@functools.cache
def backward_loop(cell: Cell, units: int, every_step: bool):
    """Compile the loop `(arrays, dy, dstate, U, lengths, backwards) -> [all d], first dstate`.

    Each `d` is `(time, batch, gates, units)`; `dy` is `(time, batch, units)`, None unless `every_step`.
    """

    def loop(arrays, dy, dstate, u, lengths, backwards):
        time, rows = tf.shape(arrays["h"])[0] - 1, tf.shape(arrays["h"])[1]
        first, end, stride, _ = _schedule(time, lengths, backwards)
        u_transposed = tf.transpose(u)
        names = ["d", "d_input"][: cell.gradients]
        zeros = {name: tf.zeros([time, rows, cell.gates, units]) for name in names}
        if every_step:
            arrays = {**arrays, "dy": dy[:, :, None]}

        def body(t, dstate, ds):
            log = Log({**arrays, **ds}, t, lengths, backwards)
            if every_step:
                dstate = [dstate[0] + log.read("dy"), *dstate[1:]]
            d, before = cell.back(log, *dstate)
            for name, value in zip(names, d, strict=True):
                log.save(name, log.where_real(value, lambda: 0.0))
            d_flat = tf.reshape(log.read("d", 0, cell.gates), [rows, cell.gates * units])
            before[0] += (d_flat @ u_transposed)[:, None]
            before = [log.where_real(a, lambda b=b: b) for a, b in zip(before, dstate, strict=True)]
            for a, b in zip(before, dstate, strict=True):  # TensorFlow may know the batch of one and not of the other
                a.set_shape(b.shape)
            return t - stride, before, {name: log.arrays[name] for name in names}

        start = [a[:, None] for a in dstate]
        _, dstate, ds = tf.while_loop(lambda t, *_: tf.not_equal(t, first - stride), body, (end - stride, start, zeros))
        return [ds[name] for name in names], [a[:, 0] for a in dstate]

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)
