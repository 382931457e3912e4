"""Run folders: what a training leaves behind, and how to use it again."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Required

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo.data.fitted import DATA, Fitted
from rnnzoo.errors import InvalidType, InvalidValue, UserError, differences
from rnnzoo.files import named, own_path, read_json
from rnnzoo.model_files import load_model
from rnnzoo.registry import describe
from rnnzoo.sharing import manifest, packs, places
from rnnzoo.tasks import check_options, find
from rnnzoo.tasks.task import Judgement, Task
from rnnzoo.training import carrying
from rnnzoo.training.recipe import Recipe, check_saved, import_saved
from rnnzoo.training.reporting.report import Report

CONFIG, CHECKPOINT, MODEL = packs.CONFIG, "checkpoint", packs.MODEL
HISTORY, PLOTS, RESULTS = packs.HISTORY, "plots", packs.RESULTS
EXPLAINED = f"{PLOTS}/explained.png"


class Results(TypedDict, total=False):
    """The fields of `results.json` that others rely on; what a task tells beside them is its own affair."""

    recipe: Required[str]
    dataset: Required[str]
    task: Required[str]
    model: Required[str]
    hyperparameters: Required[dict[str, Any]]
    parameters: Required[Annotated[int, Field(ge=0)]]
    metrics: Required[Annotated[dict[str, dict[str, float]], Field(min_length=1)]]
    seconds: Required[Annotated[float, Field(ge=0)]]
    epochs: Required[Annotated[int, Field(ge=1)]]
    stopped: Required[bool]
    seed: Required[int]
    measure: str
    pictures: list[Annotated[str, Field(pattern=r"^[\w-]+\.png$")]]


class Run:
    """A training's folder.

    Args:
        folder: Holds `config.json`, `model.keras`, what the data fitted, `history.csv`, `plots/`, `results.json` and
            `manifest.json`, by which damage is noticed.
        trust: See `load`.
        place: Of a packed run, which keeps the folder.

    Attributes:
        model: The compiled `keras.Model` with the best weights.
        data: The data object, fitted.
        config: All settings, as in `config.json`.
        results: `results.json`.
        history: `history.csv`, as a DataFrame.
    """

    def __init__(self, folder: str | os.PathLike[str], trust: bool = False, place: places.Place | None = None):
        self.folder, self.trust = Path(folder), trust
        self.place = place or places.Place(self.folder, self.folder.name)

    @property
    def desk(self) -> Path:
        """The folder for pictures and exports: the run's own, or for a packed one a folder of its name, here."""
        return self.place.desk

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """All settings of the training."""
        path = manifest.check(self.folder, CONFIG)
        return check_saved(read_json(path), path)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that was trained."""
        return Recipe.from_config(self.config, trust=self.trust, where=self.folder / CONFIG)

    @functools.cached_property
    def data(self) -> Any:
        """The data object, as fitted on this run's training split."""
        manifest.check(self.folder, DATA)
        found = self.recipe.data.restore(self.folder)
        self._agree(self.__dict__.get("model"), found)
        return found

    @functools.cached_property
    def model(self) -> Any:
        """The model with the weights of the best epoch."""
        import_saved(self.config, self.trust, self.folder / CONFIG)
        try:
            describe(self.config["model"])  # a plug-in registers its layers
        except InvalidValue as error:
            raise InvalidValue(
                f"The run's model is not among those that are known here: import its module first, or train with "
                f"--import MODULE, which the run remembers. Received: {self.config['model']!r} of {self.folder}"
            ) from error
        found = load_model(manifest.check(self.folder, self._finished(packs.model_file(self.folder))))
        if found.name != self.config["model"]:
            raise InvalidValue(f"{MODEL} is of another run: a {found.name!r}. Received: {self.folder}")
        self._agree(found, self.__dict__.get("data"))
        return found if found.compiled else carrying.anew(found, self.config)

    def _agree(self, model: Any, data: Any) -> None:
        """Refuse files of different runs, once both are open."""
        if model is None or not isinstance(data, Fitted):
            return
        told = data.inputs
        sizes = {"outputs": model.output_shape[-1]}
        if "features" in told:
            sizes["features"] = model.inputs[0].shape[-1]
        if any(layer.name == "embedding" for layer in model.layers):
            sizes["vocabulary_size"] = model.get_layer("embedding").input_dim
        for name, size in sizes.items():
            if told.get(name, size) != size:
                raise InvalidValue(
                    f"{DATA} and {MODEL} are of different runs: {name} is {told[name]} there, {size} here. "
                    f"Received: {self.folder}"
                )

    @property
    def results(self) -> dict[str, Any]:
        """What was measured."""
        path = manifest.check(self.folder, self._finished(RESULTS))
        return checked.structure(Results, read_json(path), path)

    @property
    def history(self) -> Any:
        """A `pandas.DataFrame`: a row an epoch, with loss and metrics of training and, as `val_...`, of validation."""
        import pandas as pd

        return pd.read_csv(manifest.check(self.folder, self._finished(HISTORY)))

    def plot(self) -> Any:
        """Draw the learning curves; returns a `matplotlib` figure, which a notebook shows."""
        from rnnzoo.pictures.curves import curves

        history = self.history
        best = self.results.get("best_epoch") if self.finished else None
        return curves(history.to_dict("records"), best or len(history))

    def report(self) -> Report:
        """Return what was trained and measured, in numbers: text, which a notebook shows as tables."""
        return Report(self.config, self.results)

    def __repr__(self):
        """Return folder, model and quality in one line."""
        try:
            model, measured = self.config["model"], "not finished"
            if self.finished:
                part, scores = list(self.results["metrics"].items())[-1]
                name = self.results.get("measure") or self.task.main_metric
                measured = f"{part} {name} {scores[name]:.4g}"
        except UserError as error:
            return f"<Run {self.folder}: {error}>"
        return f"<Run {self.folder}: {model}, {measured}>"

    def _repr_html_(self) -> str | None:
        return self.report()._repr_html_() if self.finished else None

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return own_path(self.folder, RESULTS).is_file()

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
        recipe = Recipe.from_config(self.config, trust=self.trust, where=self.folder / CONFIG)
        recipe.data.restore(self.folder)
        recipe.data.keep_fitted = True
        recipe.data.find_files(recipe.data.fitted.get("where"))
        parts = recipe.load(data_dir).parts
        return parts.get("test") or parts.get("validation") or parts["train"]

    def changed_data(self) -> str | None:
        """Say how the files that the run was trained on have changed since; None: not, or it cannot be told."""
        return changed_data(self.folder, self.recipe.data)

    def _finished(self, name: str) -> str:
        if not own_path(self.folder, name).is_file():
            raise InvalidValue(
                f"This run has no {name} yet: the same train command goes on where it stopped. Received: {self.folder}"
            )
        return name


def changed_data(folder: Path, data: Any) -> str | None:
    """Say how the files of a run have changed since they were read for it; None: not, or it cannot be told."""
    path = own_path(folder, DATA)
    kept = read_json(path) if path.is_file() else {}
    if not (there := kept.get("seen")):
        return None
    data.find_files(kept.get("where"))
    return differences(there, data.seen()) or None


def load(run: str | os.PathLike[str], *, trust: bool = False, sha256: str | None = None) -> Run:
    """Open a run.

    Nothing that its files name is imported, unless you trust their author: see `SECURITY.md`.

    Args:
        run: A run folder; a file that `rnnzoo pack` wrote; the name of a preset, such as `imdb` (a folder of that name
            is `./imdb`); `hf://user/name`, of the Hugging Face Hub; or `https://...`, a packed run in the web.
        trust: Import the author's own data class, and the function that gave the data, where the run names them.
        sha256: Of a file from the web: its checksum, without which it is not opened.

    Raises:
        ValueError: It is none, or damaged.
        UserError: It cannot be fetched.

    Example:
        >>> rnnzoo.load("imdb").predict(["a gorgeous, witty film"])
    """
    place = places.find(run, sha256)
    return Run(place.folder, trust, place)


def list_runs(folder: str | os.PathLike[str] = "runs") -> list[Run]:
    """Find the runs in a folder, sorted by name."""
    return [Run(path.parent) for path in sorted(named(folder).glob(f"*/{CONFIG}"))]
