"""kill -9 of trainings at random moments: whatever it hits, the same command ends bit for bit as if undisturbed.

One kill by default, of a model that is built in a moment. `pytest tests/campaigns -m slow`; KILLS=10 for fewer.
"""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from run_files import leftovers

from rnnzoo.sharing import manifest

pytestmark = pytest.mark.timeout(4 * 3600)
KILLS = int(os.environ.get("KILLS", "100"))
NURSERY = """
import os, sys, traceback
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, tensorflow, sklearn.metrics
from rich.console import Console
import rnnzoo
from rnnzoo.data import SequenceClassification
import rnnzoo.training.fit, rnnzoo.tasks.judging.measures, rnnzoo.pictures.classification
recipe = rnnzoo.Recipe("killed", "classification", SequenceClassification(sys.argv[1]), sys.argv[2], {"units": 4},
                       epochs=12, batch_size=16, schedule="plateau", patience=None)
for folder in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            rnnzoo.train(recipe, folder.strip(), console=Console(quiet=True))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Nursery:
    """A process that has imported all, and bears one that trains into each folder: no kill costs an import."""

    def __init__(self, source, model):
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, source, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def train(self, folder, kill_after=None):
        """Train; with `kill_after` seconds it is killed then, unless it has ended. Return its exit status and time."""
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        child, began = int(self._process.stdout.readline()), time.monotonic()
        if kill_after is not None and not select.select([self._process.stdout], [], [], kill_after)[0]:
            os.kill(child, signal.SIGKILL)
        return int(self._process.stdout.readline()), time.monotonic() - began

    def close(self):
        self._process.communicate()


def content(folder):
    """Return what must be equal: all but seconds."""
    with np.load(folder / "checkpoint", allow_pickle=False) as file:
        arrays = {name: file[name].tobytes() for name in file.files if name != "state"}
        state = json.loads(str(file["state"]))
    results = json.loads((folder / "results.json").read_text())
    return {
        "arrays": arrays,
        "state": {k: v for k, v in state.items() if k != "seconds"},
        "results": {k: v for k, v in results.items() if k != "seconds"},
        "history": (folder / "history.csv").read_text(),
        "config": (folder / "config.json").read_text(),
        "data": (folder / "data.json").read_text(),
        "files": sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()),
    }


@pytest.mark.slow
@pytest.mark.parametrize(("model", "most"), [("mlp", 1), ("gru", KILLS)])
def test_kills_at_random_moments(tmp_path, model, most):
    rng = random.Random(int(os.environ.get("SEED", "0")))
    x = np.random.default_rng(0).normal(np.arange(90)[:, None, None] % 3, 0.8, (90, 5, 2)).astype("float32")
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(90) % 3, lengths=np.arange(90) % 3 + 3)
    nursery = Nursery(str(tmp_path / "data.npz"), model)
    assert nursery.train(tmp_path / "undisturbed")[0] == 0
    status, longest = nursery.train(tmp_path / "again")
    assert status == 0
    expected, kills, per_training = content(tmp_path / "undisturbed"), 0, []
    assert content(tmp_path / "again") == expected
    began = time.monotonic()
    while kills < most:
        folder, of_this, status = tmp_path / f"killed-{len(per_training)}", 0, -1
        while status != 0:
            status, took = nursery.train(folder, rng.random() * longest if kills < most else None)
            longest = longest if status or of_this else took  # as busy as the machine is now
            assert status in (0, signal.SIGKILL)
            kills, of_this = kills + (status != 0), of_this + (status != 0)
        per_training.append(of_this)
        assert content(folder) == expected, f"after {of_this} kills"
        assert not leftovers(folder)
        for name in manifest.read(folder):
            manifest.check(folder, name)
        said = f"{kills} kills in {len(per_training)} trainings {per_training}, {time.monotonic() - began:.0f} s"
        if "REPORT" in os.environ:
            Path(os.environ["REPORT"]).write_text(f"{said}, nothing lost\n")
    nursery.close()
    print(said)
