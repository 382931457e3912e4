"""Dates as people write them, and in ISO 8601. Generated: no download."""

import datetime

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo._lazy import required

SIZES = {"train": 20_000, "validation": 2000, "test": 2000}
FIRST, LAST = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)
LOCALES = (
    "en", "en_GB", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "fi", "pl", "cs", "ro", "hu", "tr", "ru", "el",
)  # fmt: skip
STYLES = ("full", "long", "medium", "weekday", "numbers")
NUMBERS = ("d.M.yyyy", "dd/MM/yyyy", "yyyy/MM/dd")
SMALL_LETTERS = 0.25
"""Share of dates without capitals."""


def written(day: datetime.date, locale: str, style: str) -> str:
    """Write a date as people do there.

    Args:
        day: The date.
        locale: `de`, `en_GB`, ...
        style: Babel's `full`, `long` or `medium`; `weekday`, in short; or a pattern such as `d.M.yyyy`.
    """
    dates = required("babel.dates", "translation", "Dates in many languages need Babel")

    if style == "weekday":
        text = dates.format_skeleton("yMMMEd", day, locale=locale)
    else:
        text = dates.format_date(day, style, locale=locale)
    return " ".join(text.split())  # typesetters' spaces become plain ones


def drawn(day: datetime.date, rng: np.random.Generator) -> str:
    """Write a date in a style, a place and letters drawn at random."""
    style = rng.choice(STYLES)
    text = written(day, str(rng.choice(LOCALES)), str(rng.choice(NUMBERS) if style == "numbers" else style))
    return text.lower() if rng.random() < SMALL_LETTERS else text


def parts() -> dict[str, list[datetime.date]]:
    """Draw the days of each part: no day is in two parts; in train a day may come more than once."""
    rng = np.random.default_rng(0)
    days = [FIRST + datetime.timedelta(days=int(i)) for i in rng.permutation((LAST - FIRST).days + 1)]
    validation, test = days[: SIZES["validation"]], days[-SIZES["test"] :]
    others = days[SIZES["validation"] : -SIZES["test"]]
    train = [others[i] for i in rng.integers(0, len(others), SIZES["train"])]
    return {"train": train, "validation": validation, "test": test}


class Builder(tfds.core.GeneratorBasedBuilder):
    """A text and its date, year first."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self) -> tfds.core.DatasetInfo:
        """Two texts."""
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"date": tfds.features.Text(), "iso": tfds.features.Text()}),
            supervised_keys=("date", "iso"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        """20,000, 2,000 and 2,000 dates, each part from a seed of its own."""
        return {part: self._generate_examples(days, seed) for seed, (part, days) in enumerate(parts().items())}

    def _generate_examples(self, days: list[datetime.date], seed: int):
        rng = np.random.default_rng(seed)
        for i, day in enumerate(days):
            yield i, {"date": drawn(day, rng), "iso": day.isoformat()}
