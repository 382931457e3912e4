"""Lengths are searched where that means something: a lookback, and not how much of a picture is read."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd

from rnnzoo import cli

RECIPES = Path(__file__).parents[2] / "recipes"


def test_pictures_are_read_whole(computed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = runpy.run_path(str(RECIPES / "digits.py"))["recipe"]
    cli.main(recipe, ["tune", "--trials", "4"])
    assert [job["recipe"]["sequence_length"] for job in computed.jobs] == [None] * 4
    assert len({job["recipe"]["learning_rate"] for job in computed.jobs}) > 1


def test_a_lookback_is_searched_on_144_rows(computed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = runpy.run_path(str(RECIPES / "series.py"))["recipe"]
    months = pd.date_range("2010-01", periods=144, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": months, "v": np.sin(np.arange(144) / 2)}).to_csv("m.csv", index=False)
    assert recipe.sequence_length == 168
    file = ["--file", "m.csv", "--time", "month", "--horizon", "12"]
    cli.main(recipe, ["tune", *file, "--search", "lookback=12:36", "--trials", "4"])
    tried = {job["recipe"]["sequence_length"] for job in computed.jobs}
    assert len(computed.jobs) == 4
    assert tried <= set(range(12, 37))
    assert len(tried) > 1
