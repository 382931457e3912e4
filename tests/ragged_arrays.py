"""Sequences of unequal length, made and compared."""

import numpy as np


def ragged(n=60, features=2, seed=0):
    """Return `n` float sequences of 2 to 6 steps, their classes 0, 1 and 2, and example i's number in its values."""
    rng = np.random.default_rng(seed)
    x = [rng.normal(size=(2 + i % 5, features)).astype("float32") for i in range(n)]
    return x, np.arange(n) % 3


def padded(x, value):
    lengths = np.array([len(s) for s in x])
    out = np.full((len(x), lengths.max(), *x[0].shape[1:]), value, x[0].dtype)
    for row, s in zip(out, x, strict=True):
        row[: len(s)] = s
    return out, lengths


def real(batches):
    """Return what a split holds, without fillers, as bytes -> answer: batches may come in any order."""
    found = []
    for x, y, weight in batches.arrays():
        found += [(x[i], y[i]) for i in np.flatnonzero(weight)]
    return found


def everything(splits):
    return [pair for batches in splits.parts.values() for pair in real(batches)]


def same_examples(a, b):
    def keys(pairs):
        return sorted((x.shape, x.tobytes(), np.asarray(y).tobytes()) for x, y in pairs)

    return keys(everything(a)) == keys(everything(b))
