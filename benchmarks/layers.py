"""`python -m benchmarks.layers`: rnnzoo's recurrent layers beside stock Keras's and PyTorch's.

Each case runs the three in turn, an epoch each, round after round and each time another one first, so that a busy
machine slows all alike; short steps come in longer epochs and more rounds, since their medians vary more. Rows are of
one step of an epoch: of `model.fit`, or of PyTorch's usual loop, for "train"; of `model.predict_on_batch`, or of a call
in inference mode, for "predict". The ratios are of medians. Peak memory is that of a fresh process for each library,
less what the same process needs for a tiny case; on a GPU it is not measured. `KERAS_BACKEND` chooses what Keras runs
on; on a GPU all three use it. `--busy 1` keeps a core busy with other work all the while.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import keras
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import modern
from benchmarks.contenders import LAYERS, LIBRARIES, Case, contender
from benchmarks.machine import busy, machine, peak_above, peak_mib, quartiles, results, spread_of
from rnnzoo.files import write_text
from rnnzoo.layers.recurrent.paths import device
from rnnzoo.pictures import figures


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
        for batch in (1, 16, 256):
            yield "predict", Case(layer, batch=batch)


def measure(what: str, case: Case, rounds: int, seconds: float) -> dict:
    """Return seconds until the first epoch's end, milliseconds of later steps, and ratios of their medians."""
    keras.utils.clear_session()
    epochs, first = {}, {}
    for library in LIBRARIES:
        started = time.perf_counter()
        epochs[library] = contender(library, case)[what == "predict"]
        epochs[library]()
        first[library] = time.perf_counter() - started
    taken: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    started, k = time.perf_counter(), 0
    while k < rounds or time.perf_counter() - started < seconds:
        for library in LIBRARIES[k % 3 :] + LIBRARIES[: k % 3]:
            taken[library] += [1000 * lap for lap in epochs[library]()]
        k += 1
    median = {library: statistics.median(values) for library, values in taken.items()}
    return {
        "what": what,
        **vars(case),
        "rounds": k,
        "first_seconds": first,
        "minimum_ms": {library: min(values) for library, values in taken.items()},
        "median_ms": median,
        "quartiles_ms": {library: quartiles(values) for library, values in taken.items()},
        "times_keras": median["keras"] / median["rnnzoo"],
        "times_pytorch": median["pytorch"] / median["rnnzoo"],
    }


def memory(case: Case) -> dict:
    """Return each library's peak MiB over an epoch of `case`."""
    return {**vars(case), "peak_mib": {library: peak_above(library, case) for library in LIBRARIES}}


def show(times: list[dict], memories: list[dict]) -> None:
    console = Console(width=120)
    table = Table("what", "layer", "batch", "steps", "padded", *LIBRARIES, "× Keras", "× PyTorch")
    for row in times:
        spread = [spread_of(row["median_ms"][name], row["quartiles_ms"][name]) for name in LIBRARIES]
        ratios = [f"{row['times_keras']:.2f}", f"{row['times_pytorch']:.2f}"]
        what = [row["what"], row["layer"], str(row["batch"]), str(row["time"]), "yes" if row["padded"] else ""]
        table.add_row(*what, *spread, *ratios)
    table.caption = "milliseconds: median (quartiles); ratios of medians, above 1 rnnzoo is faster"
    console.print(table)
    if memories:
        table = Table("layer", "batch", "steps", *LIBRARIES, caption="peak memory of training, MiB above a tiny case")
        for row in memories:
            peaks = [str(row["peak_mib"][name]) for name in LIBRARIES]
            table.add_row(row["layer"], str(row["batch"]), str(row["time"]), *peaks)
        console.print(table)


def picture(times: list[dict]) -> Figure:
    """Draw a training step's milliseconds against the sequence length: LSTM, batches of 16."""
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.subplots()
    rows = [r for r in times if (r["what"], r["layer"], r["batch"], r["padded"]) == ("train", "LSTM", 16, False)]
    rows.sort(key=lambda row: row["time"])
    for name in LIBRARIES:
        axes.plot([r["time"] for r in rows], [r["median_ms"][name] for r in rows], marker="o", label=name)
    axes.set(
        xscale="log", yscale="log", xlabel="steps of a sequence", ylabel="milliseconds of a training step (median)"
    )
    axes.set_title("LSTM, batches of 16")
    axes.set_xticks([r["time"] for r in rows], [str(r["time"]) for r in rows])
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="seven cases of training, in two minutes")
    parser.add_argument("--only", choices=("train", "predict"), help="the file keeps its other rows")
    parser.add_argument("--modern", action="store_true", help="layers without a matrix on the state (`modern`)")
    parser.add_argument("--steps", type=int, nargs="+", default=modern.STEPS, help="of --modern: lengths")
    parser.add_argument("--rounds", type=int, default=4, help="epochs of each contender, at least")
    parser.add_argument("--seconds", type=float, help="for each case, at least; default 15, with --quick 5")
    parser.add_argument("--busy", type=int, default=0, metavar="CORES", help="cores that other work keeps busy")
    parser.add_argument("--output", type=Path, help="a JSON file")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds is at least 1. Received: {options.rounds}")
    if options.peak:
        train, _ = contender(options.peak[0], Case(**json.loads(options.peak[1])))
        train()
        print(peak_mib())
        return
    seconds = options.seconds or (5.0 if options.quick else 15.0)
    name = ("modern" if options.modern else "layers") + ("-busy" if options.busy else "")
    output = options.output or results(name)
    with busy(options.busy):
        _run(options, output, seconds)


def _run(options, output, seconds):
    """Measure what was asked for, write it to `output` case by case, and show it."""

    def keep(times, **more):  # after each case: a long measurement is not lost
        found = {**machine(), "busy": options.busy, "times": times, **more}
        write_text(output, json.dumps(found, indent=1) + "\n")

    if options.modern:
        modern.run(options.rounds, seconds, keep, options.steps)
        return
    before = json.loads(output.read_text()) if options.only and output.exists() else {"times": []}
    times, memories = [row for row in before["times"] if row["what"] != options.only], before.get("memory", [])
    chosen = [(what, case) for what, case in cases(options.quick) if options.only in (None, what)]
    for what, case in track(chosen, "measuring"):
        times.append(measure(what, case, options.rounds, seconds))
        keep(times, memory=memories)
    if options.only != "predict" and device() == "cpu" and not options.quick:
        memories = [memory(Case(layer, batch=16, time=4000)) for layer in ("LSTM", "GRU", "SimpleRNN")]
        keep(times, memory=memories)
    if not options.quick:
        figures.save(picture(times), output.with_suffix(".png"))
    show(times, memories)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
