"""Run folders: what a training leaves behind, and how to use it again."""

import functools
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidType, InvalidValue, differences
from rnnzoo.files import TEMPORARY, read_json, write_text
from rnnzoo.registry import describe
from rnnzoo.tasks import check_options, find
from rnnzoo.tasks.task import Judgement, Task
from rnnzoo.training.recipe import Recipe

CONFIG, DATA, CHECKPOINT, MODEL = "config.json", "data.json", "checkpoint", "model.keras"
HISTORY, PLOTS, RESULTS = "history.csv", "plots", "results.json"
FILES = (CONFIG, DATA, CHECKPOINT, MODEL, HISTORY, PLOTS, RESULTS)


class Run:
    """A training's folder.

    Args:
        folder: Holds `config.json`, `model.keras`, what the data fitted, `history.csv`, `plots/` and `results.json`.

    Attributes:
        model: The compiled `keras.Model` with the best weights.
        data: The data object, fitted.
        config: All settings, as in `config.json`.
        results: `results.json`.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """All settings of the training."""
        return read_json(self.folder / CONFIG)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that was trained."""
        return Recipe.from_config(self.config)

    @functools.cached_property
    def data(self) -> Any:
        """The data object, as fitted on this run's training split."""
        return self.recipe.data.restore(self.folder)

    @functools.cached_property
    def model(self) -> Any:
        """The model with the weights of the best epoch."""
        import keras

        describe(self.config["model"])  # a plug-in registers its layers
        return keras.models.load_model(self._finished(MODEL))

    @property
    def results(self) -> dict[str, Any]:
        """What was measured."""
        return read_json(self._finished(RESULTS))

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return (self.folder / RESULTS).is_file()

    def outputs(self, raw: Sequence[Any]) -> Any:
        """Return the model's bare answers to raw inputs, in their order: `(inputs, ...)`.

        With an answer for every step: a list of arrays `(time, ...)`.
        """
        if not len(raw):
            raise InvalidValue("There is nothing to predict. Received: no input")
        batches = self.data.batches(raw)
        found: list[Any] = [None] * len(batches)
        for (indices, real, _), (batch, _, _) in zip(batches.plan(), batches.arrays(), strict=True):
            for i, output in zip(indices[:real], self.model.predict_on_batch(batch)[:real], strict=True):
                found[i] = output[: len(batches.y[i])] if batches.per_step else output
        return found if batches.per_step else np.stack(found)

    @property
    def task(self) -> Task:
        """What the model is for."""
        return find(self.config["task"])

    def predict(self, raw: Sequence[Any], **options: Any) -> list[dict[str, Any]]:
        """Answer raw inputs: `[{"label": "7", "probability": 0.98}]`, `[{"values": [...]}]`, or `[{"text": "..."}]`.

        A tagger answers `[{"words": [...], "tags": [...]}]`.

        Args:
            raw: Sequences as the data object takes them: arrays, lists, or text.
            **options: Those of the task. Of translation `beam`: how many answers are followed side by side; 1 takes the
                likeliest token at each step.

        Raises:
            ValueError, TypeError: An input that the model cannot read; an option that the task has not.
        """
        if isinstance(raw, str) or not isinstance(raw, Sequence | np.ndarray):
            raise InvalidType(f"predict takes a list of inputs. Received: {type(raw).__name__}")
        return self.task.answers(self, raw, **check_options(self.task, options))

    def explain(self, raw: Sequence[str], **options: Any) -> list[Any]:
        """Show which words of each text the model looked at; see `rnnzoo.pictures.attention.Explanation`.

        Of translation: which it looked at for each token that it wrote; see
        `rnnzoo.tasks.judging.translations.Translation`. Options are those of `predict`.

        Raises:
            ValueError: The model has no attention, or the data no words.
        """
        return self.task.explain(self, raw, **check_options(self.task, options))

    def evaluate(self, file: Any = None, *, data_dir: str | None = None, **options: Any) -> dict[str, float]:
        """Measure the model on its test split (validation, else train, where there is none), or on a labelled file.

        Args:
            file: Labelled data of the kind that the run was trained on: an `.npz` file with x and y, or a table with
                the same columns.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
            **options: See `predict`.
        """
        return self.judge(file, data_dir=data_dir, **options).scores

    def judge(self, file: Any = None, *, data_dir: str | None = None, **options: Any) -> Judgement:
        """Measure the model as `evaluate` does, with what else its task tells: the scores of each tag, a table."""
        checked = check_options(self.task, options)
        return self.task.judge(self.model, self._judged(file, data_dir), self.data, **checked)

    def by_tag(self, file: Any = None, *, data_dir: str | None = None) -> dict[str, dict[str, float]]:
        """Measure a tagger by tag: precision, recall, f1 and count of each; arguments as for `evaluate`."""
        return self.judge(file, data_dir=data_dir).details["tags"]

    def _judged(self, file: Any, data_dir: str | None) -> Any:
        """Return the batches that the model is measured on."""
        if file is not None:
            return self.data.batches_of(file)
        parts = Recipe.from_config(self.config).load(data_dir).parts
        return parts.get("test") or parts.get("validation") or parts["train"]

    def _finished(self, name: str) -> Path:
        if not (self.folder / name).is_file():
            raise InvalidValue(
                f"This run has no {name} yet: the same train command goes on where it stopped. Received: {self.folder}"
            )
        return self.folder / name


def load(run: str | os.PathLike) -> Run:
    """Open a run folder.

    Raises:
        ValueError: It is none.
    """
    folder = Path(run)
    if not (folder / CONFIG).is_file():
        why = "has no config.json, so it is no run" if folder.is_dir() else "does not exist"
        raise InvalidValue(f"The folder {why}; `rnnzoo runs` lists yours. Received: {folder}")
    return Run(folder)


def list_runs(folder: str | os.PathLike = "runs") -> list[Run]:
    """Find the runs in a folder, sorted by name."""
    return [Run(path.parent) for path in sorted(Path(folder).glob(f"*/{CONFIG}"))]


def claim(folder: Path, recipe: Recipe, restart: bool) -> None:
    """Make sure that a folder is free, or holds a run of this very recipe.

    Raises:
        ValueError: Something else lies there; the difference is named.
    """
    if folder.is_file():
        raise InvalidValue(f"A run needs a folder, and this is a file. Received: {folder}")
    if not folder.is_dir() or all(path.name.startswith(TEMPORARY) for path in folder.iterdir()):
        return
    if not (folder / CONFIG).is_file():
        raise InvalidValue(f"The folder holds something that is no run; give another --run. Received: {folder}")
    found = Run(folder).recipe  # someone else's config.json ends here: a restart must not remove it
    if restart:
        return
    if different := differences(found.identity(), recipe.identity()):
        raise InvalidValue(
            f"The folder holds another run ({different}): give another --run, or --restart to replace it. "
            f"Received: {folder}"
        )


def clear(folder: Path) -> None:
    """Remove a run's own files, and nothing else."""
    for name in FILES:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed processes had begun to write."""
    for path in folder.rglob(f"{TEMPORARY}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole."""
    write_text(path, json.dumps(content, indent=1) + "\n")
