"""Scores of n-grams for `layers.NGrams`: logistic regression of n-grams weighted by naive Bayes."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import scipy.sparse as sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from rnnzoo.layers.text.ngrams import HASHES, places

SEEN_IN = 3
"""Sequences that an n-gram must be in to be in the table."""
SOFTNESS = 0.3
"""Of the regression (its C): larger fits the training sequences closer."""


def start_scores(
    layer: Any, rows: Sequence[np.ndarray], y: Any, class_weight: Literal["balanced"] | None = None
) -> None:
    """Fit the scores of a model's layer `ngrams` to training sequences.

    For each class against the others (each label with and without) the log-count ratio r = log(p / |p|) - log(q / |q|)
    of sequences that hold an n-gram, counted from 1, weighs the counts of a logistic regression: its coefficients times
    r are the scores. Of n-grams that meet in a row of the table the one in most sequences stays.

    Args:
        layer: A built `layers.NGrams`.
        rows: Token ids, one array a sequence.
        y: Classes `(examples,)`, or labels 0 and 1 `(examples, outputs)`.
        class_weight: `balanced` weighs each class by the inverse of its frequency.

    Reference: Wang and Manning (2012), https://aclanthology.org/P12-2018
    """
    counts, row, mark = _table(rows, layer.longest, layer.buckets)
    y, outputs = np.asarray(y), layer.scores.shape[1]
    marks = np.zeros(layer.buckets, "int32")
    marks[row] = mark
    scores, bias = _scores(counts, y, outputs, class_weight)
    layer.marks.assign(marks)
    layer.scores.assign(_in_rows(scores, row, layer.buckets))
    layer.bias.assign(bias)
    layer.typical.assign(np.mean([len(each) for each in rows]))
    layer.own.assign(1 - layer.pooled)
    layer.share.assign(layer.pooled)


def _in_rows(values, row, buckets):
    found = np.zeros((buckets, values.shape[1]), "float32")
    found[row] = values
    return found


def _table(rows, longest, buckets) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Return how often each sequence holds each n-gram, and the n-grams' rows and marks in the table."""
    flat = np.concatenate([np.asarray(row, "int64") for row in rows])
    of = np.repeat(np.arange(len(rows), dtype="int32"), [len(row) for row in rows])
    keys, owners = [], []
    for n in range(1, min(longest, len(flat)) + 1):
        last = len(flat) - n + 1
        inside = of[:last] == of[n - 1 :]  # no n-gram across sequences
        row, mark = places([flat[i : last + i][inside] for i in range(n)], buckets)
        keys.append(row * (HASHES[-1][0] + 1) + mark)
        owners.append(of[:last][inside])
    grams, column = np.unique(np.concatenate(keys), return_inverse=True)
    owner = np.concatenate(owners)
    counts = sparse.csr_matrix((np.ones(len(owner), "float64"), (owner, column)), shape=(len(rows), len(grams)))
    seen = np.bincount(counts.indices, minlength=len(grams))
    row, mark = np.divmod(grams, HASHES[-1][0] + 1)
    often = np.flatnonzero(seen >= SEEN_IN)
    first = np.full(buckets, -1)
    order = often[np.argsort(seen[often], kind="stable")]
    first[row[order]] = order  # the last one assigned stays
    kept = np.sort(first[first >= 0])
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
