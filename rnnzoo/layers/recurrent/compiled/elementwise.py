"""Element-wise recurrences under TensorFlow: loops that XLA compiles, and their way back arranged by hand.

The way forward keeps the states alone. The way back goes from the last step to the first: with g_t what the answer
asks of h_t, d_t = g_t + (∂h_{t+1}/∂h_t) d_{t+1}, and each step's inputs get (∂h_t/∂z_t) d_t. For a linear recurrence
h_t = a_t h_{t-1} + b_t that is d_t = g_t + a_{t+1} d_{t+1}, db_t = d_t, da_t = d_t h_{t-1}. XLA makes a handful of
instructions of each step.

Arrays stay `(batch, time, ...)`: nothing is transposed. Slices are XLA's own (see `loops`).
"""

import functools

import tensorflow as tf

from rnnzoo.layers.recurrent.compiled import stretches
from rnnzoo.layers.recurrent.compiled.fused import once, read, write, xla
from rnnzoo.layers.recurrent.compiled.step import Step, added, vjp


def run(recurrence, z, state, constants, lengths, reverse, every):
    """Run a recurrence over z, arrays `(batch, time, ...)`; see `rnnzoo.layers.recurrent.linear.run`.

    A state that is not read at every step has no gradient there, and no zeros stand for it.
    """
    # Shapes are found here: inside, TensorFlow may have forgotten the widths (`reduce_retracing`).
    places = tuple(recurrence.places(z, state[0].shape[-1]))
    shapes = tuple(tuple(s.shape[1:]) for s in state)
    kind = stretches.compiled if recurrence.answer else _compiled
    forward, backward = kind(recurrence, places, shapes, bool(reverse), every)
    state = [tf.convert_to_tensor(s) for s in state]
    constants = [tf.broadcast_to(c, [tf.shape(z[0])[0], *c.shape]) for c in constants]
    arrays, count, many = len(z), len(z) + len(state), len(state)

    @tf.custom_gradient
    def through_time(*given):
        # Without this TensorFlow would prepare to differentiate the compiled loops as well.
        inputs = list(map(tf.stop_gradient, given))
        z, state, constants = inputs[:arrays], inputs[arrays:count], inputs[count:]
        answers, last, kept = forward(z, state, constants, lengths)

        def gradient(*upstream):
            return once(lambda *d: backward(z, state, constants, lengths, kept, d[:-many], d[-many:]), upstream)

        return (*answers, *last), gradient

    found = through_time(*z, *state, *constants)
    answers, last = list(found[:-many]), list(found[-many:])
    for a in answers:
        a.set_shape([*z[0].shape[:2], *a.shape[2:]])  # the loops may have forgotten rows and steps
    for h, shape in zip(last, shapes, strict=True):
        h.set_shape([z[0].shape[0], *shape])
    return answers if every else None, last


@functools.cache
def _compiled(recurrence, places, shapes, reverse, every):
    """Compile the loops forward and back, once for all layers of a kind."""
    step, asked = Step(recurrence, places), (recurrence.read or len(shapes)) if every else 0

    def forward(z, state, constants, lengths):
        rows, time = tf.shape(z[0])[0], tf.shape(z[0])[1]
        hs = [tf.zeros([rows, time, *shape], s.dtype) for s, shape in zip(state, shapes, strict=True)]

        def body(i, state, hs):
            t = time - 1 - i if reverse else i
            state = step.after(t, lengths, step.blocks(z, t), state, constants)
            return i + 1, state, [write(h, s, t, 0) for h, s in zip(hs, state, strict=True)]

        _, last, hs = tf.while_loop(lambda i, *_: i < time, body, (0, state, hs))
        return hs[:asked], last, hs

    def backward(z, state, constants, lengths, hs, upstream, d_last):
        time = tf.shape(z[0])[1]
        sums = [tf.zeros_like(c) for c in constants]

        def body(i, d, dz, sums):
            t = i if reverse else time - 1 - i
            first, t_before = i == time - 1, (tf.minimum(t + 1, time - 1) if reverse else tf.maximum(t - 1, 0))
            read_before = [read(h, t_before, 0, shape) for h, shape in zip(hs, shapes, strict=True)]
            before = [tf.where(first, s, h) for s, h in zip(state, read_before, strict=True)]
            asks = [a + read(g, t, 0, shape) for a, g, shape in zip(d, upstream, shapes, strict=False)]
            z_t, d = step.blocks(z, t), [*asks, *d[len(asks) :]]
            _, pull = vjp(functools.partial(step.after, t, lengths), z_t, before, constants)
            d_z, d, d_constants = pull(d)
            return i + 1, d, step.write(dz, d_z, t), added(sums, d_constants)

        start = 0, list(d_last), [tf.zeros_like(part) for part in z], sums
        _, d, dz, sums = tf.while_loop(lambda i, *_: i < time, body, start)
        return [*dz, *d, *sums]

    return [xla(loop) for loop in (forward, backward)]
