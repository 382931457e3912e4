"""A wave of one or several sines, with or without noise. Generated: no download."""

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.data.builders.series import series_features, series_splits

SIZES = {"train": 3000, "validation": 500, "test": 1500}
WAVES = {
    "plain": ((50,), 0.0),
    "noisy": ((50,), 0.1),
    "several": ((50, 23, 120), 0.0),
    "several_noisy": ((50, 23, 120), 0.1),
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """sin(2π t / period), the mean of several periods, plus normal noise."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=f"Periods of {periods} steps, noise of deviation {noise}.")
        for name, (periods, noise) in WAVES.items()
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        """One column."""
        return self.dataset_info_from_configs(features=series_features(["value"]), disable_shuffling=True)

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """5,000 steps: 3,000, 500 and 1,500."""
        periods, noise = WAVES[self.builder_config.name]
        steps = np.arange(sum(SIZES.values()))
        wave = np.mean([np.sin(2 * np.pi * steps / period) for period in periods], axis=0)
        wave += noise * np.random.default_rng(0).normal(size=len(wave))
        return series_splits({"value": wave.astype("float32")}, SIZES)

    def _generate_examples(self):
        """Not needed: the splits are given as examples."""
        raise NotImplementedError
