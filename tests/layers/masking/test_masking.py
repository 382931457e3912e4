"""Padding, pooling and convolution against NumPy, row by row."""

import numpy as np
import pytest

from rnnzoo import layers

BATCH, TIME, WIDTH, UNITS = 3, 6, 4, 5
TOLERANCE = 1e-4


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(BATCH, TIME, WIDTH)).astype("float32")


LENGTHS = [6, 2, 0]


def mask_of(lengths):
    return np.arange(TIME)[None] < np.array(lengths)[:, None]


def halves(last, first):
    half = last.shape[-1] // 2
    return np.concatenate([last[:half], first[half:]])


REFERENCES = {
    ("last", False): lambda steps: steps[-1],
    ("last", True): lambda steps: halves(steps[-1], steps[0]),
    ("mean", False): lambda steps: steps.mean(0),
    ("max", False): lambda steps: steps.max(0),
    ("mean_max", False): lambda steps: np.concatenate([steps.mean(0), steps.max(0)]),
    ("concat", False): lambda steps: np.concatenate([steps[-1], steps.mean(0), steps.max(0)]),
    ("concat", True): lambda steps: np.concatenate([halves(steps[-1], steps[0]), steps.mean(0), steps.max(0)]),
}


@pytest.mark.parametrize("pattern", ["left", "holes"])
@pytest.mark.parametrize(("mode", "bidirectional"), REFERENCES)
def test_pooling_of_masks_that_do_not_trail(mode, bidirectional, pattern, x):
    x = x - 3
    mask = (
        mask_of(LENGTHS)[:, ::-1] if pattern == "left" else np.array([[1, 0, 1, 0, 1, 0], [0] * 6, [0, 1, 1, 0, 0, 0]])
    )
    found = np.asarray(layers.Pooling(mode, bidirectional)(x, mask=mask.astype(bool)))
    for row, real, y in zip(x, mask.astype(bool), found, strict=True):
        expected = REFERENCES[mode, bidirectional](row[real]) if real.any() else 0 * y
        np.testing.assert_allclose(y, expected, atol=1e-6)


@pytest.mark.parametrize(("mode", "bidirectional"), REFERENCES)
def test_pooling(mode, bidirectional, x):
    x = x - 3  # below 0, so that a padded 0 in the maximum would be seen
    layer = layers.Pooling(mode, bidirectional)
    reference = REFERENCES[mode, bidirectional]
    width = WIDTH * {"mean_max": 2, "concat": 3}.get(mode, 1)
    found = np.asarray(layer(x, mask=mask_of(LENGTHS)))
    expected = [reference(row[:length]) if length else np.zeros(width) for row, length in zip(x, LENGTHS, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(layer(x), [reference(row) for row in x], atol=1e-6)
    assert layer.compute_output_shape(x.shape) == found.shape
    assert layers.Pooling.from_config(layer.get_config()).get_config() == layer.get_config()


def test_pooling_refuses_an_unknown_mode():
    with pytest.raises(
        ValueError, match=r"mode must be one of last, mean, max, mean_max, concat. Received: mode='sum'"
    ):
        layers.Pooling("sum")


@pytest.mark.parametrize("pad", [0, -1.5])
def test_the_mask_reaches_to_the_last_real_step(pad):
    rng = np.random.default_rng(3)
    x = rng.choice([pad, 1.0, 2.0], size=(200, 7, 2), p=[0.6, 0.2, 0.2]).astype("float32")
    x[0] = pad

    def length(row):
        real = [t for t in range(len(row)) if any(value != pad for value in row[t])]
        return real[-1] + 1 if real else 0

    expected = [[t < length(row) for t in range(7)] for row in x]
    found = layers.TrailingMask(pad)(x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(layers.lengths(found), [length(row) for row in x])
    ids = x[..., :1]
    np.testing.assert_array_equal(
        layers.TrailingMask(pad)(ids[..., 0]), [[t < length(row) for t in range(7)] for row in ids]
    )
    padding = layers.Padding(pad)
    np.testing.assert_array_equal(padding(x), np.where(np.array(expected)[..., None], x, 0))
    np.testing.assert_array_equal(padding.compute_mask(x), expected)


def test_an_embedding_gives_an_interior_0_its_vector():
    layer = layers.Embedding(6, 3)
    ids = np.array([[1, 0, 2, 0], [0, 0, 0, 0]], "int32")
    vectors = np.asarray(layer(ids))
    np.testing.assert_array_equal(vectors[0], np.asarray(layer.embeddings)[[1, 0, 2, 0]])
    np.testing.assert_array_equal(layer.compute_mask(ids), [[True, True, True, False], [False] * 4])


@pytest.mark.parametrize("padding", ["same", "causal"])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_convolution(padding, size, x):
    layer = layers.Conv1D(UNITS, size, padding=padding)
    layer(x)
    layer.set_weights([np.random.default_rng(1).normal(0, 0.5, w.shape) for w in layer.get_weights()])
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    found = np.asarray(layer(x, mask=mask_of(LENGTHS)))
    before = size - 1 if padding == "causal" else (size - 1) // 2
    for i, length in enumerate(LENGTHS):
        row = np.pad(x[i, :length].astype("float64"), ((before, size), (0, 0)))  # zeros outside the sequence
        for t in range(length):
            expected = np.einsum("kw,kwu->u", row[t : t + size], kernel) + bias
            np.testing.assert_allclose(found[i, t], expected, atol=TOLERANCE)


def test_convolution_refuses_what_loses_steps():
    for arguments in ({"padding": "valid"}, {"strides": 2}):
        with pytest.raises(ValueError, match=r"one output for every step"):
            layers.Conv1D(4, 3, **arguments)
