"""The same command again: a training goes on; and what stops it."""

import errno
import io
import json
import os
import shutil

import numpy as np
import pytest
from rich.console import Console
from run_files import history, leftovers, same_weights

import rnnzoo
from rnnzoo import layers
from rnnzoo.data import SequenceClassification
from rnnzoo.errors import Diverged, InvalidValue, UserError, WriteFailed, differences
from rnnzoo.training import checkpoint

MODERN = [
    *("min_gru", "min_lstm", "qrnn", "sru", "ind_rnn", "lru", "hawk", "mamba", "xlstm", "mogrifier_lstm"),
    *("peephole_lstm", "lmu", "cfc", "gru_d", "echo_state", "tcn"),
]

# The same command again. --------------------------------------------------------------------------------------------


def test_a_finished_run_is_left_alone(finished, recipe):
    before = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")}
    said = io.StringIO()
    rnnzoo.train(recipe(epochs=3), finished.folder, console=Console(file=said, width=200))
    assert "Finished already after 3 epochs" in said.getvalue()
    assert {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")} == before


def test_more_epochs_are_as_if_never_interrupted(fit):
    """With dropout, shuffling, momentum and sequences of unequal length."""
    settings = {"model": "gru", "learning_rate": 0.02}
    with layers.use("general"):  # compiles in no time; test_carrying.py has the compiled loops
        fit("parts", epochs=1, **settings)
        parts, whole = fit("parts", epochs=3, **settings), fit("whole", epochs=3, **settings)
    assert same_weights(parts.model, whole.model)
    assert history(parts) == history(whole)
    assert parts.results["metrics"] == whole.results["metrics"]
    assert parts.results["epochs"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("model", MODERN)
def test_a_modern_body_goes_on(fit, model):
    """By its own loops; `KERAS_BACKEND=jax` for those of JAX."""
    settings = {"model": model, "hyperparameters": {"dropout": 0.2} if model != "echo_state" else {"units": 20}}
    fit("parts", epochs=1, **settings)
    parts, whole = fit("parts", epochs=2, **settings), fit("whole", epochs=2, **settings)
    assert same_weights(parts.model, whole.model)
    assert parts.results["metrics"] == whole.results["metrics"]
    loaded = rnnzoo.load(parts.folder)
    assert same_weights(loaded.model, whole.model)


def test_what_stops_a_training_does_not_change_it(fit, recipe, tmp_path):
    """An exception after the second epoch, then the same command."""

    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(epochs=3), tmp_path / "cut", console=Console(quiet=True), on_epoch_end=stop)
    assert not (tmp_path / "cut" / "results.json").exists()
    (tmp_path / "cut" / ".writing-abc.npz").write_text("a kill -9 came while writing")
    cut, whole = fit("cut", epochs=3), fit("whole", epochs=3)
    assert same_weights(cut.model, whole.model)
    assert not leftovers(cut.folder)


def test_a_kill_after_the_last_checkpoint_loses_nothing(fit):
    whole = fit("run")
    rows, weights = history(whole), whole.model
    for name in ("history.csv", "results.json", "model.keras"):
        (whole.folder / name).unlink()
    again = fit("run")
    assert history(again) == rows
    assert same_weights(again.model, weights)


@pytest.mark.parametrize("there", [["config.json"], [".writing-x"], ["config.json", "data.json", ".writing-y.npz"]])
def test_a_kill_before_the_first_epoch_blocks_nothing(finished, fit, tmp_path, there):
    (tmp_path / "run").mkdir()
    for name in there:
        source = finished.folder / name
        (tmp_path / "run" / name).write_bytes(source.read_bytes() if source.exists() else b"half a f")
    assert fit("run", epochs=3).finished


def test_another_configuration_is_named(finished, recipe):
    changed = recipe(epochs=3, units=9, learning_rate=0.5)
    with pytest.raises(InvalidValue, match=r"learning_rate=0\.001 there, 0\.5 here; units=8 there, 9 here"):
        rnnzoo.train(changed, finished.folder)
    with pytest.raises(InvalidValue, match="model='mlp' there, 'gru' here"):
        rnnzoo.train(recipe(epochs=3, model="gru"), finished.folder)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("name", "content"), [("thesis.tex", "x"), ("config.json", '{"model_type": "bert"}')])
def test_a_folder_of_something_else_is_kept(recipe, tmp_path, restart, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidValue, match="no run"):
        rnnzoo.train(recipe(), tmp_path, restart=restart)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == content


def test_a_file_is_no_folder(recipe, tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(InvalidValue, match="a file"):
        rnnzoo.train(recipe(), tmp_path / "run")


def test_restart_begins_anew_and_keeps_what_is_not_its_own(finished, fit, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    run = fit("run", restart=True, units=4, epochs=1)
    assert (run.results["epochs"], run.results["hyperparameters"]["units"]) == (1, 4)
    assert len(history(run)) == 1
    assert (run.folder / "notes.txt").read_text() == "mine"


def test_a_restart_that_cannot_begin_keeps_the_old_run(finished, recipe, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "run")
    x, y = np.full((9, 3, 2), np.nan), np.arange(9) % 3
    for data in (SequenceClassification((x, y)), SequenceClassification("nowhere.npz")):
        with pytest.raises(UserError):
            rnnzoo.train(recipe(data=data), tmp_path / "run", restart=True, console=Console(quiet=True))
        assert rnnzoo.load(tmp_path / "run").results == finished.results


def test_arrays_that_cannot_be_kept_make_no_run(recipe, tmp_path):
    data = SequenceClassification((np.full((9, 3, 2), np.nan), np.arange(9) % 3))
    with pytest.raises(InvalidValue, match="must be finite"):
        rnnzoo.train(recipe(data=data), tmp_path / "run", console=Console(quiet=True))
    assert not (tmp_path / "run").exists()


# What goes wrong. ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", [0, 2, 4, 6])
def test_a_full_disk(fit, recipe, tmp_path, monkeypatch, writes):
    """After so many files the disk is full: an error of ours, nothing half-written, and the same command goes on."""
    fsync, done = os.fsync, []

    def full(descriptor):
        done.append(descriptor)
        if len(done) > writes:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WriteFailed, match=r"Cannot write .*No space left"):
            fit("run")
    assert not leftovers(tmp_path)
    for path in (tmp_path / "run").glob("*.json"):
        json.loads(path.read_text())  # whole
    assert fit("run").finished


def test_a_damaged_checkpoint(fit):
    run = fit("run")
    path = run.folder / "checkpoint"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a zip file"):
        path.write_bytes(damaged)
        with pytest.raises(InvalidValue, match=r"damaged.*--restart"):
            fit("run", epochs=3)
    path.unlink()
    with pytest.raises(InvalidValue, match="without its checkpoint"):
        fit("run", epochs=3)


def test_a_checkpoint_of_another_model(tmp_path):
    def model(units):
        return rnnzoo.build("mlp", features=2, units=units)

    checkpoint.save(tmp_path / "checkpoint", model(3), checkpoint.State(epoch=1, history=[{"epoch": 1}]))
    with pytest.raises(InvalidValue, match="another model"):
        checkpoint.restore(tmp_path / "checkpoint", model(4))


@pytest.mark.parametrize("batch_size", [16, 120])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_loss_that_is_no_number_stops_the_training(fit, tmp_path, task, batch_size):
    """Also when a single step an epoch leaves no second loss to look at."""
    with pytest.raises(Diverged, match="smaller --learning-rate"):
        fit(task=task, batch_size=batch_size, optimizer="sgd", learning_rate=1e38, epochs=3)
    assert not (tmp_path / "run" / "results.json").exists()


def test_monitor_must_be_measured(fit):
    with pytest.raises(InvalidValue, match=r"val_loss, val_accuracy.*val_mae"):
        fit(monitor="val_mae")


def test_many_differences_are_named_in_part():
    there = {"name": "imdb", "model": "gru", "units": 8, "epochs": 3, "limit": None, "seed": 0}
    here = {"name": "digits", "model": "lstm", "units": 16, "epochs": 4, "limit": 10, "seed": 0}
    words = "name='imdb' there, 'digits' here; model='gru' there, 'lstm' here; epochs=3 there, 4 here; "
    assert differences(there, here) == words + "limit=None there, 10 here; 1 more"
    assert differences(there, there) == ""
