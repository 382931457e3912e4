"""kill -9 at random moments: the training ends with the weights that it would have had undisturbed, bit for bit."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

RECIPE = Path(__file__).parents[2] / "recipes" / "digits.py"
# Few units, so that an epoch is short; dropout 0.3, shuffling and the cosine schedule are the recipe's own.
SETTINGS = ["--model", "gru", "--set", "units=6", "--set", "dropout=0.3", "--epochs", "80", "--patience", "12"]
# Importing takes longer than the training itself: each process imports, and waits until it is its turn.
WAITING = """
import runpy, sys
import keras, sklearn.model_selection, rnnzoo.training.fit, rnnzoo.pictures.classification
sys.argv = sys.argv[1:]
sys.stdin.readline()
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def prepare(folder):
    """Start a process that will train into `folder` when told to."""
    command = [sys.executable, "-c", WAITING, str(RECIPE), "train", *SETTINGS, "--run", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begin(process):
    process.stdin.write("\n")
    process.stdin.flush()


def stamp(path):
    """Tell one version of a file from the next; each is a new file."""
    return path.stat().st_ino if path.exists() else None


def wait_for_epoch(process, path):
    """Wait until the checkpoint is replaced."""
    before, deadline = stamp(path), time.monotonic() + 120
    while stamp(path) == before:
        assert process.poll() is None, process.communicate()[1] or "it finished before all kills"
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, 10])
def test_kills_change_nothing(tmp_path, kills):
    rng = random.Random(0)
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    processes = [prepare(undisturbed), prepare(killed)]
    try:
        begin(processes[0])
        for _ in range(kills):
            current = processes[-1]
            processes.append(prepare(killed))
            begin(current)
            wait_for_epoch(current, killed / "checkpoint")
            began = time.monotonic()
            if rng.random() < 0.7:  # one epoch more tells how long one lasts
                wait_for_epoch(current, killed / "checkpoint")
            time.sleep(rng.random() * max(0.05, time.monotonic() - began))
            current.kill()
            assert current.wait() == -9  # it was still running
            current.communicate()
        begin(processes[-1])
        for process in (processes[0], processes[-1]):
            _, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
            process.communicate()

    results = [json.loads((folder / "results.json").read_text()) for folder in (killed, undisturbed)]
    assert results[0]["stopped"], "early stopping should have ended it"
    assert len(list(killed.glob(".*"))) == 0
    for name in ("metrics", "epochs", "best_epoch", "stopped"):
        assert results[0][name] == results[1][name]
    assert (killed / "history.csv").read_bytes() == (undisturbed / "history.csv").read_bytes()
    a, b = (keras.models.load_model(folder / "model.keras").get_weights() for folder in (killed, undisturbed))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
