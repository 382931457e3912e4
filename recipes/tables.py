"""Rewrite the generated tables of docs/, `results.csv` and recipes/results/series.md: models, recipes, benchmarks.

`python recipes/tables.py` rewrites them, `--check` only tells whether they are stale (exit status 1), and
`add RUN` publishes a finished run: its results.json is copied to recipes/results/<recipe>-<model>-<seed>.json, where
forecasts also have data set and steps in the name. Tests of memory go to recipes/results/memory, with a picture of all.
"""

import argparse
import csv
import functools
import io
import json
import os
import re
import runpy
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import rnnzoo
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import write_text

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
RECIPES = ROOT / "recipes"
RESULTS = RECIPES / "results"
BENCHMARKS = ROOT / "benchmarks" / "results"


def models() -> str:
    """Every model of the package, plug-ins left out; parameters of `rnnzoo.build(name)`."""
    rows = []
    for info in map(rnnzoo.describe, rnnzoo.list_models()):
        if info.function.__module__.startswith("rnnzoo."):
            forecasts = info.tasks == ("forecasting",)
            sizes: dict[str, Any] = {"features": 7, "horizon": 96, "sequence_length": 96} if forecasts else {}
            model = rnnzoo.build(info.name, info.tasks[0], **sizes)
            body, total = model.get_layer("body").count_params(), model.count_params()
            tasks = info.tasks_in_words
            rows.append((f"`{info.name}`", info.summary, f"[paper]({info.paper})", tasks, f"{body:,}", f"{total:,}"))
    return _table(("model", "what it is", "paper", "tasks", "body", "total"), rows, numbers=2)


def results() -> str:
    """One row for each file of `recipes/results`."""
    rows = []
    for path in sorted(RESULTS.glob("*.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        split, name, value = _quality(r)
        found = (f"{split} {name} {value:.4f}", f"{r['parameters']:,}", str(r["seconds"]), str(r["epochs"]))
        steps = f", {r['lookback']} → {r['horizon']}" if "horizon" in r else ""
        run = f"[{path.stem}](../recipes/results/{path.name})"  # the file has every setting
        rows.append(
            (run, r["dataset"] + steps, f"`{r['model']}`", *found, str(r["seed"]), r["device"], f"`{command(r)}`")
        )
    head = ("run", "data", "model", "quality", "parameters", "seconds", "epochs", "seed", "device", "command")
    return _table(head, rows)


def memory() -> str:
    """A row for each model of `recipes/results/memory`, a column for each test; what is solved is bold."""
    found = _remembered()
    if not found:
        return "No run has been published yet."
    tests = sorted({test for test, _ in found})
    rows = []
    for model in sorted({model for _, model in found}):
        cells = [found.get((test, model)) for test in tests]
        shown = ["" if c is None else f"**{c.shown}**" if c.solved else c.shown for c in cells]
        rows.append((f"`{model}`", *shown))
    head = ("model", *(f"{test.rpartition('_')[0].replace('_', ' ')} {test.rpartition('_')[2]}" for test in tests))
    times = ", ".join(f"{m} {t} {c.seconds:.0f}" for (t, m), c in sorted(found.items(), key=lambda item: item[0][::-1]))
    return f"{_table(head, rows, numbers=len(tests))}\n\nSeconds of training: {times}."


class Remembered(NamedTuple):
    """What a run of a test of memory came to: as shown, whether that is solved, and how near 0..1 it is."""

    shown: str
    solved: bool
    share: float
    seconds: float


def _remembered() -> dict[tuple[str, str], Remembered]:
    """Return what each test and model came to, on the test part."""
    found = {}
    for path in sorted((RESULTS / "memory").glob("*.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        name = r["recipe"].removeprefix("memory_") if r["recipe"] != "digits_pixels" else "digits_64"
        scores = r["metrics"]["test"]
        if r["task"] == "regression":
            cell = Remembered(f"{scores['mse']:.1e}", scores["mse"] < 1e-3, 1 - min(1.0, scores["mse"] * 6), 0)
        else:  # of tags those that are asked for; there is none called "-" where every step is asked
            tags = r.get("tags", {})
            asked = [tag["recall"] for name, tag in tags.items() if name != "-"] or [scores["accuracy"]]
            share = sum(asked) / len(asked)
            cell = Remembered(f"{share:.3f}", share >= (0.99 if tags else 0.95), share, 0)
        found[name, r["model"]] = cell._replace(seconds=r["seconds"])
    return found


def draw_memory() -> Path:
    """Draw the table of tests of memory as `recipes/results/memory.png`."""
    import numpy as np
    from matplotlib.figure import Figure

    found = _remembered()
    tests, names = (sorted({key[i] for key in found}) for i in (0, 1))
    shares = np.full((len(names), len(tests)), np.nan)
    for (test, name), cell in found.items():
        shares[names.index(name), tests.index(test)] = cell.share
    figure = Figure(figsize=(2 + 0.9 * len(tests), 1.5 + 0.3 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, vmin=0, vmax=1, cmap="Greens", aspect="auto")
    for (test, name), cell in found.items():
        place = tests.index(test), names.index(name)
        color = "white" if cell.share > 0.6 else "black"
        weight = "bold" if cell.solved else "normal"
        axes.text(*place, cell.shown, ha="center", va="center", color=color, weight=weight, fontsize=8)
    axes.set_xticks(range(len(tests)), [test.replace("_", " ") for test in tests], rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_title("What is remembered: bold is solved")
    path = RESULTS / "memory.png"
    figure.savefig(path, dpi=110)
    return path


def command(result: dict) -> str:
    """Return what trains a result's model on its data, as far as its file tells how that differs from its recipe."""
    path = RECIPES / f"{result['recipe']}.py"
    recipe = runpy.run_path(str(path)).get("recipe")
    if recipe is None:  # a script of its own
        return f"python recipes/{path.name}"
    words = ["python", f"recipes/{path.name}", "train"]
    if result["model"] != recipe.model:
        words += ["--model", result["model"]]
    dials = recipe.with_model(result["model"]).check().hyperparameters
    for name, value in result["hyperparameters"].items():
        if value != dials.get(name, value):
            words += ["--set", f"{name}={json.dumps(value) if isinstance(value, bool) else value}"]
    if result["dataset"] != recipe.data.name:
        kind = "--file" if Path(result["dataset"]).suffix else "--dataset"
        words += [kind, result["dataset"].replace("sine/plain", "sine")]
    usual = {"lookback": recipe.sequence_length, "horizon": getattr(recipe.data, "horizon", None)}
    for name in sorted(usual.keys() & result.keys()):
        if result[name] != usual[name]:
            words += [f"--{name}", str(result[name])]
    return shlex.join(words + (["--seed", str(result["seed"])] if result["seed"] != recipe.seed else []))


def series() -> str:
    """Own files beside naive forecasts: those of `recipes/series.py` with its default model."""
    rows = []
    for path in sorted(RESULTS.glob("series-*-nlinear-0.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        test, naive = r["metrics"]["test"], r["naive"]["test"]
        word = "rmse_original" if "rmse_original" in test else "mase"  # of many series the units mean nothing
        beside = [
            f"{naive[name][word]:.5g}" if name in naive else "-" for name in ("repeat_last", "seasonal_naive", "ridge")
        ]
        held = [f"{100 * test[f'conformal_coverage_{level}']:.1f}" for level in (80, 95)]
        steps = f"{r['lookback']} → {r['horizon']}"
        name = f"[{r['dataset']}]({path.name})"
        measure = "RMSE" if word == "rmse_original" else "MASE"
        rows.append((name, steps, measure, f"{test[word]:.5g}", *beside, *held, f"{r['seconds']:.0f}"))
    head = (
        "file",
        "lookback → horizon",
        "",
        "default",
        "last value",
        "last season",
        "ridge",
        "in 80 %",
        "in 95 %",
        "s",
    )
    return _table(head, rows, numbers=7)


def intervals() -> str:
    """Intervals of three kinds on the same test windows: coverage in per cent and interval score, scaled."""
    rows = []
    for path in sorted(RESULTS.glob("series-*-nlinear-0.json")):
        kinds = []
        for name, word in (
            ("nlinear", "conformal_"),
            ("quantiles", "quantile_"),
            ("deepar", ""),
            ("deepar", "conformal_"),
        ):
            other = path.with_name(path.name.replace("-nlinear-0", "" if name == "nlinear" else f"-{name}-0"))
            other = path if name == "nlinear" else other
            if not other.is_file():
                break
            r = json.loads(other.read_text(encoding="utf-8"))
            test = r["metrics"]["test"]
            kinds.append(f"{100 * test[f'{word}coverage_80']:.1f}, {test[f'{word}interval_score_80']:.3f}")
        else:
            rows.append((r["dataset"], *kinds))
    head = ("file", "`nlinear`, conformal", "`nlinear`, quantiles", "`deepar`, draws", "`deepar`, conformal")
    return _table(head, rows, numbers=4)


def as_csv() -> str:
    """Return every number of `recipes/results`, one a row, for a spreadsheet or a DataFrame."""
    text = io.StringIO()
    head = ("run", "recipe", "dataset", "task", "model", "seed", "split", "measure", "value", "parameters", "seconds")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, "epochs", "device", "commit"])
    for path in sorted(RESULTS.glob("*.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        first, last = ([r[word] for word in words] for words in (head[1:6], head[9:]))
        for split, scores in r["metrics"].items():
            for name, value in scores.items():
                writer.writerow(
                    [path.stem, *first, split, name, value, *last, r["epochs"], r["device"], r.get("commit")]
                )
    return text.getvalue()


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
    return f"{_table(head, rows, numbers=5)}\n\n{_where(found)}"


def modern(file: str = "modern") -> str:
    """Modern recurrences beside stock Keras's LSTM, by `python -m benchmarks.layers --modern`."""
    found = _benchmark(file)
    rows = {
        name: {r["time"]: r for r in found["times"] if r["layer"] == name}
        for name in (r["layer"] for r in found["times"])
    }
    steps = list(rows["LSTM"])
    shown = [
        (name, *(f"{row[t]['median_ms']:.1f}" for t in steps), *(f"{row[t]['times_lstm']:.2f}" for t in steps))
        for name, row in rows.items()
    ]
    head = ("layer", *(f"{t:,} steps, ms" for t in steps), *(f"× LSTM, {t:,}" for t in steps))
    return f"{_table(head, shown, numbers=2 * len(steps))}\n\n{_where(found)}"


def padding() -> str:
    """Seconds of an epoch on padded reviews, by `python -m benchmarks.padding`."""
    found = _benchmark("padding")
    rows = [
        (r["name"], f"{r['first']:.1f}", f"{r['later']:.1f}", f"{r['times_keras']:.2f}", f"{r['first_two']:.1f}")
        for r in found["rows"]
    ]
    head = ("", "first epoch, s", "later epochs, s", "× Keras, padded", "first two, s")
    return f"{_table(head, rows, numbers=4)}\n\n{_where(found)}"


def serving() -> str:
    """Requests a second of `rnnzoo serve`, by `python -m benchmarks.serving`."""
    found = _benchmark("serving")
    rows = [
        (str(r["clients"]), f"{r['per_second']:.0f}", *(f"{r[f'p{q}_ms']:.1f}" for q in (50, 95, 99)))
        for r in found["rows"]
    ]
    return (
        f"{_table(('clients', 'requests a second', 'median, ms', '95 %, ms', '99 %, ms'), rows, 5)}\n\n{_where(found)}"
    )


def first_fit() -> str:
    """Seconds of the first fit in a new process, by `python -m benchmarks.first_fit`."""
    found = _benchmark("first_fit")
    rows = [
        (r["model"], r["library"], f"{r['fit']:.1f}", f"{r['processor']:.1f}", f"{r['whole']:.1f}")
        for r in found["rows"]
    ]
    head = ("", "", "first fit, s", "of the processor, s", "with all imports, s")
    return f"{_table(head, rows, numbers=3)}\n\n{_where(found)}"


def imdb() -> str:
    """Accuracy against seconds, by `python -m benchmarks.imdb`."""
    found = _benchmark("imdb")
    rows = [
        (name, str(row["epoch"]), f"{row['seconds']:.0f}", f"{row['accuracy']:.4f}")
        for name, curve in found["curves"].items()
        for row in curve
    ]
    return f"{_table(('', 'epochs', 'seconds', 'accuracy on test'), rows, numbers=3)}\n\n{_where(found)}"


def presets() -> str:
    """Every model that comes with the package, as its own file tells of it."""
    rows = []
    for p in rnnzoo.list_presets():
        worth = (p.in_words, f"{p.quality['trained']:.4f}", f"{p.parameters:,}", f"{p.size / 1e6:.2f}")
        rows.append((f"`{p.name}`", p.summary, f"`{p.model}`", p.data, p.licence, f"`{p.command}`", *worth))
    head = ("preset", "what it does", "model", "trained on", "licence of the data", "made by")
    return _table((*head, "quality", "as trained", "parameters", "MB"), rows, numbers=3)


def _benchmark(name: str) -> dict:
    return json.loads((BENCHMARKS / f"{name}.json").read_text(encoding="utf-8"))


def _where(found: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return f"Measured on {found['device']}; {versions}."


def _quality(result: dict) -> tuple[str, str, float]:
    """Return split, main metric and its value: of test, or of what was held out instead of it."""
    from rnnzoo.training.compare import main_metric

    split = list(result["metrics"])[-1]
    name = main_metric(result)
    return split, name, result["metrics"][split][name]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Write a Markdown table; the last `numbers` columns are aligned to the right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "benchmarks.md": {
        "layers": layers,
        "modern": modern,
        "gpu": functools.partial(layers, "layers-jax-gpu"),
        "modern_gpu": functools.partial(modern, "modern-jax-gpu"),
        "padding": padding,
        "first_fit": first_fit,
        "imdb": imdb,
        "serving": serving,
    },
    "memory.md": {"memory": memory},
    "guides/presets.md": {"presets": presets},
    "models/index.md": {"models": models},
    "results.md": {"results": results},
    "../recipes/results/series.md": {"series": series, "intervals": intervals},
}


def fresh(page: str) -> str:
    """Return a page's text with its tables made anew, each between its markers `<!-- name -->` and `<!-- /name -->`."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, table in PAGES[page].items():
        between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        if len(between.findall(text)) != 1:
            raise InvalidValue(f"docs/{page} must have one pair of markers for each table. Received: none for {name!r}")
        made = f"\n{table()}\n\n"
        text = between.sub(lambda _, made=made: made, text)  # type: ignore[misc]
    return text


def add(run: str, name: str | None = None) -> Path:
    """Copy a finished run's results to `recipes/results`; forecasts of other steps or data have files of their own.

    Args:
        run: The run folder.
        name: Of the file, for a model with other settings than the recipe's; default `<recipe>-<model>-<seed>`.
    """
    found = rnnzoo.load(run).results
    words = [found["recipe"], found["model"], str(found["seed"])]
    if "horizon" in found:
        words[1:1] = [re.sub(r"\W+", "_", found["dataset"]), f"{found['lookback']}to{found['horizon']}"]
    remembered = found["recipe"].startswith("memory_") or found["recipe"] == "digits_pixels"
    path = (RESULTS / "memory" if remembered else RESULTS) / f"{name or '-'.join(words)}.json"
    write_text(path, json.dumps(found, indent=1) + "\n")
    if remembered:
        draw_memory()
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with status 1 when a table is stale")
    commands = parser.add_subparsers(dest="command")
    publish = commands.add_parser("add", help="publish a finished run")
    publish.add_argument("run", metavar="RUN")
    publish.add_argument("--name", help="of the file, for other settings than the recipe's")
    options = parser.parse_args(arguments)
    try:
        if options.command == "add":
            print(add(options.run, options.name).relative_to(ROOT))
        made = {DOCS / page: fresh(page) for page in PAGES} | {RESULTS / "results.csv": as_csv()}
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    stale = {page: text for page, text in made.items() if not page.exists() or text != page.read_text("utf-8")}
    if not stale:
        print("the tables of docs are up to date")
    elif options.check:
        print(
            f"stale tables in docs: {', '.join(page.name for page in stale)}. Run: python recipes/tables.py",
            file=sys.stderr,
        )
        return 1
    for page, text in stale.items():
        write_text(page, text)
        print(f"{os.path.relpath(page)} rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
