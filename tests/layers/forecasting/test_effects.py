"""What is known ahead beside a forecast: its numbers, and a file that answers the same."""

import keras
import numpy as np

from rnnzoo import layers

RNG = np.random.default_rng(0)
Y, X = RNG.normal(size=(2, 3, 1)).astype("float32"), RNG.normal(size=(2, 6, 3)).astype("float32")


def test_it_begins_at_nothing_adds_a_product_and_is_saved(tmp_path):
    y, x = keras.Input((3, 1)), keras.Input((6, 3))
    layer = layers.Effects()
    model = keras.Model([y, x], layer(y, x))
    np.testing.assert_array_equal(model([Y, X]), Y)
    kernel = RNG.normal(size=(2, 1)).astype("float32")
    layer.set_weights([kernel])
    expected = Y + X[:, 3:, 1:] @ kernel  # the features behind the target, of the last three steps
    np.testing.assert_allclose(model([Y, X]), expected, atol=1e-6)
    model.save(tmp_path / "effects.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "effects.keras")([Y, X]), expected, atol=1e-6)
