"""A small data set of unequal lengths in a file, and recipes for it."""

import numpy as np
import pytest
from rich.console import Console

from rnnzoo import Recipe, train
from rnnzoo.data import SequenceClassification, SequenceRegression


@pytest.fixture(scope="session")
def sequences(tmp_path_factory):
    """Write 120 sequences of 3 to 6 steps x 2 features, of the classes a, b and c, with a value each; return paths."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 7, 120)
    kind = np.arange(120) % 3
    x = rng.normal(kind[:, None, None], 0.7, (120, 6, 2)).astype("float32")
    folder = tmp_path_factory.mktemp("sequences")
    np.savez(folder / "classes.npz", x=x, y=np.array(["a", "b", "c"])[kind], lengths=lengths)
    np.savez(folder / "values.npz", x=x, y=x[:, :3].sum(axis=(1, 2)), lengths=lengths)
    return folder


@pytest.fixture(scope="session")
def recipe(sequences):
    """Return a function that makes a small recipe, quick to train."""

    def make(*, data=None, units=8, **settings):
        regression = settings.get("task") == "regression"
        kind, file = (SequenceRegression, "values.npz") if regression else (SequenceClassification, "classes.npz")
        defaults = {"name": "small", "task": "classification", "model": "mlp", "epochs": 2, "batch_size": 16}
        hyperparameters = {"hyperparameters": {"units": units}}
        return Recipe(data=data or kind(str(sequences / file)), **defaults | hyperparameters | settings)

    return make


@pytest.fixture
def fit(recipe, tmp_path):
    """Return a function that trains such a recipe without a word, by default in a fresh folder."""

    def run(folder="run", restart=False, **settings):
        return train(recipe(**settings), tmp_path / folder, restart=restart, console=Console(quiet=True))

    return run


@pytest.fixture(scope="session")
def finished(recipe, tmp_path_factory):
    """Train once, for all that only look."""
    return train(recipe(epochs=3), tmp_path_factory.mktemp("finished") / "run", console=Console(quiet=True))
