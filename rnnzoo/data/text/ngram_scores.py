"""Scores of n-grams for `layers.NGrams`: logistic regression of n-grams weighted by naive Bayes."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import scipy.sparse as sparse
from keras import ops
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from rnnzoo.data.batches import pad
from rnnzoo.layers.text.ngrams import HASHES

SEEN_IN = 3
"""Sequences, or steps, that an n-gram must be in to be in the table."""
TOGETHER = 64
"""Sequences that are looked through at once."""
SOFTNESS = 0.3
"""Of the regression (its C): larger fits the training sequences closer."""


def start_scores(
    layer: Any, rows: Sequence[np.ndarray], y: Any, class_weight: Literal["balanced"] | None = None
) -> int:
    """Fit the scores of a model's layer `ngrams` to training sequences; return how many n-grams have some.

    For each class against the others (each label with and without) the log-count ratio r = log(p / |p|) - log(q / |q|)
    of sequences, or steps, that hold an n-gram, counted from 1, weighs the counts of a logistic regression: its
    coefficients times r are the scores. Of n-grams that meet in a row of the table the most frequent one stays.

    Args:
        layer: A built `layers.NGrams` or `layers.StepNGrams`.
        rows: Token ids, one array a sequence, `(time,)`; or `(time, 1 + length)`, characters beside them.
        y: Classes `(examples,)`, or labels 0 and 1 `(examples, outputs)`; of steps one array of classes a sequence.
        class_weight: `balanced` weighs each class by the inverse of its frequency.

    Reference: Wang and Manning (2012), https://aclanthology.org/P12-2018
    """
    counts, row, mark = _table(layer, rows)
    y, outputs = np.concatenate(y) if layer.per_step else np.asarray(y), layer.scores.shape[1]
    marks = np.zeros(layer.buckets, "int32")
    marks[row] = mark
    scores, bias = _scores(counts, y, outputs, class_weight)
    layer.marks.assign(marks)
    layer.scores.assign(_in_rows(scores, row, layer.buckets))
    layer.bias.assign(bias)
    layer.typical.assign(np.mean([len(each) for each in rows]))
    layer.own.assign(1 - layer.pooled)
    layer.share.assign(layer.pooled)
    return len(row)


def _in_rows(values, row, buckets):
    found = np.zeros((buckets, values.shape[1]), "float32")
    found[row] = values
    return found


def _table(layer, rows) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Return how often each sequence, or step, holds each n-gram, and the n-grams' rows and marks in the table."""
    steps = [len(row) for row in rows]
    first = np.cumsum([0, *steps]) if layer.per_step else np.arange(len(rows))
    keys, owners = [], []
    by_length = np.argsort(steps, kind="stable")
    for start in range(0, len(rows), TOGETHER):
        some = by_length[start : start + TOGETHER]
        longest = (1 + steps[some[-1]] // TOGETHER) * TOGETHER  # few shapes: JAX compiles each of them
        x = pad([np.asarray(rows[i], "int32") for i in some], longest)
        owner = first[some, None] + np.arange(x.shape[1]) * layer.per_step
        for gram in layer.grams(*((x,) if x.ndim == 2 else (x[..., 0], x[..., 1:]))):
            row, mark, real = (ops.convert_to_numpy(values) for values in gram)
            keys.append(row[real].astype("int64") * (HASHES[-1][0] + 1) + mark[real])
            owners.append(owner[real])
    grams, column = np.unique(np.concatenate(keys), return_inverse=True)
    owner = np.concatenate(owners)
    shape = (sum(steps) if layer.per_step else len(rows), len(grams))
    counts = sparse.csr_matrix((np.ones(len(owner), "float64"), (owner, column)), shape=shape)
    seen = np.bincount(counts.indices, minlength=len(grams))
    row, mark = np.divmod(grams, HASHES[-1][0] + 1)
    often = np.flatnonzero(seen >= SEEN_IN)
    there = np.full(layer.buckets, -1)
    order = often[np.argsort(seen[often], kind="stable")]
    there[row[order]] = order  # the last one assigned stays
    kept = np.sort(there[there >= 0])
    return counts[:, kept], row[kept], mark[kept]


def _scores(counts, y, outputs, class_weight) -> tuple[np.ndarray, np.ndarray]:
    """Return the n-grams' scores, `(n-grams, outputs)`, and the bias, `(outputs,)`."""
    if y.ndim == 1 and outputs == 2:  # two classes have one score between them
        score, bias = _fit(counts, y == 1, class_weight)
        return np.stack([-score / 2, score / 2], axis=1), np.array([-bias / 2, bias / 2])
    sides = y.T > 0.5 if y.ndim == 2 else [y == k for k in range(outputs)]
    scores, bias = zip(*(_fit(counts, side, class_weight) for side in sides), strict=True)
    return np.stack(scores, axis=1), np.array(bias)


def _fit(counts, truth, class_weight) -> tuple[np.ndarray, float]:
    """Return the scores of the n-grams and the bias that tell sequences where `truth` is from the others."""
    if truth.all() or not truth.any() or not counts.shape[1]:
        return np.zeros(counts.shape[1]), float(np.log((truth.sum() + 1) / ((~truth).sum() + 1)))
    there = counts.sign()
    p, q = (1 + np.asarray(there[side].sum(axis=0)).ravel() for side in (truth, ~truth))
    ratio = np.log(p / p.sum()) - np.log(q / q.sum())
    regression = LogisticRegression(
        C=SOFTNESS, solver="liblinear", dual=True, max_iter=1000, class_weight=class_weight, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits of the scores decide nothing
        regression.fit(counts @ sparse.diags(ratio), truth)
    return ratio * regression.coef_[0], float(regression.intercept_[0])
