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
from rnnzoo.inference.sampling import likelihood_of, sample
from rnnzoo.rebuilding import rebuild
from rnnzoo.tasks.judging.forecast_errors import ForecastErrors

BETTER_WHEN_HIGHER = ("accuracy", "precision", "recall", "f1", "roc_auc", "r2", "exact_match", "bleu", "chrf")
PATHS = 50
"""Drawn from a forecast's likelihood at the end of a training."""
WATCHED = {
    "classification": ("loss", "accuracy"),
    "tagging": ("loss", "accuracy"),
    "language_modeling": ("loss", "perplexity", "accuracy"),
    "translation": ("loss", "accuracy"),
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


def evaluate(model: Any, dataset: Iterable, task: str, data: Any = None, paths: int = 0) -> dict[str, float]:
    """Measure a model on batches `(x, y, weight)`.

    Args:
        model: From `build`.
        dataset: A split.
        task: Decides what is measured.
        data: The data object; with it, forecasts are measured in the units of the data too.
        paths: How many to draw from a forecast's likelihood, where the model has one, to judge that too.

    Returns:
        For `classification` and `tagging`: loss (cross-entropy, nats), accuracy, precision, recall, f1, roc_auc (of
        the second of two classes; of more, the mean, one against the rest). For `regression`: loss = mse, rmse,
        mae, r2. For `forecasting`: those, and mse, rmse and mae `_original`, in the units of the data; with
        paths, crps, quantile losses and coverage. For `language_modeling`: loss (nats per token), perplexity, accuracy.
        For `translation`: loss and accuracy of each next token, the true ones before it being known; what is written
        without the truth is measured by `rnnzoo.tasks.judging.translations.judge`.
    """
    if task in ("language_modeling", "translation"):
        found = _next_tokens(outputs(model, dataset))
        return found if task == "language_modeling" else {name: found[name] for name in WATCHED[task]}
    if task == "forecasting":
        return forecast_errors(model, dataset, data, paths).scores()
    return score(predict(model, dataset), task)


def forecast_errors(model: Any, dataset: Iterable, data: Any = None, paths: int = 0) -> ForecastErrors:
    """Sum up the errors of forecasts, batch by batch; see `evaluate`."""
    errors = ForecastErrors(None if data is None else data.in_units)
    draws = paths and likelihood_of(model) is not None
    for x, y, weight in dataset:
        real = np.asarray(weight) > 0
        output = np.asarray(model.predict_on_batch(x))[real]
        _check_finite(output)
        errors.add(np.asarray(y)[real], output, sample(model, np.asarray(x)[real], paths) if draws else None)
    return errors


def score(predictions: Predictions, task: str) -> dict[str, float]:
    """Measure predictions; see `evaluate`."""
    _check_finite(predictions.output)
    measure = _values if task == "regression" else _classes
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


def by_class(p: Predictions, classes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Measure each class against all others: its precision, recall, f1, and the count of its true examples."""
    found = sk.precision_recall_fscore_support(p.y, p.labels, labels=range(len(classes)), zero_division=0)
    names = ("precision", "recall", "f1", "count")
    rows = zip(classes, *(values.tolist() for values in found), strict=True)
    return {name: dict(zip(names, values, strict=True)) for name, *values in rows}


def _values(p: Predictions) -> dict[str, float]:
    y, output = p.y.reshape(len(p.y), -1), p.output.reshape(len(p.y), -1)
    mse = sk.mean_squared_error(y, output)
    found = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": sk.mean_absolute_error(y, output)}
    if len(y) > 1:
        found["r2"] = sk.r2_score(y, output)
    return found


def carried(model: Any, batches: Batches) -> dict[str, float]:
    """Measure a language model in one pass that carries its state from window to window, from zero state at first.

    Args:
        model: Causal, and without a convolution, which has no state to carry.
        batches: Windows in the order of the text, none left out.
    """
    stateful = rebuild(model, stateful=True, batch_size=1)
    windows = ((batches.x[i], batches.y[i]) for i in range(len(batches)))
    return _next_tokens((y, np.asarray(stateful.predict_on_batch(x[None]))[0]) for x, y in windows)


def _next_tokens(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Sum batch by batch: the logits of a whole text would not fit into memory."""
    nats, right, tokens = 0.0, 0, 0
    for y, output in batches:
        _check_finite(output)
        nats += float(cross_entropy(y, output).sum())
        right += int((output.argmax(axis=-1) == y).sum())
        tokens += len(y)
    loss = nats / tokens
    return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "accuracy": right / tokens}
