"""What was read is said before training: how much, from when to when, and which columns are what."""

import numpy as np
import pandas as pd
import pytest

from rnnzoo.data import LanguageModeling, SeriesForecasting
from rnnzoo.data.report import lines


def said(frame, **settings):
    data = SeriesForecasting(file=frame, horizon=2, **settings)
    data.load(sequence_length=4, batch_size=8)
    return lines(data.name, data.report), data


@pytest.fixture
def shops():
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=60)
    frames = [
        pd.DataFrame({"day": days[: 60 - 10 * i], "shop": shop, "kind": "small", "price": rng.random(60 - 10 * i),
                      "wind": rng.random(60 - 10 * i), "sold": rng.random(60 - 10 * i)})
        for i, shop in enumerate(("north", "south"))
    ]  # fmt: skip
    return pd.concat(frames)


def test_columns_and_times_are_said(shops):
    how = {"time": "day", "series": "shop", "target": "sold", "future": "price", "static": "kind"}
    found, _ = said(shops, **how, features=("wind",))
    assert found == [
        "DataFrame: 2 series of 50 to 60 steps, from 2024-01-01 to 2024-02-29",
        "forecasts sold; reads beside it wind; known ahead price; of each series kind",
    ]
    north = shops[shops["shop"] == "north"]
    found, data = said(north[["wind", "sold"]])
    assert found == ["DataFrame: 60 steps, each row is a step, without times", "forecasts wind, sold"]
    assert data.report["steps"] == {"fewest": 60, "most": 60}


@pytest.mark.parametrize("kind", ["rows", "years", "business days as Excel counts them"])
def test_a_column_that_counts_is_noted_where_it_is_forecast(shops, kind):
    value = shops["sold"].to_numpy()[:60]
    counts = {
        "rows": np.arange(60),
        "years": np.arange(1960, 2020),
        "business days as Excel counts them": 45000 + np.arange(60) + 2 * (np.arange(60) // 12),
    }[kind]
    frame = pd.DataFrame({"when": counts, "sold": value})
    _, data = said(frame)
    assert [note for note in data.notes if note.startswith("when grows by the same at every step")]
    for other in (np.cumsum(np.random.default_rng(1).integers(0, 9, 60)), -value):  # a total of many is a series
        _, data = said(frame.assign(when=other))
        assert not [note for note in data.notes if "grows by the same" in note]
    _, data = said(frame, target="sold", features=("when",))
    assert not [note for note in data.notes if "grows by the same" in note]


def test_a_text_is_said_with_what_its_vocabulary_leaves_out():
    text = "to be or not to be that is the question " * 10
    data = LanguageModeling([text], tokens="words", vocabulary_size=6, validation=0.2)
    data.load(sequence_length=5)
    assert lines(data.name, data.report) == [
        "texts: train 80, validation 20 words; 4 different ones are known; "
        "unknown are 40.0% of train, 40.0% of validation"
    ]  # to, be, or, not are known: 6 of 10
    assert data.report["tokens"] == {"train": 80, "validation": 20}
