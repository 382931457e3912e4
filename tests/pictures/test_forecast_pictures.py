"""Pictures of forecasts and of what is read: dates, names and the naive forecast on them, and nothing over the data."""

import numpy as np
import pytest
from matplotlib.dates import ConciseDateFormatter

from rnnzoo.data.batches import Batches
from rnnzoo.data.series.table import Table
from rnnzoo.pictures import forecasts, inputs
from rnnzoo.pictures.figures import save

pytestmark = pytest.mark.draws

DAYS = np.datetime64("2024-01-01", "us") + np.arange(40) * np.timedelta64(1, "D")


def lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.get_lines()}


def dated(axes):
    return isinstance(axes.xaxis.get_major_formatter(), ConciseDateFormatter)


@pytest.mark.parametrize("times", [None, np.stack([DAYS[:9], DAYS[5:14]])])
def test_windows_have_dates_the_column_and_the_naive_forecast(times, tmp_path):
    past, truth = np.arange(12.0).reshape(2, 6, 1), np.ones((2, 3, 1))
    figure = forecasts.windows(
        past, truth, 2 * truth, 3 * truth, "last season", ["sold"], None, "test", times, ["a", "b"]
    )
    first, second = figure.axes
    shown = lines(second)
    assert list(shown) == ["history", "last season", "truth", "forecast"]
    assert shown["last season"][:, 1].tolist() == [11, 3, 3, 3]
    assert shown["history"][-1].tolist() == shown["forecast"][0].tolist()  # no gap
    assert (first.get_ylabel(), second.get_title()) == ("sold", "b  test, window 2")
    assert dated(first) == (times is not None)
    if times is not None:
        np.testing.assert_array_equal(second.get_lines()[0].get_xdata(), DAYS[5:11])
    assert not any(axes.get_legend() for axes in figure.axes)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(shown)
    save(figure, tmp_path / "windows.png")


def test_a_forecast_ahead_stands_on_dates_beside_the_last_season():
    values = np.stack([np.arange(40.0), np.tile(np.arange(4.0), 10)], axis=1)
    table = Table(("price", "sold"), values, DAYS)
    answer = {"time": ["2024-02-10", "2024-02-11"], "sold": [5.0, 6.0], "sold_low_80": [4, 5], "sold_high_80": [6, 7]}
    (axes,) = forecasts.ahead([answer], [table], ["sold"], 4).axes
    assert dated(axes)
    assert axes.get_ylabel() == "sold"
    assert lines(axes)["last season"][:, 1].tolist() == [3, 0, 1]
    assert lines(axes)["forecast"][:, 1].tolist() == [3, 5, 6]
    both = forecasts.ahead([{**answer, "price": [1.0, 2.0]}], [table], ["price", "sold"]).axes
    assert [axes.get_ylabel() for axes in both] == ["price", "sold"]
    assert both[0].get_subplotspec().get_gridspec().get_geometry() == (2, 1)
    (axes,) = forecasts.ahead([{"sold": [5.0]}], [Table(("sold",), values[:, 1:])], ["sold"]).axes
    assert "last season" not in lines(axes)


def test_lengths_are_shares_of_each_part():
    found = {"train": np.array([[1], [1], [2], [4]]), "test": np.array([[4]])}
    (axes,) = inputs.lengths(found).axes
    assert [bar.get_height() for bar in axes.patches[:4]] == [0.5, 0.25, 0, 0.25]
    assert axes.get_title() == "train: half up to 2 steps, 95 % up to 4, all up to 4"
    assert inputs.lengths(found, 4).axes[0].get_title().endswith("25% cut at 4")
    assert len(inputs.lengths({"train": np.array([[1, 2], [3, 4]])}).axes) == 2


def test_samples_are_of_every_class_or_from_low_to_high():
    x, y = [np.full((3, 2), i, "float32") for i in range(30)], np.arange(30) % 3
    (axes,) = inputs.samples(x, y, ["a", "b", "c"]).axes
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c"] * 4
    heights = [line.get_ydata()[0] for line in axes.get_lines()[:6:2]]
    assert heights == sorted(heights, reverse=True)  # the values 0, 1 and 2, on one scale
    (axes,) = inputs.samples(x, np.arange(30.0)[::-1, None], None).axes
    assert [text.get_text() for text in axes.texts][::11] == ["0", "29"]
    (axes,) = inputs.samples([np.zeros((5, 8), "float32")], np.array([0]), ["a"]).axes
    assert axes.images[0].get_array().shape == (5, 8)


def test_what_is_drawn_of_inputs_follows_from_what_they_are():
    rows = [np.zeros((n, 2), "float32") for n in (2, 3)]
    assert set(inputs.pictures({"train": Batches(rows, np.zeros(2), [3], 2)}, None)) == {
        "input_lengths.png",
        "inputs.png",
    }
    ids = [np.ones(4, "int32")] * 2
    assert not inputs.pictures({"train": Batches(ids, np.zeros(2), [4], 2)}, None)
