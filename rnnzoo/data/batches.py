"""Examples of unequal length → padded batches of few shapes, in an order that depends on (seed, epoch) alone."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data import ragged
from rnnzoo.data.windows import Windows
from rnnzoo.errors import UserError

MAX_BUCKETS = 4
CANDIDATES = 12


def tensorflow():
    """Import TensorFlow, which carries the data on every backend."""
    try:
        import tensorflow
    except ImportError as error:
        raise UserError("Recipes need TensorFlow for their data: pip install 'rnnzoo[cpu]'.") from error
    return tensorflow


def bucket_lengths(lengths: Sequence[int] | np.ndarray, batch_size: int) -> list[int]:
    """Choose at most four padded lengths that waste the fewest steps.

    Every length costs a compilation and a partly filled last batch, so few examples get few buckets.

    Args:
        lengths: Of the training sequences, in steps.
        batch_size: Sequences per batch.

    Returns:
        Ascending lengths; the last is the longest.
    """
    longest = max(1, max(lengths))
    count = int(np.clip(len(lengths) // (8 * batch_size), 1, MAX_BUCKETS))
    quantiles = np.quantile(lengths, np.linspace(0, 1, CANDIDATES + 1)[1:-1], method="higher")
    candidates = sorted({int(q) for q in quantiles if 0 < q < longest})

    def padded_steps(shorter):
        buckets = np.array([*shorter, longest])
        return buckets[np.searchsorted(buckets, lengths)].sum()

    choices = (c for k in range(count) for c in itertools.combinations(candidates, k))
    return [*min(choices, key=padded_steps), longest]


def pad(sequences: Sequence[np.ndarray], length: int, value: float = 0) -> np.ndarray:
    """Right-pad to one array `(batch, length, ...)`."""
    first = sequences[0]
    padded = np.full((len(sequences), length, *first.shape[1:]), value, first.dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


@dataclass(frozen=True)
class Batches:
    """Encoded examples and how to batch them.

    The last batch of a bucket is filled with repeats of weight 0: shapes stay few, no example is lost, and sums over
    weights are exact.

    Args:
        x: One array a sequence: ids `(time,)` int32, or floats `(time, features)` float32; or windows of a series.
        y: Answers `(examples, ...)`, or windows, or one array `(time, ...)` a sequence when there is an answer for
            every step.
        buckets: Padded lengths, ascending. A longer sequence gets a bucket of its own length.
        batch_size: Sequences per batch; at most as many as there are.
        pad_value: Fills padded steps of x.
        seed: Of the order; None keeps the examples' own order within their buckets.
        weights: How much each example counts, `(examples,)`; None: all the same, 1.
        devices: How many share a batch: its size is a multiple of it.
    """

    x: Sequence[np.ndarray] | Windows
    y: Any
    buckets: Sequence[int]
    batch_size: int
    pad_value: float = 0
    seed: int | None = None
    weights: np.ndarray | None = None
    devices: int = 1

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

    def plan(self, epoch: int = 0) -> list[tuple[np.ndarray, int, int]]:
        """Return `(indices, how many of them are real, padded length)` for each batch of an epoch."""
        lengths = ragged.lengths(self.x)
        buckets = np.array(sorted({*self.buckets, max(self.buckets[-1], lengths.max())}))
        bucket_of = np.searchsorted(buckets, lengths)
        order = np.arange(len(self.x))
        rng = None if self.seed is None else np.random.default_rng([self.seed, epoch])
        if rng:
            rng.shuffle(order)
        size = self.size
        plan = []
        for bucket, length in enumerate(buckets):
            members = order[bucket_of[order] == bucket]
            for start in range(0, len(members), size):
                chunk = members[start : start + size]
                plan.append((np.resize(chunk, size), len(chunk), int(length)))
        if rng:
            rng.shuffle(plan)
        return plan

    def _padded(self, indices: np.ndarray, length: int) -> np.ndarray:
        if isinstance(self.x, Windows):
            return self.x[indices]
        return pad([self.x[i] for i in indices], length, self.pad_value)

    def steps(self) -> int:
        """Count the batches of an epoch."""
        return len(self.plan())

    def arrays(self, epoch: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the batches `(x, y, weight)` of an epoch as NumPy arrays."""
        for indices, real, length in self.plan(epoch):
            x = self._padded(indices, length)
            weight = (np.arange(len(indices)) < real).astype("float32")
            if self.weights is not None:
                weight *= self.weights[indices]
            if self.per_step:
                sequences = [self.y[i] for i in indices]
                steps = np.arange(length) < np.array([len(s) for s in sequences])[:, None]
                yield x, pad(sequences, length), weight[:, None] * steps
            else:
                yield x, self.y[indices], weight

    def dataset(self, first_epoch: int = 0, *, advance: bool = True):
        """Return a `tf.data.Dataset` of `(x, y, weight)`.

        Args:
            first_epoch: Whose order the first pass takes.
            advance: Each pass over it is the next epoch's order; False: of the same epoch, for what may look twice.
        """
        tf = tensorflow()
        epochs = itertools.count(first_epoch, step=int(advance))
        plan = self.plan()
        lengths = {length for _, _, length in plan}
        time = lengths.pop() if len(lengths) == 1 else None  # one shape: let TensorFlow know it
        batch = len(plan[0][0])

        def per_step(example):
            return tf.TensorSpec((batch, time, *example.shape[2:]), example.dtype)

        indices, _, length = plan[0]
        y = per_step(pad([self.y[indices[0]]], length)) if self.per_step else np.asarray(self.y[0])[()]
        signature = (
            tf.nest.map_structure(per_step, self._padded(indices, length)),
            y if self.per_step else tf.TensorSpec((batch, *y.shape), y.dtype),
            tf.TensorSpec((batch, time) if self.per_step else (batch,), "float32"),
        )
        dataset = tf.data.Dataset.from_generator(lambda: self.arrays(next(epochs)), output_signature=signature)
        return dataset.apply(tf.data.experimental.assert_cardinality(len(plan))).prefetch(2)


@dataclass(frozen=True)
class Splits:
    """The parts of a data set, batched. Each of `train`, `validation`, `test` is a new `tf.data.Dataset`, or None.

    Args:
        parts: `Batches` by name.
    """

    parts: dict[str, Batches]

    @property
    def train(self):
        """Shuffled anew at each pass."""
        return self.parts["train"].dataset()

    @property
    def validation(self):
        """For choosing the best epoch; None if nothing was held out."""
        return self.parts["validation"].dataset() if "validation" in self.parts else None

    @property
    def test(self):
        """For the number to publish; None if there is none."""
        return self.parts["test"].dataset() if "test" in self.parts else None
