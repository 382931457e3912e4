"""`python -m benchmarks.padding`: what padding costs a bidirectional LSTM on reviews of IMDB's lengths.

Stock Keras and rnnzoo, each with every review padded to the limit and with length buckets; the four take turns, epoch
after epoch. The first epoch holds the compilation.
"""

import argparse
import dataclasses
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from rnnzoo.data.batches import Batches
from rnnzoo.errors import UserError
from rnnzoo.files import write_text

WORDS, UNITS = 20_000, 64


def network(library: str) -> Any:
    """Return a masked BiLSTM on token ids, compiled."""
    import keras

    import rnnzoo.layers

    if library == "rnnzoo":
        layers, embedding = rnnzoo.layers, rnnzoo.layers.Embedding(WORDS, UNITS)
    else:
        layers, embedding = keras.layers, keras.layers.Embedding(WORDS, UNITS, mask_zero=True)
    recurrent = layers.Bidirectional(layers.LSTM(UNITS))
    model = keras.Sequential([keras.Input((None,), dtype="int32"), embedding, recurrent, keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def measure(reviews: int, limit: int, epochs: int) -> dict[str, list[float]]:
    """Return the seconds of each epoch."""
    from rnnzoo.data import TextClassification

    data = TextClassification("imdb_reviews", vocabulary_size=WORDS, truncate="both", validation=0.0)
    bucketed = data.load(sequence_length=limit, batch_size=32, limit=reviews).parts["train"]
    padded = dataclasses.replace(bucketed, buckets=[limit])
    runs: dict[str, tuple[Any, Batches]] = {
        f"{library}, {how}": (network(library), batches)
        for library in ("keras", "rnnzoo")
        for how, batches in (("padded to the limit", padded), ("in buckets", bucketed))
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for epoch in range(epochs):
        for name, (model, batches) in runs.items():
            began = time.perf_counter()
            model.fit(batches.dataset(epoch), verbose=0, shuffle=False)
            seconds[name].append(time.perf_counter() - began)
            print(f"{name:28} epoch {epoch + 1}  {seconds[name][-1]:6.1f} s", flush=True)
    return seconds


def compare(seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Return a row for each run; `times_keras` above 1: faster than stock Keras padded to the limit."""
    later = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    slowest = later["keras, padded to the limit"]
    return [
        {
            "name": name,
            "first": values[0],
            "later": later[name],
            "first_two": sum(values[:2]),
            "times_keras": slowest / later[name],
        }
        for name, values in seconds.items()
    ]


def show(rows: list[dict[str, Any]]) -> None:
    """Print seconds and ratios."""
    table = Table("", "first epoch", "later epochs, median", "× Keras, padded", "the first two", box=None)
    for r in rows:
        shown = f"{r['first']:.1f}", f"{r['later']:.1f}", f"{r['times_keras']:.2f}", f"{r['first_two']:.1f}"
        table.add_row(r["name"], *shown)
    Console(width=120).print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=4096)
    parser.add_argument("--limit", type=int, default=500, help="longest review, in words")
    parser.add_argument("--epochs", type=int, default=3, help="at least 2")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/padding.json"))
    options = parser.parse_args(arguments)
    if options.epochs < 2:
        parser.error(f"--epochs must be at least 2. Received: {options.epochs}")
    settings = {"reviews": options.reviews, "limit": options.limit, "epochs": options.epochs}
    try:
        seconds = measure(**settings)
    except UserError as error:
        parser.error(str(error))
    rows = compare(seconds)
    found = {**machine(), **settings, "seconds": seconds, "rows": rows}
    write_text(options.output, json.dumps(found, indent=1) + "\n")
    show(rows)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
