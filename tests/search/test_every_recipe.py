"""Every recipe can be searched by every oracle, on data made here."""

import dataclasses
import runpy
from pathlib import Path

import numpy as np
import pytest
from marks import others_slow
from rich.console import Console

import rnnzoo
from rnnzoo import layers
from rnnzoo.data import (
    LanguageModeling,
    MultilabelTexts,
    SequenceClassification,
    SequenceRegression,
    SeriesForecasting,
    Tagging,
    TextClassification,
    TextPairs,
)
from rnnzoo.data.sequences.sequence_data import SequenceData
from rnnzoo.training.catalog import NO_RECIPES
from rnnzoo.training.reporting.command import command

TUNERS = ("bayesian", "hyperband", "random", "grid")
RECIPES = [path for path in sorted((Path(__file__).parents[2] / "recipes").glob("*.py")) if path.stem not in NO_RECIPES]
QUICK = (
    "adding",
    "digits",
    "ett",
    "imdb",
    "language_model",
    "multilabel",
    "tagging",
    "translate",
)  # one for each kind of data
SMALL = {"units": (2, 4), "sequence_length": (2, 5), "batch_size": (4, 8)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Write a little data of each kind; return the folder."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("made")
    words = np.array(["good", "fine", "bad", "poor", "film"])
    rows = [f"{' '.join(rng.choice(words, rng.integers(3, 9)))},{i % 2}" for i in range(40)]
    (folder / "texts.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    rows = [f"{' '.join(rng.choice(words, 5))},{('a', 'b', 'a|b')[i % 3]}" for i in range(40)]
    (folder / "labels.csv").write_text("text,labels\n" + "\n".join(rows) + "\n")
    sentences = [rng.choice(words, rng.integers(3, 9)) for _ in range(40)]
    rows = [f"{' '.join(s)},{' '.join('NOUN' if w == 'film' else 'ADJ' for w in s)}" for s in sentences]
    (folder / "sentences.csv").write_text("words,tags\n" + "\n".join(rows) + "\n")
    (folder / "book.txt").write_text(" ".join(rng.choice(words, 200)))
    rows = [" ".join(rng.choice(words, 1 + i % 5)) for i in range(40)]
    (folder / "pairs.tsv").write_text("source\ttarget\n" + "".join(f"{row}\t{row.upper()}\n" for row in rows))
    steps = np.cumsum(rng.normal(size=(300, 2)), axis=0)
    (folder / "series.csv").write_text("a,b\n" + "\n".join(f"{a:.4f},{b:.4f}" for a, b in steps) + "\n")
    x, y = rng.normal(size=(40, 6, 3)).astype("float32"), np.arange(40) % 2
    np.savez(folder / "sequences.npz", x=x, y=y)
    return folder


def small(path, made):
    """Return a recipe as its script has it, on little data of its kind."""
    recipe = runpy.run_path(str(path))["recipe"]
    data = {
        MultilabelTexts: lambda: MultilabelTexts(file=str(made / "labels.csv"), label_separator="|"),
        TextClassification: lambda: TextClassification(file=str(made / "texts.csv"), truncate="both"),
        LanguageModeling: lambda: LanguageModeling(file=str(made / "book.txt")),
        TextPairs: lambda: TextPairs(str(made / "pairs.tsv")),
        Tagging: lambda: Tagging(file=str(made / "sentences.csv")),
        SeriesForecasting: lambda: SeriesForecasting(file=str(made / "series.csv"), horizon=2),
        SequenceClassification: lambda: SequenceClassification(str(made / "sequences.npz")),
        SequenceRegression: lambda: SequenceRegression(str(made / "sequences.npz")),
    }[type(recipe.data)]()
    numbers = isinstance(data, SeriesForecasting | SequenceClassification | SequenceRegression)
    settings = {"limit": 40, "epochs": 3, **({} if numbers else {"embedding_dim": 4})}
    return dataclasses.replace(recipe, data=data, weights=None, search={}, **settings)


@pytest.mark.parametrize("tuner", TUNERS)
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_oracle_proposes_for_every_recipe(path, tuner, made, computed, tmp_path):
    recipe = small(path, made)
    found = rnnzoo.tune(recipe, output=tmp_path / "tune", trials=4, tuner=tuner, console=Console(quiet=True))
    assert [trial.state for trial in found.trials] == ["DONE"] * 4
    assert len({str(trial.settings) for trial in found.trials}) >= (3 if tuner == "hyperband" else 4)
    searched = {"learning_rate", "batch_size"}
    searched |= {"units"} & rnnzoo.describe(recipe.model).hyperparameters.keys()
    whole = recipe.task in ("tagging", "translation") or isinstance(recipe.data, SequenceData)  # equally long: pictures
    searched |= set() if whole else {"sequence_length"}
    assert searched <= found.trials[0].settings.keys()


def test_a_recipe_for_every_kind_of_data_is_quick():
    kinds = {path.stem: type(runpy.run_path(str(path))["recipe"].data) for path in RECIPES}
    assert sorted(kind.__name__ for kind in {*kinds.values()}) == sorted(kinds[name].__name__ for name in QUICK)


@pytest.mark.parametrize(
    "path", others_slow(RECIPES, [RECIPES[0].with_stem(name) for name in QUICK], lambda path: path.stem)
)
def test_every_recipe_trains_in_a_trial(path, made, computed, engine, tmp_path):
    engine()
    tuner = TUNERS[RECIPES.index(path) % len(TUNERS)]
    recipe, options = dataclasses.replace(small(path, made), epochs=1), {"output": tmp_path / "tune", "trials": 1}
    flat = {"num_layers": None} if "num_layers" in rnnzoo.describe(recipe.model).hyperparameters else {}
    with layers.use("general"):  # compiles in no time
        dials = rnnzoo.describe(recipe.model).hyperparameters
        search = {name: value for name, value in SMALL.items() if name != "units" or name in dials} | flat
        found = rnnzoo.tune(recipe, tuner=tuner, search=search, console=Console(quiet=True), **options)
    (trial,) = found.trials
    assert trial.state == "DONE"
    assert np.isfinite(trial.score)
    assert trial.batch[1] <= trial.settings["sequence_length"]


def test_the_winning_command_of_a_forecast_is_one_that_its_script_takes():
    recipe = runpy.run_path(str(RECIPES[0].parent / "ett.py"))["recipe"].check()
    found = dataclasses.replace(recipe, sequence_length=336, hyperparameters={"units": 64, "normalization": "none"})
    words = command(found.check(), recipe)
    assert words == (
        "python recipes/ett.py train --set units=64 --set segment_length=24 --set normalization=none --lookback 336"
    )
