"""Truncated BPTT against stock Keras's `stateful=True`, and across a break."""

import keras
import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe
from rnnzoo.data import LanguageModeling

SIZES = {"units": 6, "dropout": 0.0}


@pytest.fixture
def recipe(tmp_path):
    rng = np.random.default_rng(0)
    # 713 characters: four streams of ten whole windows in train. Stock Keras would take padding for text.
    (tmp_path / "text.txt").write_text("".join(rng.choice(list("abcd"), 713)), encoding="utf-8")

    def make(**settings):
        data = LanguageModeling(file=str(tmp_path / "text.txt"), stateful=True)
        defaults = {"model": "gru", "hyperparameters": SIZES, "epochs": 2, "learning_rate": 0.5, "optimizer": "sgd"}
        more = {"sequence_length": 16, "batch_size": 4, "embedding_dim": 3}
        return Recipe(name="text", task="language_modeling", data=data, **defaults | more | settings)

    return make


def train(recipe, folder):
    return rnnzoo.train(recipe, folder, console=Console(quiet=True))


def test_weights_after_two_epochs_are_stock_keras(recipe, tmp_path):
    found = train(recipe(patience=None), tmp_path / "run")
    start = rnnzoo.build("gru", "language_modeling", **found.data.inputs, **SIZES, embedding_dim=3, seed=0)
    stock = keras.Sequential(
        [
            keras.Input((None,), batch_size=4, dtype="int32"),
            keras.layers.Embedding(found.data.inputs["vocabulary_size"], 3),
            keras.layers.GRU(6, return_sequences=True, stateful=True),
            keras.layers.Dense(found.data.inputs["vocabulary_size"]),
        ]
    )
    stock.set_weights(start.get_weights())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    stock.compile(keras.optimizers.SGD(0.5, momentum=0.9, global_clipnorm=1.0), loss)
    batches = recipe().data.load(sequence_length=16, batch_size=4).parts["train"]
    for epoch in range(2):
        stock.layers[1].reset_state()
        for x, y, weight in batches.arrays(epoch):
            stock.train_on_batch(x, y, sample_weight=weight)
    assert found.results["best_epoch"] == 2
    for mine, theirs in zip(found.model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_break_changes_nothing(recipe, tmp_path):
    train(recipe(epochs=1), tmp_path / "parts")
    parts, whole = train(recipe(), tmp_path / "parts"), train(recipe(), tmp_path / "whole")
    for one, other in zip(parts.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_convolution_is_refused(recipe, tmp_path):
    with pytest.raises(ValueError, match=r"convolution looks back.*Received: stateful=True"):
        train(recipe(model="cnn_lstm"), tmp_path / "run")
