"""Seconds of the first `fit` of a small model, as in a new notebook: rnnzoo beside stock Keras.

`python -m benchmarks.first_fit [RUNS]` starts a fresh process for each, in turn, and prints medians: of the fit by the
clock and by the processor (which a busy machine disturbs less), and of all, from the start of Python to the end.
"""

import os
import statistics
import subprocess
import sys
import time

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


def main() -> None:
    """Print a table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for model in ("lstm", "bilstm"):
        found: dict[str, list[tuple[float, float, float]]] = {"keras": [], "rnnzoo": []}
        for _ in range(runs):
            for what, rows in found.items():
                rows.append(measure(what, model))
        for what, rows in found.items():
            fit, processor, whole = (statistics.median(column) for column in zip(*rows, strict=True))
            print(
                f"{model:<8}{what:<8}fit {fit:5.1f} s, processor {processor:5.1f} s; in all {whole:5.1f} s", flush=True
            )


if __name__ == "__main__":
    main()
