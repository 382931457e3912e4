"""Measures of quality, from all predictions of a split, by scikit-learn. Padded steps and fillers do not count."""

import contextlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn import metrics as sk

from rnnzoo.errors import Diverged
from rnnzoo.training.devices import predict_on_batch

BETTER_WHEN_HIGHER = ("accuracy", "precision", "recall", "f1", "roc_auc", "r2")
WATCHED = {
    "classification": ("loss", "accuracy"),
    "tagging": ("loss", "accuracy"),
    "language_modeling": ("loss", "perplexity", "accuracy"),
    "regression": ("loss", "mae"),
    "forecasting": ("loss", "mae"),
}
"""What is shown and kept after every epoch; the other metrics are for the end."""


def more_is_better(metric: str) -> bool:
    """Tell a metric's direction from its name: `val_accuracy` up, `val_loss` down."""
    return metric.removeprefix("val_") in BETTER_WHEN_HIGHER


@dataclass(frozen=True)
class Predictions:
    """Answers of a model beside the true ones, real examples (or steps) only.

    Args:
        y: True labels `(n,)` or values `(n, ...)`.
        output: Logits `(n, classes)` or values `(n, ...)`.
    """

    y: np.ndarray
    output: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """Softmax of the logits, `(n, classes)`."""
        return softmax(self.output.astype("float64"), axis=-1)

    @property
    def labels(self) -> np.ndarray:
        """The likeliest classes, `(n,)`."""
        return self.output.argmax(axis=-1)


def outputs(model: Any, dataset: Iterable) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield `(y, output)` of each batch, examples (or steps) of weight 0 left out."""
    for x, y, weight in dataset:
        real = np.asarray(weight) > 0
        yield np.asarray(y)[real], predict_on_batch(model, x)[real]


def predict(model: Any, dataset: Iterable) -> Predictions:
    """Return the model's answers to a whole split."""
    y, output = zip(*outputs(model, dataset), strict=True)
    return Predictions(np.concatenate(y), np.concatenate(output))


def evaluate(model: Any, dataset: Iterable, task: str) -> dict[str, float]:
    """Measure a model on batches `(x, y, weight)`.

    Args:
        model: From `build`.
        dataset: A split.
        task: Decides what is measured.

    Returns:
        For `classification` and `tagging`: loss (cross-entropy, nats), accuracy, precision, recall, f1, roc_auc (of
        the second of two classes; of more, the mean, one against the rest). For `regression` and `forecasting`:
        loss = mse, rmse, mae, r2. For `language_modeling`: loss (nats per token), perplexity, accuracy.
    """
    if task == "language_modeling":
        return _language_modeling(outputs(model, dataset))
    return score(predict(model, dataset), task)


def score(predictions: Predictions, task: str) -> dict[str, float]:
    """Measure predictions; see `evaluate`."""
    _check_finite(predictions.output)
    measure = _values if task in ("regression", "forecasting") else _classes
    return {name: float(value) for name, value in measure(predictions).items()}


def _check_finite(output: np.ndarray) -> None:
    if not np.isfinite(output).all():
        raise Diverged(
            "The model answers NaN or infinity: its training has diverged, try a smaller --learning-rate. "
            f"Received: {np.sum(~np.isfinite(output))} such values of {output.size}"
        )


def cross_entropy(y: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return -log p(y) of each example, nats."""
    return -np.take_along_axis(log_softmax(logits.astype("float64"), axis=-1), y[:, None].astype(int), axis=-1)[:, 0]


def _classes(p: Predictions) -> dict[str, float]:
    classes = p.output.shape[-1]
    average = {"average": "binary" if classes == 2 else "macro", "zero_division": 0}
    found = {
        "loss": cross_entropy(p.y, p.output).mean(),
        "accuracy": sk.accuracy_score(p.y, p.labels),
        "precision": sk.precision_score(p.y, p.labels, **average),
        "recall": sk.recall_score(p.y, p.labels, **average),
        "f1": sk.f1_score(p.y, p.labels, **average),
    }
    with contextlib.suppress(ValueError):  # not defined when a class does not occur among the true labels
        if len(np.unique(p.y)) == classes:
            scores = p.probabilities[:, 1] if classes == 2 else p.probabilities
            found["roc_auc"] = sk.roc_auc_score(p.y, scores, multi_class="ovr")
    return found


def _values(p: Predictions) -> dict[str, float]:
    y, output = p.y.reshape(len(p.y), -1), p.output.reshape(len(p.y), -1)
    mse = sk.mean_squared_error(y, output)
    found = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": sk.mean_absolute_error(y, output)}
    if len(y) > 1:
        found["r2"] = sk.r2_score(y, output)
    return found


def _language_modeling(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Sum batch by batch: the logits of a whole text would not fit into memory."""
    nats, right, tokens = 0.0, 0, 0
    for y, output in batches:
        _check_finite(output)
        nats += float(cross_entropy(y, output).sum())
        right += int((output.argmax(axis=-1) == y).sum())
        tokens += len(y)
    loss = nats / tokens
    return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "accuracy": right / tokens}
