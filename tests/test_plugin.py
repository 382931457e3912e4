"""A model of another package: found by its entry point, with shared options of its own."""

import json
import typing
from typing import Annotated, Literal, NotRequired, TypedDict

import pytest
import typing_extensions

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import Default, HyperParameter

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
    assert results["hyperparameters"] == {"units": 4, "ngrams": 0}
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


class Shared(TypedDict):
    """What the bodies of a third party share."""

    return_sequences: bool
    heat: Annotated[float, HyperParameter(float, low=0, below=9, help="how hot"), Default(1)]
    fast: Annotated[bool, Default(False)]
    dropout: Annotated[float, Default(0.25)]
    colour: NotRequired[Annotated[Literal["red", "blue"], Default("red")]]


@pytest.mark.usefixtures("clean_registry")
@pytest.mark.parametrize("unpack", [typing.Unpack, typing_extensions.Unpack])
def test_register_reads_shared_options(unpack):
    @rnnzoo.register(causal=True)
    def mine(x, *, num_layers=2, units=8, **options: unpack[Shared]):
        """Mine."""

    info = rnnzoo.describe("mine")
    assert "language_modeling" in info.tasks
    assert info.takes("return_sequences")
    assert info.takes("heat")
    assert not info.takes("horizon")
    assert list(info.hyperparameters) == ["units", "num_layers", "dropout", "heat", "fast", "colour"]  # TABLE, then own
    assert info.hyperparameters["dropout"].help == rnnzoo.describe("lstm").hyperparameters["dropout"].help
    assert info.hyperparameters["colour"].choices == ("red", "blue")
    found = info.check("regression", {"heat": 3})
    assert found == {"units": 8, "num_layers": 2, "dropout": 0.25, "heat": 3.0, "fast": False, "colour": "red"}
    with pytest.raises(InvalidValue, match=r"^heat must be a number >= 0 and < 9. Received: heat=9.0$"):
        info.check("tagging", {"heat": 9})
    with pytest.raises(InvalidValue, match=r"Did you mean 'colour'.*Received: color='red'$"):
        info.check("tagging", {"color": "red"})


@pytest.mark.usefixtures("clean_registry")
def test_other_kinds_of_options_are_none():
    def untyped(x, *, units=8, **options):
        """Take what nobody gives."""

    def of_one_type(x, *, units=8, **options: int):
        """Take what nobody gives."""

    for body in (untyped, of_one_type):
        rnnzoo.register(body)
        assert list(rnnzoo.describe(body.__name__).hyperparameters) == ["units"]


@pytest.mark.usefixtures("clean_registry")
@pytest.mark.parametrize("task", ["classification", "tagging"])
def test_a_body_with_shared_options_is_built_with_them(task):
    @rnnzoo.register
    def mine(x, *, units=8, **options: typing.Unpack[Shared]):
        """Mine."""
        given.update(options)
        return layers.GRU(units, return_sequences=options["return_sequences"], name="gru")(x)

    given: dict = {}
    model = rnnzoo.build("mine", task, features=2, outputs=3, units=5, heat=2)
    assert model.get_layer("body").get_layer("gru").units == 5
    per_step = {"return_sequences": task == "tagging"}
    assert given == {"heat": 2.0, "fast": False, "dropout": 0.25, "colour": "red", **per_step}
