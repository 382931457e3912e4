"""`python -m benchmarks.tuning`: what a search costs beside its trainings, with one worker and with two.

Trials of `recipes/digits.py` with small models. The overhead is what is left of the search's seconds when those of
training are taken away: starting processes, proposals, files. It should stay under half of the training plus 10 s a
trial.
"""

import argparse
import json
import os
import runpy
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import rnnzoo
from rnnzoo.devices import device_name
from rnnzoo.files import write_text

RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "digits.py"
SEARCH = {"units": (8, 32), "num_layers": None, "dropout": None, "sequence_length": (4, 8), "batch_size": (32, 128)}


def measure(trials: int, workers: int, epochs: int) -> dict:
    """Search once, in a fresh folder."""
    from dataclasses import replace

    recipe = replace(runpy.run_path(str(RECIPE))["recipe"].with_model("gru"), epochs=epochs, patience=None)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        found = rnnzoo.tune(
            recipe, trials=trials, workers=workers, search=SEARCH, output=Path(folder) / "tune",
            console=Console(quiet=True),
        )  # fmt: skip
        whole = time.perf_counter() - began
        last = max(trial.at for trial in found.trials)
        training = sum(trial.seconds for trial in found.trials)
    return {
        "trials": trials, "workers": workers, "epochs": epochs, "search_seconds": round(last, 1),
        "training_seconds": round(training, 1), "with_best_again": round(whole, 1),
        "allowed": round(1.5 * training + 10 * trials, 1),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 when the overhead is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--workers", default="1,2", help="numbers of workers to compare, separated by commas")
    parser.add_argument("--output", help="a JSON file for the figures")
    options = parser.parse_args(arguments)
    rows = []
    for workers in map(int, options.workers.split(",")):
        row = measure(options.trials, workers, options.epochs) | {"device": device_name()}
        rows.append(row)
        print(
            f"{workers} at a time: {row['trials']} trials in {row['search_seconds']} s, "
            f"{row['training_seconds']} s of training; allowed {row['allowed']} s", flush=True,
        )  # fmt: skip
    if options.output:
        write_text(options.output, json.dumps(rows, indent=1) + "\n")
    return int(any(row["search_seconds"] > row["allowed"] for row in rows))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
