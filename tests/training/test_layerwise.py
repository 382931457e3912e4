"""Fine-tuning from the top down: against stock steps, on every backend, resumed, and refused in a sentence."""

import dataclasses
import subprocess
import sys

import keras
import numpy as np
import pytest
from elsewhere import environment

import rnnzoo
from rnnzoo import layers
from rnnzoo.training.beginning.layerwise import depths, layerwise

TOKENS = np.array([[2, 3, 4], [4, 3, 2]], "int32")
LABELS = np.array([0, 1])


@pytest.fixture(autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


def make():
    return rnnzoo.build(
        "stacked_gru", vocabulary_size=9, embedding_dim=4, units=4, num_layers=2, dropout=0.0, seed=0, clip=None
    )


def numbers(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def test_what_lies_how_deep():
    model = make()
    assert {v.path.split("/")[0]: depth for v, depth in zip(model.trainable_variables, depths(model), strict=True)} == {
        "embedding": 5, "gru_0": 4, "norm_1": 3, "gru_1": 2, "norm": 1, "logits": 0,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_each_part_learns_at_its_own_rate_and_in_its_turn(kind):
    """The steps of stock Keras on a model with the same weights, by 2 to the depth, from step `depth` on."""
    model, plain = make(), make()
    stock = getattr(keras.optimizers, kind)(0.01)
    model.optimizer = layerwise(type(stock).from_config(stock.get_config()), model, ratio=2.0, wait=1)
    plain.optimizer = stock
    for each in (model, plain):
        each.optimizer.build(each.trainable_variables)
    for step in range(3):
        before = numbers(model.trainable_variables)
        plain.set_weights(model.get_weights())
        for each in (model, plain):
            each.train_on_batch(TOKENS, LABELS)
        after, usual = numbers(model.trainable_variables), numbers(plain.trainable_variables)
        for was, now, then, depth in zip(before, after, usual, depths(model), strict=True):
            np.testing.assert_allclose(now, was + (then - was) * (0.5**depth if step >= depth else 0), atol=1e-6)
            assert (then != was).any()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_so_it_does_elsewhere(backend):
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", __file__, "-k", "in_its_turn"]
    done = subprocess.run(command, env=environment(backend), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "3 passed" in done.stdout


def recipe(epochs):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5, 2)).astype("float32")
    return rnnzoo.Recipe(
        name="deep", task="classification", model="gru", hyperparameters={"units": 3}, epochs=epochs, batch_size=8,
        data=rnnzoo.data.SequenceClassification((x, (x.sum((1, 2)) > 0).astype(int))), schedule="cosine",
        rate_ratio=2.6, unfreeze=1.0, average=0.5,
    )  # fmt: skip


def test_a_run_begins_at_the_head_and_goes_on_exactly(tmp_path):
    class Stop(Exception):
        pass

    def stop(epoch, metrics):
        if epoch == 1:
            raise Stop

    first = rnnzoo.build("gru", features=2, units=3, seed=0)
    with pytest.raises(Stop):
        rnnzoo.train(recipe(3), tmp_path / "run", on_epoch_end=stop)
    whole = rnnzoo.train(recipe(3), tmp_path / "whole").model
    going_on = rnnzoo.train(recipe(3), tmp_path / "run").model
    for one, other in zip(numbers(whole.weights), numbers(going_on.weights), strict=True):
        np.testing.assert_array_equal(one, other)
    head_alone = rnnzoo.train(recipe(1), tmp_path / "one").model
    for was, now in zip(
        numbers(first.get_layer("body").weights), numbers(head_alone.get_layer("body").weights), strict=True
    ):
        np.testing.assert_array_equal(was, now)
    assert any(
        (was != now).any()
        for was, now in zip(
            numbers(first.get_layer("body").weights), numbers(whole.get_layer("body").weights), strict=True
        )
    )


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"rate_ratio": 0.5}, "rate_ratio must be a number >= 1"),
        ({"unfreeze": -1.0}, "unfreeze must be a number >= 0"),
        ({"unfreeze": 1.0, "precision": "mixed_float16"}, "all parts learn alike"),
    ],
)
def test_wrong_settings(changes, hint, tmp_path):
    with pytest.raises(ValueError, match=hint):
        rnnzoo.train(dataclasses.replace(recipe(1), **changes), tmp_path / "run")
