"""Cells that are written as equations: trained by the compiled loop, they give the numbers of Keras's own."""

import keras
import numpy as np
import pytest
from keras import ops
from marks import others_slow

from rnnzoo import layers
from rnnzoo.layers.recurrent.products import product

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow's graphs")
BATCH, TIME, FEATURES, UNITS = 5, 7, 4, 6
X = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
PADDED = np.arange(TIME) < np.array([7, 3, 0, 1, 5])[:, None]
HOLES = PADDED[:, ::-1].copy()
HOLES[0, 2] = False
MASKS = {"whole": None, "padded": PADDED, "holes": HOLES}


class OwnCell(keras.layers.Layer):
    """Of a user: one matrix twice, once the plain way, and a product with a number that nothing reaches."""

    equations = True
    state_size = output_size = UNITS

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], UNITS), name="w")
        self.u = self.add_weight(shape=(UNITS, UNITS), name="u")
        self.unused = self.add_weight(shape=(UNITS, UNITS), name="unused")

    def call(self, x, states):
        h = states[0]
        h = ops.tanh(product(x, self.w) + product(ops.matmul(h, self.u), self.u) + product(ops.ones_like(h), self.u))
        return h, [h]


CELLS = [
    (layers.PeepholeLSTMCell, {}),
    (layers.MogrifierLSTMCell, {"rounds": 3}),
    (layers.LayerNormLSTMCell, {}),
    (layers.LMUCell, {"memory_size": 5, "window": 4}),
    (layers.CfCCell, {"backbone_units": 5, "time_feature": True}),
    (layers.GRUDCell, {}),
]
WAYS = [(case, mask, backwards) for case in CELLS for mask in MASKS for backwards in (False, True)]
FEW = [(CELLS[1], "padded", True), (CELLS[5], "holes", False)]


def trained(layer, states, mask, graph):
    """Return outputs and states, and the gradients of x, of the first states and of all weights."""
    import tensorflow as tf

    options = {} if mask is None else {"mask": ops.convert_to_tensor(mask)}

    def step(x, *states):
        given = [x, *states]
        with tf.GradientTape() as tape:
            tape.watch(given)
            found = [tf.convert_to_tensor(a) for a in layer(x, initial_state=states, training=True, **options)]
            loss = sum(tf.reduce_sum(tf.square(part) * (k + 1)) for k, part in enumerate(found))
        return found, tape.gradient(loss, [*given, *layer.trainable_variables])

    if not graph:
        with layers.use("general"):
            found, gradients = step(*map(tf.constant, [X, *states]))
    else:
        function = tf.function(step).get_concrete_function(*map(tf.constant, [X, *states]))
        calls = [op for op in function.graph.get_operations() if "PartitionedCall" in op.type]
        assert any(op.get_attr("_XlaMustCompile") for op in calls if "_XlaMustCompile" in op.node_def.attr)
        found, gradients = function(*map(tf.constant, [X, *states]))
    return [np.asarray(a) for a in found], [None if g is None else np.asarray(g) for g in gradients]


def assert_equal_to_keras_loop(cell, mask, backwards):
    layer = layers.RNN(
        cell, return_sequences=True, return_state=True, go_backwards=backwards, zero_output_for_mask=backwards
    )
    layer.build((None, None, FEATURES))
    drawn = np.random.default_rng(3)
    layer.set_weights([drawn.normal(0, 0.4, w.shape).astype("float32") for w in layer.get_weights()])
    sizes = cell.state_size if isinstance(cell.state_size, list) else [cell.state_size]
    states = [abs(drawn.normal(size=(BATCH, size))).astype("float32") for size in sizes]  # GRU-D has times among them
    for fast, slow in zip(*(trained(layer, states, mask, graph) for graph in (True, False)), strict=True):
        for mine, other in zip(fast, slow, strict=True):
            if other is None:  # no gradient, or zeros
                assert mine is None or not mine.any()
            else:
                np.testing.assert_allclose(mine, other, atol=1e-5 * max(1, np.abs(other).max()))


@pytest.mark.parametrize(("case", "mask", "backwards"), others_slow(WAYS, FEW, str, spread=True))
def test_the_compiled_loop_is_keras_loop_with_its_gradients(case, mask, backwards):
    cell, options = case
    assert_equal_to_keras_loop(cell(UNITS, **options), MASKS[mask], backwards)


def test_a_cell_of_one_s_own():
    assert_equal_to_keras_loop(OwnCell(), PADDED, backwards=False)


def test_a_frozen_cell_is_trained_around():
    """What is before it learns as by Keras's loop; it stays as it is."""

    def trained_a_step(way):
        keras.utils.set_random_seed(0)
        layer = layers.RNN(layers.PeepholeLSTMCell(UNITS))
        layer.trainable = False
        model = keras.Sequential([keras.Input((None, FEATURES)), keras.layers.Dense(3), layer, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        before = [np.asarray(w) for w in layer.weights]
        with layers.use(way):
            model.train_on_batch(X, np.ones((BATCH, 1)))
        for w, old in zip(layer.weights, before, strict=True):
            np.testing.assert_array_equal(w, old)
        return model.get_weights()

    for mine, other in zip(trained_a_step("auto"), trained_a_step("general"), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)
