"""What a machine lacks, and what others do to a folder while it is trained: one sentence, and nothing half-written."""

import contextlib
import errno
import io
import json
import os
import shutil
import subprocess
import sys

import pytest
from refusals import one_sentence, refused
from rich.console import Console
from run_files import leftovers, same_weights

import rnnzoo
from rnnzoo import cli, files
from rnnzoo.errors import WriteFailed
from rnnzoo.sharing import manifest
from rnnzoo.training import results


def test_a_second_training_in_a_folder_is_refused(fit, tmp_path, recipe, capsys):
    run = fit("run")
    before = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    with files.alone(run.folder, "training"):
        assert "Another process is training" in one_sentence(lambda: fit("run", epochs=3), "Another process")
        arguments = ["train", "--run", str(run.folder), "--epochs", "3", "--restart"]
        assert "Another process" in refused(capsys, cli.main, recipe(), arguments)
    assert {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before
    assert fit("run", epochs=3).results["epochs"] == 3
    assert not leftovers(run.folder)


def test_a_lock_left_behind_by_a_kill_is_no_nuisance(tmp_path):
    code = "import os, sys, pathlib, rnnzoo.files as f\nwith f.alone(pathlib.Path(sys.argv[1]), 'x'): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], check=False).returncode == 9
    assert (tmp_path / "run" / ".lock").exists()
    with files.alone(tmp_path / "run", "training"):
        pass
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("gone", ["moved", "removed"])
def test_a_folder_that_goes_while_it_is_trained(recipe, tmp_path, gone):
    def move(*_):
        os.rename(tmp_path / "run", tmp_path / "elsewhere")
        if gone == "removed":
            shutil.rmtree(tmp_path / "elsewhere")

    def train():
        rnnzoo.train(recipe(epochs=3), tmp_path / "run", on_epoch_end=move, console=Console(quiet=True))

    one_sentence(train, "moved or removed")
    assert not (tmp_path / "run").exists()
    if gone == "moved":
        (tmp_path / "elsewhere" / ".lock").unlink()
        quiet = Console(quiet=True)
        there = rnnzoo.train(recipe(epochs=3), tmp_path / "elsewhere", console=quiet)
        assert same_weights(there.model, rnnzoo.train(recipe(epochs=3), tmp_path / "whole", console=quiet).model)


@pytest.mark.parametrize("name", ["a" * 300, "b/" + "é" * 200, "a\0b", "", "/proc/nothing/run", "x/" * 3000])
def test_names_that_no_disk_takes(recipe, tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    if name:
        refused(capsys, cli.main, recipe(), ["train", "--run", name])
        refused(capsys, cli.main, recipe(), ["tune", "--output", name, "--trials", "1"])
        refused(capsys, cli.main, recipe(), ["train", "--run", "run", "--weights", name])
    for command in (["summary", name], ["predict", name, "[[1, 2]]"], ["runs", name], ["export", name]):
        refused(capsys, cli.entry_point, command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (PermissionError(errno.EACCES, "Permission denied", "/root/x"), "Permission denied.* /root/x"),
        (MemoryError(), "Out of memory"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating\nmore"), "OOM when allocating"),
    ],
)
def test_what_a_machine_lacks(recipe, tmp_path, monkeypatch, capsys, error, said):
    def load(*_, **__):
        raise error

    monkeypatch.setattr(rnnzoo.data.SequenceClassification, "load", load)
    monkeypatch.chdir(tmp_path)
    one_sentence(lambda: rnnzoo.train(recipe(), "run"), said)
    refused(capsys, cli.main, recipe(), ["train"])
    assert list(tmp_path.iterdir()) == []


# A disk that is full at one write or another. -------------------------------------------------------------------------


def fail_at(monkeypatch, number):
    """Let the n-th file that takes its place find no room; return how many came so far."""
    count, replace = [0], os.replace

    def full(*arguments):
        count[0] += 1
        if count[0] == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(*arguments)

    monkeypatch.setattr(os, "replace", full)
    return count


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_disk_that_is_full_at_every_write(fit, tmp_path, monkeypatch):
    """One write after the other fails, then the same command goes on: bit-equal at the end, nothing left over."""
    whole = fit("whole")
    for number in range(1, 100):
        folder = f"full-{number}"
        with monkeypatch.context() as patch:
            count = fail_at(patch, number)
            with contextlib.suppress(WriteFailed):  # of a picture it is a note
                fit(folder)
        if count[0] < number:
            break
        assert not leftovers(tmp_path / folder)
        assert same_weights(fit(folder).model, whole.model)
    assert number > 8


def test_results_come_before_pictures(tmp_path, monkeypatch, recipe, drawn):
    def broken(*_):
        raise RuntimeError("no font\nat all")

    said = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(results, "curves", broken)
        run = rnnzoo.train(recipe(), tmp_path / "run", console=Console(file=said, width=200))
    assert "note: plots/curves.png could not be drawn (RuntimeError: no font); the results stand" in said.getvalue()
    assert run.results["metrics"]["test"]
    assert "plots/curves.png" not in manifest.read(run.folder)
    assert "plots/roc.png" in manifest.read(run.folder)


def test_an_end_between_results_and_pictures_is_made_up_for(fit, monkeypatch, drawn):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(results, "curves", killed)
        with pytest.raises(KeyboardInterrupt):
            fit("run")
    run, whole = fit("run"), fit("whole")
    assert (run.folder / "plots" / "curves.png").is_file()
    assert manifest.read(run.folder).keys() == manifest.read(whole.folder).keys()
    assert {**run.results, "seconds": 0} == {**whole.results, "seconds": 0}


def test_damage_is_named(finished, tmp_path, capsys):
    """A flip, a cut, and another run's file; each is named by the command that reads it."""
    other = shutil.copytree(finished.folder, tmp_path / "other")
    for name in ("config.json", "data.json", "model.keras", "results.json"):
        for how in ("flip", "cut", "swap"):
            run = shutil.copytree(finished.folder, tmp_path / "run", dirs_exist_ok=True)
            content = bytearray((run / name).read_bytes())
            if how == "flip":
                content[len(content) // 2] ^= 1
            elif how == "cut":
                content = content[: len(content) // 2]
            else:
                content = bytearray((other / name).read_bytes().replace(b"e", b"a", 1))
            (run / name).write_bytes(bytes(content))
            command = ["summary", str(run)] if name == "results.json" else ["predict", str(run), "[[1, 2]]"]
            assert f"{name} is damaged" in refused(capsys, cli.entry_point, command)
    (run / "manifest.json").write_text(json.dumps({"files": {"config.json": {"size": -1, "sha256": "x"}}}))
    assert "manifest.json is damaged" in refused(capsys, cli.entry_point, ["predict", str(run), "[[1, 2]]"])
