"""`python -m benchmarks.layers --modern`: recurrent layers without a matrix on the state beside stock Keras's LSTM.

Each is the only recurrent layer of a small model, with as many units. All run in turn, an epoch each, round after
round; numbers are of one step of training in `model.fit`, batches of 16.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence

import keras
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.contenders import Case, contender
from benchmarks.machine import peak_above, quartiles, spread_of
from rnnzoo.layers.recurrent.paths import device

LAYERS = {
    **{layer: (layer, {}) for layer in ("MinGRU", "MinLSTM", "QRNN", "SRU", "IndRNN", "LRU")},
    "Hawk": ("Hawk", {"num_heads": 4}),  # as `build("hawk")` has it
    "Hawk, one head": ("Hawk", {"num_heads": 1}),
    **{layer: (layer, {}) for layer in ("Mamba", "MLSTM", "SLSTM")},
}
"""Rows: the layer of each and its options."""
STEPS = (200, 1000, 4000)


def measure(steps: int, rounds: int, seconds: float, layers: Iterable[str] = LAYERS) -> list[dict]:
    """Return a row for each layer: milliseconds of a training step, and how many times as fast as the stock LSTM."""
    keras.utils.clear_session()
    cases = {name: ("rnnzoo", _case(name, steps)) for name in layers}
    cases = {"LSTM": ("keras", Case("LSTM", batch=16, time=steps)), **cases}
    epochs = {name: contender(*case)[0] for name, case in cases.items()}
    for epoch in epochs.values():
        epoch()  # compiles
    taken: dict[str, list[float]] = {name: [] for name in cases}
    started, k, names = time.perf_counter(), 0, list(cases)
    while k < rounds or time.perf_counter() - started < seconds:
        for name in names[k % len(names) :] + names[: k % len(names)]:
            taken[name] += [1000 * lap for lap in epochs[name]()]
        k += 1
    median = {name: statistics.median(values) for name, values in taken.items()}
    return [
        {
            "layer": name,
            "library": library,
            **{word: getattr(case, word) for word in ("batch", "time", "features", "units")},
            "rounds": k,
            "minimum_ms": min(taken[name]),
            "median_ms": median[name],
            "quartiles_ms": quartiles(taken[name]),
            "times_lstm": median["LSTM"] / median[name],
        }
        for name, (library, case) in cases.items()
    ]


def _case(name: str, steps: int) -> Case:
    layer, options = LAYERS.get(name, (name, {}))
    return Case(layer, batch=16, time=steps, options=options)


def run(rounds: int, seconds: float, keep: Callable[..., None], steps: Sequence[int] = STEPS) -> None:
    """Measure all lengths and, on a CPU, memory at the longest; hand over what there is after each; print a table."""
    rows: list[dict] = []
    for length in track(steps, "measuring"):
        rows += measure(length, rounds, seconds)
        keep(rows)
    if device() == "cpu":
        peaks = []
        for name in track(("LSTM", *LAYERS), "measuring memory"):
            library = "keras" if name == "LSTM" else "rnnzoo"
            case = _case(name, max(steps))
            peaks.append({"layer": name, "library": library, "time": case.time, "peak_mib": peak_above(library, case)})
            keep(rows, memory=peaks)
    table = Table("layer", "steps", "median ms (quartiles)", "× LSTM of Keras")
    for row in rows:
        spread = spread_of(row["median_ms"], row["quartiles_ms"])
        table.add_row(row["layer"], str(row["time"]), spread, f"{row['times_lstm']:.2f}")
    Console(width=100).print(table)
