"""The public check: a model of the zoo passes it, and each kind of mistake is found and named."""

import keras
import pytest

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.testing import check_model


@pytest.mark.parametrize("name", ["mlp", pytest.param("gru", marks=pytest.mark.slow)])
def test_a_model_of_the_zoo_passes(name):
    found = check_model(name, units=3)
    assert "classification of tokens: padding, saving, a training step" in found
    assert found[-2:] == ["mixed precision", "going on with a training"]
    assert ("the future" in found) == ("tagging" in rnnzoo.describe(name).tasks)


def leaky(x, *, return_sequences, units=4):
    """Leaky: padding counts in its mean."""
    x = keras.layers.Dense(units, name="dense")(x)
    return x if return_sequences else keras.ops.mean(x, axis=1)


def seer(x, *, return_sequences, units=4):
    """Seer: both directions, and says it were causal."""
    x = layers.Bidirectional(layers.GRU(units, return_sequences=True), name="both")(x)
    return x if return_sequences else layers.GlobalAveragePooling1D(name="mean")(x)


def blind(x, *, return_sequences, units=4):
    """Blind: Keras's mask of an interior step that equals padding."""
    x = keras.layers.Masking(mask_value=-3.0, name="holes")(x)
    return keras.layers.GRU(units, return_sequences=return_sequences, name="gru")(x)


def broken(x, *, return_sequences, units=4):
    """Broken: the logarithm of what may be negative."""
    x = layers.GRU(units, return_sequences=return_sequences, name="gru")(x)
    return keras.layers.Activation(keras.ops.log, name="log")(x)


@pytest.mark.parametrize(
    ("model", "said"),
    [(leaky, "when rows are padded"), (seer, "declared causal"), (broken, "no number")],
)
def test_each_mistake_is_named(clean_registry, model, said):
    rnnzoo.register(model, causal=model is seer, tasks=("tagging",) if model is seer else ("regression",))
    with pytest.raises(AssertionError, match=f"The model '{model.__name__}' .*{said}"):
        check_model(model.__name__)


def test_a_model_that_is_not_there():
    with pytest.raises(InvalidValue, match="Did you mean 'gru'"):
        check_model("grru")
