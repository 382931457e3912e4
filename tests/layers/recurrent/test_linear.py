"""Recurrences without a matrix on the state: every path beside NumPy, and every layer beside Keras's own loop."""

import itertools

import keras
import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import layers

rng = np.random.default_rng(0)
BATCH, TIME, UNITS, FEATURES = 5, 7, 3, 4
LENGTHS = np.array([7, 3, 0, 1, 5], "int32")
MASK = np.arange(TIME) < LENGTHS[:, None]
A = rng.uniform(-1, 1, (BATCH, TIME, UNITS)).astype("float32")
B = rng.normal(size=(BATCH, TIME, UNITS)).astype("float32")
H0 = rng.normal(size=(BATCH, UNITS)).astype("float32")
X = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")

MODERN = ["MinGRU", "MinLSTM", "QRNN", "SRU", "IndRNN", "LRU", "Hawk", "Mamba"]
CASES = [(name, {}) for name in MODERN] + [
    ("MinGRU", {"kernel_size": 3}),
    ("IndRNN", {"activation": "tanh"}),
    ("SRU", {"units": FEATURES}),
    ("MLSTM", {"units": 6, "num_heads": 2}),
    ("Hawk", {"units": 6, "num_heads": 2}),
]


@pytest.fixture(autouse=True)
def several_chunks(monkeypatch):
    monkeypatch.setattr("rnnzoo.layers.recurrent.modern.extended.CHUNK", 3)
    monkeypatch.setattr("rnnzoo.layers.recurrent.compiled.stretches.STRETCH", 3)


def by_hand(a, b, state, lengths, reverse):
    states = np.zeros(b.shape, b.dtype)
    for row in range(len(b)):
        h = state[row]
        for t in range(TIME)[::-1] if reverse else range(TIME):
            h = a[row, t] * h + b[row, t] if lengths is None or t < lengths[row] else h
            states[row, t] = h
    return states, states[:, 0 if reverse else -1]


def gradients(function, values):
    """Return what `function` gives, and the gradients of the sum of its squares."""
    import tensorflow as tf

    values = [tf.convert_to_tensor(v) for v in values]
    with tf.GradientTape() as tape:
        tape.watch(values)
        found = function(*values)
        loss = sum(tf.reduce_sum(tf.square(part)) for part in found)
    return [np.asarray(part) for part in found], [np.asarray(g) for g in tape.gradient(loss, values)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_a_linear_recurrence_is_the_loop_in_numpy(lengths, reverse):
    found = layers.linear_recurrence(A, B, H0, lengths, reverse)
    for part, expected in zip(found, by_hand(A, B, H0, lengths, reverse), strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-5)
    zeros, _ = layers.linear_recurrence(A, B, lengths=lengths, reverse=reverse)
    np.testing.assert_allclose(zeros, by_hand(A, B, 0 * H0, lengths, reverse)[0], atol=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
def test_complex_numbers(reverse):
    a, b, state = 0.7 * (A + 1j * A[::-1]), B + 1j * B[::-1], H0 + 1j * H0[::-1]
    pairs = [(x.real, x.imag) for x in (a, b, state)]
    (re, im), (last_re, last_im) = layers.linear_recurrence(*pairs, LENGTHS, reverse)
    states, last = by_hand(a, b, state, LENGTHS, reverse)
    np.testing.assert_allclose(np.asarray(re) + 1j * np.asarray(im), states, atol=1e-5)
    np.testing.assert_allclose(np.asarray(last_re) + 1j * np.asarray(last_im), last, atol=1e-5)


@pytest.mark.parametrize("path", ["associative", "general"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_all_paths_have_the_same_numbers_and_gradients(monkeypatch, path, lengths, reverse):
    def run(a, b, state):
        return layers.linear_recurrence(a, b, state, lengths, reverse)

    expected = gradients(run, (A, B, H0))
    monkeypatch.setattr("rnnzoo.layers.recurrent.paths.elementwise", lambda **_: path)
    for mine, other in zip(gradients(run, (A, B, H0)), expected, strict=True):
        for x, y in zip(mine, other, strict=True):
            np.testing.assert_allclose(x, y, atol=2e-5)


def test_a_pair_beside_an_array_is_refused():
    with pytest.raises(ValueError, match=r"all of them pairs.*Received: a=tuple, b=ndarray"):
        layers.linear_recurrence((A, A), B)


def made(name, options, **more):
    keras.utils.set_random_seed(1)
    options = {"units": UNITS} | options | more
    layer = getattr(layers, name)(**options)
    layer.build((None, None, FEATURES))
    values = np.random.default_rng(2)
    layer.set_weights([w + 0.3 * values.normal(size=w.shape).astype("float32") for w in layer.get_weights()])
    return layer


def states_of(layer):
    """Return states to begin with, the same whatever ran before."""
    drawn = np.random.default_rng(4)
    return [drawn.normal(size=(BATCH, size)).astype("float32") for size in layer.state_size]


def trained(layer, graph=False, **arguments):
    """Return outputs and states, and the gradients of x and of all weights; in a graph, as `fit` makes one."""
    import tensorflow as tf

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = [tf.convert_to_tensor(part) for part in layer(x, **arguments)]
            loss = sum(tf.reduce_sum(tf.square(part) * (k + 1)) for k, part in enumerate(found))
        return found + tape.gradient(loss, [x, *layer.trainable_variables])

    return [np.asarray(v) for v in (tf.function(step) if graph else step)(tf.convert_to_tensor(X))]


WAYS = [*itertools.product(CASES, (True, False), (False, True), (True, False))]
FEW = [(case, True, bool(i % 2), bool(i % 4 // 2)) for i, case in enumerate(CASES) if i % 3 != 2]  # padded, to and fro


@pytest.mark.parametrize(("case", "padded", "backwards", "every"), others_slow(WAYS, FEW, str, spread=True))
def test_the_layer_is_step_by_step_keras_loop_with_its_gradients(case, padded, backwards, every):
    options = {"return_sequences": every, "return_state": True, "zero_output_for_mask": True}
    layer = made(*case, go_backwards=backwards, **options)
    states = states_of(layer)
    arguments = {"initial_state": states} | ({"mask": keras.ops.convert_to_tensor(MASK)} if padded else {})
    assert layer.path == "compiled"
    fast = trained(layer, graph=True, **arguments)
    with layers.use("general"):
        assert layer.path == "general"
        general = trained(layer, **arguments)
    for mine, other in zip(fast, general, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5 * max(1, np.abs(other).max()), rtol=1e-4)


@pytest.mark.parametrize("case", [case for case in CASES if case[0] in ("MinGRU", "LRU", "Mamba", "MLSTM")], ids=str)
def test_in_parallel_over_time_as_on_a_gpu(monkeypatch, case):
    layer = made(*case, return_sequences=True, return_state=True, zero_output_for_mask=True)
    arguments = {"initial_state": states_of(layer), "mask": keras.ops.convert_to_tensor(MASK)}
    expected = trained(layer, **arguments)

    def path(*, linear, **_):
        return "associative" if linear else "compiled"

    monkeypatch.setattr("rnnzoo.layers.recurrent.paths.elementwise", path)
    for mine, other in zip(trained(layer, **arguments), expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5 * max(1, np.abs(other).max()), rtol=1e-4)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_padding_changes_nothing(case):
    layer = made(*case, return_sequences=True, return_state=True)
    states = states_of(layer)
    padded = layer(X, initial_state=states, mask=keras.ops.convert_to_tensor(MASK))
    for row, length in enumerate(LENGTHS):
        mine = [s[row : row + 1] for s in states]
        if not length:
            for found, before in zip(padded[1:], states, strict=True):
                np.testing.assert_array_equal(found[row], before[row])
            continue
        alone = layer(X[row : row + 1, :length], initial_state=mine)
        np.testing.assert_allclose(padded[0][row, :length], alone[0][0], atol=5e-6)
        for found, last in zip(padded[1:], alone[1:], strict=True):
            np.testing.assert_allclose(found[row], last[0], atol=5e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_last_output_is_that_of_the_last_real_step(case):
    mask = keras.ops.convert_to_tensor(MASK)
    every, last = (made(*case, return_sequences=flag)(X, mask=mask) for flag in (True, False))
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(last[row], every[row, length - 1] if length else 0 * last[row], atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_saved_and_loaded(case, tmp_path):
    x = keras.Input((None, FEATURES))
    layer = made(*case, return_sequences=True, dropout=0.2, kernel_regularizer="l2")
    model = keras.Model(x, layers.Bidirectional(layer)(x))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(X), model(X), atol=1e-6)
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_half_precision_keeps_its_state_in_float32():
    layer = layers.MinGRU(UNITS, return_sequences=True, dtype="mixed_bfloat16")
    x = np.full((1, 600, 1), 0.5, "float32")
    layer.build(x.shape)
    layer.set_weights([np.array([[-6.0] * UNITS + [3.0] * UNITS]), np.zeros(2 * UNITS)])
    full = layers.MinGRU(UNITS, return_sequences=True)
    full.build(x.shape)
    full.set_weights(layer.get_weights())
    assert layer(x).dtype == "bfloat16"
    # A state of 8 bits would stop growing at about 0.1: a step adds less than half a unit of its last digit.
    np.testing.assert_allclose(np.asarray(layer(x)[:, -1], "float32"), full(x)[:, -1], rtol=0.02)


def test_refusals():
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"at least 1. Received: units=0"):
        layers.MinGRU(0)
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"multiple of num_heads. Received: units=5, num_heads=2"):
        layers.Hawk(5, num_heads=2)
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"activation is one of relu, tanh. Received"):
        layers.IndRNN(2, activation="gelu")
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"dropout must be.*Received: dropout=1"):
        layers.LRU(2, dropout=1)
