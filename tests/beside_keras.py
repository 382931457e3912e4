"""The same recurrent layer twice, Keras's and ours: equal weights, equal inputs, outputs and gradients to compare."""

import keras
import numpy as np
import pytest

import rnnzoo.layers

tf = pytest.importorskip("tensorflow")

KINDS = ["SimpleRNN", "GRU", "LSTM"]


FEATURES, UNITS = 3, 5


def pair(kind, batch, time, bidirectional=False, **options):
    """Return the same layer from Keras and from us, with equal weights; of Keras's never the unrolled one."""
    both = []
    for library in (keras.layers, rnnzoo.layers):
        own = options if library is rnnzoo.layers else {**options, "unroll": False}
        layer = getattr(library, kind)(UNITS, bias_initializer="normal", **own)
        layer = library.Bidirectional(layer) if bidirectional else layer
        layer.build((batch, time, FEATURES))
        both.append(layer)
    both[1].set_weights(both[0].get_weights())
    return both


def results(layer, x, lengths=None, state=None, training=True, mask=None, way=None):
    """Return the outputs (a list) and the gradients of a weighted sum of them by input, weights and initial state.

    `way` takes the function that calls the layer and gives the one that is called: `tf.function`, say.
    """
    x = tf.constant(x)
    state = None if state is None else [tf.constant(s) for s in state]
    if lengths is not None:
        mask = tf.sequence_mask(lengths, x.shape[1])
    mask = None if mask is None else tf.constant(mask)

    def run():
        return _results(layer, x, state, training, mask)

    outputs, gradients = (way(run) if way else run)()
    return [np.asarray(y) for y in outputs], [np.asarray(g) for g in gradients]


def _results(layer, x, state, training, mask):
    with tf.GradientTape() as tape:
        tape.watch([x, *(state or [])])
        outputs = layer(x, mask=mask, initial_state=state, training=training)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        loss = tf.add_n([tf.reduce_sum(tf.cast(y, "float32") * _weights(y.shape)) for y in outputs])
    wanted = [x, *(w.value for w in layer.trainable_variables), *(state or [])]
    return outputs, tape.gradient(loss, wanted, unconnected_gradients="zero")


def _weights(shape):
    return np.cos(np.arange(shape.num_elements())).reshape(shape).astype("float32")


def assert_equal(ours, theirs):
    for y, expected in zip(ours[0], theirs[0], strict=True):
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)
    for g, expected in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(g, expected, rtol=0, atol=1e-5 * max(1.0, np.abs(expected).max()))


def data(rng, kind, batch, time, bidirectional, with_state):
    x = rng.normal(size=(batch, time, FEATURES)).astype("float32")
    states = (2 if kind == "LSTM" else 1) * (2 if bidirectional else 1)
    return x, [rng.normal(size=(batch, UNITS)).astype("float32") for _ in range(states)] if with_state else None
