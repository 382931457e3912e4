"""Train a recipe into a run folder: progress, early stopping, exact resume."""

import contextlib
import csv
import dataclasses
import io
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from rnnzoo import devices
from rnnzoo.data.batches import Batches
from rnnzoo.data.fitted import keeps_fitted
from rnnzoo.data.report import lines
from rnnzoo.data.splits import Splits
from rnnzoo.errors import Diverged, InvalidType, InvalidValue
from rnnzoo.files import alone, in_one_sentence, named, own_path, write_own, write_own_json
from rnnzoo.inference import readout
from rnnzoo.notebook.progress import Progress
from rnnzoo.rounding import short
from rnnzoo.sharing import manifest
from rnnzoo.tasks import find, more_is_better
from rnnzoo.training import carrying, checkpoint, folders, runs, snapshot
from rnnzoo.training.beginning import starting
from rnnzoo.training.checkpoint import State
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.results import finish
from rnnzoo.training.runs import Run
from rnnzoo.training.several.members import train_members


def train(
    recipe: Recipe,
    run: str | Path | None = None,
    *,
    restart: bool = False,
    trust: bool = False,
    data_dir: str | None = None,
    new_data: bool = False,
    load: Callable[[Recipe], Splits] | None = None,
    measure: bool = True,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    on_epoch_end: Callable[[int, Mapping[str, float]], None] | None = None,
    console: Console | None = None,
) -> Run:
    """Train a recipe into a run folder, or go on with it where it stopped.

    An unfinished run ends with the weights that it would have had undisturbed, bit for bit on a CPU. A finished one is
    left alone; with more epochs it is extended.

    Args:
        recipe: What to train.
        run: The folder; default `runs/<recipe>-<model>-<seed>`.
        restart: Begin anew, whatever the folder holds of this or another run.
        trust: Import code that the run of `weights` names, see `rnnzoo.load`.
        data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        new_data: Where the files of data have changed, train on from the run's weights, with what it fitted on the old.
        load: Gives the batched data instead of `recipe.data.load`.
        measure: False ends after the last epoch: no model file, no look at the test split, no plots.
        callbacks: Of Keras: they see every step, and at the end of an epoch its metrics, `val_` among them; one that
            sets `stop_training` ends the training. What they remember themselves is not kept when a run goes on.
        on_epoch_end: Called with the epoch (from 1) and its metrics when all of it is on disk; what it raises ends the
            training.
        console: Where to print; `Console(quiet=True)` prints nothing.

    Returns:
        The finished run.

    Raises:
        ValueError, TypeError: A setting or data that cannot be used; a folder that holds something else, or in which
            another process is training.
        ArithmeticError: The loss became NaN.
        OSError, MemoryError: A file cannot be written; there is no more memory.
    """
    console = console or Console(highlight=False, markup=False, soft_wrap=True)
    if wrong := [each for each in callbacks if not isinstance(each, keras.callbacks.Callback)]:
        raise InvalidType(f"callbacks are those of Keras. Received: {type(wrong[0]).__name__}")
    recipe, held = snapshot.taken(recipe)
    recipe = recipe.check()
    folder = named(run or Path("runs") / recipe.run_name())
    recipe = snapshot.placed(recipe, held, folder)
    devices.join()
    folders.claim(folder, recipe, restart)
    first = devices.processes()[0] == 0
    told = console if first else Console(quiet=True)
    with in_one_sentence(), devices.place_of(folder, restart) as place, alone(place, "training"):
        folders.claim(place, recipe, restart)  # once more, now that nobody else can change it
        snapshot.write(held, place, restart or new_data)
        given = (restart, trust, data_dir, new_data, load, measure and first, callbacks, on_epoch_end, told)
        if recipe.members > 1:
            train_members(recipe, place, lambda one, own: _train(one, own, *given), restart, data_dir, told)
        else:
            _train(recipe, place, *given)
    return Run(folder, trust=True)  # its config is the caller's own recipe


def _train(recipe, folder, restart, trust, data_dir, new_data, load, measure, callbacks, on_epoch_end, console):
    folders.sweep(folder)
    done = Run(folder)
    goes_on = not restart and done.finished
    results = done.results if goes_on else {}
    changed = None if restart else runs.changed_data(folder, recipe.data)
    whole = goes_on and _complete(folder, results) and (results["stopped"] or results["epochs"] >= recipe.epochs)
    if whole and not (changed and new_data):
        why = "it stopped early" if results["stopped"] else "more --epochs extend it"
        console.print(f"Finished already after {results['epochs']} epochs ({why}; --restart begins anew): {folder}")
        return

    if changed and not new_data:
        raise InvalidValue(
            "The data have changed since the run began: --new-data goes on with them, --restart begins anew. "
            f"Received: {changed}"
        )
    if not restart:
        recipe.data.divide_as(folder)
    going_on = not restart and (folder / runs.DATA).is_file() and (new_data or keeps_fitted(folder))
    if going_on:  # the model knows the old vocabulary, classes and scale
        recipe.data.restore(folder).fitted["kept"] = True
    recipe.data.keep_fitted = going_on
    splits = load(recipe) if load else recipe.load(data_dir)
    recipe.data.keep_fitted = False
    _check_monitor(recipe, splits)
    if keras.backend.backend() == "torch":
        console.print("note: on PyTorch recurrent layers are about 100 times slower; KERAS_BACKEND=tensorflow or jax")
    for line in lines(recipe.data.name, getattr(recipe.data, "report", {})):
        console.print(line)
    with devices.all_devices(), _precision(recipe.precision):
        model = starting.model_of(recipe, splits, trust)
        devices.clip_together(model)
        if restart:
            folders.clear(folder, keep=snapshot.own(recipe, folder))
        saved = manifest.check(folder, runs.CHECKPOINT, "; --restart begins anew")
        if goes_on and not saved.is_file():
            raise InvalidValue(
                f"A run without its checkpoint cannot be extended; --restart begins anew. Received: {folder}"
            )
        own_path(folder, manifest.MANIFEST).unlink(missing_ok=True)  # what it says ends here
        write_own_json(folder, runs.CONFIG, recipe.to_config())  # first: it marks the folder as this run's
        if seen := recipe.data.seen():
            recipe.data.fitted |= {"seen": seen, "where": os.getcwd()}
        if changed:  # what is left of the old run are its weights
            own_path(folder, runs.RESULTS).unlink(missing_ok=True)
        starting.start_embedding(recipe, model, splits)
        starting.start_ngrams(recipe, model, splits, console)
        stateful = getattr(recipe.data, "stateful", False)
        trained = carrying.trainer(model, recipe.task, splits.parts["train"], stateful)
        with devices.across_processes():
            trained = carrying.spread(trained, recipe.task)
        state = State()
        if changed and saved.is_file():
            checkpoint.take_weights(saved, trained)
            model.set_weights(trained.get_weights())
            checkpoint.save(saved, trained, state)
        elif saved.is_file():
            state = checkpoint.restore(saved, trained)
        recipe.data.save(folder)  # from here on the data are those that the run is trained on
        sizes = f"{model.count_params():,} parameters, {len(splits.parts['train']):,} training examples"
        after = f"; going on after epoch {state.epoch}" if state.epoch else ""
        console.print(f"{recipe.name}: {recipe.model}, {sizes}, {devices.device_name()}{after}")
        for note in getattr(recipe.data, "notes", ()):
            console.print(f"note: {note}")
        _fit(recipe, model, trained, splits, state, folder, callbacks, on_epoch_end, console)
        _write_history(folder, state)  # a kill may have come between checkpoint and history
        if measure:
            finish(recipe, model, splits, state, folder, console)


def _complete(folder: Path, results: Mapping[str, Any]) -> bool:
    """Tell whether nothing came between the results and the manifest; runs made before there were any have none."""
    return "pictures" not in results or own_path(folder, manifest.MANIFEST).is_file()


def _fit(recipe, model, trained, splits, state, folder, callbacks, on_epoch_end, console):
    """Train epoch by epoch; after each, the whole state goes to disk."""
    task, validation = find(recipe.task), splits.parts.get("validation")
    train = dataclasses.replace(splits.parts["train"], devices=devices.count(), share=devices.processes())
    solved = readout.is_solved(recipe.model, recipe.task, recipe.hyperparameters)
    if recipe.class_weight:
        from sklearn.utils.class_weight import compute_sample_weight

        train = dataclasses.replace(train, weights=compute_sample_weight("balanced", train.y).astype("float32"))
    told = {"model": trained, "epochs": recipe.epochs, "steps": train.steps(), "verbose": 0}
    heard = keras.callbacks.CallbackList([*callbacks], **told)
    progress = Progress(console, recipe.epochs)
    heard.on_train_begin()
    while state.epoch < recipe.epochs and not state.stopped:
        began, trained.stop_training = time.perf_counter(), False
        heard.on_epoch_begin(state.epoch)
        row: dict[str, Any] = {"epoch": state.epoch + 1}
        if solved:
            row["loss"] = readout.solve(model, train, validation)
        elif model.trainable_variables:
            with devices.across_processes():
                row |= _one_epoch(trained, train, state.epoch, progress, heard)
            if trained is not model:
                model.set_weights(trained.get_weights())
        else:  # a baseline without weights
            row |= task.watch(model, train.arrays(), recipe.data)
        if validation:
            found = task.watch(model, validation.arrays(), recipe.data)
            row |= {f"val_{name}": value for name, value in found.items()}
        state.seconds += time.perf_counter() - began
        state.epoch += 1
        state.history.append(row)
        _judge(recipe, model, trained.optimizer, state, row)
        heard.on_epoch_end(state.epoch - 1, {name: value for name, value in row.items() if name != "epoch"})
        state.stopped |= trained.stop_training or solved or not model.trainable_variables  # nothing more will change
        checkpoint.save(folder / runs.CHECKPOINT, trained, state)
        _write_history(folder, state)
        if state.epoch % recipe.print_every == 0 or state.epoch == recipe.epochs or state.stopped:
            values = "  ".join(f"{k} {short(v)}" for k, v in row.items() if k != "epoch")
            star = "  best" if state.best_epoch == state.epoch and validation else ""
            seconds = time.perf_counter() - began
            console.print(f"epoch {state.epoch:>3}/{recipe.epochs}  {values}  {seconds:.1f} s{star}")
        if on_epoch_end:
            on_epoch_end(state.epoch, row)
    heard.on_train_end()


def _one_epoch(model, train: Batches, epoch, progress, heard):
    """Return the mean loss and metrics of one pass, as seen while training."""
    steps = train.steps()
    carrying.begin_anew(model)
    with progress.epoch(epoch + 1, steps) as show:
        watch = _Watch(show, heard, epoch + 1)
        data = train.dataset(epoch, advance=False)  # on several devices Keras begins a pass that it throws away
        logs = model.fit(data, epochs=1, verbose=0, shuffle=False, callbacks=[watch]).history
    row = {"loss": logs["loss"][-1]} | {name: values[-1] for name, values in logs.items()}
    filled = steps * train.size / (len(train) * train.passes)  # Keras counts fillers of weight 0 in its mean
    return {**row, "loss": row["loss"] * (1 if train.per_step else filled)}


class _Watch(keras.callbacks.Callback):
    """Show progress, tell the user's callbacks, and stop at a loss that is no number."""

    def __init__(self, show, heard, epoch):
        super().__init__()
        self.show, self.heard, self.epoch = show, heard, epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.heard.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        loss = float(logs["loss"])
        self.show(loss)
        self.heard.on_train_batch_end(batch, logs)
        if not math.isfinite(loss):
            rate = float(np.asarray(self.model.optimizer.learning_rate))
            raise Diverged(
                f"The loss became {loss} in epoch {self.epoch}, step {batch + 1}: try a smaller --learning-rate. "
                f"Received: learning_rate={rate:g}"
            )


def _judge(recipe: Recipe, model: Any, optimizer: Any, state: State, row: Mapping[str, float]) -> None:
    """Remember the best epoch; lower the learning rate or stop when there is no progress."""
    if not any(name.startswith("val_") for name in row):
        state.best_epoch = state.epoch  # nothing to judge by: the last epoch counts
        return
    value = row[recipe.monitor]
    better = state.best is None or (value > state.best if more_is_better(recipe.monitor) else value < state.best)
    if better:
        state.best, state.best_epoch, state.waited = value, state.epoch, 0
        state.best_weights = model.get_weights()
        return
    state.waited += 1
    if recipe.schedule == "plateau" and state.waited % max(1, (recipe.patience or 10) // 2) == 0:
        optimizer.learning_rate.assign(optimizer.learning_rate / 2)
    state.stopped = recipe.patience is not None and state.waited >= recipe.patience


def _check_monitor(recipe: Recipe, splits: Splits) -> None:
    valid = [f"val_{name}" for name in find(recipe.task).watched]
    if "validation" in splits.parts and recipe.monitor not in valid:
        raise InvalidValue(f"monitor must be one of {', '.join(valid)}. Received: monitor={recipe.monitor!r}")


@contextlib.contextmanager
def _precision(policy: str):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _write_history(folder: Path, state: State) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(state.history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(state.history)
    write_own(folder, runs.HISTORY, text.getvalue())
