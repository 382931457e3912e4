"""`python -m benchmarks.large_file`: the memory of training on a large CSV, beside that of its token ids.

Writes a CSV of made-up reviews, 1 GB unless told otherwise, and trains `recipes/text.py` on it with a small model, and
on a quarter of it, each in a fresh process. What the large one needs more should be its ids, four bytes a token; both
are large enough for all that counting token vectors may take.
"""

import argparse
import csv
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.machine import machine, peak_mib
from rnnzoo.files import write_text

WORDS = 30_000
REVIEW = 230
"""Words of a review, as on average in IMDB."""


def write_reviews(path: Path, size: int) -> int:
    """Write a CSV of `size` bytes, its words as frequent as in a natural text; return its count of words."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i:05}" for i in range(WORDS)])
    frequency = 1 / np.arange(10, WORDS + 10)
    tokens = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "stars"])
        while file.tell() < size:
            drawn = rng.choice(words, (200, REVIEW), p=frequency / frequency.sum())
            writer.writerows((" ".join(row), 1 + i % 2) for i, row in enumerate(drawn))
            tokens += drawn.size
    return tokens


def train(path: str) -> dict:
    """Train on a file and return the process's peak memory."""
    import dataclasses

    import rnnzoo

    recipe = runpy.run_path(str(Path(__file__).parents[1] / "recipes" / "text.py"))["recipe"].with_model("mlp")
    data = dataclasses.replace(recipe.data, file=path, text="review", label="stars", test=0.02, validation=0.02)
    recipe = dataclasses.replace(recipe, data=data, epochs=1, sequence_length=50, embedding_dim=16, batch_size=1024)
    with tempfile.TemporaryDirectory() as folder:
        seconds = rnnzoo.train(recipe, folder).results["seconds"]
    return {"peak_mib": peak_mib(), "seconds": seconds}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/large_file.json"))
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.train:
        print(json.dumps(train(options.train)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in (max(1, options.megabytes // 4), options.megabytes):
            path = Path(folder, f"{megabytes}.csv")
            tokens = write_reviews(path, megabytes * 10**6)
            command = [sys.executable, "-m", "benchmarks.large_file", "--train", str(path)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found = json.loads(said.splitlines()[-1])
            rows.append({"megabytes": megabytes, "tokens": tokens, "ids_mib": tokens * 4 // 2**20, **found})
            print(rows[-1], flush=True)
    grown = rows[1]["peak_mib"] - rows[0]["peak_mib"]
    ids = rows[1]["ids_mib"] - rows[0]["ids_mib"]
    print(f"the large file needs {grown} MiB more; its ids are {ids} MiB")
    write_text(options.output, json.dumps({**machine(), "files": rows}, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
