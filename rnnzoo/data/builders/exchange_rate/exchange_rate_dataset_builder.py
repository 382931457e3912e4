"""Daily exchange rates of eight currencies, 1990 to 2016."""

import gzip

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.data.builders.series import series_features, series_splits

URL = (
    "https://raw.githubusercontent.com/laiguokun/multivariate-time-series-data/master/exchange_rate/"
    "exchange_rate.txt.gz"
)
COLUMNS = ("australia", "britain", "canada", "switzerland", "china", "japan", "new_zealand", "singapore")
SHARES = {"train": 0.7, "test": 0.2}
"""As in the literature, rounded down; what is between them is validation."""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Exchange rates to the US dollar."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self) -> tfds.core.DatasetInfo:
        """Eight columns; the file has no dates."""
        return self.dataset_info_from_configs(
            features=series_features(COLUMNS),
            homepage="https://github.com/laiguokun/multivariate-time-series-data",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """Download, or take the file from `downloads/manual`."""
        path = dl_manager.download({"series": URL})["series"]
        with path.open("rb") as packed, gzip.open(packed, "rt") as file:
            values = np.loadtxt(file, delimiter=",", dtype="float32")
        train, test = (int(share * len(values)) for share in SHARES.values())
        sizes = {"train": train, "validation": len(values) - train - test, "test": test}
        return series_splits(dict(zip(COLUMNS, values.T, strict=True)), sizes)

    def _generate_examples(self):
        """Not needed: the splits are given as examples."""
        raise NotImplementedError
