"""`python -m benchmarks.transfer RUN`: what body and word vectors of an IMDB run are worth to 500 other reviews.

The other reviews are IMDB's test split, which RUN never saw in training: written to a CSV, 500 of them train
`recipes/text.py` (and 56 choose the epoch), once from scratch and once with `--weights RUN`; the rest is the test. Each
seed draws other 500.
"""

import argparse
import csv
import dataclasses
import json
import os
import runpy
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from rnnzoo.files import write_text

REVIEWS, TRAIN = 25_000, 556  # a tenth of train is held out for choosing the epoch


def write_reviews(path: Path) -> None:
    """Write IMDB's test reviews as a table with the columns text and label."""
    from rnnzoo.data.tfds.texts import open_texts

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(open_texts("imdb_reviews", None, None, None)["test"])


def measure(run: str, seeds: Sequence[int], folder: Path) -> dict[str, list[float]]:
    """Return the test accuracy of each seed, without and with the run's weights."""
    import rnnzoo

    write_reviews(folder / "reviews.csv")
    recipe = runpy.run_path(str(Path(__file__).parents[1] / "recipes" / "text.py"))["recipe"]
    source = rnnzoo.load(run).config
    recipe = dataclasses.replace(
        recipe, model=source["model"], hyperparameters=source["hyperparameters"], embedding_dim=source["embedding_dim"]
    )
    found: dict[str, list[float]] = {"from scratch": [], "transfer": []}
    for seed in seeds:
        data = dataclasses.replace(
            recipe.data, file=str(folder / "reviews.csv"), test=1 - TRAIN / REVIEWS, split_seed=seed
        )
        for name, weights in (("from scratch", None), ("transfer", run)):
            changed = dataclasses.replace(recipe, data=data, seed=seed, weights=weights, batch_size=16)
            results = rnnzoo.train(changed, folder / f"{name}-{seed}").results
            found[name].append(results["metrics"]["test"]["accuracy"])
    return found


def show(found: dict[str, list[float]]) -> None:
    """Print every seed and the mean."""
    table = Table("test accuracy", "each seed", "mean", box=None)
    for name, values in found.items():
        table.add_row(name, "  ".join(f"{v:.4f}" for v in values), f"{statistics.mean(values):.4f}")
    gain = statistics.mean(found["transfer"]) - statistics.mean(found["from scratch"])
    table.caption = f"transfer gains {100 * gain:.1f} points"
    Console(width=100).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", help="a finished run of recipes/imdb.py")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/transfer.json"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.run, options.seeds, Path(folder))
    write_text(options.output, json.dumps({**machine(), "seeds": options.seeds, "accuracy": found}, indent=1) + "\n")
    show(found)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
