"""The two loops over time, compiled by XLA: forward, and back.

Only these loops are compiled: the large products around them are faster in TensorFlow itself. Arrays are time-major,
`(time, batch, blocks, units)`. `lengths`, `(batch,)`, counts the real steps of each row; at a padded step nothing
changes, and the loop ends at the longest row. `backwards` is an argument, a scalar 0 or 1, not a Python value, so that
both directions of a layer share one compiled program.

XLA runs a program, or the body of a loop, of at most eight kernels one after the other in the thread that called it. Of
a longer one it hands kernels, a whole loop among them, to other threads: at a cost for each, and where another loop may
be running already. All that training runs keeps within the eight; `tests/layers/test_compilation.py` counts them. Hence
the schedule comes from outside, and so does the transposed kernel; states travel back as one array.

Slices are XLA's own: `tf.slice` would compile anew for every longest length it meets.
"""

import functools

import tensorflow as tf

from rnnzoo.layers.recurrent.compiled.cells import Cell, stack
from rnnzoo.private.tensorflow import dynamic_slice, dynamic_update_slice

FEW = 4
"""A prediction projects at once what has fewer rows."""


class Log:
    """One step's view of the arrays over time: what it reads, what it writes.

    A state's array has one entry more than there are steps: entry `t` lies before step `t`, entry `t + 1` after it; or
    the other way round, if the loop runs backwards. A state without an array is not kept; the arrays named in `last`
    have a single entry, the newest.
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
        """Write all blocks of this step; return them one by one."""
        if name not in self.arrays:  # a single block, which nobody keeps
            return [value]
        self._write(name, value)
        return [self.read(name, k) for k in range(value.shape[1])]

    def carry(self, state, value, before):
        """Write a state after this step (at a padded step, what it was before) and return it."""
        value = self.where_real(value, before)
        if state not in self.arrays:
            return value
        self._write(state, value, self.t_after)
        return self.after(state)

    def where_real(self, value, otherwise):
        """`value` in rows for which this step is real, `otherwise` in the others."""
        return value if self.real is None else tf.where(self.real, value, otherwise)

    def _write(self, name, value, t=None):
        # It is read back from there, so that XLA computes `value` once, in place.
        self.arrays[name] = dynamic_update_slice(self.arrays[name], value[None], [self._entry(name, t), 0, 0, 0])

    def _entry(self, name, t):
        return 0 if name in self.last else self.t if t is None else t


def schedule(steps, backwards, reverse=False):
    """Return the tensors `first, end, stride, backwards`: where a loop over `steps` begins, before which step it ends.

    `reverse` is for the loop of the gradients: from the end to the start, if the layer does not run backwards.
    """
    first, end, stride = (steps - 1, -1, -1) if backwards != reverse else (0, steps, 1)
    return [tf.cast(value, "int32") for value in (first, end, stride, backwards)]


@functools.cache
def forward_loop(cell: Cell, units: int):
    """Compile the loop `(z, U, recurrent bias, state, lengths, schedule) -> last state, arrays`.

    `arrays` holds the states of all steps, `(time + 1, batch, 1, units)`, and all else that `cell.back` looks at.
    """

    def loop(z, u, bias, state, lengths, schedule):
        time, rows = tf.shape(z)[0], tf.shape(z)[1]
        arrays = {name: tf.zeros([time, rows, k, units]) for name, k in cell.saves.items()}
        arrays |= {name: _entries(value, time, schedule) for name, value in zip(cell.states, state, strict=True)}
        return _over_time(cell, lambda t: z, u, bias, state, lengths, schedule, arrays)

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)


@functools.cache
def predict_loop(cell: Cell, units: int, keep_all: bool):
    """Compile the loop `(x, W, bias, U, recurrent bias, state, lengths, schedule) -> last state, arrays`.

    It keeps nothing for the way back: `arrays` has `h` of all steps if `keep_all`. So the projection of `x` `(batch,
    time, features)` is made step by step, and never goes through the memory; but that of few rows at once, for a
    product with few rows reads a matrix to do little with it.
    """

    def loop(x, w, bias, u, recurrent_bias, state, lengths, schedule):
        rows, features = tf.shape(x)[0], tf.shape(x)[2]  # TensorFlow forgets a width once it has met another
        arrays = {name: tf.zeros([1, rows, k, units]) for name, k in cell.saves.items() if k > 1}  # read block by block
        if keep_all:
            arrays["h"] = _entries(state[0], tf.shape(x)[1], schedule)

        def project(x):
            return tf.reshape(tf.reshape(x, [-1, features]) @ w, [-1, rows, cell.gates, units]) + bias

        def at_once():
            z = project(tf.transpose(x, [1, 0, 2]))
            return _over_time(cell, lambda t: z, u, recurrent_bias, state, lengths, schedule, arrays, tuple(cell.saves))

        def by_steps():
            last = ("z", *cell.saves)
            return _over_time(cell, lambda t: project(dynamic_slice(x, [0, t, 0], [rows, 1, features])),
                              u, recurrent_bias, state, lengths, schedule, arrays, last)  # fmt: skip

        return tf.cond(rows < FEW, at_once, by_steps)  # XLA knows the rows, and compiles one of the two

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)


def _entries(state, time, schedule):
    """An array of a state over time, with the one that the loop begins with."""
    first, _, _, backwards = schedule
    return tf.where(tf.range(time + 1)[:, None, None, None] == first + backwards, state[None, :, None], 0.0)


def _over_time(cell, project, u, bias, state, lengths, schedule, arrays, last=()):
    """Loop over time: `project(t)` is where step `t` finds z. Returns the last state, and the arrays."""
    first, end, stride, backwards = schedule

    def body(t, state, arrays):
        log = Log({**arrays, "z": project(t)}, t, lengths, backwards, last)
        h_u = tf.reshape(state[0] @ u, [-1, cell.gates, state[0].shape[1]])
        after = cell.step(log, h_u if bias is None else h_u + bias, *[a[:, None] for a in state])
        after = [tf.ensure_shape(new[:, 0], old.shape) for new, old in zip(after, state, strict=True)]
        return t + stride, after, {name: tf.ensure_shape(log.arrays[name], a.shape) for name, a in arrays.items()}

    _, state, arrays = tf.while_loop(lambda t, *_: tf.not_equal(t, end), body, (first, state, arrays))
    return state, arrays


@functools.cache
def backward_loop(cell: Cell, units: int, every_step: bool):
    """Compile the loop `(arrays, dy, dstate, U^T, lengths, schedule) -> [all d], first dstate`.

    Each `d` is `(time, batch, gates, units)`. `dy`, `(time, batch, 1, units)`, is None unless `every_step`; it is not
    looked at where there is padding. The schedule is the reverse of the forward loop's.
    """

    def loop(arrays, dy, dstate, u_transposed, lengths, schedule):
        time, rows = tf.shape(arrays["h"])[0] - 1, tf.shape(arrays["h"])[1]
        first, end, stride, backwards = schedule
        names = ["d", "d_input"][: cell.gradients]
        zeros = {name: tf.zeros([time, rows, cell.gates, units]) for name in names}
        if every_step:
            arrays = {**arrays, "dy": dy}

        def body(t, dstate, ds):
            log = Log({**arrays, **ds}, t, lengths, backwards)
            dh, *others = (dstate[:, k : k + 1] for k in range(len(cell.states)))
            d, before = cell.back(log, dh + log.read("dy") if every_step else dh, *others)
            for name, value in zip(names, d, strict=True):
                log.save(name, log.where_real(value, 0.0))
            d_flat = tf.reshape(log.read("d", 0, cell.gates), [rows, cell.gates * units])
            before[0] += (d_flat @ u_transposed)[:, None]
            before = log.where_real(stack(*before), dstate)
            before.set_shape(dstate.shape)  # TensorFlow may know the batch of one and not of the other
            return t + stride, before, {name: log.arrays[name] for name in names}

        start = tf.stack(dstate, 1)
        _, dstate, ds = tf.while_loop(lambda t, *_: tf.not_equal(t, end), body, (first, start, zeros))
        return [ds[name] for name in names], tf.unstack(dstate, axis=1)

    return tf.function(loop, jit_compile=True, autograph=False, reduce_retracing=True)
