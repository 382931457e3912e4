"""Electricity transformer temperature: two transformers, by the hour and by 15 minutes."""

import csv

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.data.builders.series import series_features, series_splits

URL = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETT{}.csv"
COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MONTHS = {"train": 12, "validation": 4, "test": 4}
"""Of 30 days, as in the literature; the file has 168 days more."""


class Builder(tfds.core.GeneratorBasedBuilder):
    """ETT, by transformer (1, 2) and step (h: an hour, m: 15 minutes)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=name, description=f"Transformer {name[1]}, every {step}.")
        for name, step in (("h1", "hour"), ("h2", "hour"), ("m1", "15 minutes"), ("m2", "15 minutes"))
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        """Seven columns and the time."""
        return self.dataset_info_from_configs(
            features=series_features(COLUMNS, time=True),
            homepage="https://github.com/zhouhaoyi/ETDataset",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """Download, or take the file from `downloads/manual`; 12, 4 and 4 months."""
        steps_a_month = 30 * 24 * (4 if self.builder_config.name.startswith("m") else 1)
        path = dl_manager.download({"series": URL.format(self.builder_config.name)})["series"]
        with path.open() as file:
            rows = list(csv.DictReader(file))
        columns = {name: np.array([float(row[name]) for row in rows], "float32") for name in COLUMNS}
        columns["time"] = np.array([row["date"] for row in rows], "datetime64[s]").astype("int64")
        return series_splits(columns, {part: months * steps_a_month for part, months in MONTHS.items()})

    def _generate_examples(self):
        """Not needed: the splits are given as examples."""
        raise NotImplementedError
