"""Element-wise recurrences under TensorFlow: loops that XLA compiles, and their way back arranged by hand.

The way forward keeps the states alone. The way back goes from the last step to the first: with g_t what the answer
asks of h_t, d_t = g_t + (∂h_{t+1}/∂h_t) d_{t+1}, and each step's inputs get (∂h_t/∂z_t) d_t. For a linear recurrence
h_t = a_t h_{t-1} + b_t that is d_t = g_t + a_{t+1} d_{t+1}, db_t = d_t, da_t = d_t h_{t-1}. XLA makes a handful of
instructions of each step.

Arrays stay `(batch, time, ...)`: nothing is transposed. Slices are XLA's own (see `loops`).
"""

import functools

import tensorflow as tf

from rnnzoo.layers.recurrent.compiled.fused import once, read, write, xla


def run(recurrence, z, state, constants, lengths, reverse, every):
    """Run a recurrence over z, arrays `(batch, time, k * units)`; see `rnnzoo.layers.recurrent.linear.run`.

    A state that is not read at every step has no gradient there, and no zeros stand for it.
    """
    units = state[0].shape[-1]
    # Found here: inside, TensorFlow may have forgotten the widths (`reduce_retracing`).
    places = tuple(recurrence.places(z, units))
    forward, backward = _compiled(recurrence, places, units, bool(reverse))
    state = [tf.convert_to_tensor(s) for s in state]
    constants = [tf.broadcast_to(c, [tf.shape(z[0])[0], units]) for c in constants]
    arrays, count = len(z), len(z) + len(state)
    answers = (recurrence.read or len(state)) if every else 0

    @tf.custom_gradient
    def through_time(*given):
        # Without this TensorFlow would prepare to differentiate the compiled loops as well.
        inputs = list(map(tf.stop_gradient, given))
        z, state, constants = inputs[:arrays], inputs[arrays:count], inputs[count:]
        hs, last = forward(z, state, constants, lengths)

        def gradient(*upstream):
            return once(lambda *d: backward(z, state, constants, lengths, hs, d[:answers], d[answers:]), upstream)

        return (*hs[:answers], *last), gradient

    found = through_time(*z, *state, *constants)
    hs, last = list(found[:answers]), list(found[answers:])
    for h in hs:
        h.set_shape([*z[0].shape[:2], units])  # the loops may have forgotten rows and steps
    for h in last:
        h.set_shape([z[0].shape[0], units])
    return hs if every else None, last


@functools.cache
def _compiled(recurrence, places, units, reverse):
    """Compile the loops forward and back, once for all layers of a kind."""

    def step(z, state, constants, lengths, t):
        after = recurrence.step(z, state, constants)
        if lengths is None:
            return after
        real = (t < lengths)[:, None]
        return [tf.where(real, new, old) for new, old in zip(after, state, strict=True)]

    def forward(z, state, constants, lengths):
        rows, time = tf.shape(z[0])[0], tf.shape(z[0])[1]
        hs = [tf.zeros([rows, time, units], s.dtype) for s in state]

        def body(i, state, hs):
            t = time - 1 - i if reverse else i
            state = step(_blocks(places, z, t), state, constants, lengths, t)
            return i + 1, state, [write(h, s, t, 0) for h, s in zip(hs, state, strict=True)]

        _, last, hs = tf.while_loop(lambda i, *_: i < time, body, (0, state, hs))
        return hs, last

    def backward(z, state, constants, lengths, hs, upstream, d_last):
        time = tf.shape(z[0])[1]
        sums = [tf.zeros_like(c) for c in constants]

        def body(i, d, dz, sums):
            t = i if reverse else time - 1 - i
            z_t = _blocks(places, z, t)
            first, t_before = i == time - 1, (tf.minimum(t + 1, time - 1) if reverse else tf.maximum(t - 1, 0))
            before = [tf.where(first, s, read(h, t_before, 0, units)) for s, h in zip(state, hs, strict=True)]
            asked = [a + read(g, t, 0, units) for a, g in zip(d, upstream, strict=False)]
            d = [*asked, *d[len(asked) :]]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([z_t, before, constants])
                after = step(z_t, before, constants, lengths, t)
            d_z, d, d_constants = tape.gradient(after, [z_t, before, constants], d, unconnected_gradients="zero")
            dz = list(dz)
            for (k, start, _), value in zip(places, d_z, strict=True):
                dz[k] = write(dz[k], value, t, start)
            return i + 1, d, dz, [a + b for a, b in zip(sums, d_constants, strict=True)]

        start = 0, list(d_last), [tf.zeros_like(part) for part in z], sums
        _, d, dz, sums = tf.while_loop(lambda i, *_: i < time, body, start)
        return [*dz, *d, *sums]

    return [xla(loop) for loop in (forward, backward)]


def _blocks(places, z, t):
    """What step t reads."""
    return [read(z[k], t, start, width) for k, start, width in places]
