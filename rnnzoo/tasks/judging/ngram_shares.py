"""What a network's answer counts beside that of the n-grams: found on sequences that neither has learnt from."""

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from keras import ops
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from sklearn.utils.class_weight import compute_sample_weight

from rnnzoo.devices import predict_on_batch


def settle_shares(model: Any, layer: Any, held_out: Any, class_weight: Literal["balanced"] | None = None) -> None:
    """Find `own`, `share` and `bias` of a model's layer `ngrams` by the least cross-entropy of held-out sequences.

    A normal distribution of deviation 1 about the values of before keeps them in place where few sequences are held
    out; own and share are not below 0. Each opinion has known its own training sequences, so that only others tell
    how sure it may be: stacking.

    Args:
        model: With its best weights.
        layer: Its layer `ngrams`, with scores.
        held_out: Batches (`rnnzoo.data.batches.Batches`) with classes, of sequences or steps, or labels 0 and 1.
        class_weight: `balanced` weighs each class by the inverse of its frequency.

    Reference: Wolpert (1992), "Stacked generalization", Neural Networks 5
    """
    before = [float(ops.convert_to_numpy(value)) for value in (layer.own, layer.share)]
    bias = ops.convert_to_numpy(layer.bias).astype("float64")
    layer.own.assign(1.0)
    layer.share.assign(0.0)
    y, network, by_length, found = _opinions(model, layer, held_out.arrays())
    weight = np.ones(len(y)) if class_weight is None else compute_sample_weight(class_weight, y)
    first = np.array([*before, *bias])

    def loss(values):
        own, share, b = values[0], values[1], values[2:]
        grams = by_length * (b + found)
        each, slope = _cross_entropy(y, own * network + share * grams)
        slope *= weight[:, None]
        slopes = [np.sum(slope * network), np.sum(slope * grams), *np.sum(slope * share * by_length, axis=0)]
        return weight @ each + np.sum((values - first) ** 2) / 2, np.array(slopes) + values - first

    best = minimize(loss, first, jac=True, bounds=[(0, None)] * 2 + [(None, None)] * len(bias)).x
    layer.own.assign(best[0])
    layer.share.assign(best[1])
    layer.bias.assign(best[2:])


def _opinions(model: Any, layer: Any, batches: Iterable) -> tuple[np.ndarray, ...]:
    """Return the truth, the network's answers, √(typical / length) and Σ w[n-gram] of all sequences, or steps."""
    parts = []
    for x, y, weight in batches:
        real = np.asarray(weight) > 0
        inputs = x if isinstance(x, tuple) else (x,)
        grams = (ops.convert_to_numpy(value)[real] for value in layer.opinion(*inputs))
        parts.append((np.asarray(y)[real], predict_on_batch(model, x)[real], *grams))
    y, *rest = (np.concatenate(values) for values in zip(*parts, strict=True))
    return y, *(values.astype("float64") for values in rest)


def _cross_entropy(y, logits):
    """Return the loss of each sequence, nats, and its derivative by the logits; labels of one sequence are added."""
    if y.ndim == 2:
        return np.sum(np.logaddexp(0, logits) - y * logits, axis=1), expit(logits) - y
    truth = np.eye(logits.shape[1])[y.astype(int)]
    return -np.sum(truth * log_softmax(logits, axis=1), axis=1), softmax(logits, axis=1) - truth
