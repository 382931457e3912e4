"""Element-wise work on whole arrays under TensorFlow: one pass that XLA compiles, and its way back as another.

TensorFlow's own gradient keeps what each of its operations needs; here the arguments alone are kept.
"""

import functools

import tensorflow as tf

from rnnzoo.private.tensorflow import dynamic_slice, dynamic_update_slice


def xla(function):
    """Compile a function with XLA, anew for each shape."""
    return tf.function(function, jit_compile=True, autograph=False, reduce_retracing=True)


def read(array, t, start, shape):
    """Read step t of `(batch, time, ..., width)`: `(batch, *shape)`, from the number `start` of the width on."""
    place = [0, t, *[0] * (len(shape) - 1), start]
    return tf.squeeze(dynamic_slice(array, place, [tf.shape(array)[0], 1, *shape]), 1)


def write(array, value, t, start):
    """Write it."""
    return dynamic_update_slice(array, value[:, None], [0, t, *[0] * (len(value.shape) - 2), start])


def once(backward, upstream):
    """Return the gradients `backward(*upstream)`, which have none themselves."""

    @tf.custom_gradient
    def gradients(*upstream):
        return backward(*map(tf.stop_gradient, upstream)), _no_second_derivative

    return gradients(*upstream)


def _no_second_derivative(*_):
    raise NotImplementedError(
        "The compiled recurrences have no second derivative; use `rnnzoo.layers.use('general')` around the model's "
        "calls. Received: a gradient of a gradient."
    )


def _differentiable(forward, backward):
    """Return compiled `forward(*arguments)` with the gradients `backward(upstream, *arguments)`, compiled too."""

    @tf.custom_gradient
    def run(*arguments):
        # Without this TensorFlow would prepare to differentiate the compiled function as well.
        given = [tf.stop_gradient(x) for x in arguments]
        return forward(*given), lambda d: once(lambda d: backward(d, *given), [d])

    return run


@functools.cache
def elementwise(function):
    """Return an element-wise function of arrays of one shape as one pass over them."""

    def backward(d, *arguments):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(arguments)
            y = function(*arguments)
        return tape.gradient(y, arguments, d)

    return _differentiable(xla(function), xla(backward))


@functools.cache
def short_convolution(width, features):
    """Return `convolve(x, taps)`: y_t = Σ_j taps_j ⊙ x_{t+j}, each feature by itself.

    x is `(batch, width - 1 + time, features)`, taps are `(width, features)`, y is `(batch, time, features)`. One
    function for each width and features: TensorFlow forgets sizes of which it has met several (`reduce_retracing`).
    """

    def forward(x, taps):
        time = tf.shape(x)[1] - width + 1
        return tf.add_n([x[:, j : j + time] * taps[j] for j in range(width)])

    def backward(d, x, taps):
        rows, time = tf.shape(d)[0], tf.shape(d)[1]
        shifted = [tf.pad(d, [[0, 0], [j, width - 1 - j], [0, 0]]) for j in range(width)]

        def body(t, sums):  # XLA's own sum over two axes is several times slower
            d_t = read(d, t, 0, [features])
            return t + 1, [total + read(x, t + j, 0, [features]) * d_t for j, total in enumerate(sums)]

        zeros = [tf.zeros([rows, features], x.dtype)] * width
        _, sums = tf.while_loop(lambda t, _: t < time, body, (0, zeros))
        d_x = tf.add_n([array * tap for array, tap in zip(shifted, tf.unstack(taps, width), strict=True)])
        return d_x, tf.stack([tf.reduce_sum(total, 0) for total in sums])

    return _differentiable(xla(forward), xla(backward))
