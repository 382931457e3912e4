"""Words read letter by letter: against NumPy, blind to padding, in models and their files."""

import keras
import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import layers
from rnnzoo.testing.cases import small

KINDS = ["lstm", "cnn"]
rng = np.random.default_rng(0)
WORDS = rng.normal(size=(2, 3, 4)).astype("float32")
LETTERS = np.array([[[3, 1, 0, 0], [2, 2, 5, 4], [1, 0, 0, 0]], [[4, 3, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]], "int32")
TOKENS = np.array([[3, 2, 1], [4, 0, 0]], "int32")
TAGS = np.array([[0, 1, 2], [2, 0, 0]], "int32")
SMALL = {"vocabulary_size": 9, "characters": 6, "outputs": 3, "embedding_dim": 4, "units": 4, "character_units": 3}


@pytest.fixture(autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def last_state(x, kernel, recurrent, bias):
    """The LSTM's equations, gates in Keras's order, over the letters of one word."""
    h = c = np.zeros(len(recurrent))
    for letter in x:
        i, f, g, o = np.split(letter @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


def by_hand(layer, letters):
    """Return the vector of one word."""
    embedding, *weights = (np.asarray(w, "float64") for w in layer.get_weights())
    x = embedding[letters[letters > 0]]
    if layer.kind == "lstm":
        return np.concatenate([last_state(x, *weights[:3]), last_state(x[::-1], *weights[3:])])
    kernel, bias = weights
    around = np.pad(x, ((1, 1), (0, 0)))
    seen = [np.einsum("kc,kcf->f", around[i : i + 3], kernel) + bias for i in range(len(x))]
    return np.maximum(np.max(seen, axis=0), 0) if seen else np.zeros(layer.units)


@pytest.mark.parametrize("kind", KINDS)
def test_a_words_vector_is_that_of_the_papers_equations(kind):
    layer = layers.Characters(6, kind, units=3, embedding_dim=5)
    layer.build([WORDS.shape, LETTERS.shape])
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    found = keras.ops.convert_to_numpy(layer([WORDS, LETTERS]))
    assert found.shape == layer.compute_output_shape([WORDS.shape, LETTERS.shape])
    np.testing.assert_array_equal(found[..., :4], WORDS)
    for row, step in np.ndindex(2, 3):
        np.testing.assert_allclose(found[row, step, 4:], by_hand(layer, LETTERS[row, step]), atol=1e-5)
    longer = layer([WORDS, np.pad(LETTERS, ((0, 0), (0, 0), (0, 6)))])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(longer), found, atol=1e-6)


def test_wrong_kind():
    with pytest.raises(ValueError, match=r"kind must be one of lstm, cnn. Received: kind='gru'"):
        layers.Characters(6, "gru")


@pytest.mark.parametrize(("kind", "crf"), [("lstm", True), ("cnn", False)])
def test_a_model_of_words_and_characters(tmp_path, kind, crf):
    """It is blind to padding of either kind, every weight moves, and it comes back from its file."""
    model = rnnzoo.build("bigru", "tagging", **SMALL, character_model=kind, crf=crf, seed=0)
    model.run_eagerly = True
    before = model.get_weights()
    x = (TOKENS, LETTERS)
    assert np.isfinite(model.train_on_batch(x, TAGS, (TOKENS > 0).astype("float32"), return_dict=True)["loss"])
    still = [w.path for w, old in zip(model.weights, before, strict=True) if np.array_equal(np.asarray(w), old)]
    assert not still
    expected = model.predict_on_batch(x)
    assert expected.shape == (2, 3, 3)
    longer = np.pad(TOKENS, ((0, 0), (0, 4))), np.pad(LETTERS, ((0, 0), (0, 4), (0, 3)))
    found = model.predict_on_batch(longer)
    for row, steps in enumerate((3, 1)):
        np.testing.assert_allclose(found[row, :steps], expected[row, :steps], atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(x), expected, atol=1e-6)
    np.testing.assert_allclose(rnnzoo.rebuild(model, batch_size=2).predict_on_batch(x), expected, atol=1e-6)


@pytest.mark.parametrize("name", others_slow(rnnzoo.list_models(task="tagging"), ["cnn_bigru"]))
def test_every_body_of_the_zoo_takes_characters(name):
    shared = {word: size for word, size in SMALL.items() if word != "units"}  # a TCN has none
    model = rnnzoo.build(name, "tagging", **shared | small(name), crf=True)
    assert model((TOKENS, LETTERS)).shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"task": "classification", "characters": 5}, "characters belongs to task='tagging'"),
        ({"task": "tagging", "characters": 5, "features": 2}, "leave it out, or features"),
        ({"task": "tagging", "characters": 0}, "characters must be a whole number >= 1"),
        ({"task": "tagging", "character_model": "gru"}, "'lstm' | 'cnn'"),
        ({"task": "tagging", "character_unit": 4}, "Did you mean 'character_units'"),
        ({"task": "tagging", "crf": 1}, "crf must be True or False"),
        ({"task": "classification", "crf": True}, "lstm has no hyper-parameter 'crf'"),
    ],
)
def test_wrong_calls(arguments, hint):
    with pytest.raises((ValueError, TypeError)) as raised:
        rnnzoo.build("lstm", **arguments)
    assert hint in str(raised.value)
