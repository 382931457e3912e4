"""kill -9, of the driver and of trials, on real processes: nothing is lost, nothing is finished twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
RECIPE = Path(__file__).parents[2] / "recipes" / "digits.py"
SPACE = ["--set", "num_layers=1", "--set", "dropout=0.2", "--search", "units=4:8", "--search", "batch_size=32:128"]
SETTINGS = ["--model", "gru", "--set", "pooling=last", "--limit", "300", "--epochs", "30", "--trials", "6", *SPACE]
TICK = 0.02


def begin(folder, *arguments):
    command = [sys.executable, str(RECIPE), "tune", *SETTINGS, "--output", str(folder), *arguments]
    with open(folder.with_suffix(".log"), "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def records(folder):
    found = [json.loads(path.read_text())["trial"] for path in sorted((folder / "trials").glob("*/trial.json"))]
    return [{k: r[k] for k in ("id", "values", "score", "state", "best_epoch", "epochs", "batch")} for r in found]


def trial_process(driver, folder):
    """Return the process that holds a trial's log open, or None."""
    for child in psutil.Process(driver.pid).children(recursive=True):
        try:
            if os.readlink(f"/proc/{child.pid}/fd/1").startswith(str(folder / "trials" / "0")):
                return child
        except OSError:
            continue
    return None


def tracks_resources(process):
    """Tell whether this is Python's own helper, which ends by itself; one that has ended already is none."""
    try:
        return "resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return True


def finish(driver, folder):
    assert driver.wait(1200) == 0, folder.with_suffix(".log").read_text()


def test_five_kills_of_the_driver_and_of_trials_change_nothing(tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    finish(begin(undisturbed), undisturbed)
    expected = records(undisturbed)
    assert [r["state"] for r in expected] == ["DONE"] * 6

    rng = random.Random(0)
    driver, hit = begin(killed), set()
    drivers = trials = 0
    deadline = time.monotonic() + 1800
    while drivers < 5 or trials < 5:
        assert time.monotonic() < deadline
        assert driver.poll() is None, killed.with_suffix(".log").read_text()
        time.sleep(TICK)
        child = trial_process(driver, killed)
        if child is None:
            continue
        time.sleep(rng.random() * 4)
        trial = os.readlink(f"/proc/{child.pid}/fd/1").split("/")[-2] if child.is_running() else None
        if trials < 5 and trial not in (None, *hit):  # once for each: twice would be a failure
            hit.add(trial)
            child.kill()
            trials += 1
        elif drivers < 5:
            family = [p for p in psutil.Process(driver.pid).children(recursive=True) if not tracks_resources(p)]
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            drivers += 1
            _, alive = psutil.wait_procs(family, 20)
            assert not alive  # none outlives the driver
            driver = begin(killed)
    finish(driver, killed)
    assert records(killed) == expected
    best = [json.loads((folder / "best/results.json").read_text())["metrics"] for folder in (undisturbed, killed)]
    assert best[0] == best[1]


def test_a_trial_that_kills_its_process(tmp_path):
    """Its model ends the process when it is built; the others go on."""
    (tmp_path / "deadly.py").write_text(
        "import os, signal\n"
        "from rnnzoo import Recipe, cli, layers, register\n"
        "from rnnzoo.data import SequenceClassification\n"
        "@register\n"
        "def deadly(x, *, return_sequences, units=8):\n"
        '    "Ends its process."\n'
        "    if units > 8: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return layers.GRU(units, return_sequences=return_sequences)(x)\n"
        "recipe = Recipe(name='deadly', task='classification', model='deadly', epochs=1,\n"
        "                data=SequenceClassification('rnnzoo.data.embedded:digits'), limit=100)\n"
        "if __name__ == '__main__': cli.main(recipe)\n"
    )
    off = [w for n in ("learning_rate", "sequence_length", "batch_size") for w in ("--search", f"{n}=off")]
    command = [
        sys.executable,
        "deadly.py",
        "tune",
        "--tuner",
        "grid",
        "--search",
        "units=4,9,6",
        *off,
        "--output",
        "tune",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert [r["state"] for r in records(tmp_path / "tune")] == ["DONE", "FAILED", "DONE"]
    assert "its process died 2 times (SIGKILL, perhaps out of memory)" in done.stdout


def test_memory_of_the_driver(tmp_path):
    """100 trials: the driver, which trains nothing, grows by less than 50 MiB after the first ten."""
    code = (
        "import sys, threading, time, psutil, json, pathlib\n"
        "from rnnzoo import cli\nimport runpy\n"
        "recipe = runpy.run_path(sys.argv[1])['recipe']\n"
        "seen = []\n"
        "def watch():\n"
        "    while True:\n"
        "        done = len(list(pathlib.Path('tune/trials').glob('*/trial.json')))\n"
        "        seen.append((done, psutil.Process().memory_info().rss))\n"
        "        pathlib.Path('memory.json').write_text(json.dumps(seen)); time.sleep(1)\n"
        "if __name__ == '__main__':\n"
        "    threading.Thread(target=watch, daemon=True).start()\n"
        "    cli.main(recipe, sys.argv[2:])\n"
    )
    (tmp_path / "watched.py").write_text(code)
    arguments = [
        "--model",
        "mlp",
        "--limit",
        "60",
        "--epochs",
        "1",
        "--trials",
        "100",
        "--tuner",
        "random",
        "--workers",
        "2",
    ]
    command = [sys.executable, "watched.py", str(RECIPE), "tune", *arguments, "--output", "tune"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr
    seen = json.loads((tmp_path / "memory.json").read_text())
    early = next(rss for count, rss in seen if count >= 10)
    late = [rss for count, rss in seen if count < 100][-1]
    assert late - early < 50 * 2**20
