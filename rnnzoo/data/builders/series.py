"""What builders of series share: one example a split holds the whole part, a column of floats by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds


def series_features(columns: Sequence[str], time: bool = False) -> tfds.features.FeaturesDict:
    """Return the features of a series: each column `(steps,)` float32; `time` `(steps,)` int64, seconds since 1970."""
    found = {name: tfds.features.Tensor(shape=(None,), dtype=np.float32) for name in columns}
    if time:
        found["time"] = tfds.features.Tensor(shape=(None,), dtype=np.int64)
    return tfds.features.FeaturesDict(found)


def series_splits(columns: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> dict[str, Iterator[tuple[int, Any]]]:
    """Cut columns into parts, in the order of time; steps behind the last part are left out."""
    splits, begin = {}, 0
    for part, size in sizes.items():
        splits[part] = iter([(0, {name: values[begin : begin + size] for name, values in columns.items()})])
        begin += size
    return splits
