"""Metrics against scikit-learn and NumPy on the plain data: fillers and padded steps must change nothing."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from rnnzoo.data.batches import Batches
from rnnzoo.errors import Diverged
from rnnzoo.tasks import all_tasks, find, more_is_better
from rnnzoo.tasks import names as names_of_tasks
from rnnzoo.tasks.judging import measures


class Table:
    """A model that has learnt its answers by heart: an example's first token is the row of `outputs` to return."""

    def __init__(self, outputs, *, per_step=False):
        self.outputs, self.per_step = outputs, per_step

    def predict_on_batch(self, x):
        if not self.per_step:
            return self.outputs[np.asarray(x)[:, 0] - 1]
        answers = np.full((*x.shape, self.outputs.shape[-1]), 1e3, "float32")  # padded steps are far off
        answers[x > 0] = self.outputs[x[x > 0] - 1]
        return answers


def whole(outputs, y, batch_size=8):
    """Put each example into batches with fillers: sequences of length 3 and 7, of one token each."""
    x = [np.full(3 + 4 * (i % 2), i + 1, "int32") for i in range(len(y))]
    batches = Batches(x, y, [3, 7], batch_size)
    assert sum(real for _, real, _ in batches.plan()) < sum(len(i) for i, _, _ in batches.plan())  # there are fillers
    return Table(outputs), batches.arrays()


def log_softmax(logits):
    logits = logits.astype("float64")
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("classes", [2, 5])
def test_classification(classes):
    rng = np.random.default_rng(classes)
    y = np.concatenate([np.arange(classes), rng.integers(classes, size=90)])
    logits = (rng.normal(size=(len(y), classes)) + 1.5 * np.eye(classes)[y]).astype("float32")
    found = find("classification").evaluate(*whole(logits, y))
    labels, log_p = logits.argmax(axis=1), log_softmax(logits)
    average = "binary" if classes == 2 else "macro"
    scores = np.exp(log_p[:, 1]) if classes == 2 else np.exp(log_p)
    expected = {
        "loss": -log_p[np.arange(len(y)), y].mean(),
        "accuracy": (labels == y).mean(),
        "precision": sk.precision_score(y, labels, average=average),
        "recall": sk.recall_score(y, labels, average=average),
        "f1": sk.f1_score(y, labels, average=average),
        "roc_auc": sk.roc_auc_score(y, scores, multi_class="ovr"),
    }
    assert found == pytest.approx(expected, rel=1e-12)


def test_binary_counts_by_hand():
    """Of the second class: 2 found, 1 missed, 3 false alarms, 4 rightly passed over."""
    y = np.repeat([1, 1, 0, 0], [2, 1, 3, 4])
    logits = np.float32([[0, 1]] * 2 + [[1, 0]] + [[0, 1]] * 3 + [[1, 0]] * 4)
    found = find("classification").evaluate(*whole(logits, y, batch_size=4))
    assert found["precision"] == pytest.approx(2 / 5)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx(2 * 2 / (2 * 2 + 3 + 1))
    assert found["accuracy"] == pytest.approx(0.6)


def test_extreme_logits_give_a_finite_loss():
    y = np.array([0, 1, 0])
    found = find("classification").evaluate(*whole(np.float32([[1e4, 0], [1e4, 0], [0, 0]]), y, batch_size=2))
    assert found["loss"] == pytest.approx((0 + 1e4 + math.log(2)) / 3)


def test_roc_auc_is_left_out_where_a_class_does_not_occur():
    found = find("classification").evaluate(*whole(np.float32([[1, 0, 0]] * 5), np.array([0, 1, 0, 1, 0]), 4))
    assert "roc_auc" not in found
    assert found["accuracy"] == pytest.approx(0.6)


@pytest.mark.parametrize("shape", [(61, 1), (61, 3), (61, 4, 2)])
def test_values(shape):
    rng = np.random.default_rng(0)
    y, output = rng.normal(size=shape).astype("float32"), rng.normal(size=shape).astype("float32")
    found = find("forecasting" if len(shape) == 3 else "regression").evaluate(*whole(output, y))
    error = output.astype("float64") - y
    columns = y.reshape(len(y), -1).astype("float64")
    r2 = 1 - (error.reshape(len(y), -1) ** 2).sum(axis=0) / ((columns - columns.mean(axis=0)) ** 2).sum(axis=0)
    mse = (error**2).mean()
    expected = {"loss": mse, "mse": mse, "rmse": math.sqrt(mse), "mae": np.abs(error).mean(), "r2": r2.mean()}
    if len(shape) == 3:
        pooled = 1 - (error**2).sum() / ((y - y.mean(dtype="float64")) ** 2).sum()
        expected |= {"r2_by_step": expected.pop("r2"), "r2_pooled": pooled}
    assert found == pytest.approx(expected, rel=1e-6)


def steps(outputs, y, batch_size=4):
    """Cut rows of answers into sequences of 1 to 6 steps, an answer each; tokens are the rows' numbers."""
    bounds = np.cumsum([1 + i % 6 for i in range(len(y))])
    ids = np.split(np.arange(1, len(y) + 1, dtype="int32"), bounds[bounds < len(y)])
    return Table(outputs, per_step=True), Batches(ids, [y[i - 1] for i in ids], [2, 4, 6], batch_size).arrays()


def test_tagging_counts_real_steps_alone():
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=100)
    logits = (rng.normal(size=(100, 3)) + np.eye(3)[y]).astype("float32")
    found = find("tagging").evaluate(*steps(logits, y))
    log_p = log_softmax(logits)
    assert found["loss"] == pytest.approx(-log_p[np.arange(100), y].mean(), rel=1e-12)
    assert found["accuracy"] == pytest.approx((logits.argmax(axis=1) == y).mean(), rel=1e-12)
    assert found["f1"] == pytest.approx(sk.f1_score(y, logits.argmax(axis=1), average="macro"), rel=1e-12)


def test_perplexity_is_exp_of_nats_per_token():
    rng = np.random.default_rng(2)
    y = rng.integers(7, size=100)
    logits = rng.normal(size=(100, 7)).astype("float32")
    found = find("language_modeling").evaluate(*steps(logits, y))
    p = np.exp(log_softmax(logits))[np.arange(100), y]
    expected = {
        "loss": -np.log(p).mean(),
        "perplexity": np.prod(p ** (-1 / 100)),  # the definition: the inverse geometric mean
        "accuracy": (logits.argmax(axis=1) == y).mean(),
    }
    assert found == pytest.approx(expected, rel=1e-9)


def test_perplexity_of_a_guess_is_the_vocabulary():
    found = find("language_modeling").evaluate(*steps(np.zeros((50, 65), "float32"), np.arange(50)))
    assert found["perplexity"] == pytest.approx(65)


@pytest.mark.parametrize("task", names_of_tasks())
def test_answers_that_are_no_numbers_are_refused(task):
    outputs = np.zeros((10, 4), "float32")
    outputs[7, 2] = np.nan
    make = steps if task in ("tagging", "language_modeling") else whole
    y = np.zeros((10, 4), "float32") if task in ("regression", "forecasting") else np.arange(10) % 4
    with pytest.raises(Diverged, match="learning-rate"):
        find(task).evaluate(*make(outputs, y, batch_size=4))


def test_what_is_watched_is_measured():
    rng = np.random.default_rng(0)
    for task, names in ((task.name, task.watched) for task in all_tasks()):
        make = steps if task in ("tagging", "language_modeling") else whole
        values = task in ("regression", "forecasting")
        y = rng.normal(size=(40, 3)).astype("float32") if values else np.arange(40) % 3
        y = np.eye(3, dtype="float32")[y] if task == "multilabel" else y
        found = find(task).evaluate(*make(rng.normal(size=(40, 3)).astype("float32"), y))
        assert set(names) <= found.keys()


def test_direction():
    up = ("accuracy", "val_accuracy", "f1", "val_roc_auc", "r2")
    assert all(more_is_better(name) for name in up)
    assert not any(more_is_better(name) for name in ("loss", "val_loss", "perplexity", "mae", "val_rmse"))


def test_by_class_is_what_scikit_learn_says():
    rng = np.random.default_rng(0)
    predictions = measures.Predictions(rng.integers(0, 3, 50), rng.normal(size=(50, 4)))
    found = measures.by_class(predictions, "abcd")
    assert [found[c]["count"] for c in "abcd"] == [*np.bincount(predictions.y), 0]
    for name in ("precision", "recall", "f1"):
        measure = getattr(sk, f"{name}_score")
        expected = measure(predictions.y, predictions.labels, labels=range(4), average=None, zero_division=0)
        assert [found[c][name] for c in "abcd"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("y", "answered", "said"),
    [
        ([0] * 95 + [1] * 5, [0] * 100, "mean recall 0.50 of 2 classes"),  # accuracy 0.95
        ([0] * 95 + [1] * 5, [0] * 90 + [1] * 10, ""),
        ([0, 1, 2] * 20, [0] * 60, "mean recall 0.33 of 3 classes"),
        ([0, 1, 2] * 20, [0, 1, 0] * 20, ""),
        ([1] * 10, [1] * 10, ""),  # nothing to tell apart
    ],
)
def test_what_is_no_better_than_a_guess_is_said(y, answered, said):
    y, answered = np.array(y), np.array(answered)
    remark = measures.remark_on_classes("gru", measures.Predictions(y, np.eye(3)[answered]))
    assert said in remark
    assert bool(remark) == bool(said)
    if len(set(y)) > 1:
        assert bool(said) == (sk.balanced_accuracy_score(y, answered) <= 1 / len(set(y)) + 0.01)


def test_values_no_better_than_their_mean_are_said():
    assert "always answering the mean (r2 -0.5000)" in measures.remark_on_values("gru", {"r2": -0.5})
    assert not measures.remark_on_values("gru", {"r2": 0.1})
    assert not measures.remark_on_values("gru", {"mse": 0.1})  # of one example
