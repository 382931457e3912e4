"""Many series in one file."""

import numpy as np
import pytest
from small_series import HORIZON, LOOKBACK, load, wave, write

from rnnzoo.data import SeriesForecasting
from rnnzoo.errors import UserError


def panel(path, sizes={"north": 60, "south": 40}, mixed=False, change=None):  # noqa: B006
    """Write a file with a column `shop`; mixed, its rows are sorted by time, not by shop."""
    start, rows = np.datetime64("2024-01-01"), []
    for number, (name, size) in enumerate(sizes.items()):
        for day, value in enumerate(wave(size)[:, 0] + 10 * number):
            rows.append([str(start + day), name, repr(float(value))])
    if mixed:
        rows.sort(key=lambda row: row[0])
    if change:
        rows = change(rows)
    path.write_text("day,shop,sold\n" + "".join(",".join(row) + "\n" for row in rows))
    return str(path)


def load_panel(file, **settings):
    data = SeriesForecasting(file=file, time="day", series="shop", horizon=HORIZON, **settings)
    return data, data.load(sequence_length=LOOKBACK, batch_size=4).parts


@pytest.mark.parametrize("mixed", [False, True])
def test_windows_of_many_series_are_those_of_each(tmp_path, mixed):
    _, parts = load_panel(panel(tmp_path / "shops.csv", mixed=mixed), scale="none")
    alone = {"train": [], "validation": [], "test": []}
    for number, size in enumerate((60, 40)):
        path = write(tmp_path / f"{number}.csv", wave(size)[:, :1] + 10 * number, ("sold",))
        _, of_one = load(path, scale="none")
        for name, part in of_one.items():
            alone[name] += [(part.x[i], part.y[i]) for i in range(len(part))]
    for name, part in parts.items():
        assert len(part) == len(alone[name])
        for i, (x, y) in enumerate(alone[name]):
            np.testing.assert_array_equal(part.x[i], x)
            np.testing.assert_array_equal(part.y[i], y)


def test_each_series_is_scaled_by_its_own_train_rows(tmp_path):
    data, _ = load_panel(panel(tmp_path / "shops.csv"))
    for name, train in (("north", wave(60)[:42, 0]), ("south", wave(40)[:28, 0] + 10)):
        np.testing.assert_allclose(data.in_units(np.zeros(1), name), train.mean())
        np.testing.assert_allclose(data.in_units(np.ones(1), name), train.mean() + train.std())


def test_a_short_series_is_left_out_and_named(tmp_path):
    data, parts = load_panel(panel(tmp_path / "shops.csv", sizes={"north": 60, "tiny": 5, "south": 40}))
    assert parts["train"].y.panel.names == ("north", "south")
    assert any("tiny (5 rows)" in note for note in data.notes)


def test_each_series_of_a_file_is_answered(tmp_path):
    file = panel(tmp_path / "shops.csv", mixed=True)
    data, _ = load_panel(file, scale="none")
    north, south = data.read_inputs(file)
    assert [str(table).split(":")[0] for table in (north, south)] == ["north", "south"]
    first, second = data.encode([north, south])
    np.testing.assert_allclose(first[:, 0], wave(60)[-LOOKBACK:, 0], rtol=1e-6)
    np.testing.assert_allclose(second[:, 0], wave(40)[-LOOKBACK:, 0] + 10, rtol=1e-6)
    assert len(data.batches_of(file)) == 60 + 40 - 2 * (LOOKBACK + HORIZON - 1)


@pytest.mark.parametrize(
    ("sizes", "change", "match"),
    [
        ({"north": 5, "south": 5}, None, "rows, series north"),
        ({"south": 20}, None, "validation part needs .* Received: 2 rows, series south"),
        (None, lambda rows: [*rows[:70], [rows[70][0], "", "1.0"], *rows[71:]], "a name in column shop.*line 72"),
        (None, lambda rows: [*rows[:70], *rows[71:]], "Steps are missing.*line 72, .*series south"),
        (None, lambda rows: [*rows[:70], [*rows[70][:2], ""], *rows[71:]], "values are missing.*series south"),
        (None, lambda rows: [[*row[:2], "7.5"] for row in rows], "never changes"),
    ],
)
def test_bad_panels(tmp_path, sizes, change, match):
    file = panel(tmp_path / "shops.csv", **({"sizes": sizes} if sizes else {}), change=change)
    with pytest.raises(UserError, match=match):
        load_panel(file)


def test_feeding_back_needs_one_series(tmp_path):
    with pytest.raises(UserError, match="one series"):
        load_panel(panel(tmp_path / "shops.csv"), feed_back=5)
