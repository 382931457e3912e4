"""Layers of forecasts against NumPy and stock Keras."""

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidValue

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (4, 11, 3)).astype("float32")
LENGTHS = [11, 7, 1, 5]
MASK = np.arange(11) < np.array(LENGTHS)[:, None]


def forecaster(name, **settings):
    return rnnzoo.build(name, "forecasting", **{"features": 3, "horizon": 5, "seed": 0} | settings)


def test_repeat_last_and_season():
    np.testing.assert_array_equal(forecaster("repeat_last")(X), np.repeat(X[:, -1:], 5, axis=1))
    season = forecaster("seasonal_naive", period=3, outputs=2)(X)
    np.testing.assert_array_equal(season, X[:, [8, 9, 10, 8, 9], :2])


@pytest.mark.parametrize("lags", [4, 50])
def test_nlinear_is_one_product_after_subtracting_the_last_value(lags):
    model = forecaster("nlinear", lags=lags, sequence_length=11)
    kernel, bias = model.get_weights()
    assert kernel.shape == (min(lags, 11), 5)
    past = X[:, -kernel.shape[0] :] - X[:, -1:]
    expected = np.einsum("blc,lh->bhc", past, kernel) + bias[:, None] + X[:, -1:]
    np.testing.assert_allclose(model(X), expected, atol=1e-4)


def test_dlinear_splits_off_the_moving_average():
    model = forecaster("dlinear", lags=11, kernel_size=5)
    (of_trend, bias_trend, of_rest, bias_rest) = model.get_weights()
    padded = np.pad(X, ((0, 0), (2, 2), (0, 0)), mode="edge")
    trend = np.stack([padded[:, i : i + 5].mean(axis=1) for i in range(11)], axis=1)
    expected = np.einsum("blc,lh->bhc", trend, of_trend) + np.einsum("blc,lh->bhc", X - trend, of_rest)
    np.testing.assert_allclose(model(X), expected + (bias_trend + bias_rest)[:, None], atol=1e-4)


@pytest.mark.parametrize("kind", ["subtract_last", "instance"])
def test_normalization_and_its_undoing(kind):
    x, shift, scale = layers.Normalize(kind, 2)(X, mask=MASK)
    for row, n in enumerate(LENGTHS):
        past = X[row, :n, :2].astype("float64")
        center = past[-1] if kind == "subtract_last" else past.mean(0)
        spread = 1 if kind == "subtract_last" else np.sqrt(past.var(0) + 1e-5)
        np.testing.assert_allclose(x[row, :n, :2], (past - center) / spread, atol=1e-4)
        np.testing.assert_allclose(shift[row, 0], center, rtol=1e-5)
    assert not np.asarray(x)[~MASK][:, :2].any()
    np.testing.assert_array_equal(np.asarray(x)[..., 2], X[..., 2])  # other features stay
    back = layers.Denormalize()(x[:, :, :2], shift, scale)
    np.testing.assert_allclose(np.asarray(back)[MASK], X[..., :2][MASK], atol=1e-4)


@pytest.mark.parametrize("name", ["gru", "mlp", "segrnn", "nlinear", "lstnet", "encoder_decoder_gru"])
def test_a_forecast_follows_the_level_of_its_window(name):
    """Reversible: a window lifted by 7 gets a forecast lifted by 7; and one twice as wide a spread twice as wide."""
    sizes = {"units": 4, "filters": 4} if name != "nlinear" else {}
    sizes = {k: v for k, v in sizes.items() if k in rnnzoo.describe(name).hyperparameters}
    lifted = forecaster(name, normalization="subtract_last", **sizes)
    np.testing.assert_allclose(lifted(X + 7), np.asarray(lifted(X)) + 7, atol=1e-4)
    wider = forecaster(name, normalization="instance", **sizes)
    np.testing.assert_allclose(wider(2 * X + 7), 2 * np.asarray(wider(X)) + 7, atol=1e-3)
    if name != "nlinear":  # linear, so a lift by a constant is no test of what it does without
        bare = forecaster(name, normalization="none", **sizes)
        assert np.abs(np.asarray(bare(X + 7)) - np.asarray(bare(X)) - 7).max() > 0.1


def test_segrnn_is_its_paper_in_stock_keras():
    """Every position and channel decoded on its own, by a stock GRU from the encoder's state."""
    units, segment, horizon = 6, 4, 7
    model = forecaster("segrnn", units=units, segment_length=segment, horizon=horizon, outputs=2, normalization="none")
    layer = model.get_layer("body").get_layer("segments")
    gru = keras.layers.GRU(units)
    gru.build((None, None, units))
    gru.set_weights(layer.gru.get_weights())
    embed, bias = layer.embed.get_weights()
    project, offset = layer.project.get_weights()
    found = np.asarray(model(X))
    for row in range(4):
        for channel in range(2):
            past = np.concatenate([np.zeros(1), X[row, :, channel]]).reshape(3, segment)  # 11 steps, filled in front
            state = gru(np.maximum(past @ embed + bias, 0)[None].astype("float32"))
            steps = []
            for position in range(2):
                question = np.concatenate([layer.positions[position], layer.channels[channel]])[None, None]
                after = np.asarray(gru(question.astype("float32"), initial_state=state))[0]
                steps.append(after @ project + offset)
            np.testing.assert_allclose(found[row, :, channel], np.concatenate(steps)[:horizon], atol=1e-5)


@pytest.mark.parametrize("name", ["encoder_decoder_gru", "deepar"])
def test_forced_and_free_decoders_agree_where_the_truth_is_their_own_answer(name):
    model = forecaster(name, units=6, normalization="none")
    free = np.asarray(model(X))
    body = model.get_layer("body")
    decoder = body.get_layer("decoder")
    with decoder.forced(free):
        forced = np.asarray(body(X))
    np.testing.assert_allclose(forced[..., :3], free, atol=1e-5)
    with decoder.forced(free + 1):
        np.testing.assert_allclose(np.asarray(body(X))[:, 0], forced[:, 0], atol=1e-6)  # the first step sees the past
        assert np.abs(np.asarray(body(X))[:, 1:] - forced[:, 1:]).max() > 1e-3


def test_teacher_forcing_is_in_training_alone():
    model = forecaster("encoder_decoder_gru", units=6, dropout=0.0, scheduled_sampling=0.0)
    y = RNG.normal(3.0, 2.0, (4, 5, 3)).astype("float32")
    model.run_eagerly = True
    tested = model.test_on_batch(X, y, return_dict=True)["loss"]
    np.testing.assert_allclose(tested, np.mean((np.asarray(model(X)) - y) ** 2), rtol=1e-5)
    normal, shift, scale = model.get_layer("normalize")(X)
    with model.get_layer("body").get_layer("decoder").forced((y - shift) / scale):
        forced = np.asarray(model.get_layer("body")(normal)) * np.asarray(scale) + np.asarray(shift)
    trained = model.train_on_batch(X, y, return_dict=True)["loss"]
    np.testing.assert_allclose(trained, np.mean((forced - y) ** 2), rtol=1e-4)


def test_scheduled_sampling_reads_that_share_of_its_own_answers_in_training_alone():
    model = forecaster("encoder_decoder_gru", units=6, dropout=0.0, scheduled_sampling=0.8, normalization="none")
    body = model.get_layer("body")
    decoder, x = body.get_layer("decoder"), np.repeat(X[:1], 500, axis=0)
    free = np.asarray(body(x))
    with decoder.forced(free):
        np.testing.assert_allclose(np.asarray(body(x, training=True)), free, atol=1e-5)
    with decoder.forced(free + 1):
        forced, mixed = (np.asarray(body(x, training=training)) for training in (False, True))
    assert np.abs(forced[:, 1] - free[:, 1]).max() > 1e-2
    own, told = (np.abs(mixed[:, 1] - other[:, 1]).max(axis=-1) < 1e-5 for other in (free, forced))
    assert (own ^ told).all()  # the second step has read the one or the other
    assert 0.7 < own.mean() < 0.9


def test_samples_of_deepar_have_its_first_steps_distribution():
    model = forecaster("deepar", units=6, normalization="none")
    paths = rnnzoo.sample(model, X, count=400, seed=1)
    assert paths.shape == (4, 400, 5, 3)
    body = model.get_layer("body")
    with body.get_layer("decoder").forced(np.zeros((4, 5, 3), "float32")):
        mean, raw = np.split(np.asarray(body(X))[:, 0], 2, axis=-1)
    deviation = np.log1p(np.exp(raw)) + 1e-3
    np.testing.assert_allclose(paths[:, :, 0].mean(axis=1), mean, atol=5 * deviation.max() / 20)
    np.testing.assert_allclose(paths[:, :, 0].std(axis=1), deviation, rtol=0.2)
    np.testing.assert_array_equal(paths, rnnzoo.sample(model, X, count=400, seed=1))
    with pytest.raises(InvalidValue, match="no likelihood"):
        rnnzoo.sample(forecaster("gru", units=4), X)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"count": 0}, "count must be a whole number >= 1"),
        ({"count": 10**12}, "count must be a whole number"),
        ({"seed": "x"}, "seed must be a whole number"),
        ({"x": None}, "The model reads"),
        ({"x": [["a"]]}, "x must be numbers"),
        ({"x": X[:, :0]}, "at least 1 step"),
        ({"x": X[:0]}, "at least 1 row"),
        ({"x": X[..., :2]}, r"reads \(batch, any, 3\)"),
        ({"model": "deepar"}, "model must be a keras.Model"),
    ],
)
def test_samples_that_cannot_be_drawn(wrong, said):
    with pytest.raises((InvalidValue, TypeError), match=said):
        rnnzoo.sample(**{"model": forecaster("deepar", units=3), "x": X} | wrong)


def test_skip_gru_reads_each_phase_on_its_own():
    layer = layers.SkipGRU(5, 4)
    found = np.asarray(layer(X)).reshape(4, 4, 5)
    gru = keras.layers.GRU(5)
    gru.build((None, None, 3))
    gru.set_weights(layer.gru.get_weights())
    for phase in range(4):
        steps = np.concatenate([np.zeros((4, 1, 3), "float32"), X], axis=1)[:, phase::4]
        np.testing.assert_allclose(found[:, phase], gru(steps), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("nlinear", {"vocabulary_size": 9, "features": None}), "forecasts series of numbers"),
        (("gru", {"outputs": 4}), "first of the features.*outputs=4, features=3"),
        (("segrnn", {"outputs": 4, "normalization": "none"}), "first of the features"),
        (("gru", {"normalization": "last"}), "normalization must be 'none' | 'subtract_last' | 'instance'"),
    ],
)
def test_refused(arguments, match):
    name, settings = arguments
    with pytest.raises(InvalidValue, match=match):
        forecaster(name, **settings)


def test_normalization_belongs_to_forecasting():
    with pytest.raises(InvalidValue, match="no hyper-parameter 'normalization'"):
        rnnzoo.build("gru", features=3, normalization="instance")
