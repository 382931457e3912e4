"""Examples of unequal length → padded batches of few shapes, in an order that depends on (seed, epoch) alone."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data import ragged
from rnnzoo.data.series.windows import Windows
from rnnzoo.errors import UserError

MAX_BUCKETS = 4
CANDIDATES = 16
POOL = 8
"""Batches, at most, that are cut from examples sorted by length: rows of a batch end at about the same step, and so
does the loop over time. At most half of a bucket's, so that every epoch mixes the examples anew."""


def tensorflow():
    """Import TensorFlow, which carries the data on every backend."""
    try:
        import tensorflow
    except ImportError as error:
        raise UserError("Recipes need TensorFlow for their data: pip install 'rnnzoo[cpu]'.") from error
    return tensorflow


def bucket_lengths(lengths: Sequence[int] | np.ndarray, batch_size: int) -> list[int]:
    """Choose at most four padded lengths that waste the fewest steps.

    Args:
        lengths: Of the training sequences, in steps.
        batch_size: Sequences per batch.

    Returns:
        Ascending lengths; the last is the longest.
    """
    return [length for (length,) in bucket_shapes(np.asarray(lengths)[:, None], batch_size)]


def lengths_to_answer(lengths: np.ndarray, batch_size: int, longest: int | None) -> list[int]:
    """Choose the padded lengths of inputs to be answered: of one batch few (16, 24, 32, 48, ...), as each is compiled.

    Args:
        lengths: In steps.
        batch_size: Sequences per batch; more than one batch are padded as training's are.
        longest: No more than this many steps, unless an input has more; None: any.
    """
    if len(lengths) > batch_size:
        return bucket_lengths(lengths, batch_size)
    steps = int(np.max(lengths, initial=1))
    few = next(n for k in itertools.count(4) for n in (2**k, 3 * 2 ** (k - 1)) if n >= steps)
    return [max(steps, min(few, longest or few))]


def bucket_shapes(lengths: np.ndarray, batch_size: int) -> list[tuple[int, ...]]:
    """Choose at most four padded shapes for examples of several sequences each, so that the fewest steps are wasted.

    Every shape costs a compilation and a partly filled last batch, so few examples get few buckets.

    Args:
        lengths: Of the training examples' sequences, in steps: `(examples, sequences)`.
        batch_size: Examples per batch.

    Returns:
        A length for each sequence, ascending from bucket to bucket; the last bucket holds the longest.
    """
    total = lengths.sum(axis=1)
    count = int(np.clip(len(lengths) // (8 * batch_size), 1, MAX_BUCKETS))
    quantiles = np.quantile(total, np.linspace(0, 1, CANDIDATES + 1)[1:-1], method="higher")
    cuts = [*sorted({int(q) for q in quantiles if 0 < q < total.max()}), int(total.max())]
    shapes = [tuple(int(n) for n in np.maximum(1, lengths[total <= cut].max(axis=0))) for cut in cuts]
    below = [int((total <= cut).sum()) for cut in cuts]

    def padded_steps(chosen):
        held = np.diff([0, *(below[i] for i in chosen)])
        return sum(number * sum(shapes[i]) for number, i in zip(held, chosen, strict=True))

    last = len(cuts) - 1
    choices = ((*c, last) for k in range(count) for c in itertools.combinations(range(last), k))
    return list(dict.fromkeys(shapes[i] for i in min(choices, key=padded_steps)))


def pad(sequences: Sequence[np.ndarray], length: int, value: float = 0) -> np.ndarray:
    """Right-pad to one array `(batch, length, ...)`."""
    first = sequences[0]
    padded = np.full((len(sequences), length, *first.shape[1:]), value, first.dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def real_steps(sequences: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Tell real steps from padded ones: bool `(batch, length)`."""
    return np.arange(length) < np.array([len(sequence) for sequence in sequences])[:, None]


@dataclass(frozen=True)
class Batches:
    """Encoded examples and how to batch them.

    The last batch of a bucket is filled with repeats of weight 0: shapes stay few, no example is lost, and sums over
    weights are exact. With a seed, examples of like length share a batch: they are shuffled, then sorted by length for
    a few batches at a time, and the batches are shuffled.

    Args:
        x: One array a sequence: ids `(time,)` int32, or floats `(time, features)` float32; or windows of a series.
        y: Answers `(examples, ...)`, or windows, or one array `(time, ...)` a sequence when there is an answer for
            every step.
        buckets: Padded lengths, ascending. Longer sequences get a bucket of their own length.
        batch_size: Sequences per batch; at most as many as there are.
        pad_value: Fills padded steps of x.
        seed: Of the order; None keeps the examples' own order within their buckets.
        weights: How much each example counts, `(examples,)`; None: all the same, 1.
        devices: How many share a batch: its size is a multiple of it.
        share: Give only the k-th of n equal parts of each batch: `(k, n)`, k from 0.
        passes: How often an epoch gives each example.
    """

    x: Sequence[np.ndarray] | Windows
    y: Any
    buckets: Sequence[Any]
    batch_size: int
    pad_value: float = 0
    seed: int | None = None
    weights: np.ndarray | None = None
    devices: int = 1
    share: tuple[int, int] = (0, 1)
    passes: int = 1

    @property
    def size(self) -> int:
        """Sequences of every batch, fillers included."""
        return -(-min(self.batch_size, len(self.x)) // self.devices) * self.devices

    @property
    def per_step(self) -> bool:
        """Whether y has an answer for every step."""
        return not isinstance(self.y, np.ndarray | Windows)

    def __len__(self):
        """Count the examples."""
        return len(self.x)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each example, `(examples, 1)`; a column for each sequence where an example has several."""
        return ragged.lengths(self.x)[:, None]

    def plan(self, epoch: int = 0) -> list[tuple[np.ndarray, int, Any]]:
        """Return `(indices, how many of them are real, padded length)` for each batch of an epoch."""
        lengths = self.lengths
        buckets = np.reshape(self.buckets, (-1, lengths.shape[1]))
        longest = np.maximum(buckets[-1], lengths.max(axis=0))
        if (longest > buckets[-1]).any():
            buckets = np.vstack([buckets, longest])
        bucket_of = (lengths[:, None] <= buckets).all(axis=-1).argmax(axis=1)  # the first that holds all of it
        rng = None if self.seed is None else np.random.default_rng([self.seed, epoch])
        return [batch for _ in range(self.passes) for batch in self._one_pass(buckets, bucket_of, lengths, rng)]

    def _one_pass(self, buckets, bucket_of, lengths, rng):
        order = np.arange(len(self.x))
        if rng:
            rng.shuffle(order)
        size = self.size
        plan = []
        for bucket, shape in enumerate(buckets.tolist()):
            members = order[bucket_of[order] == bucket]
            if rng:
                pool = np.arange(len(members)) // (size * np.clip(len(members) // (2 * size), 1, POOL))
                members = members[np.lexsort((lengths[members].sum(axis=1), pool))]
            length = tuple(shape) if len(shape) > 1 else shape[0]
            for start in range(0, len(members), size):
                chunk = members[start : start + size]
                plan.append((np.resize(chunk, size), len(chunk), length))
        if rng:
            rng.shuffle(plan)
        return plan

    def _own(self, rows: np.ndarray) -> np.ndarray:
        k, n = self.share
        return rows[k * len(rows) // n : (k + 1) * len(rows) // n]

    def steps(self) -> int:
        """Count the batches of an epoch."""
        return len(self.plan())

    def arrays(self, epoch: int = 0) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """Yield the batches `(x, y, weight)` of an epoch as NumPy arrays."""
        for indices, real, length in self.plan(epoch):
            weight = (np.arange(len(indices)) < real).astype("float32")
            indices, weight = self._own(indices), self._own(weight)
            if self.weights is not None:
                weight *= self.weights[indices]
            yield self._batch(indices, length, weight)

    def _batch(self, indices: np.ndarray, length: Any, weight: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
        """Return `(x, y, weight)` of these examples, padded."""
        x = (
            self.x[indices]
            if isinstance(self.x, Windows)
            else pad([self.x[i] for i in indices], length, self.pad_value)
        )
        if not self.per_step:
            return x, self.y[indices], weight
        sequences = [self.y[i] for i in indices]
        return x, pad(sequences, length), weight[:, None] * real_steps(sequences, length)

    def dataset(self, first_epoch: int = 0, *, advance: bool = True):
        """Return a `tf.data.Dataset` of `(x, y, weight)`.

        Args:
            first_epoch: Whose order the first pass takes.
            advance: Each pass over it is the next epoch's order; False: of the same epoch, for what may look twice.
        """
        tf = tensorflow()
        epochs = itertools.count(first_epoch, step=int(advance))
        plan = self.plan()
        one_of_each = {length: (self._own(indices), length) for indices, _, length in plan}.values()
        weight = self._own(np.ones(self.size, "float32"))

        def spec(*arrays):  # an axis has a known size where all batches agree
            sizes = zip(*(array.shape for array in arrays), strict=True)
            return tf.TensorSpec([n[0] if len(set(n)) == 1 else None for n in sizes], arrays[0].dtype)

        signature = tf.nest.map_structure(spec, *(self._batch(*found, weight) for found in one_of_each))
        dataset = tf.data.Dataset.from_generator(lambda: self.arrays(next(epochs)), output_signature=signature)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(plan))).prefetch(2)
        # Nothing here is left to be tuned, and the end of a pass would wait for the tuner to wake: it sleeps for 10 ms,
        # 20 ms, 40 ms ..., by the end of a long pass for minutes.
        options = tf.data.Options()
        options.autotune.enabled = False
        return dataset.with_options(options)
