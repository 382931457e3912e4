"""Dropped recurrent weights and penalties on states: what language models add."""

import keras
import numpy as np
import pytest
from keras import ops

import rnnzoo
from rnnzoo import layers

RNG = np.random.default_rng(0)


X = RNG.normal(size=(5, 7, 3)).astype("float32")


REAL = np.arange(7) < np.array([7, 3, 1, 5, 7])[:, None]


def dropped_lstm(path="auto", rate=0.5):
    with layers.use(path):
        layer = layers.WeightDroppedLSTM(4, return_sequences=True, weight_dropout=rate, seed=3)
        layer.build(X.shape)
        weights = np.random.default_rng(1)
        layer.set_weights([weights.normal(size=w.shape) for w in layer.get_weights()])
        return layer, np.asarray(layer(X, mask=REAL, training=True))


@pytest.mark.parametrize("path", ["auto", "general"])
def test_training_is_stock_lstm_with_weights_missing(path):
    layer, found = dropped_lstm(path)
    kernel, recurrent, bias = layer.get_weights()
    kept = np.asarray(keras.random.dropout(ops.ones(recurrent.shape), 0.5, seed=keras.random.SeedGenerator(3)))
    assert 0 < (kept == 0).sum() < kept.size
    stock = keras.layers.LSTM(4, return_sequences=True)
    stock.build(X.shape)
    stock.set_weights([kernel, recurrent * kept, bias])
    expected = np.asarray(stock(X, mask=REAL))
    np.testing.assert_allclose(found[REAL], expected[REAL], atol=1e-6)


def test_predicting_drops_nothing_and_a_batch_draws_anew():
    layer, first = dropped_lstm()
    stock = keras.layers.LSTM(4, return_sequences=True)
    stock.build(X.shape)
    stock.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(X), stock(X), atol=1e-6)
    assert np.abs(first - np.asarray(layer(X, mask=REAL, training=True))).max() > 1e-3


def test_the_weights_train_and_are_the_layers_own_again():
    model = rnnzoo.build("awd_lstm", "language_modeling", vocabulary_size=9, units=4, num_layers=1, seed=0)
    model.run_eagerly = True
    before = [np.array(w) for w in model.get_layer("body").weights]
    tokens = RNG.integers(1, 9, (4, 6)).astype("int32")
    model.fit(tokens, tokens, epochs=2, verbose=0)
    for old, new in zip(before, model.get_layer("body").weights, strict=True):
        assert np.isfinite(new).all()
        assert (np.asarray(new) != old).any()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_impossible_share(rate):
    with pytest.raises(ValueError, match=r"weight_dropout must be .* Received: weight_dropout="):
        layers.WeightDroppedLSTM(4, weight_dropout=rate)


def test_penalties_are_the_papers():
    """α L2(m ⊙ h_t)² and β L2(h_t - h_{t+1})², as means over what is real."""
    states, dropped = RNG.normal(size=(2, 5, 7, 3)).astype("float32")
    layer = layers.ActivationPenalty(2.0, 0.5)
    answer = layer([states, dropped], mask=[REAL, REAL], training=True)
    np.testing.assert_array_equal(answer, dropped)
    both = REAL[:, 1:]
    changes = (states[:, 1:] - states[:, :-1])[both]
    expected = 2.0 * np.square(dropped[REAL]).mean() + 0.5 * np.square(changes).mean()
    assert float(layer.losses[0]) == pytest.approx(expected, rel=1e-5)
    layer([states, dropped], mask=[REAL, REAL])
    assert not layer.losses


def test_mixed_precision_has_float32_losses_and_scores():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = rnnzoo.build("awd_lstm", "language_modeling", vocabulary_size=9, units=4, tie_weights=True, seed=0)
    finally:
        keras.config.set_dtype_policy(before)
    model.run_eagerly = True
    tokens = RNG.integers(1, 9, (4, 7))
    assert model(tokens).dtype == "float32"
    assert np.isfinite(model.train_on_batch(tokens, tokens, return_dict=True)["loss"])
