"""Pairs of sequences → batches: the source, the target as the decoder reads it, and as it is to be written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data import ragged
from rnnzoo.data.batches import Batches, pad, real_steps


@dataclass(frozen=True)
class PairBatches(Batches):
    """Sources with the targets that a decoder is to write; a batch is `((source, target_in), target, weight)`.

    A target ends with the token END. `target_in` is the same one step later and begins with END, so that each step
    reads the token before the one it is to write (teacher forcing).

    Args:
        x: Sources, one array `(time,)` int32 each.
        y: Targets, one array `(target_time,)` int32 each, END included.
        buckets: Padded lengths `(source, target)`, ascending.
        texts: What each target reads as, `(examples,)`: the truth for whole answers. None where it is not kept.
    """

    texts: Sequence[str] | None = None

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each source and target, `(examples, 2)`."""
        return np.stack([ragged.lengths(self.x), ragged.lengths(self.y)], axis=1)

    def _batch(self, indices: np.ndarray, length: Any, weight: np.ndarray):
        source = pad([self.x[i] for i in indices], length[0])
        targets = [self.y[i] for i in indices]
        target_in = pad([np.roll(target, 1) for target in targets], length[1])
        real = real_steps(targets, length[1])
        return (source, target_in), pad(targets, length[1]), weight[:, None] * real
