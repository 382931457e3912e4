"""Token vectors from the company that tokens keep, counted in the training sequences themselves."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import scipy.sparse as sparse
from sklearn.utils.extmath import randomized_svd

from rnnzoo.data.text.vocabulary import FIRST

WINDOW = 5
"""Steps on either side that count as company; the nearer ones count more."""
SMOOTHING = 0.75
"""Exponent on the contexts' counts: it holds rare contexts down."""
MOST = 6_000_000
"""So many tokens are counted at most: memory stays bounded, and the vectors gain little from more."""
SPREAD = 0.1
"""Standard deviation of the vectors' values, as wide as a layer expects its inputs at the start."""
CHUNK = 5_000
"""Sequences counted at a time."""


def ppmi_vectors(rows: Iterable[np.ndarray], vocabulary_size: int, dim: int, seed: int = 0) -> np.ndarray:
    """Return one vector a token: the truncated SVD of positive pointwise mutual information.

    Args:
        rows: Token ids, one array a sequence.
        vocabulary_size: Padding (0) and unknown (1) included; their vectors are 0.
        dim: Width of the vectors. Dimensions beyond the number of tokens are 0.
        seed: Of the randomised SVD.

    Returns:
        float32 `(vocabulary_size, dim)`.

    Reference: Levy, Goldberg and Dagan (2015), https://doi.org/10.1162/tacl_a_00134: context distribution smoothing,
    and singular values weighted by their square root.
    """
    counts = _company(_some(rows), vocabulary_size)
    vectors = np.zeros((vocabulary_size, dim), "float32")
    known = min(dim, vocabulary_size - FIRST)
    if counts.nnz:
        u, singular, _ = randomized_svd(_ppmi(counts), known, n_iter=3, random_state=seed)
        found = u[FIRST:] * np.sqrt(singular)
        found -= found.mean(axis=0)
        vectors[FIRST:, :known] = found * (SPREAD / max(found.std(), 1e-9))
    return vectors


def _some(rows: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield rows until there are enough tokens."""
    count = 0
    for row in rows:
        if count >= MOST:
            return
        count += len(row)
        yield row


def _company(rows: Iterator[np.ndarray], size: int) -> sparse.csr_matrix:
    """Count how often two tokens stand within `WINDOW` steps: symmetric, weight (WINDOW + 1 - distance) / WINDOW."""
    counts = sparse.csr_matrix((size, size), dtype="float32")
    gap = np.zeros(WINDOW, "int32")  # no company across sequences
    while chunk := list(islice(rows, CHUNK)):
        tokens = np.concatenate([part for row in chunk for part in (row, gap)])
        for distance in range(1, WINDOW + 1):
            left, right = tokens[:-distance], tokens[distance:]
            real = (left >= FIRST) & (right >= FIRST)
            weight = np.full(real.sum(), (WINDOW + 1 - distance) / WINDOW, "float32")
            counts = counts + sparse.coo_matrix((weight, (left[real], right[real])), shape=(size, size)).tocsr()
    return counts + counts.T


def _ppmi(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """max(0, log(p(w, c) / (p(w) p_smoothed(c)))), for the pairs that occur; `counts` becomes it, in place."""
    word = np.asarray(counts.sum(axis=1), dtype="float64").ravel()
    context = word**SMOOTHING
    with np.errstate(divide="ignore"):  # a token without company has no pairs
        log_word, log_context = np.log(word), np.log(context / context.sum())
    information = counts.data
    np.log(information, out=information)
    information -= np.repeat(log_word.astype("float32"), np.diff(counts.indptr))
    information -= log_context.astype("float32")[counts.indices]
    np.maximum(information, 0, out=information)
    counts.eliminate_zeros()
    return counts
