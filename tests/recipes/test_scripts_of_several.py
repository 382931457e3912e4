"""Scripts of several recipes: their commands begin as they were typed."""

import runpy
import sys
from pathlib import Path

import pytest

import rnnzoo
from rnnzoo.data.builders.adding import adding_dataset_builder as adding
from rnnzoo.data.builders.memory import memory_dataset_builder as memory

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("memory.py --task parity --length 64 --help", "usage: recipes/memory.py --task parity --length 64 [-h]"),
        ("memory.py --task parity --length 65 train", "--length of parity is one of 16, 32, 64,"),
        ("memory.py --task adding --length 64 train", "--length of adding is one of 50, 100,"),
        ("digits.py --pixels train --help", "usage: recipes/digits.py --pixels train [-h]"),
        ("digits.py train --help", "usage: recipes/digits.py train [-h]"),
    ],
)
def test_lines(line, said, monkeypatch, capsys):
    script, *words = line.split()
    monkeypatch.setattr(sys, "argv", [script, *words])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(RECIPES / script), run_name="__main__")
    out, err = capsys.readouterr()
    assert said in out + err
    assert stopped.value.code == (0 if words[-1] == "--help" else 2)


def test_the_lengths_are_those_of_the_data_sets():
    script = runpy.run_path(str(RECIPES / "memory.py"))
    assert script["LENGTHS"] == memory.LENGTHS
    assert script["LENGTHS_OF_ADDING"] == adding.LENGTHS
    assert set(script["TASKS"]) == {"adding", *memory.TASKS}


def test_every_recipe_of_theirs_sets_what_its_model_has():
    digits, tests = (runpy.run_path(str(RECIPES / name)) for name in ("digits.py", "memory.py"))
    recipes = [digits["recipe"], digits["PIXELS"]]
    recipes += [tests["recipe_of"](task, 200) for task in tests["TASKS"]]
    for recipe in recipes:
        assert set(recipe.hyperparameters) <= set(rnnzoo.describe(recipe.model).hyperparameters), recipe.name
