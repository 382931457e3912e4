"""Searches that cannot be: one sentence, and nothing is begun."""

import dataclasses
import json

import numpy as np
import pytest
import refusals
from filelock import FileLock
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification


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
    "more workers than there are": (["--workers", "1000000000"], "and < 10,000"),
    "no time": (["--max-minutes", "0"], "max_minutes=0"),
    "unknown model": (["--models", "mlp,bilstn"], "'bilstm'"),
    "no models": (["--models", ","], "models"),
    "objective that is not measured": (["--validation", "0", "--objective", "val_loss"], "hold nothing out"),
    "unusable data": (["--validation", "2"], "validation=2"),
    "Ray at no address": (["--ray-address", "somewhere"], "host:port"),
    "Ray where nobody answers": (["--ray-address", "127.0.0.1:1"], "127.0.0.1:1"),
}


def refused(capsys, recipe, *arguments):
    """Assert one sentence that says what was received, and exit status 2."""
    said = refusals.refused(capsys, cli.main, recipe, ["tune", *arguments])
    assert "Received: " in said
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


def test_options_reach_the_search(small, computed, tmp_path, capsys):
    arguments = ["--trials", "3", "--models", "mlp,gru", "--search", "units=4,8", "--set", "dropout=0.3"]
    arguments += ["--learning-rate", "0.02", "--search", "batch_size=off", "--objective", "val_loss"]
    cli.main(small, ["tune", "--output", str(tmp_path / "tune"), *arguments])
    said = capsys.readouterr().out
    records = json.loads((tmp_path / "tune" / "search.json").read_text())["trials"]
    assert {tuple(record["settings"]) for record in records} == {("model", "units", "num_layers")}
    for job in computed.jobs:
        assert job["recipe"]["hyperparameters"]["dropout"] == 0.3
        assert job["recipe"]["learning_rate"] == 0.02
        assert job["recipe"]["monitor"] == "val_loss"
    assert "--learning-rate 0.02" in said
    assert "--set dropout=0.3" in said


@pytest.mark.parametrize("wrong", [{"models": "lstm"}, {"models": [5]}, {"search": 5}, {"search": ["units"]}])
def test_collections_of_another_kind(small, tmp_path, wrong):
    refusals.one_sentence(lambda: rnnzoo.tune(small, output=tmp_path / "search", **wrong), r"must be .* Received: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("run", [rnnzoo.train, rnnzoo.tune])
def test_no_recipe(run):
    refusals.one_sentence(lambda: run("digits"), r"^recipe must be a rnnzoo\.Recipe\. Received: recipe='digits'$")
