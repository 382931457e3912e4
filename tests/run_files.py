"""What is in a run's folder, for comparing."""

import csv

import numpy as np


def history(run):
    with open(run.folder / "history.csv", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def same_weights(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def leftovers(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".")]
