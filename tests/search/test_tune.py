"""Searches that train: what a trial is, and what is left at the end."""

import csv
import shlex

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import cli, load

pytestmark = pytest.mark.draws

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


@pytest.mark.slow
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
    assert found[3].reason.lower().startswith("out of memory")


@pytest.mark.slow  # by default the guide's code and test_third_party_task.py do it
def test_processes(search, tmp_path):
    """The real engine: a process for each trial; what it prints is in its log."""
    found = search(trials=1, search=FEW, objective="val_loss")
    assert found.trials[0].state == "DONE"
    assert found.best.results["metrics"]["validation"]["loss"] == pytest.approx(found.trials[0].score)
    assert "epoch   2/2" in (tmp_path / "tune/trials/0000/log.txt").read_text()
