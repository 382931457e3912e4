"""What several tests share: fresh processes, data sets, and a small recipe that trains in a moment."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import contextlib
import gc
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from quicker import leave_out_debugging
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, registry, train
from rnnzoo.data import SequenceClassification, SequenceRegression

gc.set_threshold(50_000, 10, 10)  # by default Python walks through all that TensorFlow holds again and again
hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(trylast=True)  # once slow ones are left out
def pytest_collection_modifyitems(items):
    """Files of few tests have the long ones: they come first, or one worker waits at the end; then those of many."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (tests[item.path] > 6, -tests[item.path]))


def pytest_collection_finish():
    """Once all is imported: nothing of it is garbage, and TensorFlow is there to be made quicker."""
    with contextlib.suppress(ImportError, AttributeError):  # of other releases
        leave_out_debugging()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def blank(request):
    """Pictures are blank files, for drawing took a third of a small training; a file marked `draws` has real ones."""
    from rnnzoo.pictures import figures

    draw = figures._draw
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.get_closest_marker("draws"):
            patch.setattr(figures, "_draw", lambda _, path: Path(path).write_bytes(b""))
        yield draw


@pytest.fixture
def drawn(blank, monkeypatch):
    """Pictures of this test are drawn."""
    monkeypatch.setattr("rnnzoo.pictures.figures._draw", blank)


@pytest.fixture
def tfds_dir():
    """The folder with prepared TFDS data sets; without one, the test is skipped and says so."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set TFDS_DATA_DIR to a folder of prepared TFDS data sets")
    return folder


@pytest.fixture
def python():
    """Run Python code in a fresh process, with `path` first among its folders: `python(code, path=...)`."""

    def run(code, *arguments, path=None, **environment):
        env = {**os.environ, **environment}
        if path is not None:
            env["PYTHONPATH"] = os.pathsep.join(p for p in (str(path), env.get("PYTHONPATH")) if p)
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], env=env, capture_output=True, text=True, timeout=300
        )

    return run


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


@pytest.fixture
def page():
    """A page of the distribution's Chromium; `page.complaints` is what went wrong on it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs the distribution's Chromium")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("requestfailed", lambda request: page.complaints.append(request.url))
        page.on("response", lambda r: page.complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        yield page
        browser.close()


@pytest.fixture
def clean_registry():
    """Whatever a test registers is gone after it."""
    rnnzoo.list_models()
    before = dict(registry._models)
    yield
    registry._models.clear()
    registry._models.update(before)
