"""Files as people bring them: each is read rightly, or refused in one sentence with its remedy."""

import numpy as np
import pandas as pd
import pytest

from rnnzoo.data import SeriesForecasting
from rnnzoo.data.files.number_table import Reading, read_series
from rnnzoo.data.series.frequency import Frequency
from rnnzoo.data.series.times import local
from rnnzoo.errors import UserError


def write(path, stamps, values=None, header="when,v"):
    values = range(len(stamps)) if values is None else values
    path.write_text(header + "\n" + "".join(f"{s},{v}\n" for s, v in zip(stamps, values, strict=True)))
    return str(path)


def read(path, **how):
    return read_series(str(path), Reading(**{"time": ("when",)} | how))


STAMPS = [
    ("ISO months", ["1949-01", "1949-02", "1949-03"], None, "1949-02-01", "MS"),
    ("month and year", ["Jan-1949", "Feb-1949", "Mar-1949"], None, "1949-02-01", "MS"),
    ("quarters", ["1998 Q1", "1998 Q2", "1998 Q3"], None, "1998-04-01", "QS-JAN"),
    ("day first", ["30/12/2006", "31/12/2006", "01/01/2007"], None, "2006-12-31", "D"),
    ("month first, short", ["12/30/06", "12/31/06", "01/01/07"], None, "2006-12-31", "D"),
    ("as said", ["01/02/2006", "02/02/2006", "03/02/2006"], "%d/%m/%Y", "2006-02-02", "D"),
    ("half seconds", ["2024-01-01 00:00:00", "2024-01-01 00:00:00.5", "2024-01-01 00:00:01"], None,
     "2024-01-01 00:00:00.5", "500ms"),
    ("years", ["1885", "1886", "1887"], None, "1886-01-01", "YS-JAN"),
    ("YYYYMM", ["194911", "194912", "195001"], None, "1949-12-01", "MS"),
    ("YYYYMMDD", ["20240228", "20240229", "20240301"], None, "2024-02-29", "D"),
    ("seconds since 1970", ["1700000000", "1700003600", "1700007200"], None, "2023-11-14 23:13:20", "h"),
    ("milliseconds", ["1167609600000", "1167696000000", "1167782400000"], None, "2007-01-02", "D"),
    ("counted", ["0", "5", "10"], "s", "1970-01-01 00:00:05", "5s"),
    ("ends of months", ["2024-01-31", "2024-02-29", "2024-03-31"], None, "2024-02-29", "ME"),
    ("the 15th", ["2024-01-15", "2024-02-15", "2024-03-15"], None, "2024-02-15", "MS+14D"),
    ("ends of quarters", ["2021-03-31", "2021-06-30", "2021-09-30"], None, "2021-06-30", "QE-MAR"),
    ("weeks", ["2002-01-20", "2002-01-27", "2002-02-03"], None, "2002-01-27", "W-SUN"),
    ("dots", ["01.02.2024 00:00", "01.02.2024 00:15", "01.02.2024 00:30"], None, "2024-02-01 00:15", "15min"),
    ("slashes", ["2024/1/1 0:00", "2024/1/1 1:00", "2024/1/1 2:00"], None, "2024-01-01 01:00", "h"),
    ("written out", ["2024022922", "2024022923", "2024030100"], None, "2024-02-29 23:00", "h"),
    ("written out to the second", ["20240229234500", "20240301000000", "20240301001500"], None, "2024-03-01", "15min"),
    ("month of a year", ["11/2020", "12/2020", "01/2021"], None, "2020-12-01", "MS"),
    ("last trading days", ["2024-02-29", "2024-03-28", "2024-04-30"], None, "2024-03-28", "BME"),
    ("first trading days", ["2023-12-01", "2024-01-02", "2024-02-01"], None, "2024-01-02", "BMS"),
    ("offsets", ["2024-01-01T01:00:00+01:00", "2024-01-01T02:00:00+01:00", "2024-01-01T03:00:00+01:00"], None,
     "2024-01-01 01:00", "h"),
]  # fmt: skip


@pytest.mark.parametrize(("stamps", "form", "second", "frequency"), [s[1:] for s in STAMPS], ids=[s[0] for s in STAMPS])
def test_stamps(tmp_path, stamps, form, second, frequency):
    found = read(write(tmp_path / "t.csv", stamps), time_format=form)
    assert found.tables[0].times[1] == np.datetime64(second)
    assert found.frequency == frequency
    assert len(found.tables[0]) == 3


@pytest.mark.parametrize("frequency", ["MS", "ME", "BME", "BQS", "QE", "YS", "B", "D", "h", "30min", "W-WED", "2MS"])
def test_the_next_stamps_are_those_of_pandas(tmp_path, frequency):
    stamps = pd.date_range("2021-01-01", periods=30, freq=frequency)
    found = read(write(tmp_path / "t.csv", stamps[:20]))
    after = Frequency(found.frequency).after(found.tables[0].times[-1], 10)
    np.testing.assert_array_equal(after, stamps[20:].to_numpy("datetime64[us]"))


DAYS_OF_A_CLOCK = (("03-29", 1), ("03-30", 1), ("03-31", 1), ("04-01", 2))
HOURS = [f"2024-01-{day:02} {hour:02}:00" for day in range(1, 13) for hour in range(9, 17)]
REFUSED = [
    ("day or month first", ["01/02/2006", "01/03/2006"], {}, "--time-format %d/%m/%Y"),
    ("both", ["13/02/2006", "01/13/2006"], {}, "no one order"),
    ("counters", ["1", "2", "3"], {}, "leave --time out.*Received: 1 to 3"),
    ("fractions of years", ["1949.0", "1949.083"], {}, "cannot be read as time"),
    ("no time", ["2024-01-01", "soon"], {}, "cannot be read as time.*'soon' in line 3"),
    ("twice", ["2024-01-01", "2024-01-01"], {}, "--series.*--timezone"),
    ("a month is missing", ["2024-01-01", "2024-02-01", "2024-03-01", "2024-05-01"], {}, "--fill.*is MS"),
    ("much is missing", ["2024-01-01", "2024-01-02", "2024-01-03", "2024-03-01"], {"fill": "forward"}, "--fill-many"),
    ("between the steps", ["2024-01-01", "2024-01-02", "2024-01-02 05:00"], {"frequency": "D"}, "--frequency"),
    ("no frequency", ["2024-01-01", "2024-01-02"], {"frequency": "fortnight"}, "calendar offset"),
    ("a sum at the end", ["2001", "2002", "2003", "Total"], {}, "'Total' in line 5"),
    ("an hour is lost", ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00"], {}, "--fill.*--timezone"),
    ("days of a clock", [f"2024-{d}T00+0{z}:00" for d, z in DAYS_OF_A_CLOCK], {}, "--timezone"),
    ("trading hours", HOURS, {}, "--frequency observed"),
    ("no zone", ["2024-01-01 01:00", "2024-01-02 02:00"], {"timezone": "Mars"}, "Europe/Berlin"),
]  # fmt: skip


@pytest.mark.parametrize(("stamps", "how", "match"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_stamps_that_are_refused(tmp_path, stamps, how, match):
    with pytest.raises(UserError, match=match):
        read(write(tmp_path / "t.csv", stamps), **how)


def test_times_in_several_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("year,month,day,hour,v\n" + "".join(f"2010,1,1,{h},{h}\n" for h in range(5)))
    found = read(path, time=("year", "month", "day", "hour"))
    assert found.frequency == "h"
    assert found.tables[0].columns == ("v",)
    path.write_text("Date,Time,v\n" + "".join(f"{d}/03/2004,18.00.00,{d}\n" for d in range(12, 16)))
    assert read(path, time=("Date", "Time")).tables[0].times[0] == np.datetime64("2004-03-12T18:00")


def test_a_missing_month_is_filled_where_it_belongs_and_never_scored(tmp_path):
    stamps = [s for s in pd.date_range("2000-01-01", periods=60, freq="MS").strftime("%Y-%m") if s != "2004-03"]
    file = write(tmp_path / "t.csv", stamps, np.sin(np.arange(59)))
    (table,) = read(file, fill="linear").tables
    assert len(table) == 60
    assert table.times[50] == np.datetime64("2004-03-01")
    assert table.filled.sum() == 1
    data = SeriesForecasting(file=file, time="when", horizon=3, fill="linear")
    parts = data.load(sequence_length=6).parts
    y = np.concatenate([parts[name].y[np.arange(len(parts[name]))].ravel() for name in parts])
    assert np.isnan(y).sum() == 3  # each of the windows of its part
    assert not any(np.isnan(parts[name].x[np.arange(len(parts[name]))]).any() for name in parts)


def test_trading_days_have_no_weekends(tmp_path):
    stamps = [s for s in pd.bdate_range("2024-01-01", periods=60) if s != pd.Timestamp("2024-02-19")]
    file = write(tmp_path / "t.csv", [s.date() for s in stamps])
    with pytest.raises(UserError, match="--frequency observed"):
        read(file)
    (filled,) = read(file, fill="forward").tables
    assert len(filled) == 60
    assert np.is_busday(filled.times.astype("datetime64[D]")).all()
    observed = read(file, frequency="observed")
    assert len(observed.tables[0]) == 59
    assert Frequency("observed").after("2024-03-22", 1)[0] == np.datetime64("2024-03-25")


def test_a_clock_that_is_set_back(tmp_path):
    utc = pd.date_range("2024-10-26T20:00", periods=12, freq="h", tz="UTC")
    local = [str(s)[:16] for s in utc.tz_convert("Europe/Berlin")]
    file = write(tmp_path / "t.csv", local)
    with pytest.raises(UserError, match="--timezone"):
        read(file)
    found = read(file, timezone="Europe/Berlin")
    np.testing.assert_array_equal(found.tables[0].times, utc.tz_localize(None).to_numpy("datetime64[us]"))
    data = SeriesForecasting(file=file, time="when", horizon=1, timezone="Europe/Berlin", validation=2, test=2)
    data.load(sequence_length=2)
    answer = data.answers(data.read_inputs(file), np.zeros((1, 1, 1)))
    assert answer[0]["time"] == ["2024-10-27 09:00:00"]


LOCAL_DAYS = pd.date_range("2024-03-18", periods=30, tz="Europe/Berlin")
CLOCKS = [
    ("in UTC already", pd.date_range("2024-07-01", periods=30, freq="h").strftime("%Y-%m-%dT%H:%MZ"), "07-02 08:00:00"),
    ("counted from 1970", [1719792000 + 3600 * i for i in range(30)], "07-02 08:00:00"),
    ("days", pd.date_range("2024-06-03", periods=30).strftime("%Y-%m-%d"), "07-03"),
    ("days at noon", pd.date_range("2024-03-18", periods=30).strftime("%Y-%m-%d 12:00"), "04-17 12:00:00"),
    (
        "days by offset",
        pd.date_range("2024-03-18", periods=30, tz="Europe/Berlin").map(pd.Timestamp.isoformat),
        "04-17",
    ),
]


@pytest.mark.parametrize(("stamps", "ahead"), [c[1:] for c in CLOCKS], ids=[c[0] for c in CLOCKS])
def test_a_forecast_has_the_time_of_the_clock(tmp_path, stamps, ahead):
    file = write(tmp_path / "t.csv", stamps, np.sin(np.arange(30)))
    data = SeriesForecasting(file=file, time="when", horizon=1, timezone="Europe/Berlin", validation=3, test=3)
    data.load(sequence_length=4)
    (table,) = data.read_inputs(file)
    assert data.answers([table], np.zeros((1, 1, 1)))[0]["time"] == [f"2024-{ahead}"]
    past = local(table.times, data.clock)  # drawn beside it
    assert np.datetime64(f"2024-{ahead}") - past[-1] == past[1] - past[0]


def test_nobody_knows_when_observed_rows_that_are_no_days_go_on(tmp_path):
    file = write(tmp_path / "t.csv", HOURS, np.sin(np.arange(96)))
    how = {"file": file, "time": "when", "horizon": 2, "frequency": "observed"}
    data = SeriesForecasting(**how)
    data.load(sequence_length=4)
    assert "time" not in data.answers(data.read_inputs(file), np.zeros((1, 2, 1)))[0]
    with pytest.raises(UserError, match="leave --calendar"):
        SeriesForecasting(**how, calendar=True).load(sequence_length=4)


def test_what_is_static_is_the_same_in_all_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("shop,kind,v\na,x,1\nb,y,2\na,x,3\nb,z,4\n")
    with pytest.raises(UserError, match="'y' and then 'z' in column kind, line 5, series b"):
        read_series(str(path), Reading(series="shop", static=("kind",)))


def test_rows_without_a_target_at_the_end_are_the_horizon(tmp_path):
    stamps = pd.date_range("2024-01-01", periods=43).strftime("%Y-%m-%d")
    file = write(tmp_path / "t.csv", stamps, [*np.sin(np.arange(40)), "", "", ""])
    data = SeriesForecasting(file=file, time="when", horizon=3)
    data.load(sequence_length=5)
    (table,) = data.read_inputs(file)
    assert len(table) == 40
    assert data.answers([table], np.zeros((1, 3, 1)))[0]["time"] == list(stamps[40:])


def test_gaps_at_the_start_are_left_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("when,a,b\n2024-01-01,1,\n2024-01-02,,\n2024-01-03,3,4\n2024-01-04,,5\n")
    (table,) = read(path, fill="forward").tables
    np.testing.assert_array_equal(table.values, [[3, 4], [3, 5]])
    assert table.times[0] == np.datetime64("2024-01-03")


NUMBERS = [
    ("decimal comma", '"1,5"', {}, "--decimal ,"),
    ("thousands", '"1,500"', {}, "thousands"),
    ("per cent", "5%", {}, "take the % out"),
    ("question mark", "?", {}, r"--missing \?"),
    ("not available", "n.a.", {}, "--missing n.a."),
    ("word", "north", {}, "--series"),
    ("a currency", "€ 12.50", {}, "take out what is no digit"),
    ("a unit", "12.5 kWh", {}, "take out what is no digit"),
    ("spaces between thousands", "1 500", {}, "take out what is no digit"),
    ("a point where a comma is said", "1.5", {"decimal": ","}, "between thousands.*'1.5' in line 3"),
]


@pytest.mark.parametrize(("cell", "how", "match"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS])
def test_cells_that_are_no_numbers_get_the_right_advice(tmp_path, cell, how, match):
    file = write(tmp_path / "t.csv", ["2024-01-01", "2024-01-02", "2024-01-03"], ["1", cell, "2"])
    with pytest.raises(UserError, match=match):
        read(file, **how)


def test_decimal_commas_and_codes_of_missing_values(tmp_path):
    days = pd.date_range("2024-01-01", periods=4).strftime("%Y-%m-%d")
    (table,) = read(write(tmp_path / "t.csv", days, ['"1,5"', '"1.000,5"', "2", "3"]), decimal=",").tables
    np.testing.assert_array_equal(table.values[:, 0], [1.5, 1000.5, 2, 3])
    (table,) = read(write(tmp_path / "t.csv", days, [1, -200, "?", 3]), missing=("-200", "?"), fill="linear").tables
    np.testing.assert_allclose(table.values[:, 0], [1, 5 / 3, 7 / 3, 3])
    (table,) = read(write(tmp_path / "t.csv", days, ["True", "False", "True", "True"])).tables
    np.testing.assert_array_equal(table.values[:, 0], [1, 0, 1, 1])


def test_a_value_that_repeats_far_from_all_others_is_named(tmp_path):
    days = pd.date_range("2024-01-01", periods=40).strftime("%Y-%m-%d")
    values = [-200 if i % 7 == 0 else 5 + np.sin(i) for i in range(40)]
    (note,) = read(write(tmp_path / "t.csv", days, values)).notes
    assert "--missing -200" in note
    twice = [-999 if i in (3, 30) else 5 + np.sin(i) for i in range(40)]
    assert "--missing -999" in read(write(tmp_path / "t.csv", days, twice)).notes[0]
    assert read(write(tmp_path / "t.csv", days, np.sin(np.arange(40)))).notes == []


def test_a_column_without_a_name_is_left_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",when,v\n0,2024-01-01,5\n1,2024-01-02,6\n")
    found = read(path)
    assert found.tables[0].columns == ("v",)
    assert "left out" in found.notes[0]


def test_a_header_of_numbers_alone_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    for first in ("1,5.5", "2024-01-01,5.5", "31/01/2024 10:00,5.5"):
        path.write_text(f"{first}\n2,6.5\n")
        with pytest.raises(UserError, match="needs a header"):
            read_series(str(path))


def test_a_file_with_another_step_is_refused(tmp_path):
    half = pd.date_range("2024-01-01", periods=60, freq="30min")
    data = SeriesForecasting(file=write(tmp_path / "t.csv", half, np.sin(np.arange(60))), time="when", horizon=2)
    data.load(sequence_length=5)
    hourly = write(tmp_path / "hours.csv", pd.date_range("2024-02-01", periods=60, freq="h"), np.sin(np.arange(60)))
    with pytest.raises(UserError, match="trained on steps of 30min"):
        data.read_inputs(hourly)
