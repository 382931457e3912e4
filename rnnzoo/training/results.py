"""The end of a training: the best weights, what they are worth, and pictures of it."""

import contextlib
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from rnnzoo.data.batches import Batches
from rnnzoo.data.splits import Splits
from rnnzoo.devices import device_name
from rnnzoo.errors import InvalidValue
from rnnzoo.files import whole_file
from rnnzoo.pictures import classification, forecasts
from rnnzoo.pictures import translations as translation_pictures
from rnnzoo.tasks.judging import feeding_back, measures, translations
from rnnzoo.training import runs
from rnnzoo.training.checkpoint import State
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.runs import Run


def finish(recipe: Recipe, model: Any, splits: Splits, state: State, folder: Path, console: Console) -> Run:
    """Put the best weights back, measure, and write model, plots and, last of all, results."""
    if state.best_weights:
        model.set_weights(state.best_weights)
    with whole_file(folder / runs.MODEL, suffix=".keras") as temporary:
        model.save(temporary)
    held_out = {name: batches for name, batches in splits.parts.items() if name != "train"} or splits.parts
    found: dict[str, dict[str, float]] = {}
    last, tags = None, {}
    batches: Any
    for name, batches in held_out.items():
        if recipe.task == "language_modeling":
            found[name] = measures.evaluate(model, batches.arrays(), recipe.task)
            with contextlib.suppress(InvalidValue):  # a convolution's state cannot be carried
                found[name] |= {f"{k}_carried": v for k, v in measures.carried(model, batches).items()}
        elif recipe.task == "forecasting":
            paths = measures.PATHS if name == list(held_out)[-1] else 0  # they take time: for the number to publish
            errors = measures.forecast_errors(model, batches.arrays(), recipe.data, paths)
            found[name] = errors.scores()
        elif recipe.task == "translation":
            found[name], written = translations.judge(model, batches, recipe.data)
        else:
            last = measures.predict(model, batches.arrays())
            found[name] = measures.score(last, recipe.task)
            if recipe.task == "tagging":
                tags[name] = measures.by_class(last, recipe.data.classes)

    classification.plot_run(
        folder / runs.PLOTS,
        state.history,
        state.best_epoch,
        list(found)[-1],
        last,
        recipe.task,
        getattr(recipe.data, "classes", None),
    )
    _save_examples(folder, model, recipe.data, held_out, last)
    if recipe.task == "forecasting":
        forecasts.plot_forecasts(folder / runs.PLOTS, model, batches, errors, recipe.data, name)
        if recipe.data.feed_back:
            scores, picture = feeding_back.judge(model, batches, recipe.data, recipe.data.feed_back)
            found[name] |= scores
            classification.save(picture, folder / runs.PLOTS / "fed_back.png")
    if recipe.task == "translation":
        translation_pictures.plot(folder / runs.PLOTS, batches, written, recipe.data, name)
    results = {
        "recipe": recipe.name,
        "dataset": recipe.data.name,
        **getattr(recipe.data, "settings", {}),
        "task": recipe.task,
        "model": recipe.model,
        "hyperparameters": dict(recipe.hyperparameters),
        "parameters": model.count_params(),
        "metrics": {split: _rounded(values) for split, values in found.items()},
        **({"tags": {split: {t: _rounded(v) for t, v in by.items()} for split, by in tags.items()}} if tags else {}),
        "seconds": round(state.seconds, 1),
        "epochs": state.epoch,
        "best_epoch": state.best_epoch,
        "stopped": state.stopped,
        "seed": recipe.seed,
        "device": device_name(),
        "versions": {
            "rnnzoo": version("rnnzoo"),
            "keras": keras.__version__,
            keras.backend.backend(): _backend_version(),
        },
        "commit": _commit(),
    }
    runs.write_json(folder / runs.RESULTS, results)
    split, values = list(found.items())[-1]
    if tags:
        console.print(classification.table_by_class(tags[split]))
    console.print(
        f"{split}: " + "  ".join(f"{k} {v:.4f}" for k, v in values.items())
        + f"  (epoch {state.best_epoch} of {state.epoch}, trained in {state.seconds:.1f} s)"
    )  # fmt: skip
    console.print(f"run: {folder}\nplots: {', '.join(str(p) for p in sorted((folder / runs.PLOTS).glob('*.png')))}")
    return Run(folder)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}


def _save_examples(folder: Path, model: Any, data: Any, held_out: Mapping[str, Batches], last: Any) -> None:
    """Show what the model looked at in the surest right and wrong answers, where it has attention and reads text."""
    has_attention = any(layer.name == "attention" for layer in getattr(model.get_layer("body"), "layers", ()))
    if last is None or not has_attention or not hasattr(data, "vocabulary"):
        return
    from rnnzoo.pictures import attention

    batches = list(held_out.values())[-1]
    order = np.concatenate([indices[:real] for indices, real, _ in batches.plan()])
    sureness = last.probabilities.max(axis=-1)
    right = last.labels == last.y
    chosen = [i for kind in (right, ~right) for i in np.argsort(-np.where(kind, sureness, -1))[:2] if kind[i]]
    ids = [batches.x[order[i]] for i in chosen]
    titles = [
        f"{'right' if right[i] else 'wrong'}: {data.classes[last.labels[i]]} {sureness[i]:.2f}, "
        f"truly {data.classes[last.y[i]]}"
        for i in chosen
    ]
    vocabulary = data.vocabulary
    found = attention.explain(model, ids, [vocabulary.decode(row) for row in ids], titles)
    classification.save(attention.picture(found), folder / runs.PLOTS / "examples.png")


def _backend_version() -> str:
    name = keras.backend.backend()
    return __import__(name).__version__


def _commit() -> str | None:
    """Return the checkout's commit that the package comes from, with a + when it was changed; None if there is none."""
    where = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*where, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*where, "status", "--porcelain", "."], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + ("+" if changed.stdout.strip() else "")
