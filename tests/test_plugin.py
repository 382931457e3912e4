"""A model of another package, found by its entry point."""

import json

import pytest

BODY = '''
"""A body from elsewhere."""
print("IMPORTED")
import keras
from rnnzoo import register

@register(paper="https://example.org/leaky", causal=True)
def leaky(x, *, return_sequences, units=6):
    """Leaky: a GRU in disguise."""
    x = keras.layers.GRU(units, return_sequences=True, name="leak")(x)
    return x if return_sequences else keras.layers.GlobalAveragePooling1D(name="mean")(x)
'''


@pytest.fixture
def install(tmp_path):
    """Lay a package with entry points into a folder, as pip would: `install({"name": "module:object"}, code)`."""

    def install(entry_points, code):
        package = tmp_path / "riverbed"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "bodies.py").write_text(code)
        info = tmp_path / "river_bed-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: river-bed\nVersion: 1.0\n")
        lines = [f"{name} = {where}" for name, where in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[rnnzoo.models]", *lines]) + "\n")
        return tmp_path

    return install


def test_a_plugin_is_listed_without_being_imported(install, python):
    folder = install({"leaky": "riverbed.bodies:leaky"}, BODY)
    done = python("import rnnzoo; print(rnnzoo.list_models('*leak*'))", path=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['leaky']\n"
    done = python("import rnnzoo; print(rnnzoo.describe('leaky').summary)", path=folder)
    assert done.stdout == "IMPORTED\nLeaky: a GRU in disguise.\n"


@pytest.mark.slow
def test_a_plugin_is_built_and_trained_by_a_recipe(install, python, tmp_path):
    folder = install({"leaky": "riverbed.bodies:leaky"}, BODY)
    code = """
import json, sys
import numpy as np
import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

model = rnnzoo.build("leaky", "tagging", features=2, outputs=3, units=5)
assert model(np.zeros((2, 4, 2), "float32")).shape == (2, 4, 3)
recipe = Recipe(
    name="lab",
    task="classification",
    data=SequenceClassification("rnnzoo.data.embedded:lab", scale="standard", validation=0, test=0),
    model="lstm",
    epochs=30,
    batch_size=10,
    learning_rate=0.05,
    patience=None,
)
cli.main(recipe, ["train", "--model", "leaky", "--set", "units=4", "--run", sys.argv[1]])
run = rnnzoo.load(sys.argv[1])
raw = np.stack([np.full((5, 2), 0.1), np.full((5, 2), 0.9)])
print("RESULT", json.dumps([run.results, [answer["label"] for answer in run.predict(raw)]]))
"""
    done = python(code, tmp_path / "run", path=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    results, labels = json.loads(done.stdout.rpartition("RESULT ")[2])
    assert results["model"] == "leaky"
    assert results["hyperparameters"] == {"units": 4}
    assert results["epochs"] == 30
    assert results["metrics"]["train"]["accuracy"] == 1.0
    assert labels == ["0", "1"]
    # Another process reads the run: the plug-in's layers must come with it.
    done = python(
        "import sys, rnnzoo; print('NAME', rnnzoo.load(sys.argv[1]).model.name)", tmp_path / "run", path=folder
    )
    assert done.stdout.endswith("NAME leaky\n"), done.stderr


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('out of water')", "out of water"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("leaky = 1", "it registers no model 'leaky'"),
    ],
)
def test_a_broken_plugin_warns_and_is_skipped(install, python, code, why):
    folder = install({"leaky": "riverbed.bodies:leaky"}, code)
    done = python(
        "import rnnzoo\n"
        "names = rnnzoo.list_models(task='tagging')\n"
        "print('leaky' in names, 'bilstm' in names, rnnzoo.describe('bilstm').name)\n"
        "try:\n    rnnzoo.describe('leaky')\n"
        "except ValueError as error:\n    print(error)\n",
        path=folder,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "False True bilstm"
    assert second.startswith("Unknown model.")
    assert f"Plug-in 'leaky' (riverbed.bodies:leaky) is skipped: {why}" in done.stderr


def test_a_plugin_cannot_take_a_name_of_the_zoo(install, python):
    folder = install({"lstm": "riverbed.bodies:leaky"}, BODY)
    done = python("import rnnzoo; print(rnnzoo.describe('lstm').function.__module__)", path=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "rnnzoo.models.classic\n"  # and nothing of the plug-in was imported
    done = python("import rnnzoo; rnnzoo.list_models()", path=folder)
    assert "Model 'lstm' of riverbed.bodies:leaky is skipped: the name is taken." in done.stderr
