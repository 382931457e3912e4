"""Quantiles of forecasts: their order, their loss beside scikit-learn's, and files that answer the same."""

import keras
import numpy as np
import pytest
from marks import others_slow
from sklearn.metrics import mean_pinball_loss

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.inference.quantiles import forecaster, levels_of, pairs

RNG = np.random.default_rng(0)
LEVELS = (0.1, 0.3, 0.5, 0.9)
X, Y = RNG.normal(size=(6, 9, 3)).astype("float32"), RNG.normal(size=(6, 4, 2)).astype("float32")


@pytest.fixture(autouse=True)
def uncompiled():
    """Keras's own loops: they compile in no time."""
    with layers.use("general"):
        yield


def model(name, **settings):
    sizes = {"features": 3, "outputs": 2, "horizon": 4, "quantiles": LEVELS, "sequence_length": 9, "seed": 0}
    return rnnzoo.build(name, "forecasting", **sizes | settings)


@pytest.mark.parametrize(
    "name",
    others_slow(
        ["gru", "nlinear", "segrnn", "encoder_decoder_gru", "repeat_last", "deepar"], ["gru", "nlinear", "repeat_last"]
    ),
)
def test_every_kind_of_body_has_quantiles_in_their_order_around_its_forecast(name, tmp_path):
    built = model(name)
    built.train_on_batch(X, Y)
    answer = built.predict_on_batch(X)
    assert answer.shape == (6, 4, 4, 2)
    assert (np.diff(answer, axis=1) > 0).all()
    np.testing.assert_array_equal(forecaster(built)(X), answer[:, 2])
    assert levels_of(built) == LEVELS
    built.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict_on_batch(X), answer, atol=1e-6)
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(built.evaluate(X, Y, verbose=0), rel=1e-5)


def test_the_forecast_is_the_bodys_own():
    np.testing.assert_allclose(
        forecaster(model("repeat_last"))(X), model("repeat_last", quantiles=None).predict_on_batch(X), atol=1e-6
    )


def test_the_loss_is_the_mean_pinball_loss():
    answer = RNG.normal(size=(6, 4, 4, 2)).astype("float32")
    expected = np.mean([mean_pinball_loss(Y.ravel(), answer[:, i].ravel(), alpha=q) for i, q in enumerate(LEVELS)])
    loss = layers.WindowPinball(LEVELS)
    assert float(loss(Y, answer)) == pytest.approx(expected, rel=1e-5)
    unknown = Y.copy()
    unknown[:, 1] = np.nan
    keep = [0, 2, 3]
    expected = np.mean(
        [mean_pinball_loss(Y[:, keep].ravel(), answer[:, i, keep].ravel(), alpha=q) for i, q in enumerate(LEVELS)]
    )
    assert float(loss(unknown, answer)) == pytest.approx(expected, rel=1e-5)


def test_training_finds_the_quantiles_of_noise():
    """A series of noise whose spread differs from window to window, and is read off its changes."""
    spread = RNG.uniform(0.5, 3, size=(4000, 1, 1))
    series = RNG.normal(size=(4000, 25, 1)) * spread
    x, y = series[:, :24].astype("float32"), series[:, 24:].astype("float32")
    levels = (0.1, 0.5, 0.9)
    built = rnnzoo.build(
        "nlinear", "forecasting", features=1, horizon=1, quantiles=levels, sequence_length=24, seed=0,
        normalization="none", learning_rate=0.01,
    )  # fmt: skip
    built.fit(x[:3000], y[:3000], epochs=25, batch_size=200, verbose=0)
    low, _, high = built.predict(x[3000:], verbose=0).transpose(1, 0, 2, 3)
    inside = (low <= y[3000:]) & (y[3000:] <= high)
    for wild in (spread[3000:] < 1.5, spread[3000:] > 2):
        assert inside[wild].mean() == pytest.approx(0.8, abs=0.06)


def test_intervals_among_levels():
    assert pairs((0.025, 0.1, 0.3, 0.5, 0.9, 0.975)) == {95: (0, 5), 80: (1, 4)}


@pytest.mark.parametrize("levels", ["0.9,0.5", (0.1, 0.9), "0,0.5", "0.5", "a", (0.5, 1.0), 7])
def test_levels_that_are_none(levels):
    with pytest.raises(InvalidValue, match="ascending levels between 0 and 1"):
        model("nlinear", quantiles=levels)
    with pytest.raises(InvalidValue, match="quantiles belongs to task='forecasting'"):
        rnnzoo.build("gru", "regression", features=2, quantiles=(0.1, 0.5))
