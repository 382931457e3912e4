"""Backpropagation through time by hand, for TensorFlow on a CPU.

The input's projection is one large product; the loop over time is compiled (see `loops`); the gradients of the
kernels are one large product over all steps. The batch is cut into towers. Source of the equations: Werbos (1990),
"Backpropagation through time: what it does and how to do it", https://doi.org/10.1109/5.58337.
"""

import functools
from typing import NamedTuple

import tensorflow as tf

from rnnzoo.layers.masking.packing import in_xla
from rnnzoo.layers.recurrent.compiled import cells as cells
from rnnzoo.layers.recurrent.compiled.loops import backward_loop, forward_loop, predict_loop, schedule
from rnnzoo.layers.recurrent.compiled.towers import rows, towers_of

LONGEST = 512
"""Steps of one stretch. A longer sequence, if its length is known to the graph, is cut into stretches: what only one
of them needs (projected inputs, gradients of the gates) is free again before the next one begins."""


class Weights(NamedTuple):
    """As in Keras: `kernel` (features, gates * units), `recurrent` (units, gates * units), `bias` (gates * units,)."""

    kernel: tf.Tensor
    recurrent: tf.Tensor
    bias: tf.Tensor


class Sweep(NamedTuple):
    """What stays the same in every tower: the cell, the direction, and what is asked of it."""

    cell: cells.Cell
    backwards: bool
    return_sequences: bool
    training: bool


def run_layer(layer, x, state, lengths, training):
    """Run a Keras SimpleRNN, LSTM or GRU over `x` `(batch, time, features)`; returns as `run` does."""
    cell = {"lstm": cells.LSTM, "gru": cells.GRU, "simple_rnn": cells.SIMPLE_RNN}[layer.kind]
    kernel, recurrent = tf.convert_to_tensor(layer.cell.kernel), tf.convert_to_tensor(layer.cell.recurrent_kernel)
    if layer.cell.bias is None:
        bias = tf.zeros([2, recurrent.shape[1]] if cell is cells.GRU else [recurrent.shape[1]])
    else:
        bias = tf.convert_to_tensor(layer.cell.bias)
    weights = Weights(kernel, recurrent, bias)
    towers = towers_of(layer, x)
    sweep = Sweep(cell, bool(layer.go_backwards), bool(layer.return_sequences), bool(training))
    if tf.executing_eagerly():  # operation by operation, it would take three times as long
        return _graph(sweep, towers, *map(tuple, (kernel.shape, recurrent.shape)))(x, weights, state, lengths)
    return run(sweep, x, weights, state, lengths, towers)


@functools.cache
def _graph(sweep, towers, *shapes):
    """Return a graph of `run`; a single one for all shapes would forget the widths."""
    return tf.function(functools.partial(run, sweep, towers=towers), autograph=False, reduce_retracing=True)


def run(sweep, x, weights, state, lengths, towers):
    """Run a recurrent layer over `x` `(batch, time, features)`.

    `lengths` `(batch,)` counts each row's real steps, None means all. Returns `(hs, state)`: `hs` `(batch, time,
    units)` in the order of time, whichever way the sweep went and undefined at padded steps, or None unless
    `return_sequences`; `state`, a tuple of `(batch, units)`, after the last step of each row.
    """
    order = None
    if lengths is not None and towers > 1:
        # Rows of like length share a tower, so that the tower of the short ones ends early.
        order = tf.argsort(lengths, direction="DESCENDING", stable=True)
        lengths = tf.gather(lengths, order)
        x, *state = (_permute(a, order) for a in (x, *state))
    pieces = [
        _tower(sweep, x[some], weights, [a[some] for a in state], None if lengths is None else lengths[some], skip)
        for some, skip in rows(tf.shape(x)[0], towers, idle=not sweep.training)
    ]
    hs, state = (
        _join([piece[0] for piece in pieces], 1),
        [_join(parts, 0) for parts in zip(*(p[1] for p in pieces), strict=True)],
    )
    hs = None if hs is None else tf.transpose(hs, [1, 0, 2])
    if order is not None:
        back = tf.math.invert_permutation(order)
        hs = None if hs is None else _permute(hs, back)
        state = [_permute(a, back) for a in state]
    units = weights.recurrent.shape[0]  # the loops may have forgotten rows and steps (`reduce_retracing`)
    if hs is not None:
        hs.set_shape([x.shape[0], x.shape[1], units])
    for a in state:
        a.set_shape([x.shape[0], units])
    return hs, tuple(state)


def _tower(sweep, x, weights, state, lengths, skip):
    """Run rows `x` `(batch, time, features)`; returns `hs` `(time, batch, units)`, and the last state.

    `hs` is None unless `return_sequences`. The first `skip` rows are left out of both.
    """
    count = len(state)

    @tf.custom_gradient
    def through_time(*inputs):
        # Without this TensorFlow would prepare to differentiate the compiled loops as well.
        x, kernel, recurrent, bias, *state = map(tf.stop_gradient, inputs)
        w = Weights(kernel, recurrent, bias)
        last, kept = _forward(sweep, x, w, state, lengths, sweep.training)

        def gradient(*upstream):
            # A prediction keeps nothing; in the rare case that its gradient is asked for, it runs once more.
            known = kept if sweep.training else _forward(sweep, x, w, state, lengths, True)[1]
            return _once(lambda *dy: _backward(sweep, x, w, lengths, known, dy[:count], *dy[count:]), upstream, inputs)

        if not sweep.return_sequences:
            return tuple(last), gradient
        hs = [_states(arrays, sweep.backwards)[1] for arrays in kept]
        return (*last, _join(hs[::-1] if sweep.backwards else hs, 0)), gradient

    results = through_time(x, *weights, *state)
    return results[count][:, skip:] if sweep.return_sequences else None, [a[skip:] for a in results[:count]]


def _forward(sweep, x, w, state, lengths, keep):
    """Returns the last state and, for each stretch, the arrays over time (see `loops.forward_loop`).

    `keep` them for the way back.
    """
    units, gates = w.recurrent.shape[0], sweep.cell.gates
    # The GRU has two biases, of the projection and of the product with the state, the others one.
    bias, recurrent_bias = (
        (w.bias[0], tf.reshape(w.bias[1], [gates, units])) if len(w.bias.shape) == 2 else (w.bias, None)
    )
    if not keep:  # the projection of a step is made where it is used, while it is in the cache
        loop = predict_loop(sweep.cell, units, sweep.return_sequences)
        steps = tf.shape(x)[1] if lengths is None else _longest(lengths)
        bias = tf.reshape(bias, [gates, units])
        order = schedule(steps, sweep.backwards)
        state, arrays = loop(x, w.kernel, bias, w.recurrent, recurrent_bias, list(state), lengths, order)
        return state, [arrays]
    loop = forward_loop(sweep.cell, units)
    kept: list[dict[str, tf.Tensor]] = []
    for begin, size in _stretches(x, sweep.backwards):
        part, here, steps = _stretch(x, lengths, begin, size, after=state if kept else ())
        z = tf.nn.bias_add(tf.matmul(tf.reshape(part, [-1, x.shape[2]]), w.kernel), bias)
        z = tf.reshape(z, [tf.shape(part)[0], tf.shape(part)[1], gates, units])
        order = schedule(steps, sweep.backwards)
        state, arrays = loop(z, w.recurrent, recurrent_bias, list(state), here, order)
        kept.append(arrays)
    return state, kept


def _backward(sweep, x, w, lengths, kept, dstate, dy=None):
    """The gradients of `x`, of the weights and of the initial state."""
    loop = backward_loop(sweep.cell, w.recurrent.shape[0], sweep.return_sequences)
    u_transposed = tf.transpose(w.recurrent)
    dxs: list[tf.Tensor] = []
    sums: list[list[tf.Tensor]] = []
    for (begin, size), arrays in reversed(list(zip(_stretches(x, sweep.backwards), kept, strict=True))):
        part, here, steps = _stretch(x, lengths, begin, size, after=dstate if sums else ())
        dy_here = None if dy is None else dy[begin : begin + size, :, None]
        order = schedule(steps, sweep.backwards, reverse=True)
        d, dstate = loop(arrays, dy_here, list(dstate), u_transposed, here, order)
        dx, *products = _products(part, _states(arrays, sweep.backwards)[0], d, w, None if here is None else steps)
        with tf.control_dependencies(products):  # what this stretch needs is free again before the next has its own
            dstate = [tf.identity(a) for a in dstate]
        dxs.append(dx)
        sums.append(products)
    dx = _join(dxs if sweep.backwards else dxs[::-1], 1)
    return dx, *(tf.add_n(terms) for terms in zip(*sums, strict=True)), *dstate


def _states(arrays, backwards):
    """Return h before and after each step, both `(time, batch, units)`."""
    h = arrays["h"][:, :, 0]
    return (h[1:], h[:-1]) if backwards else (h[:-1], h[1:])


def _products(x, h_prev, d, w, steps):
    """The large products over all steps: the gradients of `x`, as `(batch, time, features)`, and of the weights.

    `steps`, if not None, is that of the longest row: after it all is padding.
    """
    if in_xla():
        steps = None  # the whole model is compiled, and every shape in it must be known then
    features, units, time = w.kernel.shape[0], w.recurrent.shape[0], tf.shape(x)[0]
    if steps is not None:
        x, h_prev, d = x[:steps], h_prev[:steps], [part[:steps] for part in d]
    d_recurrent, d_input = (tf.reshape(part, [-1, w.recurrent.shape[1]]) for part in (d[0], d[-1]))
    dx = tf.transpose(tf.reshape(tf.matmul(d_input, w.kernel, transpose_b=True), tf.shape(x)), [1, 0, 2])
    if steps is not None:
        dx = tf.pad(dx, [[0, 0], [0, time - steps], [0, 0]])
    # A column of ones makes the bias's gradient a row of the same product.
    one = tf.ones_like(h_prev[:, :, :1])
    if len(d) == 1:
        d_kernel, d_recurrent, d_bias = tf.split(_outer(tf.concat([x, h_prev, one], 2), d_input), [features, units, 1])
        return dx, d_kernel, d_recurrent, d_bias[0]
    d_kernel, d_input_bias = tf.split(_outer(tf.concat([x, one], 2), d_input), [features, 1])
    d_recurrent, d_recurrent_bias = tf.split(_outer(tf.concat([h_prev, one], 2), d_recurrent), [units, 1])
    return dx, d_kernel, d_recurrent, tf.concat([d_input_bias, d_recurrent_bias], 0)


def _outer(a, d):
    """The sum over time and batch of the outer products of `a` and `d`."""
    return tf.matmul(tf.reshape(a, [-1, a.shape[2]]), d, transpose_a=True)


def _stretches(x, backwards):
    """Where the stretches of `x` `(batch, time, features)` begin and how long they are, in the order of the sweep."""
    time = x.shape[1]
    if time is None or time <= LONGEST:
        return [(0, tf.shape(x)[1])]
    size = -(-time // -(-time // LONGEST))
    found = [(begin, min(size, time - begin)) for begin in range(0, time, size)]
    return found[::-1] if backwards else found


def _stretch(x, lengths, begin, size, after):
    """Return the stretch of `x` as `(time, batch, features)`, its rows' lengths, and the longest row's.

    Not before `after` is known.
    """
    with tf.control_dependencies(list(after)):
        part = tf.transpose(tf.identity(x)[:, begin : begin + size], [1, 0, 2])
    if lengths is None:
        return part, None, tf.shape(part)[0]
    here = tf.clip_by_value(lengths - begin, 0, size)
    return part, here, _longest(here)


def _longest(lengths):
    return tf.maximum(0, tf.reduce_max(lengths))  # of no row: 0


def _join(parts, axis):
    if parts[0] is None:
        return None
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis)


def _permute(x, order):
    """`x[order]` for a permutation, its gradient a gather too instead of a scatter."""

    @tf.custom_gradient
    def permute(x):
        return tf.gather(x, order), lambda dy: _permute(dy, tf.math.invert_permutation(order))

    return permute(x)


def _once(function, upstream, inputs):
    """`function(*upstream)`, which cannot be differentiated again, neither by `upstream` nor by `inputs`."""

    @tf.custom_gradient
    def once(*args):
        def refuse(*_):
            raise NotImplementedError(
                "The hand-written recurrent layers have no second derivative; use "
                "`rnnzoo.layers.use('general')` around the model's calls. Received: a gradient of a gradient."
            )

        return function(*map(tf.stop_gradient, args[: len(upstream)])), refuse

    return once(*upstream, *inputs)
