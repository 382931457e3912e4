"""Run folders from strangers: opening one executes nothing that it names, and writes nothing outside of it.

The proof is a file that must not appear.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import zipfile

import keras
import numpy as np
import pytest
from refusals import one_sentence, refused
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification, TextClassification
from rnnzoo.data.sources import CLASSES, FUNCTIONS, data_class, function
from rnnzoo.training.runs import list_runs

MODULE = """
import dataclasses, pathlib
pathlib.Path({witness!r}).write_text("executed")
@dataclasses.dataclass
class Data:
    source: str = "x"
def load():
    import numpy as np
    return {{"x": np.ones((60, 4, 2), "float32"), "y": np.arange(60) % 3}}
"""


@pytest.fixture
def witness(tmp_path, monkeypatch):
    """Lay a module `stranger` on the path whose import leaves a file; return the file."""
    found = tmp_path / "executed"
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "stranger.py").write_text(MODULE.format(witness=str(found)))
    monkeypatch.syspath_prepend(str(tmp_path / "path"))
    monkeypatch.chdir(tmp_path)
    yield found
    sys.modules.pop("stranger", None)


def data_of(kind, witness):
    touch = f"touch {witness}"
    return {
        "a command": {"class": "os:system", "arguments": {"command": touch}},
        "a module": {"class": "stranger:Data", "arguments": {}},
        "what the zoo imports": {"class": "rnnzoo.data.fitted:os.system", "arguments": {"command": touch}},
        "a function of the zoo's": {"class": "rnnzoo.data.sources:function", "arguments": {"path": "stranger:load"}},
        "a class of NumPy's": {"class": "numpy:memmap", "arguments": {"filename": str(witness), "mode": "w+"}},
    }[kind]


KINDS = ["a command", "a module", "what the zoo imports", "a function of the zoo's", "a class of NumPy's"]


@pytest.fixture
def hostile(finished, tmp_path, witness):
    """Return a function that makes a finished run whose config names a stranger's data."""

    def make(data, **config):
        folder = shutil.copytree(finished.folder, tmp_path / "hostile", dirs_exist_ok=True)
        (folder / "manifest.json").unlink(missing_ok=True)  # its author would have made one that fits
        content = json.loads((folder / "config.json").read_text()) | config | {"data": data}
        (folder / "config.json").write_text(json.dumps(content))
        return folder

    return make


ENTRIES = {
    "load().predict": lambda run, recipe: rnnzoo.load(run).predict([[[0.0, 1.0]]]),
    "load().evaluate": lambda run, recipe: rnnzoo.load(run).evaluate(),
    "load().explain": lambda run, recipe: rnnzoo.load(run).explain([[[0.0, 1.0]]]),
    "generate()": lambda run, recipe: rnnzoo.generate(run, "a"),
    "train()": lambda run, recipe: rnnzoo.train(recipe(), run),
    "predict": lambda run, recipe: cli.entry_point(["predict", str(run), "[[0, 1]]"]),
    "predict of a recipe": lambda run, recipe: cli.main(recipe(), ["predict", str(run), "[[0, 1]]"]),
    "predict --explain": lambda run, recipe: cli.entry_point(["predict", str(run), "[[0, 1]]", "--explain"]),
    "export": lambda run, recipe: cli.entry_point(["export", str(run)]),
    "generate": lambda run, recipe: cli.entry_point(["generate", str(run), "--prompt", "a"]),
    "evaluate": lambda run, recipe: cli.main(recipe(), ["evaluate", str(run)]),
    "train --run": lambda run, recipe: cli.main(recipe(), ["train", "--run", str(run)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_s_data_class_is_not_imported(hostile, witness, recipe, capsys, kind):
    for name, enter in ENTRIES.items():
        run = hostile(data_of(kind, witness), **({"task": "language_modeling"} if "generate" in name else {}))
        if name.endswith("()") or name.startswith("load"):
            said = one_sentence(lambda enter=enter, run=run: enter(run, recipe), "Received")
        else:
            said = refused(capsys, enter, run, recipe)
        assert not witness.exists(), name
        if kind in ("a command", "a module"):
            assert "--trust" in said, name
    for harmless in (["summary", str(run)], ["runs", str(run.parent)]):
        cli.entry_point(harmless)
        assert not witness.exists()


def test_restart_replaces_a_stranger_s_run_without_executing_it(hostile, witness, recipe):
    run = hostile(data_of("a command", witness))
    assert rnnzoo.train(recipe(), run, restart=True, console=Console(quiet=True)).finished
    assert not witness.exists()


def test_a_stranger_s_function_is_not_called(hostile, witness, recipe, capsys):
    """Answers need no data, and are given; measuring needs them, and is refused."""
    run = hostile({"class": "rnnzoo.data:SequenceClassification", "arguments": {"source": "stranger:load"}})
    assert len(rnnzoo.load(run).predict([[[0.0, 1.0]]])) == 1
    assert "--trust" in one_sentence(lambda: rnnzoo.load(run).evaluate(), "trust")
    assert "--trust" in refused(capsys, cli.main, recipe(), ["evaluate", str(run)])
    assert not witness.exists()
    with contextlib.suppress(ValueError):  # its labels are not those that the run was trained with
        rnnzoo.load(run, trust=True).evaluate()
    assert witness.exists()


def test_trust_imports(hostile, witness):
    run = hostile(data_of("a module", witness))
    assert type(rnnzoo.load(run, trust=True).recipe.data).__name__ == "Data"
    assert witness.exists()


def test_one_s_own_function_needs_no_trust(witness, tmp_path):
    """The recipe in hand is the user's; it trains, and goes on."""
    own = Recipe("own", "classification", SequenceClassification("stranger:load"), "mlp", {"units": 4}, epochs=1)
    quiet = Console(quiet=True)
    run = rnnzoo.train(own, tmp_path / "run", console=quiet)
    assert run.evaluate()["loss"] > 0
    assert rnnzoo.train(rnnzoo.Recipe(**{**vars(own), "epochs": 2}), tmp_path / "run", console=quiet).finished
    assert "stranger:load" in one_sentence(lambda: rnnzoo.load(tmp_path / "run").evaluate(), "trust")


def test_weights_of_a_stranger(hostile, witness, tmp_path, capsys):
    rows = "\n".join(f"good word{i},a\nbad thing{i},b" for i in range(30))
    (tmp_path / "texts.csv").write_text(f"text,label\n{rows}\n")
    recipe = Recipe("texts", "classification", TextClassification(file="texts.csv"), "mlp", {"units": 4}, epochs=1)
    run = hostile(data_of("a module", witness))
    assert "--trust" in refused(capsys, cli.main, recipe, ["train", "--run", "new", "--weights", str(run)])
    assert not witness.exists()
    assert not (tmp_path / "new").exists()


def test_the_register_is_closed():
    assert {data_class(f"rnnzoo.data:{name}").__name__ for name in CLASSES} == set(CLASSES)
    assert data_class("rnnzoo.data.sequences:SequenceClassification") is SequenceClassification  # where it lay before
    assert all(len(function(f"rnnzoo.data.embedded:{name}", False)()["x"]) for name in FUNCTIONS)
    for path in ("rnnzoo.data.embedded:np.load", "rnnzoo.data.sources:_import", "rnnzoo.files:read_json", "os:getcwd"):
        one_sentence(lambda path=path: function(path, False), "trust")
    for path in ("rnnzoo.data:Fitted", "rnnzoo.data.fitted:json", "os:getcwd", "os", "", 5, None):
        one_sentence(lambda path=path: data_class(path), "Received")


def test_a_plugin_s_data_class_is_known(tmp_path, python, finished):
    """By its entry point, without trust."""
    (tmp_path / "riverbed.py").write_text(
        "from dataclasses import dataclass\nfrom rnnzoo.data import SequenceClassification\n"
        "@dataclass\nclass River(SequenceClassification):\n    'Rivers.'\n"
    )
    info = tmp_path / "river_bed-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: river-bed\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rnnzoo.data]\nriver = riverbed:River\n")
    run = shutil.copytree(finished.folder, tmp_path / "run")
    (run / "manifest.json").unlink()
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "data": {**config["data"], "class": "riverbed:River"}}))
    code = "import sys, rnnzoo; print(type(rnnzoo.load(sys.argv[1]).data).__name__)"
    assert python(code, run, path=tmp_path).stdout == "River\n"


def test_data_of_a_community_are_not_fetched():
    """TFDS would download and run their code."""
    for name in ("huggingface:mnist", "someone:dataset/config", "../x", "mnist/../x"):
        one_sentence(lambda name=name: TextClassification(name).load(), "community")


# Models and checkpoints. ----------------------------------------------------------------------------------------------


def hostile_model(path, layer):
    """Write a model file that holds such a layer."""
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(3)])
    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"].append(layer)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)


LAYERS = {
    "code": {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}},
    "a graph": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "elsewhere"}},
    "a pickle": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gASVAA=="}},
    "a file": {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    "a module": {"module": "stranger", "class_name": "Data", "config": {}, "registered_name": None},
    "a registered name": {"module": "stranger", "class_name": "load", "config": {}, "registered_name": "stranger>load"},
    "a function": {"module": "stranger", "class_name": "function", "config": "load", "registered_name": "load"},
    "a command": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
}


@pytest.mark.parametrize("kind", LAYERS)
def test_a_stranger_s_model_runs_no_code(hostile, witness, capsys, recipe, finished, kind):
    run = hostile(json.loads((finished.folder / "config.json").read_text())["data"])
    hostile_model(run / "model.keras", LAYERS[kind])
    for enter in ("load().predict", "export"):
        if enter.startswith("load"):
            assert "model" in one_sentence(lambda: ENTRIES[enter](run, recipe), "Received")  # noqa: B023
            continue
        assert "model" in refused(capsys, ENTRIES[enter], run, recipe)
    assert "model" in refused(capsys, cli.entry_point, ["summary", str(run)])
    arguments = ["train", "--run", "new", "--weights", str(run / "model.keras")]
    assert "model" in refused(capsys, cli.main, recipe(), arguments)
    assert "stranger" not in sys.modules
    assert not witness.exists()


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_checkpoint_is_no_pickle(hostile, witness, finished, recipe, capsys):
    run = hostile(json.loads((finished.folder / "config.json").read_text())["data"])
    (run / "results.json").unlink()
    state = np.array([Bomb(str(witness))], dtype=object)
    file = io.BytesIO()
    np.savez(file, state=state, **{"model/0": state})
    (run / "checkpoint").write_bytes(file.getvalue())
    assert "checkpoint is damaged" in refused(capsys, cli.main, recipe(epochs=3), ["train", "--run", str(run)])
    (run / "checkpoint").write_bytes(b"cos\nsystem\n(S'touch " + str(witness).encode() + b"'\ntR.")
    assert "checkpoint is damaged" in refused(capsys, cli.main, recipe(epochs=3), ["train", "--run", str(run)])
    assert not witness.exists()


# Files outside. -------------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    """A folder with a file, which must stay as it is."""
    folder = tmp_path / "outside"
    (folder / "trials" / "0000").mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    yield folder
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*")) == ["mine.txt", "trials", "trials/0000"]
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("name", ["plots", "checkpoint", "model.keras", "results.json", "data.json", ".lock"])
def test_links_are_not_followed(fit, finished, outside, tmp_path, name, restart):
    run = shutil.copytree(finished.folder, tmp_path / "run")
    if name == "plots":
        shutil.rmtree(run / name)
    else:
        (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(outside if name == "plots" else outside / "mine.txt")
    one_sentence(lambda: fit("run", epochs=4, restart=restart), "leads out of its folder")


def test_explained_pictures_stay_inside(finished, outside, tmp_path, capsys, monkeypatch):
    from rnnzoo.pictures import attention
    from rnnzoo.pictures.curves import curves
    from rnnzoo.tasks.task import Task

    run = shutil.copytree(finished.folder, tmp_path / "run")
    shutil.rmtree(run / "plots")
    (run / "plots").symlink_to(outside)
    figure = curves([{"epoch": 1, "loss": 1.0}], 1)
    monkeypatch.setattr(Task, "explain", lambda *_, **__: [])
    monkeypatch.setattr(Task, "explained", lambda *_: ([], figure))
    assert attention
    arguments = ["predict", str(run), "[[0, 1]]", "--explain"]
    assert "leads out of its folder" in refused(capsys, cli.entry_point, arguments)


def test_pictures_of_the_inside_stay_inside(finished, outside, tmp_path, capsys):
    run = shutil.copytree(finished.folder, tmp_path / "run")
    (run / "inspect").symlink_to(outside)
    assert "leads out of its folder" in refused(capsys, cli.entry_point, ["inspect", str(run), "[[0, 1]]"])


def test_members_stay_inside(recipe, outside, tmp_path):
    own = recipe(members=2).check()
    for name in ("members", "members/seed-0"):
        run = tmp_path / name.replace("/", "-")
        (run / name).parent.mkdir(parents=True)
        (run / "config.json").write_text(json.dumps(own.to_config()))
        (run / name).symlink_to(outside)
        one_sentence(lambda run=run: rnnzoo.train(own, run, console=Console(quiet=True)), "leads out of its folder")


OF_A_SEARCH = ["trials", "best", "plots", "data.npz", "search.json", "trials/processes.log", "tensorboard/0000"]
OF_A_TRIAL = [f"trials/0000/{name}" for name in ("trial.json", "log.txt", ".lock", "run")]


@pytest.mark.parametrize("restart", [[], ["--restart"]])
def test_a_search_s_folder_stays_inside(recipe, outside, tmp_path, capsys, restart):
    space = ["--trials", "1", "--search", "units=2:4", "--output", str(tmp_path / "tune")]
    for name in (*OF_A_SEARCH, *OF_A_TRIAL):
        tune = tmp_path / "tune"
        (tune / name).parent.mkdir(parents=True)
        if name != "search.json":
            (tune / "search.json").write_text("{}")
        (tune / name).symlink_to(outside / "mine.txt" if "." in name else outside)
        said = refused(capsys, cli.main, recipe(), ["tune", *space, *restart])
        assert "leads out of its folder" in said, name
        shutil.rmtree(tune)


def test_a_trial_is_named_by_a_number(recipe, outside, tmp_path, capsys):
    """`../outside` would be a place to write to; the file is set aside."""
    from rnnzoo.search.trials import Store

    tune = tmp_path / "tune"
    tune.mkdir()
    trial = {"id": "../outside", "values": {}, "seed_state": 1, "seed_state_after": 1, "settings": {}, "started": 1}
    (tune / "search.json").write_text(json.dumps({"search": {}, "seconds": 1.0, "trials": [trial]}))
    said = []
    assert not Store(tune, {}, said.append).trials
    assert "damaged" in said[0]


def test_restart_leaves_a_user_s_files(fit):
    run = fit("run")
    (run.folder / "plots" / "mine.png").write_text("mine")
    (run.folder / "notes.txt").write_text("mine")
    drawn = {path.name for path in (run.folder / "plots").iterdir()}
    fit("run", restart=True, task="classification", epochs=1)
    assert {path.name for path in (run.folder / "plots").iterdir()} == drawn
    assert (run.folder / "plots" / "mine.png").read_text() == (run.folder / "notes.txt").read_text() == "mine"


def test_one_bad_run_does_not_hide_the_others(finished, tmp_path, capsys):
    for name in "abcd":
        shutil.copytree(finished.folder, tmp_path / name)
    (tmp_path / "a" / "results.json").write_text("{")
    (tmp_path / "b" / "config.json").write_text("[]")
    (tmp_path / "c" / "results.json").write_text((tmp_path / "d" / "results.json").read_text().replace("3,", "4,"))
    capsys.readouterr()
    cli.entry_point(["runs", str(tmp_path)])
    said = capsys.readouterr().out
    assert said.count("damaged") >= 3
    assert "test: accuracy" in said
    assert len(list_runs(tmp_path)) == 4
