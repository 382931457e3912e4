"""A masked step is one that is not there, wherever it stands: beside the same rows without it, padded on the right."""

import keras
import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import layers
from rnnzoo.layers.masking.padding import known_to_trail

BATCH, TIME, WIDTH, UNITS = 5, 8, 3, 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(BATCH, TIME, WIDTH)).astype("float32")
LENGTHS = np.array([8, 5, 1, 3, 0])
MASKS = {
    "left": np.arange(TIME)[::-1] < LENGTHS[:, None],
    "holes": np.array([RNG.permutation(TIME) < length for length in LENGTHS]),
}
ON_TENSORFLOW = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="looks into TensorFlow's graphs")


def packed(x, mask):
    """The same rows with their real steps in front, and junk behind them."""
    found = np.full_like(x, 9)
    for row, real, into in zip(x, mask, found, strict=True):
        into[: real.sum()] = row[real]
    return found, np.arange(x.shape[1]) < mask.sum(axis=1)[:, None]


SUMMARIES = {
    "Repeat": lambda: layers.Repeat(3, 5, 2),
    "Recent": lambda: layers.Recent(4, 2),
    "SegmentRNN": lambda: layers.SegmentRNN(UNITS, 3, 5, 2),
    "SkipGRU": lambda: layers.SkipGRU(UNITS, 3),
    "StepDecoder": lambda: layers.StepDecoder(UNITS, 4, 2, "lstm"),
    "shared StepDecoder": lambda: layers.StepDecoder(UNITS, 4, 2, "gru", "gaussian", shared=True),
}


@pytest.mark.parametrize("pattern", MASKS)
@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_and_forecasts(name, pattern):
    keras.utils.set_random_seed(1)
    layer, mask = SUMMARIES[name](), MASKS[pattern]
    found, expected = layer(X, mask=mask), layer(packed(X, mask)[0], mask=packed(X, mask)[1])
    some = mask.any(axis=1)  # what is forecast of nothing is nobody's answer
    np.testing.assert_allclose(np.asarray(found)[some], np.asarray(expected)[some], atol=1e-5)


@pytest.mark.parametrize("pattern", MASKS)
@pytest.mark.parametrize("kind", ["subtract_last", "instance"])
def test_normalization(kind, pattern):
    mask = MASKS[pattern]
    found, expected = (layers.Normalize(kind, 2)(x, mask=real) for x, real in ((X, mask), packed(X, mask)))
    some = mask.any(axis=1)
    for mine, other in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(np.asarray(mine)[some], np.asarray(other)[some], atol=1e-5)
    np.testing.assert_allclose(np.asarray(found[0])[mask], np.asarray(expected[0])[packed(X, mask)[1]], atol=1e-5)


@pytest.mark.parametrize("pattern", MASKS)
def test_conditional_random_field(pattern):
    layer, mask, tags = layers.CRF(), MASKS[pattern], RNG.integers(0, WIDTH, (BATCH, TIME))
    layer.build(X.shape)
    layer.set_weights([RNG.normal(size=w.shape) for w in layer.get_weights()])
    x, real = packed(X, mask)
    y, _ = packed(tags, mask)
    y = np.where(real, y, 0)
    np.testing.assert_allclose(layer.loss(tags, X, mask), layer.loss(y, x, real), atol=1e-4)
    np.testing.assert_array_equal(np.asarray(layer.decode(X, mask))[mask], np.asarray(layer.decode(x, real))[real])
    assert not np.asarray(layer(X, mask=mask))[~mask].any()


MODERN = ["MinGRU", "QRNN", "SRU", "LRU", "Hawk"]
WAYS = [(False, False), (True, True), (False, True), (True, False)]


@pytest.mark.parametrize(("backwards", "zeros"), others_slow(WAYS, WAYS[:2], str, spread=True))
@pytest.mark.parametrize("name", MODERN)
def test_modern_layers_are_keras_loop_over_their_cell(name, backwards, zeros):
    options = {"go_backwards": backwards, "zero_output_for_mask": zeros, "return_state": True}
    for pattern, sequences in [(p, s) for p in ("left", "holes", "right") for s in (True, False)]:
        keras.utils.set_random_seed(2)
        ours = getattr(layers, name)(UNITS, return_sequences=sequences, **options)
        ours.build((None, None, WIDTH))
        theirs = keras.layers.RNN(ours.cell, return_sequences=sequences, **options)
        mask = MASKS.get(pattern, np.arange(TIME) < LENGTHS[:, None])
        states = [RNG.normal(size=(BATCH, size)).astype("float32") for size in ours.state_size]
        found, expected = (layer(X, mask=mask, initial_state=states) for layer in (ours, theirs))
        for mine, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5, err_msg=f"{pattern} {sequences}")


def test_an_unrolled_modern_layer_backwards():
    """Keras's own unrolled loop zeroes its reversed outputs by a mask that is not reversed."""
    mask = np.arange(TIME) < LENGTHS[:, None]
    both = [
        layers.SRU(UNITS, return_sequences=True, go_backwards=True, zero_output_for_mask=True, unroll=unroll)
        for unroll in (False, True)
    ]
    both[0].build((None, TIME, WIDTH)), both[1].build((None, TIME, WIDTH))
    both[1].set_weights(both[0].get_weights())
    np.testing.assert_allclose(*(layer(X, mask=mask) for layer in both), atol=1e-5)
    assert both[1].go_backwards


@ON_TENSORFLOW
@pytest.mark.parametrize("task", ["tagging", "classification"])
def test_the_zoo_s_own_masks_are_known_to_trail(task):
    """So no layer looks where the padding is: there is no branch in the graph. Of another mask there is one a layer."""
    import tensorflow as tf

    def branches(model, *spec):
        graph = tf.function(model).get_concrete_function(tf.TensorSpec(*spec)).graph
        return sum(operation.type in ("If", "StatelessIf") for operation in graph.get_operations())

    model = rnnzoo.build("stacked_lstm", task, vocabulary_size=9, outputs=3, units=2, embedding_dim=2, num_layers=2)
    assert branches(model, (None, None), "int32") == 0
    plain = keras.Sequential([keras.layers.Embedding(9, 2, mask_zero=True), layers.LSTM(2), keras.layers.Dense(1)])
    assert branches(plain, (None, None), "int32") == 1


def test_only_the_mask_itself_is_known_to_trail():
    mask = layers.TrailingMask()(np.array([[1, 2, 0], [3, 0, 0]]))
    assert known_to_trail(mask)
    assert not known_to_trail(mask[:, ::-1])
    assert not known_to_trail(keras.ops.logical_not(mask))
    assert not known_to_trail(np.ones((2, 3), bool))
