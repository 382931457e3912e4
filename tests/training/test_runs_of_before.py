"""Runs made by an earlier version answer and measure as they did then."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import rnnzoo
from rnnzoo.data.embedded import digits

BEFORE = Path(__file__).parents[1] / "fixtures" / "before"
EXPECTED = json.loads((BEFORE / "expected.json").read_text())
INPUTS = {
    "digits": lambda run: digits()["x"][:5].tolist(),
    "series": lambda run: run.data.read_inputs("load.csv"),
    "pairs": lambda run: ["red house", "small blue car large"],
    "tags": lambda run: ["the old man rows slowly", "a boat"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Copy them with their data to a folder of our own, and go there: their data lie beside them."""
    shutil.copytree(BEFORE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def assert_same(found, expected, at=""):
    """Compare dicts and lists of any depth, numbers to 1e-6 of their size."""
    if isinstance(expected, dict):
        assert found.keys() >= expected.keys(), at  # more may be said by now: intervals, scale-free errors
        for key, value in expected.items():
            assert_same(found[key], value, f"{at}/{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), at
        for i, value in enumerate(expected):
            assert_same(found[i], value, f"{at}/{i}")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7), at
    else:
        assert found == expected, at


@pytest.mark.parametrize("name", EXPECTED)
def test_a_run_of_before_answers_and_measures_as_then(name, folder):
    run, expected = rnnzoo.load(f"./{name}"), EXPECTED[name]  # a bare name may be a preset
    raw = INPUTS[name](run)
    assert_same(run.predict(raw), expected["predict"])
    assert_same(run.evaluate(), expected["evaluate"])
    if expected["outputs"] is not None:
        assert_same(np.asarray(run.outputs(raw)).tolist(), expected["outputs"])
