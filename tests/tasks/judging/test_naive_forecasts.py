"""Every model stands beside naive forecasts, and is said to lose where it does."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from small_series import load, wave, write

from rnnzoo.tasks.judging.forecast_errors import forecast_errors
from rnnzoo.tasks.judging.intervals import interval_scores
from rnnzoo.tasks.judging.naive_forecasts import naive_forecasters, verdict


@pytest.fixture
def loaded(tmp_path):
    values = wave(200) + np.random.default_rng(0).normal(0, 0.1, (200, 2))
    return load(write(tmp_path / "s.csv", values), period=5)


def test_naive_forecasts(loaded):
    data, parts = loaded
    found = naive_forecasters(parts["train"], **data.naive_sizes)
    x = parts["test"].x[np.arange(4)]
    np.testing.assert_array_equal(found["repeat_last"](x), np.repeat(x[:, -1:], 3, axis=1))
    np.testing.assert_array_equal(found["seasonal_naive"](x), x[:, 1:4])
    rows = np.arange(len(parts["train"]))
    past, future = (w[rows].transpose(0, 2, 1).reshape(-1, w.steps) for w in (parts["train"].x, parts["train"].y))
    expected = []
    for alpha in 10.0 ** np.arange(-3, 5):
        ridge = Ridge(alpha).fit(past - past[:, -1:], future - past[:, -1:])
        expected.append(ridge.predict(x[:, :, 0] - x[:, -1:, 0]) + x[:, -1:, 0])
    answer = found["ridge"](x)[:, :, 0]
    assert min(np.abs(answer - one).max() for one in expected) < 1e-4


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("targets", [("load",), ()])
def test_a_forecast_has_the_shape_of_the_truth(tmp_path, horizon, targets):
    data, parts = load(write(tmp_path / "s.csv", wave(200)), horizon=horizon, target=targets, period=5)
    for name, forecast in naive_forecasters(parts["train"], **data.naive_sizes).items():
        x, y = (part[np.arange(7)] for part in (parts["test"].x, parts["test"].y))
        assert forecast(x).shape == y.shape, name
        assert np.isfinite(forecast_errors(forecast, parts["test"], data).scores()["rmse"])


def test_the_verdict_says_who_wins():
    others = {"repeat_last": {"rmse": 1.0}, "ridge": {"rmse": 0.5}}
    assert "gru loses to ridge on the same steps by 60.0%" in verdict("gru", {"rmse": 0.8}, others)
    assert "a tie" in verdict("gru", {"rmse": 0.505}, others)
    assert "beats last value, ridge" in verdict("gru", {"rmse": 0.4}, others)


def test_interval_score_charges_for_what_lies_outside():
    found = interval_scores(np.array([0.0, 3.0]), np.array([-1.0, -1.0]), np.array([1.0, 1.0]), 80)
    np.testing.assert_allclose(found["interval_score_80"], [2, 2 + 10 * 2])
    np.testing.assert_array_equal(found["coverage_80"], [1, 0])
