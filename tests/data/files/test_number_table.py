"""Tables of numbers: forms of time, gaps, and files that are refused in one sentence."""

import numpy as np
import pytest
from small_series import ROWS, load, wave, write

from rnnzoo.data.files.number_table import Reading, read_series
from rnnzoo.errors import UserError


def _without(*gone):
    return lambda rows: [row for i, row in enumerate(rows) if i not in gone]


def _cell(row, column, text):
    def change(rows):
        rows[row][column] = text
        return rows

    return change


def _swapped(rows):
    rows[10], rows[11] = rows[11], rows[10]
    return rows


BAD = [
    ("a missing column", {"target": ("OIL",)}, None, "has the columns time, load, OT.*Received: OIL"),
    ("a missing time", {"time": "when"}, None, "Received: when"),
    ("unsorted", {}, _swapped, "order of time.*line 13"),
    ("a time twice", {}, lambda rows: [*rows[:11], rows[10], *rows[11:]], "may occur once.*twice, again in line 13"),
    ("a gap", {}, _without(20, 21), "Steps are missing: --fill.*line 22"),
    ("irregular", {}, _cell(20, 0, "2024-01-01 20:20:00"), "Steps must be regular.*line 22"),
    ("text for a number", {}, _cell(7, 1, "broken"), "Column load must hold numbers.*'broken' in line 9"),
    ("text for a time", {}, _cell(7, 0, "yesterday"), "(cannot be read as time|order of time|table).*Received"),
    ("no time", {}, _cell(7, 0, ""), "Every row needs a time.*line 9"),
    ("NaN", {}, _cell(7, 2, "NaN"), "1 values are missing: --fill.*column OT"),
    ("nothing", {}, _cell(7, 2, ""), "1 values are missing: --fill.*column OT"),
    ("infinity", {}, _cell(7, 2, "inf"), "Values must be finite.*column OT, line 9"),
    ("constant", {}, lambda rows: [[row[0], "5.0", row[2]] for row in rows], "never changes.*load = 5"),
    (
        "constant in train",
        {},
        lambda rows: [[r[0], "5.0" if i < 50 else "6", r[2]] for i, r in enumerate(rows)],
        "never",
    ),
    ("too short", {}, lambda rows: rows[:10], r"at least lookback \+ horizon = 6 \+ 3 steps.*Received: 7 of 10 rows"),
    ("no rows", {}, lambda rows: [], "a header and no rows"),
    ("text without its name", {"time": None}, None, "Column time must hold numbers.*--time.*line 2"),
    (
        "a calendar without times",
        {"time": None, "target": ("OT",), "features": ("load",), "calendar": True},
        None,
        "time",
    ),
    ("too much held out", {"validation": 30, "test": 30}, None, "must leave rows for train"),
    ("validation too short", {"validation": 2}, None, "validation part needs at least horizon = 3.*Received: 2 rows"),
]


@pytest.mark.parametrize(("settings", "lines", "match"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_bad_files_get_one_sentence(tmp_path, settings, lines, match):
    file = write(tmp_path / "bad.csv", wave(), lines=lines)
    with pytest.raises(UserError, match=match) as caught:
        load(file, **settings)
    assert "\n" not in str(caught.value)
    assert "Received: " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "match"),
    [(None, "no such file"), (b"", "file is empty"), (b"\xff\xfe\x00\x01,\n", "Received"), (b"a,a\n1,2\n", "twice")],
)
def test_no_table(tmp_path, content, match):
    path = tmp_path / "load.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=match):
        read_series(str(path))


@pytest.mark.parametrize(
    ("settings", "lookback", "match"),
    [
        ({"horizon": 0}, 3, "horizon must be"),
        ({"stride": 0}, 3, "stride must be"),
        ({"validation": -1.0}, 3, "validation must be"),
        ({"scale": "log"}, 3, "scale must be"),
        ({"fill": "zero"}, 3, "fill must be"),
        ({}, None, "needs lookback"),
        ({}, 0, "sequence_length must be"),
        ({"dataset": "ett/h1"}, 3, "Name the data"),
        ({"file": None}, 3, "Name the data"),
    ],
)
def test_bad_settings(file, settings, lookback, match):
    with pytest.raises(UserError, match=match):
        load(**{"file": file} | settings, lookback=lookback)


def test_fill(tmp_path):
    def holes(rows):
        rows[5][1] = rows[6][1] = ""
        return [row for i, row in enumerate(rows) if i not in (30, 31)]

    values = wave()
    file = write(tmp_path / "holes.csv", values, lines=holes)
    (forward,), (linear,) = (
        read_series(file, Reading(time=("time",), fill=fill)).tables for fill in ("forward", "linear")
    )
    assert len(forward) == len(linear) == ROWS
    np.testing.assert_allclose(forward.values[5:7, 0], values[4, 0])
    np.testing.assert_allclose(forward.values[30:32], values[[29, 29]])
    line = values[4, 0] + (values[7, 0] - values[4, 0]) * np.array([1, 2]) / 3
    np.testing.assert_allclose(linear.values[5:7, 0], line)
    whole = [i for i in range(ROWS) if i not in (5, 6, 30, 31)]
    np.testing.assert_allclose(forward.values[whole], values[whole])
    assert (np.diff(forward.times) == np.timedelta64(1, "h")).all()
