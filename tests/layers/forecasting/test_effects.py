"""What is known ahead beside a forecast: its numbers, and a file that answers the same."""

import keras
import numpy as np

import rnnzoo
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


def test_deepar_reads_what_is_known_of_the_step_that_it_forecasts():
    """Features stand `horizon` steps earlier than they hold: the last ones that are read are those of the forecast."""
    with layers.use("general"):
        model = rnnzoo.build("deepar", "forecasting", features=3, outputs=1, horizon=3, sequence_length=6, seed=0)
        x = np.repeat(X[:1], 6, axis=0)
        for step in range(5):
            x[step + 1, step + 1, 2] += 5.0  # of the known feature, at steps 1 to 5
        answer = np.asarray(model(x))[..., 0]
        moved = np.abs(answer[1:] - answer[0]) > 1e-6
        np.testing.assert_array_equal(moved[2:], [[1, 1, 1], [0, 1, 1], [0, 0, 1]])  # steps 3, 4, 5 are its own
        assert moved[:2].all()
        y = RNG.normal(size=(6, 3, 1)).astype("float32")
        assert np.isfinite(model.train_on_batch(x, y)[0])
        assert rnnzoo.sample(model, x, 7).shape == (6, 7, 3, 1)
