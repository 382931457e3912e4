"""Backtest: a forecasting recipe judged on several parts of its series, one after the other, as if it were then."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rnnzoo.errors import InvalidValue
from rnnzoo.files import named, write_text
from rnnzoo.tasks import find
from rnnzoo.tasks.judging.naive_forecasts import NAMES
from rnnzoo.training.fit import train
from rnnzoo.training.recipe import Recipe

SHOWN = ("rmse_original", "rmse", "mase")


def backtest(
    recipe: Recipe,
    folds: int,
    output: str | Path,
    *,
    refit: bool = False,
    sliding: bool = False,
    fold_rows: int | None = None,
    trust: bool = False,
    data_dir: str | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Judge a recipe on the last rows of its series, cut into folds; each is forecast from what came before it.

    The origin moves from fold to fold: see Tashman (2000), "Out-of-sample tests of forecasting accuracy",
    https://doi.org/10.1016/S0169-2070(00)00065-0. Every window of a fold counts, its history reaches back before it.

    Args:
        recipe: Of forecasting; its own share of test is not used.
        folds: How many.
        output: The folder for `backtest.json`, `backtest.png`, and the runs of the folds.
        refit: Train anew before each fold; else once, before the first.
        sliding: As many rows before each fold as before the first; else all of them (expanding).
        fold_rows: Rows of a fold; by default the recipe's test rows divided, and the horizon at least.
        trust: Import code that the run of the recipe's `weights` names, see `rnnzoo.load`.
        data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        console: Where to print.

    Returns:
        What `backtest.json` holds: the scores of each fold, those of naive forecasts beside, and their means.

    Raises:
        ValueError: Rows that do not suffice for so many folds.
    """
    console = console or Console(highlight=False, markup=False, soft_wrap=True)
    for word, value in (("folds", folds), ("fold_rows", fold_rows)):
        if value is not None and value < (2 if word == "folds" else 1):
            raise InvalidValue(f"{word} is a whole number >= {2 if word == 'folds' else 1}. Received: {word}={value}")
    output = named(output)
    parts, run = recipe.data.folds(folds, fold_rows, sliding, data_dir), None
    judged = []
    for fold, data in enumerate(parts):
        own = dataclasses.replace(recipe, data=data)
        if run is None or refit:
            run = train(own, output / f"fold-{fold + 1}", trust=trust, data_dir=data_dir, console=console)
        judged.append(_judged(run, own, fold, data_dir))
    found = {
        "recipe": recipe.name, "model": recipe.model, "dataset": recipe.data.name, "refit": refit, "sliding": sliding,
        "fold_rows": int(parts[0].test), "folds": [one for one, _ in judged], "mean": _mean([one for one, _ in judged]),
    }  # fmt: skip
    _show(found, console)
    write_text(output / "backtest.json", json.dumps(found, indent=1) + "\n")
    from rnnzoo.pictures import forecasts
    from rnnzoo.pictures.figures import save

    save(forecasts.backtest(found, [drawn for _, drawn in judged]), output / "backtest.png")
    console.print(f"table: {output / 'backtest.json'}\npicture: {output / 'backtest.png'}")
    return found


def _judged(run: Any, recipe: Recipe, fold: int, data_dir: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a trained run is worth on a fold, and what is drawn of it."""
    from rnnzoo.inference.quantiles import forecaster

    data = recipe.data.restore(run.folder)
    data.keep_fitted = True
    splits, task = recipe.load(data_dir), find(recipe.task)
    task.settle(run.model, splits, data)
    test = splits.parts["test"]
    judgement = task.judge(run.model, test, data)
    x: Any = test.x
    panel, horizon = test.y.panel, data.horizon
    starts = test.y.starts[test.y.which == test.y.which[0]]  # of the first series
    row = {
        "fold": fold + 1,
        "train_windows": len(splits.parts["train"]),
        "windows": len(test),
        "scores": judgement.scores,
        "naive": judgement.details["naive"],
    }
    apart = np.arange(0, len(starts), horizon)
    series, first, end = test.y.which[:1], int(starts[0]), int(starts[-1]) + horizon
    times = None
    if panel.times is not None:
        from rnnzoo.data.series.times import local, shown

        row |= {"begin": shown(panel.times[first]), "end": shown(panel.times[end - 1])}
        times = local(panel.times[first:end], panel.timezone)
    answer = forecaster(run.model)(x[apart]).astype("float64")
    truth = test.y.values[first:end]
    drawn = {
        "at": data.without_first + starts[apart],
        "forecast": panel.in_units(answer, np.repeat(series, len(apart)))[..., 0],
        "truth_at": data.without_first + first,
        "truth": panel.in_units(truth[None], series)[0, :, 0],
        "times": times,
        "name": " ".join(word for word in (panel.names[series[0]], data.targets[0]) if word),
    }
    return row, drawn


def _mean(folds):
    scores = {name: float(np.mean([one["scores"][name] for one in folds])) for name in _shared(folds, "scores")}
    names = [name for name in folds[0]["naive"] if all(name in one["naive"] for one in folds)]
    naive = {
        name: {m: float(np.mean([one["naive"][name][m] for one in folds])) for m in ("rmse", "mae")} for name in names
    }
    return {"scores": scores, "naive": naive}


def _shared(folds, word):
    return [name for name in folds[0][word] if all(name in one[word] for one in folds)]


def _show(found, console):
    words = [word for word in SHOWN if word in found["mean"]["scores"]]
    beside = [f"{NAMES[name].partition(' on')[0]}: rmse" for name in found["mean"]["naive"]]
    table = Table("fold", "until", "windows", *words, *beside, box=None, pad_edge=False)
    for one in [*found["folds"], {"fold": "mean", **found["mean"]}]:
        table.add_row(
            str(one["fold"]), one.get("end", "")[:10], str(one.get("windows", "")),
            *(f"{one['scores'][word]:.4g}" for word in words),
            *(f"{one['naive'][name]['rmse']:.4g}" for name in found["mean"]["naive"]),
        )  # fmt: skip
    console.print(table)
