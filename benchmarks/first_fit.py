"""Seconds of the first `fit` of a small model, as in a new notebook: rnnzoo beside stock Keras.

A fresh process for each, in turn; medians of the fit by the clock and by the processor, which a busy machine disturbs
less, and of all, from the start of Python to the end.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine
from rnnzoo.files import write_text

CODE = """
import os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
if sys.argv[1] == "rnnzoo":
    import rnnzoo
    model = rnnzoo.build("{model}", vocabulary_size=2000, embedding_dim=32, units=32)
else:
    x = keras.Input((None,), dtype="int32")
    y = keras.layers.Embedding(2000, 32, mask_zero=True)(x)
    layer = keras.layers.LSTM(32)
    y = (keras.layers.Bidirectional(layer) if "{model}" == "bilstm" else layer)(y)
    model = keras.Model(x, keras.layers.Dense(2)(y))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
rng = np.random.default_rng(0)
x, y = rng.integers(1, 2000, (640, 40)), rng.integers(0, 2, 640)
clock, processor = time.perf_counter(), time.process_time()
model.fit(x, y, batch_size=32, verbose=0)
print(time.perf_counter() - clock, time.process_time() - processor)
"""


def measure(what: str, model: str) -> tuple[float, float, float]:
    """Return seconds of the fit by the clock, of the processor, and of all, in a fresh process."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(model=model), what],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    clock, processor = map(float, done.stdout.split())
    return clock, processor, time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/first_fit.json"))
    options = parser.parse_args(arguments)
    rows = []
    for model in ("lstm", "bilstm"):
        found: dict[str, list[tuple[float, float, float]]] = {"keras": [], "rnnzoo": []}
        for _ in range(options.runs):
            for what, measured in found.items():
                measured.append(measure(what, model))
        for what, measured in found.items():
            fit, processor, whole = (round(statistics.median(column), 2) for column in zip(*measured, strict=True))
            rows.append({"library": what, "model": model, "fit": fit, "processor": processor, "whole": whole})
            print(rows[-1], flush=True)
    write_text(options.output, json.dumps({**machine(), "runs": options.runs, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
