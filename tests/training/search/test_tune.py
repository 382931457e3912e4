"""Searches that train: what a trial is, what is left at the end, and calls that cannot work."""

import csv
import dataclasses
import json
import shlex

import numpy as np
import pytest
from filelock import FileLock
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, cli, load
from rnnzoo.data import SequenceClassification
from rnnzoo.search.space import make_space

FEW = {"num_layers": None, "dropout": None, "units": (4, 8)}


def checkpoint(folder):
    with np.load(folder / "checkpoint") as file:
        return {name: file[name] for name in file.files if name.startswith(("model/", "optimizer/"))}


def test_a_search_and_what_it_leaves(search, engine, recipe, tmp_path, monkeypatch):
    """Sequence length and batch size change the batches; the best is an ordinary run; the command trains the same."""
    engine()
    found = search(trials=4, search=FEW, tensorboard=True)
    for trial in found.trials:
        assert trial.batch == [trial.settings["batch_size"], trial.settings["sequence_length"]]
    assert len({trial.settings["sequence_length"] for trial in found.trials}) > 1
    assert len({trial.targets for trial in found.trials}) == 1

    best = max(found.trials, key=lambda t: t.score)
    run = load(tmp_path / "tune" / "best")
    assert run.results["metrics"]["validation"]["accuracy"] == pytest.approx(best.score)  # trained again, it is as good
    assert run.recipe == found.best.recipe
    assert run.evaluate() == pytest.approx(run.results["metrics"]["test"], abs=1e-6)
    assert run.predict([[[0.5, 0.5]] * 3])[0]["label"] in "abc"

    words = shlex.split(found.command)
    assert words[:3] == ["python", "recipes/small.py", "train"]
    with monkeypatch.context() as patched:
        trained = []
        patched.setattr("rnnzoo.training.fit.train", lambda changed, *_, **__: trained.append(changed))
        cli.main(recipe(), words[2:])
    assert trained[0].check().identity() == run.recipe.identity()
    assert trained[0].epochs == run.recipe.epochs

    with open(tmp_path / "tune" / "trials.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_accuracy"]) for row in rows] == [trial.score for trial in found.trials]
    assert [int(row["units"]) for row in rows] == [trial.settings["units"] for trial in found.trials]
    assert {path.stem for path in (tmp_path / "tune/plots").iterdir()} == {"hyperparameters", "time", "parallel"}
    assert all(path.stat().st_size > 5_000 for path in (tmp_path / "tune/plots").iterdir())
    events = [p for p in (tmp_path / "tune/tensorboard").rglob("*tfevents*") if p.stat().st_size]
    assert {"0000", "0001", "0002", "0003"} <= {path.parent.name for path in events}
    logged = b"".join(path.read_bytes() for path in events)
    assert b"_hparams_/session_start_info" in logged
    assert b"val_accuracy" in logged


def test_hyperband_goes_on_from_the_whole_state(search, engine, tmp_path):
    """A later rung has the weights and the optimizer that an uninterrupted training has, bit for bit."""
    engine()
    found = search(tuner="hyperband", trials=6, search=FEW, settings={"epochs": 4, "patience": None})
    later = found.trials[-1]
    assert later.values["tuner/initial_epoch"] == 2
    folder = tmp_path / "tune" / "trials" / later.id / "run"
    straight = rnnzoo.train(load(folder).recipe, tmp_path / "straight", console=Console(quiet=True))
    assert (folder / "history.csv").read_bytes() == (straight.folder / "history.csv").read_bytes()
    assert len((folder / "history.csv").read_text().splitlines()) == 1 + 4
    one, other = checkpoint(folder), checkpoint(straight.folder)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    earlier = tmp_path / "tune" / "trials" / later.values["tuner/trial_id"] / "run"
    assert len((earlier / "history.csv").read_text().splitlines()) == 1 + 2


def test_a_trial_that_diverges_or_breaks_is_a_failure(search, engine, monkeypatch):
    here = engine()
    inner = here.answer

    def answer(job):
        with monkeypatch.context() as broken:
            if job["trial"] == "0001":
                job["recipe"].update(optimizer="sgd", learning_rate=1e30)
            if job["trial"] == "0002":
                broken.setattr("rnnzoo.training.fit._fit", lambda *_: [].pop())
            if job["trial"] == "0003":
                broken.setattr("rnnzoo.training.fit._fit", lambda *_: np.zeros(2**52))
            return inner(job)

    here.answer = answer
    found = search(trials=5, search=FEW).trials
    assert [t.state for t in found] == ["DONE", "FAILED", "FAILED", "FAILED", "DONE"]
    assert found[1].reason.startswith("diverged: ")
    assert found[2].reason == "IndexError: pop from empty list"
    assert found[3].reason == "out of memory"


def test_processes(search, tmp_path):
    """The real engine: a process for each trial; what it prints is in its log."""
    found = search(trials=1, search=FEW, objective="val_loss")
    assert found.trials[0].state == "DONE"
    assert found.best.results["metrics"]["validation"]["loss"] == pytest.approx(found.trials[0].score)
    assert "epoch   2/2" in (tmp_path / "tune/trials/0000/log.txt").read_text()


# The space. ---------------------------------------------------------------------------------------------------------


def space(recipe, models=("gru",), **search):
    return {d.name: d for d in make_space(recipe, models, search, longest=100, examples=1000)}


def test_the_default_space(recipe):
    found = space(recipe(model="gru", units=64, learning_rate=0.5, sequence_length=30))
    assert list(found) == ["learning_rate", "units", "num_layers", "dropout", "sequence_length", "batch_size"]
    assert (found["learning_rate"].low, found["learning_rate"].high, found["learning_rate"].log) == (1e-4, 1e-2, True)
    assert found["learning_rate"].start == 1e-2  # the recipe's own lies outside
    assert (found["units"].low, found["units"].high, found["units"].start, found["units"].whole) == (16, 256, 64, True)
    assert (found["sequence_length"].low, found["sequence_length"].high) == (16, 100)  # no sequence is longer
    assert found["sequence_length"].start == 30


def test_recipe_and_caller_narrow_and_widen_it(recipe):
    own = recipe(model="gru", search={"units": (32, 64), "pooling": ["last", "mean"], "dropout": None})
    found = space(own, units=[8, 16], optimizer=["adam", "sgd"], l2=(1e-6, 1e-4))
    assert found["units"].choices == (8, 16)
    assert found["pooling"].choices == ("last", "mean")
    assert found["optimizer"].choices == ("adam", "sgd")
    assert (found["l2"].low, found["l2"].high) == (1e-6, 1e-4)
    assert "dropout" not in found
    assert "search" not in own.to_config()


# Calls that cannot work. --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return a recipe for data in a file."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x=rng.normal(y[:, None, None], 0.3, (60, 4, 2)).astype("float32"), y=y)
    data = SequenceClassification(str(path))
    return Recipe(name="tiny", task="classification", data=data, model="mlp", hyperparameters={"units": 4}, epochs=1)


OFF = [word for name in ("learning_rate", "units", "num_layers", "dropout", "sequence_length", "batch_size")
       for word in ("--search", f"{name}=off")]  # fmt: skip
WRONG = {
    "unknown objective": (["--objective", "val_acuracy"], "'val_accuracy'"),
    "empty space": (OFF, "nothing to search"),
    "one value everywhere": ([*OFF, "--search", "units=8"], "nothing to search"),
    "value outside": (["--search", "dropout=0:1.5"], "dropout=1.5"),
    "value outside, choice": (["--search", "units=0,8"], "units=0"),
    "backwards": (["--search", "units=64:16"], "64:16"),
    "unknown dial": (["--search", "unit=4:8"], "'units'"),
    "dial of another model": (["--search", "pooling=last,mean"], "pooling"),
    "words for a range": (["--search", "units=a:b"], "LOW:HIGH"),
    "no range": (["--search", "units"], "--search units"),
    "given and searched": (["--set", "units=8", "--search", "units=16:64"], "units"),
    "no trials": (["--trials", "0"], "trials=0"),
    "no workers": (["--workers", "0"], "workers=0"),
    "no time": (["--max-minutes", "0"], "max_minutes=0"),
    "unknown model": (["--models", "mlp,bilstn"], "'bilstm'"),
    "no models": (["--models", ","], "models"),
    "objective that is not measured": (["--validation", "0", "--objective", "val_loss"], "hold nothing out"),
    "unusable data": (["--validation", "2"], "validation=2"),
    "Ray at no address": (["--ray-address", "somewhere"], "host:port"),
    "Ray where nobody answers": (["--ray-address", "127.0.0.1:1"], "127.0.0.1:1"),
}


def refused(capsys, recipe, *arguments):
    """Assert one sentence and exit status 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        cli.main(recipe, ["tune", *arguments])
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.startswith("error: ")
    assert "Received: " in said
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_calls(small, computed, capsys, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    arguments, expected = WRONG[wrong]
    assert expected in refused(capsys, small, *arguments)
    assert not list(tmp_path.glob("runs/*"))  # nothing was begun
    assert not computed.jobs


def test_wrong_folders(small, computed, capsys, tmp_path):
    output = ["--output", str(tmp_path / "tune"), "--trials", "1"]
    cli.main(small, ["tune", *output])
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "tune").rglob("*") if path.is_file())
    for arguments, expected in (
        (["--seed", "3"], "seed=0 there, 3 here"),
        (["--search", "units=8:16"], "search units='units 16 to 256' there, 'units 8 to 16' here"),
        (["--tuner", "random"], "tuner='bayesian' there"),
        (["--objective", "val_loss"], "objective='val_accuracy' there"),
        (["--epochs", "2"], "epochs=1 there, 2 here"),
        (["--limit", "20"], "limit=None there, 20 here"),
    ):
        assert expected in refused(capsys, small, *output, *arguments)
    other = dataclasses.replace(small, name="other")
    assert "name='tiny' there, 'other' here" in refused(capsys, other, *output)
    with FileLock(tmp_path / "tune" / ".lock"):
        assert "Another process is searching" in refused(capsys, small, *output)
    after = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "tune").rglob("*") if path.is_file())
    assert [a for a in after if a[0].name != ".lock"] == [b for b in before if b[0].name != ".lock"]

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    assert "no search" in refused(capsys, small, "--output", str(tmp_path / "mine"), "--restart")
    assert "is a file" in refused(capsys, small, "--output", str(tmp_path / "mine" / "thesis.txt"))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"


def test_data_of_another_recipe_are_not_taken(small, computed, tmp_path):
    """A call that fails after it read the data leaves nothing that the next one could mistake for its own."""
    (tmp_path / "tune").mkdir()
    options = {"output": tmp_path / "tune", "trials": 1, "console": Console(quiet=True)}
    none = dataclasses.replace(small, data=dataclasses.replace(small.data, validation=0))
    with pytest.raises(ValueError, match="hold nothing out"):
        rnnzoo.tune(none, objective="val_loss", **options)
    assert rnnzoo.tune(small, objective="val_loss", **options).trials[0].state == "DONE"


def test_ray_that_is_not_installed(small, computed, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"pip install 'rnnzoo\[ray\]'"):
        rnnzoo.tune(small, ray_address="auto")


def test_data_in_memory_cannot_be_searched(search, recipe):
    data = SequenceClassification((np.zeros((9, 3, 2), "float32"), np.arange(9) % 2))
    with pytest.raises(TypeError, match="in memory"):
        search(settings={"data": data})


def test_options_reach_the_search(small, computed, tmp_path, capsys):
    arguments = ["--trials", "3", "--models", "mlp,gru", "--search", "units=4,8", "--set", "dropout=0.3"]
    arguments += ["--learning-rate", "0.02", "--search", "batch_size=off", "--objective", "val_loss"]
    cli.main(small, ["tune", "--output", str(tmp_path / "tune"), *arguments])
    said = capsys.readouterr().out
    records = json.loads((tmp_path / "tune" / "search.json").read_text())["trials"]
    assert {tuple(record["settings"]) for record in records} == {("model", "units", "num_layers", "sequence_length")}
    for job in computed.jobs:
        assert job["recipe"]["hyperparameters"]["dropout"] == 0.3
        assert job["recipe"]["learning_rate"] == 0.02
        assert job["recipe"]["monitor"] == "val_loss"
    assert "--learning-rate 0.02" in said
    assert "--set dropout=0.3" in said
