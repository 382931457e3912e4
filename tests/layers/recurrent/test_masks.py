"""Masks of any pattern give Keras's numbers, whatever else is asked of a layer.

`pytest tests/layers/recurrent/test_masks.py -m slow` tries 400 cases; MASK_CASES=50 for fewer.
"""

import os

import keras
import numpy as np
import pytest
from beside_keras import FEATURES, KINDS, UNITS, assert_equal, data, pair, results
from elsewhere import environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marks import others_slow

import rnnzoo

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow for gradients")

BATCH, TIME = 5, 6


def _behind(rng):
    return np.arange(TIME) < rng.integers(0, TIME + 1, BATCH)[:, None]


MASKS = {
    "no mask": lambda rng: None,
    "right": _behind,
    "left": lambda rng: _behind(rng)[:, ::-1],
    "holes": lambda rng: rng.random((BATCH, TIME)) < 0.5,
    "nothing real": lambda rng: np.zeros((BATCH, TIME), bool),
    "all real": lambda rng: np.ones((BATCH, TIME), bool),
}
WAYS = {
    "eager": lambda run: run,
    "graph": tf.function,
    "compiled": lambda run: tf.function(run, jit_compile=True),
}
any_case = given(
    kind=st.sampled_from(KINDS),
    pattern=st.sampled_from(sorted(MASKS)),
    direction=st.sampled_from(["forward", "backward", "both"]),
    return_sequences=st.booleans(),
    return_state=st.booleans(),
    with_state=st.booleans(),
    zeros=st.booleans(),
    unroll=st.booleans(),
    dtype=st.sampled_from(["float32", "float32", "mixed_bfloat16"]),
    way=st.sampled_from(["eager", "eager", "graph", "compiled"]),
    seed=st.integers(0, 99),
)
quiet = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def beside_keras(kind, pattern, direction, return_sequences, return_state, with_state, zeros, unroll, dtype, way, seed):
    """Compare outputs, states and gradients with Keras's own loop."""
    rng = np.random.default_rng(seed)
    both = direction == "both"
    options = {} if both else {"go_backwards": direction == "backward", "zero_output_for_mask": zeros}
    options |= {"return_sequences": return_sequences, "return_state": return_state, "unroll": unroll, "dtype": dtype}
    theirs, ours = pair(kind, BATCH, TIME, both, **options)
    x, state = data(rng, kind, BATCH, TIME, both, with_state)
    mask = MASKS[pattern](rng)
    found = results(ours, x, state=state, mask=mask, way=WAYS[way])
    expected = results(theirs, x, state=state, mask=mask)
    if dtype == "float32":
        assert_equal(found, expected)
    else:  # rounded to 8 bits: a sum in another order may round to the neighbour
        for y, wanted in zip(found[0], expected[0], strict=True):
            np.testing.assert_allclose(y.astype("float32"), wanted.astype("float32"), atol=0.02)


@settings(max_examples=8, **quiet)
@any_case
def test_any_mask(**case):
    beside_keras(**case)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=int(os.environ.get("MASK_CASES", "400")), **quiet)
@any_case
def test_any_mask_at_length(**case):
    beside_keras(**case)


PATTERNS = [("left", True), ("holes", False), ("left", False), ("holes", True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize(("pattern", "return_sequences"), others_slow(PATTERNS, PATTERNS[:2], str, spread=True))
def test_masks_that_do_not_trail(kind, pattern, direction, return_sequences):
    beside_keras(kind, pattern, direction, return_sequences, True, True, False, False, "float32", "eager", 3)


@pytest.mark.parametrize("pattern", ["right", "left", "holes"])
@pytest.mark.parametrize("kind", KINDS)
def test_unrolled_and_backwards(kind, pattern):
    """Keras's own unrolled loop zeroes its reversed outputs by a mask that is not reversed."""
    beside_keras(kind, pattern, "backward", True, True, True, True, True, "float32", "eager", 4)


@pytest.mark.parametrize("pattern", ["left", "holes", "nothing real"])
def test_any_cell_unrolled_and_backwards(pattern):
    rng = np.random.default_rng(5)
    x, mask = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32"), MASKS[pattern](rng)
    layers = [
        library.RNN(
            rnnzoo.layers.LayerNormLSTMCell(UNITS),
            return_sequences=True,
            go_backwards=True,
            zero_output_for_mask=True,
            unroll=library is rnnzoo.layers,
        )
        for library in (keras.layers, rnnzoo.layers)
    ]
    for layer in layers:
        layer.build(x.shape)
    layers[1].set_weights(layers[0].get_weights())
    np.testing.assert_allclose(layers[1](x, mask=mask), layers[0](x, mask=mask), atol=1e-6)
    assert layers[1].go_backwards


@pytest.mark.parametrize("kind", KINDS)
def test_stateful_rows_may_be_padded_anywhere(kind):
    theirs, ours = pair(kind, BATCH, TIME, stateful=True, return_sequences=True)
    rng = np.random.default_rng(6)
    for pattern in ("left", "holes", "nothing real", "no mask"):
        x, _ = data(rng, kind, BATCH, TIME, False, False)
        mask = MASKS[pattern](rng)
        assert_equal(results(ours, x, mask=mask), results(theirs, x, mask=mask))


def test_dropped_weights_read_any_mask():
    rng = np.random.default_rng(7)
    ours = rnnzoo.layers.WeightDroppedLSTM(UNITS, weight_dropout=0.5)
    theirs = keras.layers.LSTM(UNITS)
    x, mask = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32"), MASKS["left"](rng)
    ours(x), theirs(x)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(x, mask=mask), theirs(x, mask=mask), atol=1e-6)


def _padded_left(library, **options):
    """A model as people write it: `pad_sequences` pads on the left."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 3, mask_zero=True),
            library.Bidirectional(library.LSTM(4)),
            keras.layers.Dense(2),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), **options)
    x = keras.utils.pad_sequences([[1, 2, 3], [4, 0, 5, 6, 7], [], [8]], maxlen=7)
    losses = [float(model.train_on_batch(x, np.array([0, 1, 0, 1]))) for _ in range(2)]
    return losses, model.predict_on_batch(x)


def test_padding_on_the_left_trains_as_keras_does():
    losses, answers = _padded_left(keras.layers, run_eagerly=True)
    for options in ({}, {"jit_compile": True}):  # eager: above
        ours = _padded_left(rnnzoo.layers, **options)
        np.testing.assert_allclose(ours[0], losses, atol=1e-6)
        np.testing.assert_allclose(ours[1], answers, atol=1e-6)


def test_a_compiled_model_of_the_zoo_trains_with_padding():
    tokens, found = np.array([[1, 2, 3, 0], [4, 5, 0, 0], [6, 0, 7, 8]], "int32"), []
    for options in ({"jit_compile": True}, {"run_eagerly": True}):
        model = rnnzoo.build("bilstm", vocabulary_size=9, units=3, embedding_dim=2, dropout=0.0, seed=0)
        model.compile("sgd", model.loss, **options)
        model.train_on_batch(tokens, np.array([0, 1, 0]))
        found.append(model.predict_on_batch(tokens))
    np.testing.assert_allclose(*found, atol=1e-6)


ELSEWHERE = """
import keras, numpy as np, rnnzoo.layers
rng = np.random.default_rng(0)
x = rng.normal(size=(4, 5, 3)).astype("float32")
right = np.arange(5) < np.array([5, 2, 0, 3])[:, None]
masks = [None, right, right[:, ::-1], rng.random((4, 5)) < 0.5]
for kind, backwards in (("SimpleRNN", False), ("LSTM", True), ("GRU", False)):
    state = [rng.normal(size=(4, 2)).astype("float32") for _ in range(2 if kind == "LSTM" else 1)]
    options = {"return_sequences": not backwards, "return_state": True, "go_backwards": backwards}
    both = [getattr(library, kind)(2, **options) for library in (keras.layers, rnnzoo.layers)]
    for layer in both:
        layer.build((4, 5, 3))
    both[1].set_weights(both[0].get_weights())
    for mask in masks:
        found = [layer(x, mask=mask, initial_state=state) for layer in both]
        theirs, ours = ([keras.ops.convert_to_numpy(y) for y in ys] for ys in found)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)
print("equal")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(backend, python):
    pytest.importorskip(backend)
    done = python(ELSEWHERE, **environment(backend))
    assert done.stdout.endswith("equal\n"), done.stderr[-2000:]
