"""Measures of quality, from all predictions of a split, by scikit-learn. Padded steps and fillers do not count."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn import metrics as sk

from rnnzoo.data.batches import Batches
from rnnzoo.devices import predict_on_batch
from rnnzoo.errors import Diverged
from rnnzoo.rebuilding import rebuild
from rnnzoo.rounding import short

GUESS = 0.01
"""What the mean recall of a guess may have by chance above one of so many classes."""


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


def measured(task: Any, predictions: Predictions) -> dict[str, float]:
    """Measure predictions as their task does.

    Raises:
        ArithmeticError: They are NaN or infinite.
    """
    check_finite(predictions.output)
    return {name: float(value) for name, value in task.measure(predictions).items()}


def check_finite(output: np.ndarray) -> None:
    """Refuse answers that are no numbers."""
    if not np.isfinite(output).all():
        raise Diverged(
            "The model answers NaN or infinity: its training has diverged, try a smaller --learning-rate. "
            f"Received: {np.sum(~np.isfinite(output))} such values of {output.size}"
        )


def cross_entropy(y: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return -log p(y) of each example, nats."""
    return -np.take_along_axis(log_softmax(logits.astype("float64"), axis=-1), y[:, None].astype(int), axis=-1)[:, 0]


def of_classes(p: Predictions) -> dict[str, float]:
    """Loss (cross-entropy, nats), accuracy, precision, recall, f1, roc_auc.

    Precision, recall and f1 are those of the second of two classes; of more, the mean of all. roc_auc is that of the
    second of two classes; of more, the mean, one against the rest; it is left out where a class does not occur.
    """
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


def by_class(p: Predictions, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Measure each class against all others: its precision, recall, f1, and the count of its true examples."""
    found = sk.precision_recall_fscore_support(p.y, p.labels, labels=range(len(classes)), zero_division=0)
    names = ("precision", "recall", "f1", "count")
    rows = zip(classes, *(values.tolist() for values in found), strict=True)
    return {name: dict(zip(names, values, strict=True)) for name, *values in rows}


def of_labels(p: Predictions) -> dict[str, float]:
    """Loss (binary cross-entropy, nats a label), f1_micro, f1_macro, average_precision, exact_match.

    average_precision is the mean over the labels that occur; a label is there from a probability of 0.5 on.
    """
    truth, guess = p.y > 0.5, p.output >= 0
    logits = p.output.astype("float64")
    occurring = truth.any(axis=0)
    found = {
        "loss": np.mean(np.logaddexp(0, logits) - truth * logits),
        "f1_micro": sk.f1_score(truth, guess, average="micro", zero_division=0),
        "f1_macro": sk.f1_score(truth, guess, average="macro", zero_division=0),
        "exact_match": (truth == guess).all(axis=1).mean(),
    }
    if occurring.any():
        found["average_precision"] = sk.average_precision_score(truth[:, occurring], logits[:, occurring])
    return found


def by_label(p: Predictions, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Measure each label by itself: its precision, recall, f1, and the count of examples that have it."""
    found = sk.precision_recall_fscore_support(p.y > 0.5, p.output >= 0, average=None, zero_division=0)
    names = ("precision", "recall", "f1", "count")
    rows = zip(labels, *(values.tolist() for values in found), strict=True)
    return {name: dict(zip(names, values, strict=True)) for name, *values in rows}


def of_values(p: Predictions) -> dict[str, float]:
    """Loss = mse, rmse, mae and r2."""
    y, output = p.y.reshape(len(p.y), -1), p.output.reshape(len(p.y), -1)
    mse = sk.mean_squared_error(y, output)
    found = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": sk.mean_absolute_error(y, output)}
    if len(y) > 1:
        found["r2"] = sk.r2_score(y, output)
    return found


MORE = "more --epochs, another --learning-rate or --model may help"


def remark_on_classes(model: str, p: Predictions) -> str:
    """Say that a model tells classes apart no better than a guess; nothing where it does, and of labels.

    A model that answers the same class always, or any at random, is right in one of so many classes, each counted as
    much as the others: accuracy would be high where one class is frequent.
    """
    found = len(np.unique(p.y))
    if p.y.ndim > 1 or found < 2:
        return ""
    recall = sk.recall_score(p.y, p.labels, labels=np.unique(p.y), average="macro", zero_division=0)
    if recall > 1 / found + GUESS:
        return ""
    return (
        f"{model} tells the classes apart no better than a guess (mean recall {recall:.2f} of {found} classes): {MORE}"
    )


def remark_on_values(model: str, scores: dict[str, float]) -> str:
    """Say that a model's values are no better than their mean; nothing where they are."""
    if scores.get("r2", 1.0) > 0:
        return ""
    return f"{model} does no better than always answering the mean (r2 {short(scores['r2'])}): {MORE}"


def of_next_tokens(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Loss (nats per token), perplexity, accuracy; summed batch by batch: the logits of a text would fill the memory.

    Args:
        batches: `(y, logits)` of each.
    """
    nats, right, tokens = 0.0, 0, 0
    for y, output in batches:
        check_finite(output)
        nats += float(cross_entropy(y, output).sum())
        right += int((output.argmax(axis=-1) == y).sum())
        tokens += len(y)
    loss = nats / tokens
    return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "accuracy": right / tokens}


def carried(model: Any, batches: Batches) -> dict[str, float]:
    """Measure a language model in one pass that carries its state from window to window, from zero state at first.

    Args:
        model: Causal, and without a convolution, which has no state to carry.
        batches: Windows in the order of the text, none left out.
    """
    stateful = rebuild(model, stateful=True, batch_size=1)
    windows = ((batches.x[i], batches.y[i]) for i in range(len(batches)))
    return of_next_tokens((y, np.asarray(stateful.predict_on_batch(x[None]))[0]) for x, y in windows)
