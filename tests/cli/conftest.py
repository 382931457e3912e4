"""A small recipe and its run, for all that call commands."""

import numpy as np
import pytest

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make a folder with data: 60 sequences of 4 steps x 2 features, of the classes low and high."""
    folder = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    kind = np.arange(60) % 2
    x = rng.normal(2.0 * kind[:, None, None], 0.3, (60, 4, 2)).astype("float32")
    np.savez(folder / "data.npz", x=x, y=np.array(["low", "high"])[kind])
    return folder


@pytest.fixture(scope="module")
def recipe(home):
    """Return a recipe for it that trains in a moment."""
    data = SequenceClassification(str(home / "data.npz"))
    return Recipe(name="tiny", task="classification", data=data, model="mlp", hyperparameters={"units": 4}, epochs=1)


@pytest.fixture(scope="module")
def run(recipe, home):
    """Train it once, from the command line."""
    cli.main(recipe, ["train", "--run", str(home / "run"), "--epochs", "3", "--learning-rate", "0.05"])
    return str(home / "run")


@pytest.fixture
def call(recipe, tmp_path, monkeypatch, capsys):
    """Return a function that runs a command in an empty folder and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments, zoo=False):
        capsys.readouterr()
        cli.entry_point(arguments) if zoo else cli.main(recipe, arguments)
        return capsys.readouterr().out

    return run_it
