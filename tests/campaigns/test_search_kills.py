"""kill -9 of a search's driver and of its trials, again and again: it ends as if undisturbed.

`pytest tests/campaigns -m slow`; SEARCH_KILLS=6 for fewer.
"""

import csv
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from run_files import leftovers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * 3600)]
RECIPE = Path(__file__).parents[2] / "recipes" / "digits.py"
KILLS = int(os.environ.get("SEARCH_KILLS", "30"))
SPACE = ["--set", "num_layers=1", "--set", "dropout=0.2", "--search", "units=4:8", "--search", "batch_size=32:128"]
SETTINGS = ["--model", "gru", "--set", "pooling=last", "--limit", "300", "--epochs", "30", "--trials", "4", *SPACE]
TICK = 0.02
MOST_IN_AN_EPOCH = 3
"""Kills of a driver in one epoch of a trial; after five more without progress the trial counts as deadly, rightly."""


def begin(folder):
    command = [sys.executable, str(RECIPE), "tune", *SETTINGS, "--output", str(folder)]
    with open(folder.with_suffix(".log"), "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def records(folder):
    found = [json.loads(path.read_text())["trial"] for path in sorted((folder / "trials").glob("*/trial.json"))]
    return [{k: r[k] for k in ("id", "values", "score", "state", "best_epoch", "epochs", "batch")} for r in found]


def children(driver):
    """Return the driver's processes; Python's own helper, which ends by itself, is none."""
    found = []
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            if "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def running(driver, folder):
    """Return `(process, trial)` of a trial that runs now, or None."""
    for child in children(driver):
        try:
            log = os.readlink(f"/proc/{child.pid}/fd/1")
        except OSError:
            continue
        if log.startswith(str(folder / "trials" / "0")):
            return child, log.split("/")[-2]
    return None


def epochs(folder, trial):
    try:
        with open(folder / "trials" / trial / "run" / "history.csv", newline="") as file:
            return len(list(csv.DictReader(file)))
    except FileNotFoundError:
        return 0


def test_kills_of_driver_and_trials(tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    assert begin(undisturbed).wait(3600) == 0, undisturbed.with_suffix(".log").read_text()
    expected = records(undisturbed)
    assert [r["state"] for r in expected] == ["DONE"] * 4

    rng, began, deadline = random.Random(0), time.monotonic(), time.monotonic() + 3 * 3600
    driver, drivers, trials = begin(killed), 0, 0
    hit: dict[tuple[str, int], int] = {}
    while drivers + trials < KILLS and driver.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(TICK)
        if running(driver, killed) is None:
            continue
        time.sleep(rng.random() * 3)
        found = running(driver, killed)
        if found is None or driver.poll() is not None:
            continue
        child, trial = found
        place = trial, epochs(killed, trial)
        if rng.random() < 0.3 and not any(one == place for one in hit):  # twice in an epoch would be a failure, rightly
            hit[place] = MOST_IN_AN_EPOCH
            child.kill()
            trials += 1
        elif hit.get(place, 0) < MOST_IN_AN_EPOCH:
            hit[place] = hit.get(place, 0) + 1
            family = children(driver)
            driver.kill()
            driver.wait()
            drivers += 1
            _, alive = psutil.wait_procs(family, 30)
            assert not alive  # none outlives the driver
            driver = begin(killed)
    assert driver.wait(3600) == 0, killed.with_suffix(".log").read_text()
    assert drivers + trials == KILLS  # the search was long enough for all
    assert records(killed) == expected
    results = [json.loads((folder / "best/results.json").read_text()) for folder in (undisturbed, killed)]
    assert results[0]["metrics"] == results[1]["metrics"]
    assert [p for p in leftovers(killed) if p.name != ".lock" or p.parent == killed] == []
    said = f"{drivers} kills of the driver, {trials} of trials, {time.monotonic() - began:.0f} s, nothing lost"
    print(said)
    if "SEARCH_REPORT" in os.environ:
        Path(os.environ["SEARCH_REPORT"]).write_text(said + "\n")
