"""Every recipe can be searched by every oracle, on data made here."""

import dataclasses
import runpy
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import layers
from rnnzoo.data import SequenceClassification, TextClassification

TUNERS = ("bayesian", "hyperband", "random", "grid")
RECIPES = [path for path in sorted((Path(__file__).parents[3] / "recipes").glob("*.py")) if path.stem != "tables"]
SMALL = {"units": (2, 4), "sequence_length": (2, 5), "num_layers": None, "batch_size": (4, 8)}


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Write 40 texts of two classes."""
    rng = np.random.default_rng(0)
    words = np.array(["good", "fine", "bad", "poor", "film"])
    rows = [f"{' '.join(rng.choice(words, rng.integers(3, 9)))},{i % 2}" for i in range(40)]
    path = tmp_path_factory.mktemp("texts") / "texts.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


def small(path, texts):
    """Return a recipe as its script has it, on little data of its kind."""
    recipe = runpy.run_path(str(path))["recipe"]
    if isinstance(recipe.data, TextClassification):
        recipe = dataclasses.replace(recipe, data=TextClassification(file=str(texts), truncate="both"))
    elif not isinstance(recipe.data, SequenceClassification):
        pytest.skip(f"no data are made here for {type(recipe.data).__name__}")
    return dataclasses.replace(recipe, limit=40, epochs=3, embedding_dim=4)


@pytest.mark.parametrize("tuner", TUNERS)
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_oracle_proposes_for_every_recipe(path, tuner, texts, computed, tmp_path):
    recipe = small(path, texts)
    found = rnnzoo.tune(recipe, output=tmp_path / "tune", trials=4, tuner=tuner, console=Console(quiet=True))
    assert [trial.state for trial in found.trials] == ["DONE"] * 4
    assert len({str(trial.settings) for trial in found.trials}) >= (3 if tuner == "hyperband" else 4)
    assert {"learning_rate", "units", "sequence_length", "batch_size"} <= found.trials[0].settings.keys()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_trains_in_a_trial(path, texts, computed, engine, tmp_path):
    engine()
    tuner = TUNERS[RECIPES.index(path) % len(TUNERS)]
    recipe, options = dataclasses.replace(small(path, texts), epochs=1), {"output": tmp_path / "tune", "trials": 1}
    with layers.use("general"):  # compiles in no time
        found = rnnzoo.tune(recipe, tuner=tuner, search=SMALL, console=Console(quiet=True), **options)
    (trial,) = found.trials
    assert trial.state == "DONE"
    assert np.isfinite(trial.score)
    assert trial.batch[1] <= trial.settings["sequence_length"]
