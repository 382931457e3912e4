"""The whole state of a training in one file, so that a killed run goes on bit for bit.

Keras's own files leave dropout's seeds out, and its `BackupAndRestore` the early stopping too.
"""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnzoo import checked
from rnnzoo.errors import InvalidValue
from rnnzoo.files import own_file


@dataclass
class State:
    """Where a training stands.

    Args:
        epoch: Epochs done.
        best: The best value of the monitored metric so far.
        best_epoch: The epoch (from 1) that it came from.
        waited: Epochs since then.
        stopped: Patience has run out.
        seconds: Time spent on training, validation included.
        history: One row of metrics an epoch.
        best_weights: The model's weights at the best epoch.
    """

    epoch: int = 0
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    stopped: bool = False
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_weights: list[np.ndarray] = field(default_factory=list)


def save(path: str | os.PathLike, model: Any, state: State) -> None:
    """Write model, optimizer (seeds of dropout and learning rate included) and state into a run's folder, whole."""
    arrays = _numbered("model", model.variables) | _numbered("optimizer", model.optimizer.variables)
    arrays |= _numbered("best", state.best_weights)
    words = {k: v for k, v in dataclasses.asdict(state).items() if k != "best_weights"}
    folder, name = os.path.split(path)
    with own_file(folder, name, suffix=".npz") as temporary:
        np.savez(temporary, state=np.array(json.dumps(words)), **arrays)


def restore(path: str | os.PathLike, model: Any) -> State:
    """Set model and optimizer to what `save` wrote, and return the state.

    Raises:
        ValueError: The file is damaged, or of another model.
    """
    arrays, state = read(path)
    for part, variables in {"model": model.variables, "optimizer": model.optimizer.variables}.items():
        saved = [arrays[name] for name in _names(part, arrays)]
        if [a.shape for a in saved] != [tuple(v.shape) for v in variables]:
            raise InvalidValue(f"The checkpoint is of another model; --restart begins anew. Received: {path}")
        for variable, value in zip(variables, saved, strict=True):
            variable.assign(value)
    state.best_weights = [arrays[name] for name in _names("best", arrays)]
    if state.best_weights and [w.shape for w in state.best_weights] != [tuple(w.shape) for w in model.weights]:
        raise InvalidValue(f"The checkpoint is of another model; --restart begins anew. Received: {path}")
    return state


def take_weights(path: str | os.PathLike, model: Any) -> None:
    """Set a model's weights to the best of a checkpoint, or to its last where none was best.

    Raises:
        ValueError: The file is damaged, or of another model.
    """
    arrays, _ = read(path)
    best = [arrays[name] for name in _names("best", arrays)]
    saved, variables = (
        (best, model.weights) if best else ([arrays[n] for n in _names("model", arrays)], model.variables)
    )
    if [value.shape for value in saved] != [tuple(variable.shape) for variable in variables]:
        raise InvalidValue(f"The checkpoint is of another model; --restart begins anew. Received: {path}")
    for variable, value in zip(variables, saved, strict=True):
        variable.assign(value)


def read(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], State]:
    """Return the arrays of a checkpoint, and the state without the best weights.

    Raises:
        ValueError: The file is damaged.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state = State(**checked.structure(State, json.loads(str(arrays.pop("state"))), path))
        if not all(array.dtype.kind in "fiub" for array in arrays.values()):
            raise ValueError("it holds what are no numbers")
        if len(state.history) != state.epoch or any("epoch" not in row for row in state.history):
            raise ValueError(f"{len(state.history)} rows of {state.epoch} epochs")
        return arrays, state
    except MemoryError:
        raise
    except Exception as error:  # zipfile, zlib, NumPy, json: whatever they meet in a file that is none of theirs
        raise InvalidValue(f"The checkpoint is damaged ({error}); --restart begins anew. Received: {path}") from error


def _numbered(part, values):
    return {f"{part}/{i}": np.asarray(value) for i, value in enumerate(values)}


def _names(part, arrays):
    return [f"{part}/{i}" for i in range(sum(name.startswith(f"{part}/") for name in arrays))]
