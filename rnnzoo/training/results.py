"""The end of a training: the best weights, what they are worth, and pictures of it."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from rnnzoo.data.in_memory import COPIES
from rnnzoo.data.splits import Splits
from rnnzoo.devices import device_name
from rnnzoo.files import own_file, write_own_json
from rnnzoo.pictures import inputs
from rnnzoo.pictures.curves import curves
from rnnzoo.pictures.figures import save_own
from rnnzoo.rounding import rounded, short
from rnnzoo.sharing import manifest
from rnnzoo.tasks import find
from rnnzoo.training import carrying, runs
from rnnzoo.training.checkpoint import State
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.report import REPORT, page
from rnnzoo.training.reporting.command import again


def finish(recipe: Recipe, model: Any, splits: Splits, state: State, folder: Path, console: Console) -> None:
    """Put the best weights back, measure, and write model, results, pictures and, last of all, the manifest."""
    if state.best_weights:
        model.set_weights(state.best_weights)
    held_out = {name: batches for name, batches in splits.parts.items() if name != "train"} or splits.parts
    task, last = find(recipe.task), list(held_out)[-1]
    task.settle(model, splits, recipe.data, recipe.class_weight)
    with own_file(folder, runs.MODEL, suffix=".keras") as temporary:
        carrying.bare(model).save(temporary)
    recipe.data.save(folder)
    judged = {name: task.judge(model, batches, recipe.data, final=name == last) for name, batches in held_out.items()}
    drawings: dict[str, Any] = {"curves.png": lambda: curves(state.history, state.best_epoch)}
    with _noted("its pictures", console):
        drawings |= inputs.pictures(splits.parts, recipe.data)
        drawings |= task.pictures(judged[last], model, held_out[last], recipe.data, last)
    results = {
        "recipe": recipe.name,
        "dataset": recipe.data.name,
        **({"data": recipe.data.report} if getattr(recipe.data, "report", None) else {}),
        **getattr(recipe.data, "settings", {}),
        "task": recipe.task,
        "model": recipe.model,
        "hyperparameters": dict(recipe.hyperparameters),
        "parameters": model.count_params(),
        "metrics": {split: _rounded(judgement.scores) for split, judgement in judged.items()},
        **{
            word: {split: _rounded(j.details[word]) for split, j in judged.items() if word in j.details}
            for word in judged[last].details
        },
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
        "pictures": list(drawings),
    }
    write_own_json(folder, runs.RESULTS, results)
    drawn = []
    for name, draw in drawings.items():
        path = f"{runs.PLOTS}/{name}"
        with _noted(path, console):
            save_own(draw, folder, path)
            drawn.append(path)
    with _noted(REPORT, console), own_file(folder, REPORT) as temporary:
        Path(temporary).write_text(page(results, again(recipe), folder, drawn), encoding="utf-8")
    names = (runs.CONFIG, runs.DATA, *COPIES, runs.CHECKPOINT, runs.MODEL, runs.HISTORY, runs.RESULTS)
    manifest.write(folder, [*(name for name in names if (folder / name).is_file()), *drawn])
    if judged[last].table:
        console.print(judged[last].table)
    console.print(
        f"{last}: " + "  ".join(f"{k} {short(v)}" for k, v in judged[last].scores.items())
        + f"  (epoch {state.best_epoch} of {state.epoch}, trained in {state.seconds:.1f} s)"
    )  # fmt: skip
    plots = ", ".join(str(folder / path) for path in sorted(drawn)) or "none"
    console.print(f"run: {folder}\nplots: {plots}\nreport: {folder / REPORT}")
    if judged[last].remark:
        console.print(judged[last].remark)


@contextlib.contextmanager
def _noted(name: str, console: Console) -> Iterator[None]:
    """Say that a picture failed, and go on: results are worth more."""
    try:
        yield
    except Exception as error:  # whatever it is
        said = (str(error).strip().splitlines() or ["no more is known"])[0]
        console.print(f"note: {name} could not be drawn ({type(error).__name__}: {said}); the results stand")


def _rounded(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _rounded(value) for name, value in values.items()}
    return rounded(values) if isinstance(values, float) else values


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
