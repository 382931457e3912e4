"""The fast recurrent layers give Keras's numbers: outputs to 1e-6, gradients to 1e-5 of their largest entry."""

import keras
import numpy as np
import pytest
from beside_keras import FEATURES, KINDS, assert_equal, data, pair, results
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marks import others_slow

import rnnzoo.layers

tf = pytest.importorskip("tensorflow")


pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow for gradients")


PADDINGS = {
    "none": lambda rng, batch, time: None,
    "ragged": lambda rng, batch, time: rng.integers(1, time + 1, batch),
    "single steps": lambda rng, batch, time: np.ones(batch, int),
    "one full row": lambda rng, batch, time: np.array([time] + [1] * (batch - 1)),
}


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def any_shape(longest, widest):
    return given(
        kind=st.sampled_from(KINDS),
        batch=st.integers(1, widest),
        time=st.integers(1, longest),
        padding=st.sampled_from(sorted(PADDINGS)),
        direction=st.sampled_from(["forward", "backward", "both"]),
        return_sequences=st.booleans(),
        return_state=st.booleans(),
        with_state=st.booleans(),
        seed=st.integers(0, 99),
    )


def beside_keras(kind, batch, time, padding, direction, return_sequences, return_state, with_state, seed):
    rng = np.random.default_rng(seed)
    both = direction == "both"
    theirs, ours = pair(
        kind,
        batch,
        time,
        both,
        return_sequences=return_sequences,
        return_state=return_state,
        **({} if both else {"go_backwards": direction == "backward"}),
    )
    x, state = data(rng, kind, batch, time, both, with_state)
    lengths = PADDINGS[padding](rng, batch, time)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@settings(max_examples=5, **QUIET)
@any_shape(longest=30, widest=9)
def test_any_shape(**case):
    beside_keras(**case)


@pytest.mark.slow
@settings(max_examples=40, **QUIET)
@any_shape(longest=300, widest=67)
def test_any_shape_at_length(**case):
    beside_keras(**case)


KNOWN = [("none", False), ("ragged", True), ("none", True), ("ragged", False)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize(("padding", "return_sequences"), others_slow(KNOWN, KNOWN[:2], str, spread=True))
def test_every_kind(kind, padding, direction, return_sequences):
    rng = np.random.default_rng(1)
    both = direction == "both"
    options = {} if both else {"go_backwards": direction == "backward"}
    theirs, ours = pair(kind, 5, 4, both, return_sequences=return_sequences, return_state=True, **options)
    x, state = data(rng, kind, 5, 4, both, True)
    lengths = PADDINGS[padding](rng, 5, 4)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padding", ["none", "ragged"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_sequence_is_cut_into_stretches(monkeypatch, kind, padding, backwards):
    monkeypatch.setattr("rnnzoo.layers.recurrent.compiled.bptt.LONGEST", 7)
    rng = np.random.default_rng(1)
    theirs, ours = pair(kind, 6, 20, return_sequences=True, return_state=True, go_backwards=backwards)
    x, state = data(rng, kind, 6, 20, False, True)
    lengths = PADDINGS[padding](rng, 6, 20)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@pytest.mark.parametrize("kind", KINDS)
def test_without_training_outputs_and_gradients_are_the_same(kind):
    theirs, ours = pair(kind, 5, 4, return_sequences=True, use_bias=False)
    x, _ = data(np.random.default_rng(2), kind, 5, 4, False, False)
    assert_equal(results(ours, x, training=False), results(theirs, x, training=False))


@pytest.mark.parametrize("kind", KINDS)
def test_stateful_carries_over(kind):
    theirs, ours = pair(kind, 4, 6, stateful=True, return_sequences=True)
    x, _ = data(np.random.default_rng(4), kind, 4, 6, False, False)
    for lengths in (None, np.array([6, 1, 3, 2]), None):
        assert_equal(results(ours, x, lengths), results(theirs, x, lengths))
    ours.reset_state()
    theirs.reset_state()
    assert_equal(results(ours, x), results(theirs, x))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_draws_the_same_masks(kind):
    theirs, ours = pair(kind, 4, 6, dropout=0.5, seed=7)
    x, _ = data(np.random.default_rng(5), kind, 4, 6, False, False)
    for training in (True, True, False):
        assert_equal(results(ours, x, training=training), results(theirs, x, training=training))


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"recurrent_dropout": 0.3, "seed": 1},
        {"unroll": True},
        {"reset_after": False},
        {"implementation": 1, "dropout": 0.3, "seed": 1, "use_cudnn": False},
        {"dtype": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_what_the_fast_path_cannot_do_takes_the_general_one(options):
    theirs, ours = pair("GRU", 4, 6, **options)
    x, _ = data(np.random.default_rng(6), "GRU", 4, 6, False, False)
    assert ours.path == "general"
    lengths = np.array([6, 1, 3, 2])
    assert_equal(results(ours, x, lengths), results(theirs, x, lengths))


def test_zero_output_for_mask():
    for sequences in (True, False):
        theirs, ours = pair("LSTM", 4, 6, return_sequences=sequences, zero_output_for_mask=True)
        x, _ = data(np.random.default_rng(7), "LSTM", 4, 6, False, False)
        lengths = np.array([6, 1, 3, 2])
        assert_equal(results(ours, x, lengths), results(theirs, x, lengths))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [1, 9])
def test_the_first_prediction_of_a_width_may_know_its_rows(kind, rows):
    """Compiled loops are shared by all layers as wide; these are the first of theirs."""
    x = np.random.default_rng(3).normal(size=(rows, 3, 2)).astype("float32")
    theirs, ours = (
        getattr(library, kind)(7 + rows, return_sequences=rows > 1) for library in (keras.layers, rnnzoo.layers)
    )
    expected = theirs(x)
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(tf.function(ours)(tf.constant(x)), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["SimpleRNN", "MinGRU"])
@pytest.mark.parametrize("training", [False, True])
def test_a_graph_knows_the_shapes_of_answers_whatever_was_called_before(kind, training):
    """Compiled loops are shared, and forget a size of which they have seen several."""
    layer, seen = getattr(rnnzoo.layers, kind)(6, return_sequences=True, return_state=True), []
    for rows, steps in ((2, 3), (3, 4), (4, 5)):

        def run(x):
            seen.append([tuple(y.shape) for y in layer(x, training=training)])

        tf.function(run, autograph=False)(tf.zeros((rows, steps, 2)))
    assert seen[-1] == [(4, 5, 6), (4, 6)]


@pytest.mark.parametrize("rows", [1, 5])
def test_a_graph_for_any_batch_predicts_and_differentiates(rows):
    """A tower may have no row at all."""
    theirs, ours = pair("LSTM", None, 4, return_sequences=True)
    lengths = np.array([4, 2, 1, 3, 4])[:rows]
    x, _ = data(np.random.default_rng(3), "LSTM", rows, 4, False, False)

    def any_batch(layer):
        @tf.function(input_signature=[tf.TensorSpec((None, 4, FEATURES)), tf.TensorSpec((None, 4), "bool")])
        def gradients(x, mask):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(layer(x, mask=mask) ** 2)
            return loss, tape.gradient(loss, [x, *(w.value for w in layer.trainable_variables)])

        loss, found = gradients(x, tf.sequence_mask(lengths, 4))
        return [np.asarray(loss)], [np.asarray(g) for g in found]

    ours, theirs = any_batch(ours), any_batch(theirs)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
    assert_equal(([], ours[1]), ([], theirs[1]))


def test_a_second_derivative_is_refused():
    _, ours = pair("LSTM", 2, 3)
    x = tf.ones((2, 3, FEATURES))

    def second():
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(ours(x) ** 2)
            slope = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return outer.gradient(slope, x)

    with pytest.raises(NotImplementedError, match=r"no second derivative.*Received"):
        second()
    with pytest.raises(NotImplementedError, match=r"no second derivative.*Received"):
        tf.function(second)()
    with rnnzoo.layers.use("general"):
        assert second() is not None
