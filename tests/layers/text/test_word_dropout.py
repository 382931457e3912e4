"""Word dropout: the share, padding, and nothing at all in prediction."""

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers

TOKENS = np.random.default_rng(0).integers(2, 50, (200, 50)).astype("int32")
TOKENS[:, 40:] = 0


def test_a_share_becomes_unknown_and_padding_stays():
    found = keras.ops.convert_to_numpy(layers.WordDropout(0.3, seed=1)(TOKENS, training=True))
    changed = found != TOKENS
    assert set(found[changed]) == {1}
    assert not changed[:, 40:].any()
    assert changed[:, :40].mean() == pytest.approx(0.3, abs=0.02)


def test_every_call_draws_anew():
    layer = layers.WordDropout(0.3, seed=1)
    first, second = (keras.ops.convert_to_numpy(layer(TOKENS, training=True)) for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_impossible_rate(rate):
    with pytest.raises(ValueError, match=r"rate must be .* Received: rate="):
        layers.WordDropout(rate)


def test_in_a_model(tmp_path):
    """Predictions are those without it, training's are not, and the file keeps the rate."""
    sizes = {"vocabulary_size": 50, "embedding_dim": 4, "units": 4, "dropout": 0.0, "seed": 0}
    plain, dropping = (rnnzoo.build("bigru", word_dropout=rate, **sizes) for rate in (0.0, 0.5))
    dropping.set_weights(plain.get_weights())
    expected = plain.predict_on_batch(TOKENS)
    np.testing.assert_array_equal(dropping.predict_on_batch(TOKENS), expected)
    assert np.abs(keras.ops.convert_to_numpy(dropping(TOKENS, training=True)) - expected).max() > 1e-3
    dropping.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("word_dropout").rate == 0.5
    np.testing.assert_array_equal(loaded.predict_on_batch(TOKENS), expected)
