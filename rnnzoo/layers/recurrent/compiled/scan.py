"""A loop over time with its way back arranged by hand, for training under TensorFlow on a CPU.

TensorFlow's own gradient of a loop keeps every intermediate value and adds to the gradient of every weight at every
step. Here the way forward keeps the states and their products with matrices, and the way back goes through the rest of
each step once more; the gradients of those matrices are one large product over all steps. Both loops are compiled by
XLA, and halves of the batch run side by side (see `bptt`). Every gate is an array of its own: a slice of an array of
all gates would be slow.

A step may also make products itself (`rnnzoo.layers.recurrent.products`). What it multiplies of z is multiplied for all
steps before the loop; of the others it keeps the product, and on the way back what was multiplied and the gradient of
the product, of which the matrix's gradient is made behind the loop.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from rnnzoo.layers.recurrent.products import plain, seen_by


def scan(core, state, z, matrices, statics, variables):
    """Run `core(z_t, products, state, statics) -> state, outs` over time.

    Args:
        core: One step, in Keras's operations; `products` are the states times their matrices, by gate.
        state: Tensors `(batch, width)`, a list.
        z: What each step reads, `(time, batch, width)` by gate.
        matrices: For each state some `(width, width)` by gate, or None.
        statics: What every step reads, `(batch, ...)` each.
        variables: Those that `core` uses, matrices of its products among them.

    Returns:
        The states after each step, and all outs: `(time, batch, ...)` each.
    """
    gates = tuple(0 if m is None else len(m) for m in matrices)
    calls, z = _products(core, state, z, matrices, statics, variables)
    loop = _Loop(core, variables, gates, tuple(i for i, s in enumerate(statics) if s.dtype.is_floating), calls)
    run = loop.differentiable((len(z), len(state), sum(gates), len(statics)))
    shared = [gate for m in matrices if m is not None for gate in m], [tf.convert_to_tensor(v) for v in variables]
    size = (tf.shape(z[0])[1] + 1) // 2
    pieces = []
    for rows in (slice(0, size), slice(size, None)):
        own = [gate[:, rows] for gate in z], [s[rows] for s in state], [s[rows] for s in statics]
        pieces.append(run(*own[0], *own[1], *shared[0], *own[2], *shared[1]))
    found = [tf.concat(parts, 1) for parts in zip(*pieces, strict=True)]
    return found[: len(state)], found[len(state) :]


class _Product(NamedTuple):
    """A product that a step makes itself: a W.

    Args:
        variable: Which variable W is; None: not one of them, it is left as it is.
        parts: How many arrays it comes in.
        place: Where its parts stand in z, if they were made before the loop.
        state: Which state a is, if it is one.
    """

    variable: int | None
    parts: int
    place: int | None
    state: int | None

    @property
    def within(self):
        """Whether it is made in the loop, and its matrix's gradient behind it."""
        return self.variable is not None and self.place is None


def _products(core, state, z, matrices, statics, variables):
    """Take a step to find the products that `core` makes; return them, and z with those that depend on z alone."""
    calls, found, now = [], list(z), [gate[0] for gate in z]

    def place(items, x):
        return next((i for i, item in enumerate(items) if item is x), None)

    def look(a, matrix, parts):
        variable, read = place(variables, matrix), place(now, a)
        ahead = variable is not None and read is not None
        calls.append(_Product(variable, parts, len(found) if ahead else None, place(state, a)))
        if ahead:
            blocks = tf.split(tf.convert_to_tensor(matrix), parts, 1)
            found.extend(tf.tensordot(z[read], block, 1) for block in blocks)
        return plain(a, matrix, parts)

    products = [None if m is None else [s @ gate for gate in m] for s, m in zip(state, matrices, strict=True)]
    with seen_by(look):
        core(now, products, state, statics)
    return tuple(calls), found


@dataclass(frozen=True, eq=False)
class _Loop:
    """The two compiled loops of one step.

    Args:
        core: The step.
        variables: Keras's, that it uses; their values come as arguments.
        gates: How many matrices each state is multiplied with.
        summed: Which statics have a gradient: a sum over time.
        calls: The products that the step makes itself, in their order.
    """

    core: Callable
    variables: list
    gates: tuple[int, ...]
    summed: tuple[int, ...]
    calls: tuple[_Product, ...]

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
        d_state, d_z, d_y, sums, made = backward(z, y, befores, matrices, statics, values, upstream)
        for call, (a, d) in zip(self.within, made, strict=True):
            a = befores[call.state] if call.state is not None else a
            sums[len(self.summed) + call.variable] += tf.concat([_outer(a, part) for part in d], 1)
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

    @property
    def within(self):
        """The products that are made in the loop."""
        return [call for call in self.calls if call.within]

    def step(self, z, y, state, statics, values, multiply):
        """Take one step, `y` being all products of states in one list; the step's own ones are made by `multiply`."""
        calls, products = iter(self.calls), [part or None for part in _split(y, self.gates)[:-1]]

        def make(a, matrix, parts):
            call = next(calls)
            if call.place is not None:
                return z[call.place : call.place + parts]
            return multiply(call, a) if call.within else plain(a, matrix, parts)

        with keras.StatelessScope(list(zip(self.variables, values, strict=True))), seen_by(make):
            return self.core(z, products, state, statics)

    def forward(self, z, state, matrices, statics, values):
        """Return all products, and all states and outs."""
        blocks = {call: tf.split(values[call.variable], call.parts, 1) for call in self.within}

        def take(t, state):
            repeated = [s for s, count in zip(state, self.gates, strict=True) for _ in range(count)]
            y = [tf.matmul(s, m) for s, m in zip(repeated, matrices, strict=True)]
            made: list[tf.Tensor] = []

            def multiply(call, a):
                made.extend(tf.matmul(a, block) for block in blocks[call])
                return made[-call.parts :]

            state, outs = self.step([gate.read(t) for gate in z], y, state, statics, values, multiply)
            return state, [*y, *made, *state, *outs]

        def body(t, state, arrays):
            state, found = take(t, state)
            return t + 1, state, _write(arrays, t, found)

        time, z = tf.shape(z[0])[0], [_readable(gate) for gate in z]
        arrays = [tf.TensorArray(a.dtype, time, element_shape=a.shape) for a in take(0, state)[1]]
        _, _, arrays = tf.while_loop(lambda t, *_: t < time, body, (0, state, arrays))
        kept = len(matrices) + sum(call.parts for call in self.within)
        return _split([array.stack() for array in arrays], (kept,))

    def backward(self, z, y, befores, matrices, statics, values, upstream):
        """Return the gradients of the first state, of z, of the products of each state, and the sums over time.

        And for each product that the step makes itself what was multiplied, None for a state, and its gradient.
        """
        sources = [*(statics[i] for i in self.summed), *values]
        transposed = [tf.transpose(tf.concat(part, 1)) for part in _split(matrices, self.gates) if part]
        own = {call: tf.transpose(values[call.variable]) for call in self.within}
        multiplied = [i for i, count in enumerate(self.gates) if count]

        def take(t, d_state):
            here = [a.read(t) for a in (*inputs, *states)]
            z_, y_, made_, state = _split(here, (len(z), len(matrices), len(y) - len(matrices)))
            d, made, saved = [a.read(t) for a in above], [], iter(made_)
            d = [*(a + b for a, b in zip(d, d_state, strict=False)), *d[len(state) :]]

            def multiply(call, a):
                parts = [next(saved) for _ in range(call.parts)]
                made.append(taken := [a, [tf.zeros_like(part) for part in parts]])

                @tf.custom_gradient
                def known(a, parts=parts, taken=taken):
                    def back(*d):
                        taken[1] = list(d)
                        return tf.matmul(tf.concat(d, 1), own[call])

                    return [tf.identity(part) for part in parts], back

                return list(known(a))

            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*here, *sources])
                after, outs = self.step(z_, y_, state, statics, values, multiply)
            factors = [a for a, _ in made]  # asked for too, so that no product is passed over
            d = tape.gradient([*after, *outs], [*here, *sources, *factors], d)
            d_z, d_y, _, d_state, d_sums, _ = _split(d, (len(z), len(matrices), len(made_), len(state), len(sources)))
            d_state = [tf.zeros_like(s) if d is None else d for s, d in zip(state, d_state, strict=True)]
            d_y = [tf.zeros_like(a) if d is None else d for a, d in zip(y_, d_y, strict=True)]
            d_y = [tf.concat(part, 1) for part in _split(d_y, self.gates) if part]
            for i, d_products, m in zip(multiplied, d_y, transposed, strict=True):
                d_state[i] += d_products @ m
            return d_state, [d_z, d_y, made], d_sums

        def listed(d_z, d_y, made):
            kept = [part for call, (a, d) in zip(self.within, made, strict=True)
                    for part in ([] if call.state is not None else [a]) + d]  # fmt: skip
            return [*(d for d in d_z if d is not None), *d_y, *kept]

        def body(t, d_state, arrays, sums):
            d_state, found, d_sums = take(t, d_state)
            sums = [a if b is None else a + b for a, b in zip(sums, d_sums, strict=True)]
            return t - 1, d_state, _write(arrays, t, listed(*found)), sums

        time = tf.shape(z[0])[0]
        first, zeros = [tf.zeros_like(b[0]) for b in befores], [tf.zeros_like(a) for a in sources]
        inputs, states, above = ([_readable(a) for a in part] for part in ([*z, *y], befores, upstream))
        shapes = take(time - 1, first)[1]
        arrays = [tf.TensorArray(a.dtype, time, element_shape=a.shape) for a in listed(*shapes)]
        _, d_state, arrays, sums = tf.while_loop(lambda t, *_: t >= 0, body, (time - 1, first, arrays, zeros))
        stacked = iter([array.stack() for array in arrays])
        d_z = [None if d is None else next(stacked) for d in shapes[0]]
        d_y = [next(stacked) for _ in shapes[1]]
        made = [(None if call.state is not None else next(stacked), [next(stacked) for _ in range(call.parts)])
                for call in self.within]  # fmt: skip
        return d_state, d_z, d_y, sums, made


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
