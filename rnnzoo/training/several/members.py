"""Members: one recipe trained from several seeds, and a run that answers with their mean (a deep ensemble).

Reference: Lakshminarayanan et al. (2017), https://arxiv.org/abs/1612.01474, section 2.4.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from rnnzoo.errors import InvalidValue
from rnnzoo.files import own_path, write_own_json
from rnnzoo.layers import MeanAnswer
from rnnzoo.sharing import manifest
from rnnzoo.tasks import find
from rnnzoo.training import folders, runs
from rnnzoo.training.checkpoint import State
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.results import finish
from rnnzoo.training.runs import Run

MEMBERS = "members"
"""The folder in a run that holds the runs of its members."""


def train_members(
    recipe: Recipe,
    folder: Path,
    one: Callable[[Recipe, Path], None],
    restart: bool,
    data_dir: str | None,
    console: Console,
) -> None:
    """Train each member into a run of its own within the run's folder, and put their mean together.

    Args:
        recipe: With `members`; their seeds count up from its own.
        folder: Of the run.
        one: Trains a recipe into a folder, or goes on with it.
        restart: Begin anew.
        data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        console: Where to print.
    """
    write_own_json(folder, runs.CONFIG, recipe.to_config())  # first: it marks the folder as this run's
    found = []
    for seed in range(recipe.seed, recipe.seed + recipe.members):
        console.print(f"member {seed - recipe.seed + 1} of {recipe.members}, seed {seed}")
        member, own = dataclasses.replace(recipe, members=1, seed=seed), own_path(folder, f"{MEMBERS}/seed-{seed}")
        folders.claim(own, member, restart)
        own.mkdir(parents=True, exist_ok=True)
        one(member, own)
        found.append(Run(own, trust=True))
    if not all(run.finished for run in found):
        raise InvalidValue(f"A search trains one model a trial: leave members out. Received: members={recipe.members}")
    made, whole = own_path(folder, runs.RESULTS), own_path(folder, manifest.MANIFEST)
    newest = max(own_path(run.folder, runs.RESULTS).stat().st_mtime_ns for run in found)
    if made.is_file() and whole.is_file() and made.stat().st_mtime_ns > newest:
        console.print(f"Finished already, all {recipe.members} members (--restart begins anew): {folder}")
        return
    whole.unlink(missing_ok=True)
    model = mean_of([run.model for run in found], recipe.task)
    recipe.data.restore(found[0].folder)
    recipe.data.keep_fitted = True  # what the members were trained with
    splits = recipe.load(data_dir)
    recipe.data.keep_fitted = False
    finish(recipe, model, splits, _state(found), folder, console)


def mean_of(models: list[Any], task: str) -> Any:
    """Return a compiled model that answers with the mean of others of the same recipe."""
    first = models[0]
    inputs = [keras.Input(x.shape[1:], dtype=x.dtype, name=x.name) for x in first.inputs]
    read = inputs[0] if len(inputs) == 1 else tuple(inputs)
    answers = [_named(model, f"member_{k}")(read) for k, model in enumerate(models)]
    found = keras.Model(read, MeanAnswer(find(task).mean_of, name="mean")(answers), name=first.name)
    found.compile_from_config(first.get_compile_config())
    return found


def _named(model, name):
    copy = type(model).from_config({**model.get_config(), "name": name})
    copy.set_weights(model.get_weights())
    return copy


def _state(found: list[Run]) -> State:
    """Return what the members' trainings say together: the means of the epochs that all have, the seconds of all."""
    from rnnzoo.training import checkpoint

    states = [checkpoint.read(own_path(run.folder, runs.CHECKPOINT))[1] for run in found]
    epochs = min(state.epoch for state in states)
    rows = zip(*(state.history[:epochs] for state in states), strict=True)
    history = [{name: float(np.mean([row[name] for row in same])) for name in same[0]} for same in rows]
    return State(
        epoch=max(state.epoch for state in states),
        best_epoch=states[0].best_epoch,
        stopped=all(state.stopped for state in states),
        seconds=sum(state.seconds for state in states),
        history=[{**row, "epoch": int(row["epoch"])} for row in history],
    )
