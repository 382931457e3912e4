"""The published runs, recipes/results/*.json: their tables, and how a run is published. `python recipes/tables.py`."""

import csv
import io
import json
import re
import runpy
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import rnnzoo
from benchmarks.tables import table
from rnnzoo.files import write_text
from rnnzoo.training.reporting.command import command as trained_by

RECIPES = Path(__file__).resolve().parent
RESULTS = RECIPES / "results"


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
    return table(head, rows)


def shakespeare() -> str:
    """Every model on tiny Shakespeare, the best first: nats per character in windows from zeros, and carried along."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("shakespeare-*.json")]
    rows = []
    for r in sorted(found, key=lambda r: r["metrics"]["validation"]["loss"]):
        scores, cost = (
            r["metrics"]["validation"],
            (f"{r['seconds'] / 60:.1f}", str(r["epochs"]), f"{r['parameters']:,}"),
        )
        nats = [f"{scores[name]:.4f}" if name in scores else "" for name in ("loss", "loss_carried")]
        options = command(r).removeprefix("python recipes/shakespeare.py train").strip()
        rows.append((f"`{r['model']}`", *nats, *cost, f"`{options}`" if options else "(the recipe as it is)"))
    return table(("model", "(a)", "(b)", "minutes", "epochs", "parameters", "command"), rows)


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
    how = [
        (f"{c.seconds:.0f}", f"{c.parameters:,}", f"`{c.command}`")
        for _, c in sorted(found.items(), key=lambda item: item[0])
    ]
    return f"{table(head, rows, numbers=len(tests))}\n\n{table(('seconds', 'parameters', 'command'), how)}"


class Remembered(NamedTuple):
    """What a run of a test of memory came to: as shown, whether that is solved, how near 0..1 it is; and its cost."""

    shown: str
    solved: bool
    share: float
    seconds: float = 0
    parameters: int = 0
    command: str = ""


def _remembered() -> dict[tuple[str, str], Remembered]:
    """Return what each test and model came to, on the test part."""
    found = {}
    for path in sorted((RESULTS / "memory").glob("*.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        name = r["recipe"].removeprefix("memory_") if r["recipe"] != "digits_pixels" else "digits_64"
        scores = r["metrics"]["test"]
        if r["task"] == "regression":
            cell = Remembered(f"{scores['mse']:.1e}", scores["mse"] < 1e-3, 1 - min(1.0, scores["mse"] * 6))
        else:  # of tags those that are asked for; there is none called "-" where every step is asked
            tags = r.get("tags", {}).get("test", {})
            asked = [tag["recall"] for name, tag in tags.items() if name != "-"] or [scores["accuracy"]]
            share = sum(asked) / len(asked)
            cell = Remembered(f"{share:.3f}", share >= (0.99 if tags else 0.95), share)
        cost = {"seconds": r["seconds"], "parameters": r["parameters"], "command": command(r)}
        found[name, r["model"]] = cell._replace(**cost)
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
    return table(head, rows, numbers=7)


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
    return table(head, rows, numbers=4)


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


SETTINGS = ("sequence_length", "embedding_dim", "embedding", "word_dropout", "epochs", "batch_size", "learning_rate",
            "optimizer", "clip", "schedule", "average", "patience", "monitor", "class_weight", "precision")  # fmt: skip
"""What a published run keeps of its recipe, beside model, hyper-parameters, data, steps and seed."""


def command(result: dict) -> str:
    """Return what trains a result's model on its data; files of before tell only in part how."""
    if "command" in result:
        return result["command"]
    words, recipe = _script(result["recipe"])
    if recipe is None:  # a script of its own
        return shlex.join(words)
    words.append("train")
    if result["model"] != recipe.model:
        words += ["--model", result["model"]]
    dials = recipe.with_model(result["model"]).check().hyperparameters
    for name, value in result["hyperparameters"].items():
        if value != dials.get(name, value):
            words += ["--set", f"{name}={json.dumps(value) if isinstance(value, bool) else value}"]
    if result["dataset"] != recipe.data.name:
        kind = "--file" if Path(result["dataset"]).suffix else "--dataset"
        words += [kind, result["dataset"].replace("sine/plain", "sine")]
    usual = {"horizon": getattr(recipe.data, "horizon", None), "lookback": recipe.sequence_length}
    for name in usual:
        if name in result and result[name] != usual[name]:
            words += [f"--{name}", str(result[name])]
    return shlex.join(words + (["--seed", str(result["seed"])] if result["seed"] != recipe.seed else []))


def _script(name: str) -> tuple[list[str], Any]:
    """Return the command that runs a recipe's script, and the recipe; None for a script that has none."""
    words, chosen = [name], "recipe"
    if test := re.fullmatch(r"memory_(\w+)_(\d+)", name):
        words = ["memory", "--task", test[1], "--length", test[2]]
    elif name == "digits_pixels":
        words, chosen = ["digits", "--pixels"], "PIXELS"
    found = runpy.run_path(str(RECIPES / f"{words[0]}.py"))
    recipe = found["recipe_of"](test[1], int(test[2])) if test else found.get(chosen)
    return ["python", f"recipes/{words[0]}.py", *words[1:]], recipe


def add(run: str, name: str | None = None) -> Path:
    """Copy a finished run's results to `recipes/results`; forecasts of other steps or data have files of their own.

    Args:
        run: The run folder.
        name: Of the file, for a model with other settings than the recipe's; default `<recipe>-<model>-<seed>`.
    """
    opened = rnnzoo.load(run)
    script, base = _script(opened.recipe.name)
    found = opened.results | {"settings": {word: getattr(opened.recipe, word) for word in SETTINGS}}
    found["command"] = trained_by(opened.recipe, base, [*script, "train"])
    words = [found["recipe"], found["model"], str(found["seed"])]
    if "horizon" in found:
        words[1:1] = [re.sub(r"\W+", "_", found["dataset"]), f"{found['lookback']}to{found['horizon']}"]
    remembered = found["recipe"].startswith("memory_") or found["recipe"] == "digits_pixels"
    path = (RESULTS / "memory" if remembered else RESULTS) / f"{name or '-'.join(words)}.json"
    write_text(path, json.dumps(found, indent=1) + "\n")
    if remembered:
        draw_memory()
    return path


def _quality(result: dict) -> tuple[str, str, float]:
    """Return split, main metric and its value: of test, or of what was held out instead of it."""
    from rnnzoo.training.several.compare import main_metric

    split = list(result["metrics"])[-1]
    name = main_metric(result)
    return split, name, result["metrics"][split][name]
