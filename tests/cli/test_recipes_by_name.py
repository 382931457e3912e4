"""Recipes by name, from anywhere: the zoo's, a script of one's own, another package's."""

import re

import pytest

from rnnzoo import cli
from rnnzoo.training.catalog import find_recipe, names, scripts

OWN = '''
"""My own data."""
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

data = SequenceClassification("rnnzoo.data.embedded:digits")
recipe = Recipe(name="mine", task="classification", data=data, model="mlp", epochs=1, limit=60)
'''


def test_every_script_is_a_recipe_of_its_name():
    assert set(scripts()) <= set(names())
    for name in scripts():
        assert find_recipe(name).name.split("_")[0] in name


def test_they_are_listed_with_what_they_say_of_themselves(capsys):
    cli.entry_point(["recipes"])
    said = capsys.readouterr().out
    assert "digits" in said
    assert "Handwritten digits" in said
    assert "tables" not in said


def test_a_script_of_ones_own_is_trained_by_its_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_recipe.py").write_text(OWN)
    cli.entry_point(["train", "./my_recipe.py", "--set", "units=4"])
    assert (tmp_path / "runs" / "mine-mlp-units=4-0" / "results.json").is_file()
    cli.entry_point(["evaluate", "runs/mine-mlp-units=4-0"])
    assert "accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "digit"], "Did you mean 'digits'"),
        (["train", "nowhere.py"], "no such script"),
        (["tune", "empty.py"], "defines `recipe"),
        (["compare", "digits", "--models", "lstn"], "Did you mean"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, monkeypatch, capsys, words, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(SystemExit) as stopped:
        cli.entry_point(words)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1


def test_recipes_of_another_package(tmp_path, python):
    (tmp_path / "others.py").write_text(OWN)
    info = tmp_path / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rnnzoo.recipes]\ntheirs = others:recipe\n")
    code = "from rnnzoo.training import catalog as c; print('theirs' in c.names(), c.find_recipe('theirs').name)"
    done = python(code, path=tmp_path)
    assert done.stdout == "True mine\n", done.stderr


def test_version(capsys):
    cli.entry_point(["--version"])
    assert capsys.readouterr().out.startswith("rnnzoo 0.")


def test_stars_are_learnt_as_numbers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"a {word} film,{stars}" for word, stars in (("bad", 1), ("fine", 3), ("great", 5))] * 12
    (tmp_path / "reviews.csv").write_text("\n".join(["review,stars", *rows]))
    words = ["text", "--task", "regression", "--file", "reviews.csv", "--text", "review", "--label", "stars"]
    short = ["--epochs", "1", "--model", "mlp", "--set", "units=2"]
    cli.entry_point(["train", *words, *short])
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("text-regression-reviews-mlp-")
    assert len(folder.name) < 60
    capsys.readouterr()
    cli.entry_point(["predict", str(folder), "a great film"])
    assert re.fullmatch(r"\[-?[\d.e-]+\]  a great film\n", capsys.readouterr().out)
    for task, expected in (("tagging", "classification, regression, multilabel"), ("regresion", "Received")):
        with pytest.raises(SystemExit):
            cli.entry_point(["train", "text", "--task", task])
        assert expected in capsys.readouterr().err
