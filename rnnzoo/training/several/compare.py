"""Several models on one recipe: quality, seconds and parameters in one table, one JSON, one picture."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rnnzoo.files import named, write_text
from rnnzoo.pictures.curves import learning_curves, quality_and_cost
from rnnzoo.pictures.figures import save
from rnnzoo.rounding import short
from rnnzoo.tasks import find, more_is_better
from rnnzoo.training.fit import train
from rnnzoo.training.recipe import Recipe


def compare(
    recipes: Sequence[Recipe],
    base: Recipe,
    output: str | Path,
    *,
    trust: bool = False,
    data_dir: str | None = None,
    console: Console | None = None,
) -> list[dict[str, Any]]:
    """Train each recipe as an ordinary run (one that is finished is not trained again) and compare the models.

    Args:
        recipes: One or more for each model; those of one model differ in their seed.
        base: What the names of runs are relative to.
        output: The folder for `compare.json`, `compare.png` and `curves.png`.
        trust: Import code that the run of the recipe's `weights` names, see `rnnzoo.load`.
        data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        console: Where to print.

    Returns:
        A row for each model, best first: means over seeds, and the deviation of the metric.
    """
    console = console or Console(highlight=False, markup=False, soft_wrap=True)
    done: dict[str, list[dict[str, Any]]] = {}
    histories: dict[str, list[list[dict[str, float]]]] = {}
    for recipe in recipes:
        run = train(recipe, Path("runs") / recipe.run_name(base), trust=trust, data_dir=data_dir, console=console)
        done.setdefault(recipe.model, []).append(run.results)
        histories.setdefault(recipe.model, []).append(run.history.to_dict("records"))
    metric = main_metric(next(iter(done.values()))[0])
    rows = [_row(model, results, metric) for model, results in done.items()]
    rows.sort(key=lambda row: row[metric], reverse=more_is_better(metric))
    _show(rows, metric, console)
    output = named(output)
    write_text(output / "compare.json", json.dumps(rows, indent=1) + "\n")
    save(quality_and_cost(rows, metric), output / "compare.png")
    told = metric if all(metric in run[0] for runs in histories.values() for run in runs) else "loss"
    best_first = {row["model"]: histories[row["model"]] for row in rows}
    save(learning_curves(best_first, told), output / "curves.png")
    console.print(f"table: {output / 'compare.json'}\npictures: {output / 'compare.png'}, {output / 'curves.png'}")
    return rows


def main_metric(results: Mapping[str, Any]) -> str:
    """Return what a run is judged by, from its results."""
    return results.get("measure") or find(results["task"]).main_metric


def _row(model, results, metric):
    split = list(results[0]["metrics"])[-1]
    values = [r["metrics"][split][metric] for r in results]
    return {
        "model": model,
        "split": split,
        metric: statistics.mean(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else None,
        "seeds": [r["seed"] for r in results],
        "seconds": statistics.mean(r["seconds"] for r in results),
        "parameters": results[0]["parameters"],
        "device": results[0]["device"],
    }


def _show(rows, metric, console):
    table = Table("model", f"{rows[0]['split']} {metric}", "seeds", "seconds", "parameters", box=None)
    for row in rows:
        spread = f" ± {short(row['deviation'])}" if row["deviation"] is not None else ""
        seeds = ", ".join(map(str, row["seeds"]))
        table.add_row(
            row["model"], f"{short(row[metric])}{spread}", seeds, f"{row['seconds']:.1f}", f"{row['parameters']:,}"
        )
    console.print(table)
