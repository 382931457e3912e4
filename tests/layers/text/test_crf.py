"""The conditional random field against brute force: every sequence of tags, one by one, in float64."""

import itertools
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnnzoo
from rnnzoo import layers

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 4))
WORDS = np.array([[3, 1, 4, 1], [5, 9, 2, 0], [6, 0, 0, 0], [0, 0, 0, 0]], "int32")
TAGS = np.array([[0, 1, 2, 1], [2, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], "int32")
SMALL = {"vocabulary_size": 10, "outputs": 3, "embedding_dim": 4, "units": 4, "crf": True, "seed": 0}
BACKEND = keras.backend.backend()
EXAMPLES = 20 if BACKEND == "tensorflow" else 6  # JAX compiles each anew


@pytest.fixture(autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


def array(x):
    return keras.ops.convert_to_numpy(x)


def made(tags, steps, seed, ties):
    """A layer and scores for rows of every length from 0 to `steps`; whole numbers have many best sequences."""
    rng = np.random.default_rng(seed)
    layer = layers.CRF()
    layer.build((None, None, tags))
    layer.set_weights(
        [rng.integers(-1, 2, w.shape) if ties else rng.normal(0, 3, w.shape) for w in layer.get_weights()]
    )
    lengths = np.arange(steps + 1)
    shape = (steps + 1, steps, tags)
    emissions = (rng.integers(-1, 2, shape) if ties else rng.normal(0, 3, shape)).astype("float32")
    return layer, emissions, np.arange(steps) < lengths[:, None]


def every_sequence(layer, emissions):
    """Return each sequence of tags of one row with its score, from the definition."""
    transitions, start, end = (w.astype("float64") for w in layer.get_weights())
    steps, tags = emissions.shape
    found = {}
    for y in itertools.product(range(tags), repeat=steps):
        score = sum(float(emissions[t, k]) for t, k in enumerate(y))
        score += sum(transitions[j, k] for j, k in itertools.pairwise(y))
        found[y] = score + (start[y[0]] + end[y[-1]] if y else 0.0)
    return found


def log_sum(scores):
    scores = np.array(list(scores))
    return np.log(np.exp(scores - scores.max()).sum()) + scores.max()


@settings(max_examples=EXAMPLES, deadline=None)
@given(SIZES, st.integers(0, 10**6), st.booleans())
def test_partition_function_and_viterbi_are_those_of_brute_force(sizes, seed, ties):
    layer, emissions, mask = made(*sizes, seed, ties)
    partition, best = array(layer.log_partition(emissions, mask)), array(layer.decode(emissions, mask))
    shortfall = array(layer(emissions, mask=mask))
    for row, steps in enumerate(mask.sum(axis=1)):
        scores = every_sequence(layer, emissions[row, :steps])
        highest = max(scores.values())
        assert partition[row] == pytest.approx(log_sum(scores.values()), abs=1e-4)
        assert scores[tuple(best[row, :steps])] == pytest.approx(highest, abs=1e-4)
        for step, tag in itertools.product(range(steps), range(sizes[0])):
            through = max(score for y, score in scores.items() if y[step] == tag)
            assert shortfall[row, step, tag] == pytest.approx(through - highest, abs=1e-4)
    assert not best[~mask].any()
    assert not shortfall[~mask].any()


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(SIZES, st.integers(0, 10**6))
def test_the_likelihoods_of_all_sequences_sum_to_one(sizes, seed):
    layer, emissions, mask = made(*sizes, seed, False)
    for row, steps in enumerate(mask.sum(axis=1)):
        every = every_sequence(layer, emissions[row, :steps])
        tags = np.array([[*y, *[0] * (sizes[1] - steps)] for y in every])
        rows = np.repeat(emissions[row][None], len(tags), axis=0), np.repeat(mask[row][None], len(tags), axis=0)
        np.testing.assert_allclose(array(layer.score(rows[0], tags, rows[1])), list(every.values()), atol=1e-4)
        assert np.exp(-array(layer.loss(tags, *rows))).sum() == pytest.approx(1, abs=1e-4)


@settings(max_examples=EXAMPLES // 3, deadline=None)
@given(SIZES, st.integers(0, 10**6), st.integers(1, 3))
def test_padding_changes_nothing(sizes, seed, more):
    layer, emissions, mask = made(*sizes, seed, False)
    rng = np.random.default_rng(seed)
    tags = rng.integers(0, sizes[0], mask.shape)
    padding = rng.normal(0, 100, (len(mask), more, sizes[0])).astype("float32")
    longer = np.concatenate([emissions, padding], axis=1)
    longer_mask, longer_tags = (np.pad(a, ((0, 0), (0, more))) for a in (mask, tags))
    np.testing.assert_array_equal(
        array(layer.decode(longer, longer_mask)), np.pad(array(layer.decode(emissions, mask)), ((0, 0), (0, more)))
    )
    np.testing.assert_allclose(
        array(layer.log_partition(longer, longer_mask)), array(layer.log_partition(emissions, mask)), rtol=1e-6
    )
    np.testing.assert_allclose(
        array(layer.loss(longer_tags, longer, longer_mask)), array(layer.loss(tags, emissions, mask)), atol=1e-5
    )


def test_without_a_mask_every_step_is_real():
    layer, emissions, mask = made(3, 4, 0, False)
    np.testing.assert_array_equal(array(layer(emissions)), array(layer(emissions, mask=np.ones_like(mask))))
    whole = array(layer.log_partition(emissions))
    np.testing.assert_allclose(whole[-1], array(layer.log_partition(emissions, mask))[-1], rtol=1e-6)


def test_far_scores_neither_overflow_nor_vanish():
    """In log space: where probabilities are beyond float32, and the best way leads through an unlikely one."""
    layer = layers.CRF()
    layer.build((None, None, 2))
    layer.set_weights([np.array([[-300.0, 0.0], [0.0, 0.0]]), np.array([0.0, -200.0]), np.zeros(2)])
    emissions = np.array([[[0.0, 0.0], [500.0, 0.0], [0.0, 0.0]]], "float32")
    scores = every_sequence(layer, emissions[0])
    assert array(layer.log_partition(emissions))[0] == pytest.approx(log_sum(scores.values()), rel=1e-6)
    assert tuple(array(layer.decode(emissions))[0]) == max(scores, key=scores.get)


def gradient(function, x):
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return tape.gradient(value, x).numpy()
    if BACKEND == "jax":
        import jax

        return np.asarray(jax.grad(function)(x))
    import torch

    x = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(function(x), x)[0].numpy()


def test_the_gradient_of_the_partition_function_is_the_marginal_probability():
    layer, emissions, mask = made(3, 4, 1, False)
    found = gradient(lambda e: keras.ops.sum(layer.log_partition(e, mask)), emissions)
    for row, steps in enumerate(mask.sum(axis=1)):
        scores = every_sequence(layer, emissions[row, :steps])
        total, expected = log_sum(scores.values()), np.zeros((4, 3))
        for y, score in scores.items():
            for step, tag in enumerate(y):
                expected[step, tag] += np.exp(score - total)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


# In a model. -------------------------------------------------------------------------------------------------------


def moved(model, seed=0):
    """Give every weight a value that shows; and train step by step, which compiles nothing."""
    model.run_eagerly = True
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def emissions_of(model, x):
    """Return what the head gives to the CRF."""
    head = model.get_layer("head")
    x = model.get_layer("body")(model.get_layer("embedding")(x))
    return array(head.get_layer("logits")(x)), head.get_layer("crf")


@pytest.mark.parametrize("name", ["bilstm", "gru"])
def test_a_models_answer_is_the_best_sequence_and_its_loss_the_likelihood(name):
    model = moved(rnnzoo.build(name, "tagging", **SMALL, dropout=0.0))
    emissions, crf = emissions_of(model, WORDS)
    answer = model.predict_on_batch(WORDS)
    losses, steps = [], [4, 3, 1, 0]
    for row, length in enumerate(steps):
        scores = every_sequence(crf, emissions[row, :length])
        assert tuple(answer[row, :length].argmax(axis=-1)) == max(scores, key=scores.get)
        losses.append(log_sum(scores.values()) - scores[tuple(TAGS[row, :length])])
    weight = np.array([1, 0.5, 2, 1], "float32")
    found = model.train_on_batch(WORDS, TAGS, weight[:, None] * (WORDS > 0), return_dict=True)["loss"]
    assert float(found) == pytest.approx(np.dot(losses, weight) / 8, rel=1e-4)  # nats a step


def test_rows_of_no_weight_move_nothing():
    model = moved(rnnzoo.build("bilstm", "tagging", **SMALL, dropout=0.0, optimizer="sgd"))
    model.train_on_batch(WORDS, TAGS, np.zeros((4, 4), "float32"))
    for now, before in zip(model.get_weights(), moved(keras.models.clone_model(model)).get_weights(), strict=True):
        np.testing.assert_array_equal(now, before)


def test_padding_changes_no_answer_of_a_model():
    model = moved(rnnzoo.build("bilstm", "tagging", **SMALL))
    short, long = (model.predict_on_batch(np.pad(WORDS, ((0, 0), (0, more)))) for more in (0, 7))
    for row, length in enumerate([4, 3, 1, 0]):
        np.testing.assert_allclose(long[row, :length], short[row, :length], atol=1e-5)


def test_features_have_no_mask():
    model = rnnzoo.build("gru", "tagging", features=2, outputs=3, units=4, crf=True)
    model.run_eagerly = True
    x = np.random.default_rng(0).normal(size=(5, 4, 2)).astype("float32")
    assert np.isfinite(model.train_on_batch(x, np.ones((5, 4), "int32"), return_dict=True)["loss"])
    assert model.predict_on_batch(x).shape == (5, 4, 3)


@pytest.mark.slow
def test_transitions_tell_what_no_step_can_know():
    """The last word says how the tags alternate; a causal body has long given its scores by then."""
    rng = np.random.default_rng(0)
    last = rng.integers(2, 4, 64)
    x = np.ones((64, 6), "int32")
    x[:, -1] = last
    y = (np.arange(6) + last[:, None]) % 2
    right = {}
    for crf in (False, True):
        sizes = {"vocabulary_size": 4, "embedding_dim": 4, "units": 8, "dropout": 0.0, "learning_rate": 0.05}
        model = rnnzoo.build("lstm", "tagging", **sizes, crf=crf, seed=0)
        model.fit(x, y, epochs=30, batch_size=64, verbose=0)
        right[crf] = (model.predict(x, verbose=0).argmax(axis=-1) == y).mean()
    assert right[True] == 1
    assert right[False] < 0.7


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="runs this file on the other backends")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(backend):
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
    chosen = "brute_force or sum_to_one or padding_changes_nothing or gradient or far or best_sequence"
    arguments = ["-q", "-n", "0", "-W", "ignore", "-k", chosen, __file__]
    done = subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
