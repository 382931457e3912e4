"""A loop over time with its way back arranged by hand, for training under TensorFlow on a CPU.

TensorFlow's own gradient of a loop keeps every intermediate value and adds to the gradient of every weight at every
step. Here the way forward keeps the states and their products with matrices, and the way back goes through the rest of
each step once more; the gradients of those matrices are one large product over all steps. Both loops are compiled by
XLA, and halves of the batch run side by side (see `bptt`). Every gate is an array of its own: a slice of an array of
all gates would be slow.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf


def scan(core, state, z, matrices, statics, variables):
    """Run `core(z_t, products, state, statics) -> state, outs` over time.

    Args:
        core: One step, in Keras's operations; `products` are the states times their matrices, by gate.
        state: Tensors `(batch, width)`, a list.
        z: What each step reads, `(time, batch, width)` by gate.
        matrices: For each state some `(width, width)` by gate, or None.
        statics: What every step reads, `(batch, ...)` each.
        variables: Those that `core` uses.

    Returns:
        The states after each step, and all outs: `(time, batch, ...)` each.
    """
    gates = tuple(0 if m is None else len(m) for m in matrices)
    loop = _Loop(core, variables, gates, tuple(i for i, s in enumerate(statics) if s.dtype.is_floating))
    run = loop.differentiable((len(z), len(state), sum(gates), len(statics)))
    shared = [gate for m in matrices if m is not None for gate in m], [tf.convert_to_tensor(v) for v in variables]
    size = (tf.shape(z[0])[1] + 1) // 2
    pieces = []
    for rows in (slice(0, size), slice(size, None)):
        own = [gate[:, rows] for gate in z], [s[rows] for s in state], [s[rows] for s in statics]
        pieces.append(run(*own[0], *own[1], *shared[0], *own[2], *shared[1]))
    found = [tf.concat(parts, 1) for parts in zip(*pieces, strict=True)]
    return found[: len(state)], found[len(state) :]


@dataclass(frozen=True, eq=False)
class _Loop:
    """The two compiled loops of one step.

    Args:
        core: The step.
        variables: Keras's, that it uses; their values come as arguments.
        gates: How many matrices each state is multiplied with.
        summed: Which statics have a gradient: a sum over time.
    """

    core: Callable
    variables: list
    gates: tuple[int, ...]
    summed: tuple[int, ...]

    def differentiable(self, counts):
        """Return the loop as a function of z, state, matrices, statics and values, `counts` of the first four."""
        forward, backward = (
            tf.function(function, jit_compile=True, autograph=False) for function in (self.forward, self.backward)
        )

        @tf.custom_gradient
        def run(*inputs):
            # Without this TensorFlow would prepare to differentiate the compiled loops as well.
            inputs = _split(list(map(tf.stop_gradient, inputs)), counts)
            y, found = forward(*inputs)
            return found, lambda *upstream: self.gradient(backward, inputs, y, found, list(upstream))

        return run

    def gradient(self, backward, inputs, y, found, upstream):
        """Return the gradients of the inputs."""
        z, state, matrices, statics, values = inputs
        befores = [tf.concat([s[None], a[:-1]], 0) for s, a in zip(state, found, strict=False)]
        d_state, d_z, d_y, sums = backward(z, y, befores, matrices, statics, values, upstream)
        d_matrices = []
        for h, count in zip(befores, self.gates, strict=True):
            if count:
                d_matrices += tf.split(_outer(h, d_y.pop(0)), count, 1)
        d_statics = dict(zip(self.summed, sums, strict=False))
        return (
            *d_z,
            *d_state,
            *d_matrices,
            *(d_statics.get(i) for i in range(len(statics))),
            *sums[len(self.summed) :],
        )

    def step(self, z, y, state, statics, values):
        """Take one step, `y` being all products in one list."""
        products = [part or None for part in _split(y, self.gates)[:-1]]
        with keras.StatelessScope(list(zip(self.variables, values, strict=True))):
            return self.core(z, products, state, statics)

    def forward(self, z, state, matrices, statics, values):
        """Return all products, and all states and outs."""

        def take(t, state):
            repeated = [s for s, count in zip(state, self.gates, strict=True) for _ in range(count)]
            y = [tf.matmul(s, m) for s, m in zip(repeated, matrices, strict=True)]
            state, outs = self.step([gate.read(t) for gate in z], y, state, statics, values)
            return state, [*y, *state, *outs]

        def body(t, state, arrays):
            state, found = take(t, state)
            return t + 1, state, _write(arrays, t, found)

        time, z = tf.shape(z[0])[0], [_readable(gate) for gate in z]
        arrays = [tf.TensorArray(a.dtype, time, element_shape=a.shape) for a in take(0, state)[1]]
        _, _, arrays = tf.while_loop(lambda t, *_: t < time, body, (0, state, arrays))
        return _split([array.stack() for array in arrays], (len(matrices),))

    def backward(self, z, y, befores, matrices, statics, values, upstream):
        """Return the gradients of the first state, of z, of the products of each state, and the sums over time."""
        sources = [*(statics[i] for i in self.summed), *values]
        transposed = [tf.transpose(tf.concat(part, 1)) for part in _split(matrices, self.gates) if part]
        multiplied = [i for i, count in enumerate(self.gates) if count]

        def body(t, d_state, arrays, sums):
            here = [a.read(t) for a in (*inputs, *states)]
            z_, y_, state = _split(here, (len(z), len(y)))
            d = [a.read(t) for a in above]
            d = [*(a + b for a, b in zip(d, d_state, strict=False)), *d[len(state) :]]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*here, *sources])
                after, outs = self.step(z_, y_, state, statics, values)
            d = tape.gradient([*after, *outs], [*here, *sources], d, unconnected_gradients="zero")
            d_z, d_y, d_state, d_sums = _split(d, (len(z), len(y), len(state)))
            d_y = [tf.concat(part, 1) for part in _split(d_y, self.gates) if part]
            for i, d_products, m in zip(multiplied, d_y, transposed, strict=True):
                d_state[i] += d_products @ m
            sums = [a + b for a, b in zip(sums, d_sums, strict=True)]
            return t - 1, d_state, _write(arrays, t, [*d_z, *d_y]), sums

        time, rows = tf.shape(z[0])[0], z[0].shape[1]
        shapes = [gate.shape[1:] for gate in z] + [[rows, m.shape[0]] for m in transposed]
        arrays = [tf.TensorArray(z[0].dtype, time, element_shape=shape) for shape in shapes]
        first, zeros = [tf.zeros_like(b[0]) for b in befores], [tf.zeros_like(a) for a in sources]
        inputs, states, above = ([_readable(a) for a in part] for part in ([*z, *y], befores, upstream))
        _, d_state, arrays, sums = tf.while_loop(lambda t, *_: t >= 0, body, (time - 1, first, arrays, zeros))
        d_z, d_y = _split([array.stack() for array in arrays], (len(z),))
        return d_state, d_z, d_y, sums


def _split(items, counts):
    """Cut a list into parts so long, and the rest."""
    parts = []
    for count in counts:
        parts.append(items[:count])
        items = items[count:]
    return [*parts, items]


def _write(arrays, t, values):
    return [array.write(t, value) for array, value in zip(arrays, values, strict=True)]


def _readable(x):
    """`x` to be read step by step. Indexed by `x[t]`, XLA would compile anew for every longest length it meets."""
    return tf.TensorArray(x.dtype, tf.shape(x)[0], element_shape=x.shape[1:], clear_after_read=False).unstack(x)


def _outer(a, d):
    """The sum over time and batch of the outer products of `a` and `d`."""
    return tf.matmul(tf.reshape(a, [-1, a.shape[2]]), tf.reshape(d, [-1, d.shape[2]]), transpose_a=True)
