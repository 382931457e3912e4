"""`python -m benchmarks.layers`: rnnzoo's recurrent layers beside stock Keras's and PyTorch's.

Each case runs the three in turn, round after round, so that a busy machine slows all alike; the ratios are of medians.
Peak memory is that of a fresh process for each library, less what the same process needs for a tiny case.
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

from rich.console import Console
from rich.table import Table

from benchmarks.contenders import LAYERS, LIBRARIES, Case, contender
from benchmarks.machine import machine, peak_mib
from rnnzoo.files import write_text


def cases(quick: bool):
    """Yield `(what, case)`: what is "train" or "predict"."""
    for layer in LAYERS:
        yield "train", Case(layer)
    yield "train", Case("LSTM", batch=16)
    yield "train", Case("BiLSTM", batch=32, units=64, time=500, padded=True)
    if quick:
        return
    for layer in LAYERS:
        for batch in (16, 64, 256):
            for padded in (False, True):
                if (batch, padded) != (64, False) and (layer, batch, padded) != ("LSTM", 16, False):
                    yield "train", Case(layer, batch=batch, padded=padded)
    for steps in (50, 1000, 4000):
        yield "train", Case(batch=16, time=steps)
    for layer in LAYERS:
        yield "predict", Case(layer, batch=1)
        yield "predict", Case(layer, batch=256)


def measure(what: str, case: Case, rounds: int) -> dict:
    """Return seconds of the first call, milliseconds of the later ones (minimum and median), and ratios of medians."""
    functions, first = {}, {}
    for library in LIBRARIES:
        started = time.perf_counter()
        functions[library] = contender(library, case)[what == "predict"]
        functions[library]()
        first[library] = time.perf_counter() - started
        functions[library]()
    taken: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    for _ in range(rounds):
        for library, function in functions.items():
            started = time.perf_counter()
            function()
            taken[library].append(1000 * (time.perf_counter() - started))
    median = {library: statistics.median(values) for library, values in taken.items()}
    return {
        "what": what,
        **vars(case),
        "first_seconds": first,
        "minimum_ms": {library: min(values) for library, values in taken.items()},
        "median_ms": median,
        "times_keras": median["keras"] / median["rnnzoo"],
        "times_pytorch": median["pytorch"] / median["rnnzoo"],
    }


def memory(case: Case) -> dict:
    """Return each library's peak MiB over three training steps of `case`."""

    def peak(library, case):
        command = [sys.executable, "-m", "benchmarks.layers", "--peak", library, json.dumps(vars(case))]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    tiny = Case(case.layer, batch=2, time=2)
    return {**vars(case), "peak_mib": {library: peak(library, case) - peak(library, tiny) for library in LIBRARIES}}


def show(times: list[dict], memories: list[dict]) -> None:
    console = Console(width=120)
    table = Table("what", "layer", "batch", "steps", "padded", *LIBRARIES, "× Keras", "× PyTorch")
    for row in times:
        spread = [f"{row['minimum_ms'][name]:.1f} / {row['median_ms'][name]:.1f}" for name in LIBRARIES]
        ratios = [f"{row['times_keras']:.2f}", f"{row['times_pytorch']:.2f}"]
        what = [row["what"], row["layer"], str(row["batch"]), str(row["time"]), "yes" if row["padded"] else ""]
        table.add_row(*what, *spread, *ratios)
    table.caption = "milliseconds: minimum / median; ratios of medians, above 1 rnnzoo is faster"
    console.print(table)
    if memories:
        table = Table("layer", "batch", "steps", *LIBRARIES, caption="peak memory of training, MiB above a tiny case")
        for row in memories:
            peaks = [str(row["peak_mib"][name]) for name in LIBRARIES]
            table.add_row(row["layer"], str(row["batch"]), str(row["time"]), *peaks)
        console.print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the cases that the README shows")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/layers.json"))
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peak:
        train, _ = contender(options.peak[0], Case(**json.loads(options.peak[1])))
        for _ in range(3):
            train()
        print(peak_mib())
        return
    times = [measure(what, case, options.rounds) for what, case in cases(options.quick)]
    long = [Case(layer, batch=16, time=4000) for layer in ("LSTM", "GRU", "SimpleRNN")]
    memories = [memory(case) for case in long[: 1 if options.quick else 3]]
    write_text(options.output, json.dumps({**machine(), "times": times, "memory": memories}, indent=1))
    show(times, memories)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
