"""Features of any size: they are told apart, though scikit-learn's own scalers take no three axes."""

import numpy as np
import pytest

import rnnzoo


@pytest.mark.parametrize("size", [1e-6, 1, 1e6])
def test_features_of_any_size_are_told_apart(size):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5, 2))
    y = x.mean(axis=(1, 2)) > 0
    given = size * (40 + x)
    model = rnnzoo.RnnzooClassifier("mlp", epochs=30, random_state=0).fit(given[:150], y[:150])
    assert model.score(given[150:], y[150:]) > 0.9
    same = rnnzoo.RnnzooClassifier("mlp", epochs=30, random_state=0).fit(3 * given[:150] - size, y[:150])
    expected = model.predict_proba(given[150:])
    np.testing.assert_allclose(same.predict_proba(3 * given[150:] - size), expected, atol=1e-3)


def test_values_are_answered_in_their_units():
    rng = np.random.default_rng(0)
    x = 20_000 + 300 * rng.normal(size=(200, 5, 2))
    y = 1e5 * x.mean(axis=(1, 2))
    model = rnnzoo.RnnzooRegressor("mlp", epochs=30, random_state=0).fit(x[:150], y[:150])
    assert model.score(x[150:], y[150:]) > 0.9


def test_features_are_scaled_as_the_run_did_whose_weights_are_taken():
    """The preset's pixels, 0 to 1, were not."""
    x = np.random.default_rng(0).uniform(0, 1, (20, 8, 8))
    model = rnnzoo.RnnzooClassifier("cnn_bigru", weights="digits", epochs=1).fit(x, np.arange(20) % 10)
    np.testing.assert_array_equal(model.scaler_(x), x.astype("float32"))
