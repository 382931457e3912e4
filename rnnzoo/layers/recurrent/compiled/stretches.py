"""Element-wise recurrences whose state is much larger than what is read of it: states are made twice, not kept.

The way forward keeps the state before every stretch of steps. The way back makes the states of a stretch again, which
stay in the processor's cache, and goes through it from its end: Chen et al. (2016), https://arxiv.org/abs/1604.06174.
Gradients are those of `elementwise`; what is read of a state is asked for at every step.
"""

import functools

import tensorflow as tf

from rnnzoo.layers.recurrent.compiled.fused import read, write, xla
from rnnzoo.layers.recurrent.compiled.step import Step, added, vjp
from rnnzoo.private.tensorflow import dynamic_slice, dynamic_update_slice

STRETCH = 32
"""Steps."""


def compiled(recurrence, places, shapes, reverse, every):
    """Return the compiled loops forward and back."""
    return _compiled(recurrence, places, shapes, reverse, every, STRETCH)


@functools.cache
def _compiled(recurrence, places, shapes, reverse, every, size):
    """Compile them, once for all layers of a kind; `size` is that of a stretch."""
    step = Step(recurrence, places)

    def time_of(i, time):
        """The step that is taken i-th."""
        return time - 1 - i if reverse else i

    def states(arrays, k):
        """Return entry k of arrays `(count, batch, ...)`."""
        return [
            dynamic_slice(array, [k, *[0] * (len(shape) + 1)], [1, tf.shape(array)[1], *shape])[0]
            for array, shape in zip(arrays, shapes, strict=True)
        ]

    def answer(z_t, state, constants):
        return recurrence.answer(z_t, state, constants) if every else []

    def forward(z, state, constants, lengths):
        rows, time = tf.shape(z[0])[0], tf.shape(z[0])[1]
        count = (time + size - 1) // size
        kept = [tf.zeros([count, rows, *shape], s.dtype) for s, shape in zip(state, shapes, strict=True)]
        read_first = answer(step.blocks(z, 0), state, constants)  # for its shapes
        answers = [tf.zeros([rows, time, *a.shape[1:]], a.dtype) for a in read_first]

        def take(i, state, answers):
            t = time_of(i, time)
            z_t = step.blocks(z, t)
            state = step.after(t, lengths, z_t, state, constants)
            found = answer(z_t, state, constants)
            return i + 1, state, [write(all_of, a, t, 0) for all_of, a in zip(answers, found, strict=True)]

        def stretch(k, state, answers, kept):
            kept = [_put(array, s, k) for array, s in zip(kept, state, strict=True)]
            end = tf.minimum((k + 1) * size, time)
            _, state, answers = tf.while_loop(lambda i, *_: i < end, take, (k * size, state, answers))
            return k + 1, state, answers, kept

        start = 0, state, answers, kept
        _, last, answers, kept = tf.while_loop(lambda k, *_: k < count, stretch, start)
        return answers, last, kept

    def backward(z, _, constants, lengths, kept, upstream, d_last):
        rows, time = tf.shape(z[0])[0], tf.shape(z[0])[1]
        count = tf.shape(kept[0])[0]
        sums, dz = [tf.zeros_like(c) for c in constants], [tf.zeros_like(part) for part in z]
        hs = [tf.zeros([size + 1, rows, *shape], s.dtype) for s, shape in zip(kept, shapes, strict=True)]

        def stretch(k, d, dz, sums, hs):
            k -= 1
            first, end = k * size, tf.minimum((k + 1) * size, time)
            hs = [_put(h, s, 0) for h, s in zip(hs, states(kept, k), strict=True)]

            def again(i, hs):  # read from where they are written, so that XLA makes them once
                t = time_of(i, time)
                after = step.after(t, lengths, step.blocks(z, t), states(hs, i - first), constants)
                return i + 1, [_put(h, s, i + 1 - first) for h, s in zip(hs, after, strict=True)]

            _, hs = tf.while_loop(lambda i, _: i < end, again, (first, hs))

            def back(i, d, dz, sums):
                i -= 1
                t = time_of(i, time)
                z_t = step.blocks(z, t)
                before, after = states(hs, i - first), states(hs, i + 1 - first)
                read_now, pull_answer = vjp(answer, z_t, after, constants)
                asked = [read(g, t, 0, a.shape[1:]) for g, a in zip(upstream, read_now, strict=True)]
                d_z, d_after, d_constants = pull_answer(asked)
                _, pull = vjp(functools.partial(step.after, t, lengths), z_t, before, constants)
                d_z_of_step, d, d_constants_of_step = pull(added(d, d_after))
                sums = added(sums, added(d_constants, d_constants_of_step))
                return i, d, step.write(dz, added(d_z, d_z_of_step), t), sums

            _, d, dz, sums = tf.while_loop(lambda i, *_: i > first, back, (end, d, dz, sums))
            return k, d, dz, sums, hs

        start = count, list(d_last), dz, sums, hs
        _, d, dz, sums, _ = tf.while_loop(lambda k, *_: k > 0, stretch, start)
        return [*dz, *d, *sums]

    return [xla(loop) for loop in (forward, backward)]


def _put(array, value, k):
    """Write an entry."""
    return dynamic_update_slice(array, value[None], [k, *[0] * len(value.shape)])
