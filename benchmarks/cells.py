"""`python -m benchmarks.cells`: cells written as equations, trained by the compiled loop and by Keras's own.

The same layer, `layers.RNN(cell)`, on 16 rows of 200 steps, 64 features, 128 units, beside stock Keras's LSTM. All take
turns, a step of training each.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine, quartiles, results, spread_of
from rnnzoo import layers
from rnnzoo.files import write_text

CELLS = ("PeepholeLSTM", "MogrifierLSTM", "LayerNormLSTM", "LMU", "CfC", "GRUD")
ROWS, STEPS, FEATURES, UNITS = 16, 200, 64, 128


def network(layer) -> keras.Model:
    """Return the layer and a linear output, compiled."""
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), layer, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def measure(rounds: int) -> list[dict]:
    """Return a row for each cell: milliseconds of a training step by both loops, and of stock Keras's LSTM."""
    drawn = np.random.default_rng(0)
    x = drawn.normal(size=(ROWS, STEPS, FEATURES)).astype("float32")
    y = drawn.normal(size=(ROWS, 1)).astype("float32")
    ways = ("keras", "compiled")
    steps = {("LSTM", "keras"): network(keras.layers.LSTM(UNITS))}
    for name in CELLS:
        steps |= {(name, way): network(layers.RNN(getattr(layers, f"{name}Cell")(UNITS))) for way in ways}
    for (_, way), model in steps.items():  # each keeps the way that it is traced in
        with layers.use("general" if way == "keras" else "auto"):
            model.train_on_batch(x, y)
            model.train_on_batch(x, y)
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in steps}
    for _ in range(rounds):
        for key, model in steps.items():
            began = time.perf_counter()
            model.train_on_batch(x, y)
            taken[key].append(1000 * (time.perf_counter() - began))
    lstm = statistics.median(taken["LSTM", "keras"])
    rows = []
    for name in CELLS:
        median = {way: statistics.median(taken[name, way]) for way in ways}
        rows.append(
            {
                "cell": name,
                "median_ms": median,
                "quartiles_ms": {way: quartiles(taken[name, way]) for way in ways},
                "lstm_ms": lstm,
                "times_keras": median["keras"] / median["compiled"],
            }
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="steps of each, at least 2")
    parser.add_argument("--output", type=Path, help="a JSON file")
    options = parser.parse_args(arguments)
    if options.rounds < 2:
        parser.error(f"--rounds is at least 2. Received: {options.rounds}")
    rows = measure(options.rounds)
    found = {**machine(), "rows": rows}
    write_text(options.output or results("cells"), json.dumps(found, indent=1) + "\n")
    table = Table("cell", "compiled, ms", "Keras's loop, ms", "times")
    for row in rows:
        spread = [spread_of(row["median_ms"][way], row["quartiles_ms"][way]) for way in ("compiled", "keras")]
        table.add_row(row["cell"], *spread, f"{row['times_keras']:.2f}")
    table.caption = f"stock Keras's LSTM: {rows[0]['lstm_ms']:.1f} ms"
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
