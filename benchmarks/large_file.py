"""`python -m benchmarks.large_file`: the memory of training on a large file, beside that of its token ids.

Writes a CSV of made-up reviews, 1 GB unless told otherwise, and trains `recipes/text.py` on it with a small model, and
on a quarter of it, each in a fresh process. What the large one needs more should be its ids, four bytes a token; both
are large enough for all that counting token vectors may take. With `--kind text` it writes a text, 100 MB unless told
otherwise, and trains `recipes/language_model.py` on its characters, and on one MB of them.
"""

import argparse
import csv
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

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


def write_lines(path: Path, size: int) -> int:
    """Write a text of `size` bytes, twelve words a line; return its count of characters."""
    rng = np.random.default_rng(0)
    letters = np.array([*"etaoinshrdlucmfwypvbgkjqxz"])
    words = ["".join(rng.choice(letters, length)) for length in rng.integers(1, 9, WORDS)]
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            file.writelines(" ".join(row) + "\n" for row in rng.choice(words, (2000, 12)))
    return path.stat().st_size  # one byte a character


def train(kind: str, path: str) -> dict:
    """Train on a file and return the process's peak memory."""
    import dataclasses

    import rnnzoo

    recipe = runpy.run_path(str(Path(__file__).parents[1] / "recipes" / KINDS[kind].recipe))["recipe"]
    if kind == "reviews":
        data = dataclasses.replace(recipe.data, file=path, text="review", label="stars", test=0.02, validation=0.02)
        recipe = dataclasses.replace(recipe.with_model("mlp"), data=data, sequence_length=50, batch_size=1024)
    else:
        data = dataclasses.replace(recipe.data, file=path, validation=0.01)
        small = {**recipe.hyperparameters, "units": 8}
        recipe = dataclasses.replace(recipe, data=data, hyperparameters=small, limit=20_000)  # windows: reading counts
    with tempfile.TemporaryDirectory() as folder:
        seconds = rnnzoo.train(dataclasses.replace(recipe, epochs=1, embedding_dim=16), folder).results["seconds"]
    return {"peak_mib": peak_mib(), "seconds": seconds}


class Kind(NamedTuple):
    """A kind of file: who writes it, what reads it, and its sizes in MB; None: a quarter of the large one."""

    write: Callable[[Path, int], int]
    recipe: str
    large: int
    small: int | None


KINDS = {
    "reviews": Kind(write_reviews, "text.py", 1000, None),
    "text": Kind(write_lines, "language_model.py", 100, 1),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="reviews")
    parser.add_argument("--megabytes", type=int, help="default: 1000 of reviews, 100 of text")
    parser.add_argument("--output", type=Path, help="default: benchmarks/results/large_<kind>.json")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.train:
        print(json.dumps(train(options.kind, options.train)))
        return
    kind = KINDS[options.kind]
    large = options.megabytes or kind.large
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in (kind.small or max(1, large // 4), large):
            path = Path(folder, f"{megabytes}.csv")
            tokens = kind.write(path, megabytes * 10**6)
            command = [sys.executable, "-m", "benchmarks.large_file", "--kind", options.kind, "--train", str(path)]
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            found = json.loads(said.splitlines()[-1])
            rows.append({"megabytes": megabytes, "tokens": tokens, "ids_mib": tokens * 4 // 2**20, **found})
            print(rows[-1], flush=True)
    grown = rows[1]["peak_mib"] - rows[0]["peak_mib"]
    ids = rows[1]["ids_mib"] - rows[0]["ids_mib"]
    print(f"the large file needs {grown} MiB more; its ids are {ids} MiB")
    output = options.output or Path(f"benchmarks/results/large_{options.kind}.json")
    write_text(output, json.dumps({**machine(), "files": rows}, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
