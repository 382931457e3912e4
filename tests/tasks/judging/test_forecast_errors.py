"""Errors of forecasts against scikit-learn and closed forms; answers fed back."""

import numpy as np
import pytest
from sklearn import metrics as sk

from rnnzoo.tasks.judging.feeding_back import feed_back
from rnnzoo.tasks.judging.forecast_errors import ForecastErrors, probabilistic_errors


class Doubling:
    """Answers with twice its last value, then with four times."""

    def predict_on_batch(self, x):
        return x[:, -1:] * np.array([2.0, 4.0])[:, None]


def test_answers_are_fed_back():
    x = np.array([[[5.0], [1.0]], [[5.0], [3.0]]])
    found = feed_back(Doubling(), x, 5)
    np.testing.assert_array_equal(found[..., 0], [[2, 4, 8, 16, 32], [6, 12, 24, 48, 96]])


def test_sums_over_batches_are_those_of_all():
    rng = np.random.default_rng(0)
    y = 1000 + rng.normal(size=(37, 4, 2))
    output = y + rng.normal(0, 0.5, size=y.shape)
    errors = ForecastErrors(lambda values: 3 * values + 7)
    for begin in range(0, 37, 10):
        errors.add(y[begin : begin + 10], output[begin : begin + 10])
    truth, found, scores = y.reshape(37, -1), output.reshape(37, -1), errors.scores()
    assert scores["mse"] == pytest.approx(sk.mean_squared_error(truth, found))
    assert scores["mae"] == pytest.approx(sk.mean_absolute_error(truth, found))
    assert scores["r2_by_step"] == pytest.approx(sk.r2_score(truth, found))
    assert scores["r2_pooled"] == pytest.approx(sk.r2_score(truth.ravel(), found.ravel()))
    assert scores["mse_original"] == pytest.approx(9 * scores["mse"])
    np.testing.assert_allclose(errors.mse_by_step, ((output - y) ** 2).mean(axis=(0, 2)))
    np.testing.assert_allclose(errors.mae_by_step, np.abs(output - y).mean(axis=(0, 2)))


def test_probabilistic_scores_are_those_of_a_normal_distribution():
    """The CRPS of a standard normal at y: y (2 Φ(y) - 1) + 2 φ(y) - 1 / √π (Gneiting and Raftery 2007, section 4.2)."""
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    y = np.array([-1.0, 0.0, 2.0]).reshape(3, 1, 1)
    found = probabilistic_errors(y, rng.normal(size=(3, 20_000, 1, 1)))
    expected = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(found["crps"], expected, atol=0.02)
    below = norm.ppf(0.1)
    np.testing.assert_allclose(found["quantile_loss_10"], np.maximum(0.1 * (y - below), -0.9 * (y - below)), atol=0.02)
    np.testing.assert_array_equal(found["coverage_80"].ravel(), [1, 1, 0])
