"""Tasks: what stands on a body, with its loss and metrics beside it."""

from collections.abc import Callable
from dataclasses import dataclass

from rnnzoo._lazy import keras, layers


def _logits(x, outputs, horizon):
    """One score per class: of the sequence, or of every step. Float32 also under mixed precision."""
    return keras.layers.Dense(outputs, dtype="float32", name="logits")(x)


def logits_of_sequences(x, outputs, horizon):
    """Tags that are judged together, not step by step: see `layers.CRF`."""
    return layers.CRF(dtype="float32", name="crf")(_logits(x, outputs, horizon))


def vector_of_next(x, width, horizon):
    """A vector to compare with those of the tokens, where they score the next one themselves (weight tying)."""
    return keras.layers.Dense(width, name="vector_of_next")(x)


def _values(x, outputs, horizon):
    return keras.layers.Dense(outputs, dtype="float32", name="values")(x)


def _forecast(x, outputs, horizon):
    """All steps at once from the summary: `(batch, horizon, outputs)`."""
    x = keras.layers.Dense(horizon * outputs, dtype="float32", name="values")(x)
    return keras.layers.Reshape((horizon, outputs), name="forecast")(x)


def _cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _squared_error():
    return keras.losses.MeanSquaredError()


def _window_error():
    return layers.WindowSquaredError()


@dataclass(frozen=True)
class Task:
    """A task's head, loss and metrics.

    Args:
        head: `(x, outputs, horizon) -> answer`, made of Keras layers.
        loss: Makes the loss.
        metrics: Makes the metrics watched in training; they leave out padded steps and examples of weight 0.
        per_step: The answer has the sequence's time axis.
    """

    head: Callable
    loss: Callable
    metrics: Callable
    per_step: bool = False


HEADS = {
    "classification": Task(_logits, _cross_entropy, lambda: ["accuracy"]),
    "regression": Task(_values, _squared_error, lambda: ["mae"]),
    "forecasting": Task(_forecast, _window_error, lambda: ["mae"]),
    "tagging": Task(_logits, _cross_entropy, lambda: ["accuracy"], per_step=True),
    "language_modeling": Task(_logits, _cross_entropy, lambda: [layers.Perplexity(), "accuracy"], per_step=True),
    "translation": Task(_logits, _cross_entropy, lambda: ["accuracy"], per_step=True),
}
