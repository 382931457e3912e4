"""Searches without processes: an engine that trains here, and one that does not train but computes a score."""

import math
from pathlib import Path

import pytest
from rich.console import Console

import rnnzoo
from rnnzoo.search import driver as module
from rnnzoo.search import trials as files
from rnnzoo.search import work


class Here:
    """Do a job where the driver is, at once; `answer(job)` gives the outcome."""

    def __init__(self, answer):
        self.answer, self.jobs, self.ended = answer, [], []

    def prepare(self, count):
        pass

    def submit(self, job):
        self.jobs.append(job)
        self.ended.append((job["trial"], self.answer(job)))

    def wait(self, seconds):
        ended, self.ended = self.ended, []
        return ended

    def kill(self, trial):
        self.ended = [(name, outcome) for name, outcome in self.ended if name != trial]

    def close(self):
        pass


def formula(job):
    """Be best at a learning rate of 0.003 and 20 units; what a training of these settings could have said."""
    recipe = job["recipe"]
    units = recipe["hyperparameters"].get("units", 20)
    loss = (math.log10(recipe["learning_rate"]) + 2.5) ** 2 + 0.01 * (math.log2(units) - math.log2(20)) ** 2
    loss += 0.1 / recipe["epochs"]
    score = -loss if "accuracy" in job["objective"] else loss
    about = {"best_epoch": 1, "epochs": recipe["epochs"], "seconds": 0.0, "device": "none", "batch": [1, 1]}
    return {"score": score, "targets": "same", **about}


@pytest.fixture
def engine(monkeypatch):
    """Return a function that puts `Here` in the place of processes: `engine(answer)`; default: real training."""

    def install(answer=work.run):
        here = Here(answer)
        monkeypatch.setattr(module, "Local", lambda *_: here)
        return here

    return install


@pytest.fixture
def search(recipe, tmp_path):
    """Return a function that searches a small recipe without a word; returns what `tune` returns."""

    def run(folder="tune", settings=None, **options):
        return rnnzoo.tune(recipe(**settings or {}), output=tmp_path / folder, console=Console(quiet=True), **options)

    return run


@pytest.fixture
def computed(engine, monkeypatch):
    """Searches whose trials are computed; the best is not trained, nothing is drawn."""
    monkeypatch.setattr(module, "save_all", lambda *_: None)
    monkeypatch.setattr(module, "train", lambda recipe, place, **_: rnnzoo.training.runs.Run(Path(place)))
    return engine(formula)


@pytest.fixture
def killed(monkeypatch):
    """Return a function that makes the driver die before its n-th write from now, as kill -9 does: no write follows."""
    write = files.write_own_json

    class Killed(BaseException):
        pass

    def install(count):
        left = iter(range(count))

        def writing(folder, name, content):
            if next(left, None) is None:
                raise Killed
            write(folder, name, content)

        monkeypatch.setattr(files, "write_own_json", writing)

    install.error = Killed
    return install
