"""What help says: a flag says what it does."""

import dataclasses
import re
import shlex

import pytest

from rnnzoo import cli
from rnnzoo.training.catalog import find_recipe


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """Let no line be broken."""
    monkeypatch.setenv("COLUMNS", "250")


def help_of(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        cli.entry_point([*words, "--help"])
    assert stopped.value.code == 0
    return re.sub(r"[\s│]+", " ", capsys.readouterr().out)


def test_a_flag_that_switches_off_says_so(capsys):
    said = help_of(capsys, "train", "tagging")
    assert "--no-trainable-body Switch off: Train body and embedding too" in said
    assert "--no-characters Switch off: Give each word" in said
    assert "(default: True)" not in said
    said = help_of(capsys, "train", "shakespeare")  # on by the recipe, not by the class
    assert "--no-stateful Switch off: Train on" in said


def test_tasks_of_a_recipe_are_offered(capsys):
    assert "--task {classification,regression,multilabel}" in help_of(capsys, "train", "text")
    assert "--task {translation}" in help_of(capsys, "train", "translate")


def test_the_version(capsys):
    cli.entry_point(["--version"])
    assert re.fullmatch(r"rnnzoo \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_a_search_says_how_its_best_is_trained_from_where_it_was_begun(monkeypatch, tmp_path):
    from rnnzoo.training.reporting.command import command

    begun = []
    monkeypatch.setattr("rnnzoo.search.driver.tune", lambda recipe, **options: begun.append((recipe, options)))
    monkeypatch.chdir(tmp_path)
    cli.entry_point(["tune", "digits", "--set", "units=8"])
    recipe, options = begun.pop()
    assert command(recipe, options["base"], options["program"]) == "rnnzoo train digits --set units=8"
    cli.entry_point(["tune", "text", "--task", "regression", "--file", "a.csv"])
    recipe, options = begun.pop()
    assert command(recipe, options["base"], options["program"]) == "rnnzoo train text --task regression --file a.csv"
    cli.main(find_recipe("digits"), ["tune"])
    recipe, options = begun.pop()
    assert command(recipe, options["base"], options["program"]) == "python recipes/digits.py train"


@pytest.mark.parametrize(
    "words",
    [
        "digits",
        "digits --model gru --set units=8 --set pooling=max --seed 3 --no-trainable-body",
        "series --file 'my sales.csv' --time month --target a b --horizon 12 --lookback 36 --quantiles 0.1,0.5,0.9",
        "text --task regression --file reviews.csv --text review --label stars --limit 100",
        "translate --dataset pairs.tsv --source german --target english",
        "digits --import json --import colorsys",
    ],
)
def test_a_report_says_the_command_with_its_data_options(words, monkeypatch, tmp_path):
    """Whatever was asked for, the page of the run asks for the same."""
    from rnnzoo.training.reporting.command import again

    begun = []
    monkeypatch.setattr("rnnzoo.training.fit.train", lambda recipe, folder, **options: begun.append(recipe))
    monkeypatch.chdir(tmp_path)
    cli.entry_point(["train", *shlex.split(words)])
    cli.entry_point(shlex.split(again(begun[0]))[1:])
    assert begun[0] == begun[1]
    assert sorted(shlex.split(again(begun[0]))[2:]) == sorted(shlex.split(words))


def test_of_a_recipe_that_no_name_leads_to_no_command_is_said():
    from rnnzoo.training.reporting.command import again

    digits = find_recipe("digits").check()
    assert again(dataclasses.replace(digits, name="mine")) is None
    assert again(dataclasses.replace(digits, data=find_recipe("series").data)) is None
