"""Forecasting through the command line: the guide's example, what is known ahead, and rows of people's tables."""

import json
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from marks import others_slow
from refusals import refused

from rnnzoo import cli, layers

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "series.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def series():
    return runpy.run_path(str(ROOT / "recipes" / "series.py"))["recipe"]


@pytest.fixture
def call(series, tmp_path, monkeypatch, capsys):
    """Return a function that runs a command of recipes/series.py in an empty folder, and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        short = ["--epochs", "2", "--updates", "5"] if arguments[0] in ("train", "compare") else []
        cli.main(series, [*arguments, *short])
        return capsys.readouterr().out

    return run


def test_the_guides_example_goes_from_file_to_forecast(call, drawn):
    code = re.search(r"```python\n(import numpy.*?)```", GUIDE, re.DOTALL)[1]
    exec(code, {})
    lines = re.search(r"```bash\n(python recipes/series.py train --file sales.csv.*?)```", GUIDE, re.DOTALL)[1]
    train, predict = (shlex.split(line)[2:] for line in lines.strip().splitlines())
    said = call(*train)
    assert "note: season: 12 steps (found on train); a step is MS" in said
    assert re.search(r"nlinear (loses|beats|does)", said.splitlines()[-1])
    assert "forecast.csv" in call(*predict)
    found = pd.read_csv("forecast.csv")
    assert list(found)[:6] == ["time", "sold", "sold_low_80", "sold_high_80", "sold_low_95", "sold_high_95"]
    assert found.time[0] == "2025-01-01"
    assert (found.sold_low_95 <= found.sold_low_80).all()
    assert (found.sold_low_80 < found.sold).all()
    assert Path("forecast.png").read_bytes()[:4] == b"\x89PNG"


def shops(days=90, ahead=5):
    """Two shops whose sales follow a price that is known ahead, and a holiday."""
    rng, stamps = np.random.default_rng(0), pd.date_range("2024-10-01", periods=days + ahead)
    frames = []
    for shop, kind, level in (("north", "large", 1000.0), ("south", "small", 5.0)):
        price = rng.uniform(1, 2, days + ahead)
        sold = level * (3 - price + rng.normal(0, 0.02, days + ahead))
        frames.append(pd.DataFrame({"day": stamps, "shop": shop, "kind": kind, "price": price, "sold": sold}))
    return pd.concat([frame[:days] for frame in frames]), pd.concat([frame[days:] for frame in frames])


SHOPS = ["--time", "day", "--series", "shop", "--target", "sold", "--future", "price", "--static", "kind"]


def test_what_is_known_ahead_comes_from_a_file_of_its_own_or_from_the_same(call, series, capsys):
    past, ahead = shops()
    past.to_csv("past.csv", index=False)
    ahead.drop(columns=["sold"]).to_csv("ahead.csv", index=False)
    pd.concat([past, ahead.assign(sold=np.nan)]).sort_values(["shop", "day"]).to_csv("both.csv", index=False)
    size = ["--horizon", "5", "--lookback", "10", "--country", "DE", "--run", "run"]
    call("train", "--file", "past.csv", *SHOPS, *size)
    apart = call("predict", "run", "--file", "past.csv", "--future-file", "ahead.csv", "--json")
    assert apart == call("predict", "run", "--file", "both.csv", "--json")
    answers = [json.loads(line) for line in apart.splitlines()]
    assert [answer["series"] for answer in answers] == ["north", "south"]
    assert answers[0]["time"][0] == "2024-12-30"
    ahead.assign(price=9.0).to_csv("dear.csv", index=False)
    dear = call("predict", "run", "--file", "past.csv", "--future-file", "dear.csv", "--json")
    assert json.loads(dear.splitlines()[0])["sold"] != answers[0]["sold"]
    for arguments, said in [
        (["--file", "past.csv"], "needs the next 5 rows of price"),
        (["--file", "past.csv", "--future-file", "past.csv"], "goes on where the file ends"),
    ]:
        assert said in refused(capsys, cli.main, series, ["predict", "run", *arguments])


@pytest.mark.parametrize("model", others_slow(["deepar", "gru", "nlinear"], ["gru"]))
def test_every_body_reads_what_is_known_ahead(call, model):
    past, ahead = shops(60)
    past.to_csv("past.csv", index=False)
    size = ["--horizon", "5", "--lookback", "6", "--run", "run", "--model", model]
    with layers.use("general"):  # compiles in no time
        call("train", "--file", "past.csv", *SHOPS, *size, *([] if model == "nlinear" else ["--set", "units=4"]))
    found = []
    for price in (1.0, 9.0):
        ahead.assign(price=price).to_csv("ahead.csv", index=False)
        found.append(call("predict", "run", "--file", "past.csv", "--future-file", "ahead.csv", "--json"))
    assert found[0] != found[1]


def test_a_period_is_given_to_the_models_that_have_one(call):
    months = pd.date_range("2010-01", periods=144, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": months, "v": np.sin(np.arange(144) / 2)}).to_csv("m.csv", index=False)
    size = ["--file", "m.csv", "--time", "month", "--horizon", "12", "--lookback", "24", "--output", "out"]
    call("compare", "--models", "nlinear,seasonal_naive", "--set", "period=12", *size)
    assert {row["model"] for row in json.loads(Path("out/compare.json").read_text())} == {"nlinear", "seasonal_naive"}
