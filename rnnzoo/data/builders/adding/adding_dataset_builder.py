"""The adding problem: remember two numbers of a long sequence. Generated: no download."""

import numpy as np
import tensorflow_datasets as tfds

SIZES = {"train": 20_000, "validation": 1000, "test": 2000}
LENGTHS = (50, 100, 200, 600, 1000)


def adding_problem(count: int, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return x `(count, length, 2)`, values in 0..1 and marks, and y `(count,)`, the sum of the two marked values.

    One mark is in the first half, one in the second; all others are 0.
    """
    values, marks = rng.random((count, length), "float32"), np.zeros((count, length), "float32")
    half = length // 2
    first, second = rng.integers(0, half, count), rng.integers(half, length, count)
    rows = np.arange(count)
    marks[rows, first] = marks[rows, second] = 1
    return np.stack([values, marks], axis=-1), values[rows, first] + values[rows, second]


class Builder(tfds.core.GeneratorBasedBuilder):
    """Sequences of 50, 100, 200, 600 or 1,000 steps."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=f"t{n}", description=f"{n} steps.") for n in LENGTHS]

    def _info(self) -> tfds.core.DatasetInfo:
        """A sequence of value and mark, and the sum."""
        length = int(self.builder_config.name[1:])
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {"sequence": tfds.features.Tensor(shape=(length, 2), dtype=np.float32), "sum": np.float32}
            ),
            supervised_keys=("sequence", "sum"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """20,000, 1,000 and 2,000 sequences, each part from a seed of its own."""
        return {part: self._generate_examples(size, seed) for seed, (part, size) in enumerate(SIZES.items())}

    def _generate_examples(self, size: int, seed: int):
        length = int(self.builder_config.name[1:])
        x, y = adding_problem(size, length, np.random.default_rng(seed))
        for i in range(size):
            yield i, {"sequence": x[i], "sum": y[i]}
