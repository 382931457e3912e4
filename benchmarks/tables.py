"""The tables of docs/benchmarks.md, made of benchmarks/results: `python recipes/tables.py` rewrites them."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def layers(file: str = "layers") -> str:
    """The layers beside stock Keras's and PyTorch's, by `python -m benchmarks.layers`: the sizes that matter most."""
    rows, found = [], _benchmark(file)
    for r in found["times"]:
        shown = {"train": (r["batch"], r["padded"]) in ((64, False), (32, True)), "predict": True}[r["what"]]
        if shown or (r["layer"], r["batch"], r["time"], r["padded"]) == ("LSTM", 16, 200, False):
            case = f"{r['layer']}, {r['units']} units, {r['batch']} × {r['time']}{' padded' if r['padded'] else ''}"
            times = [f"{r['median_ms'][name]:.1f}" for name in ("rnnzoo", "keras", "pytorch")]
            rows.append((r["what"], case, *times, f"{r['times_keras']:.2f}", f"{r['times_pytorch']:.2f}"))
    head = ("", "layer, batch × steps", "rnnzoo, ms", "Keras, ms", "PyTorch, ms", "× Keras", "× PyTorch")
    return f"{table(head, rows, numbers=5)}\n\n{_where(found)}"


def modern(file: str = "modern") -> str:
    """Modern recurrences beside stock Keras's LSTM, by `python -m benchmarks.layers --modern`."""
    found = _benchmark(file)
    rows = {
        name: {r["time"]: r for r in found["times"] if r["layer"] == name}
        for name in (r["layer"] for r in found["times"])
    }
    steps = list(rows["LSTM"])
    peaks = {r["layer"]: str(r["peak_mib"]) for r in found.get("memory", [])}
    head = ["layer", *(f"{t:,} steps, ms" for t in steps), *(f"× LSTM, {t:,}" for t in steps)]
    head += [f"MiB, {steps[-1]:,}"] if peaks else []
    shown = [
        [name, *(f"{row[t]['median_ms']:.1f}" for t in steps), *(f"{row[t]['times_lstm']:.2f}" for t in steps)]
        + ([peaks.get(name, "")] if peaks else [])
        for name, row in rows.items()
    ]
    return f"{table(head, shown, numbers=len(head) - 1)}\n\n{_where(found)}"


def cells() -> str:
    """Cells by the compiled loop and by Keras's own, by `python -m benchmarks.cells`."""
    found = _benchmark("cells")
    rows = [
        (
            f"`{r['cell']}Cell`",
            *(f"{r['median_ms'][way]:.1f}" for way in ("compiled", "keras")),
            f"{r['times_keras']:.2f}",
        )
        for r in found["rows"]
    ]
    rows.append(("Keras's LSTM", "", f"{found['rows'][0]['lstm_ms']:.1f}", ""))
    return f"{table(('cell', 'compiled, ms', 'by a loop of Keras, ms', 'times'), rows, numbers=3)}\n\n{_where(found)}"


def padding() -> str:
    """Seconds of an epoch on padded reviews, by `python -m benchmarks.padding`."""
    found = _benchmark("padding")
    rows = [
        (r["name"], f"{r['first']:.1f}", f"{r['later']:.1f}", f"{r['times_keras']:.2f}", f"{r['first_two']:.1f}")
        for r in found["rows"]
    ]
    head = ("", "first epoch, s", "later epochs, s", "× Keras, padded", "first two, s")
    return f"{table(head, rows, numbers=4)}\n\n{_where(found)}"


def serving() -> str:
    """Requests a second of `rnnzoo serve`, by `python -m benchmarks.serving`."""
    found = _benchmark("serving")
    rows = [
        (str(r["clients"]), f"{r['per_second']:.0f}", *(f"{r[f'p{q}_ms']:.1f}" for q in (50, 95, 99)))
        for r in found["rows"]
    ]
    return (
        f"{table(('clients', 'requests a second', 'median, ms', '95 %, ms', '99 %, ms'), rows, 5)}\n\n{_where(found)}"
    )


def first_fit() -> str:
    """Seconds of the first fit in a new process, by `python -m benchmarks.first_fit`."""
    found = _benchmark("first_fit")
    rows = [
        (r["model"], r["library"], f"{r['fit']:.1f}", f"{r['processor']:.1f}", f"{r['whole']:.1f}")
        for r in found["rows"]
    ]
    head = ("", "", "first fit, s", "of the processor, s", "with all imports, s")
    return f"{table(head, rows, numbers=3)}\n\n{_where(found)}"


def imdb() -> str:
    """Accuracy against seconds, by `python -m benchmarks.imdb`."""
    found = _benchmark("imdb")
    rows = [
        (name, str(row["epoch"]), f"{row['seconds']:.0f}", f"{row['accuracy']:.4f}")
        for name, curve in found["curves"].items()
        for row in curve
    ]
    return f"{table(('', 'epochs', 'seconds', 'accuracy on test'), rows, numbers=3)}\n\n{_where(found)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Write a Markdown table; the last `numbers` columns are aligned to the right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _benchmark(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def _where(found: dict) -> str:
    """Tell machine, versions and, where quartiles were kept, how noisy the times were."""
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    told = f"Measured on {found['device']}; {versions}."
    noise = [share for row in found.get("times", []) if "quartiles_ms" in row for share in _noise(row)]
    if not noise:
        return told
    usual, most = (f"{100 * value:.0f} %" for value in (statistics.median(noise), max(noise)))
    return f"{told} Half of a case's steps lie within {usual} of their median, in the noisiest case within {most}."


def _noise(row):
    """Half the distance of the quartiles by the median, of each library or of the only one."""
    quartiles, medians = row["quartiles_ms"], row["median_ms"]
    if not isinstance(medians, dict):
        quartiles, medians = {"": quartiles}, {"": medians}
    return [(quartiles[name][1] - quartiles[name][0]) / 2 / median for name, median in medians.items()]
