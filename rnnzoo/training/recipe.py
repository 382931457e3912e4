"""A recipe: a model, its data and how to train it."""

import dataclasses
import hashlib
import json
import os
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo import hyperparameters as hp
from rnnzoo._lazy import required
from rnnzoo.data.fitted import Fitted
from rnnzoo.data.sources import data_class, for_task, import_modules, name_of
from rnnzoo.data.splits import Splits
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.registry import describe, list_models
from rnnzoo.sharing import places
from rnnzoo.tasks import find

MEMBERS = hp.HyperParameter(int, low=1, below=1000)
NOT_IN_A_RUNS_IDENTITY = {"epochs", "print_every", "imports"}
"""More epochs extend a run; how often it prints, and where a model was found, changes nothing."""


SavedData = TypedDict("SavedData", {"class": str, "arguments": dict[str, Any]})


class Saved(TypedDict):
    """What every `config.json` holds; the fields of a recipe beside these have defaults."""

    name: str
    task: str
    model: str
    data: SavedData


@dataclass(frozen=True)
class Recipe:
    """What to train, on what, and how.

    Args:
        name: Names the runs.
        task: See `rnnzoo.build`.
        data: A data object: it loads batches and knows the sizes that the model needs.
        model: A name of `rnnzoo.list_models()`.
        hyperparameters: Of the model; others keep their defaults.
        sequence_length: Longest sequence in steps; None keeps all. Of forecasting the lookback: steps that are read.
        embedding_dim: Width of a token's vector.
        embedding: How token vectors start: `random`, or `ppmi`, from the company that tokens keep in the training
            sequences (not with `weights`).
        word_dropout: Share of tokens that training replaces by the unknown token.
        epochs: Passes over the training data, at most.
        batch_size: Sequences per step.
        learning_rate: Step size at the start.
        optimizer: `adam`, `sgd` (momentum 0.9) or `rmsprop`.
        clip: Largest global norm of the gradients; None: any.
        schedule: `constant`; `cosine`, down to 0 over all epochs; or `plateau`: halved when `monitor` has not improved
            for half of `patience`.
        rate_ratio: How many times smaller the rate of each part is than that of the part above it: the head, the body's
            layers from the last to the first, the tokens' vectors (discriminative fine-tuning). 1: all learn alike.
        unfreeze: Epochs after which the next part below begins to learn too (gradual unfreezing). 0: all at once.
        average: Epochs, such as 0.5, that a moving average of the weights looks back; at the end of each epoch they
            become their average (Keras's `use_ema`). None: no average.
        patience: Stop after so many epochs without improvement of `monitor`; None never stops early.
        monitor: What chooses the best epoch: `val_loss`, `val_accuracy`, ...; whether more is better is known.
        class_weight: `balanced` weighs each class by the inverse of its frequency in train.
        precision: `float32`, or Keras's `mixed_float16` or `mixed_bfloat16`.
        weights: A run (whatever `rnnzoo.load` opens, such as the preset `imdb`) or `.keras` file to start from.
            Hyper-parameters that are not given are those of the run; a recipe that names weights gives its own.
        trainable_body: Train body and embedding too, not the head alone.
        seed: Of weights, dropout and order.
        members: Train so many models, their seeds counting up from `seed`; the run answers with their mean.
        limit: At most so many examples of each split.
        print_every: Print every so many epochs.
        search: What `tune` searches beside or instead of its defaults, by name: a range `(16, 64)`, a list of values,
            or None to leave it alone.
        imports: Modules that register models, tasks or data of your own, such as `my_models`. The run remembers them:
            who trusts it, imports them too.
    """

    name: str
    task: str
    data: Any
    model: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    sequence_length: int | None = None
    embedding_dim: int = 128
    embedding: Literal["random", "ppmi"] = "random"
    word_dropout: float = 0.0
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    clip: float | None = 1.0
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    rate_ratio: float = 1.0
    unfreeze: float = 0.0
    average: float | None = None
    patience: int | None = 5
    monitor: str = "val_loss"
    class_weight: Literal["balanced"] | None = None
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    weights: str | None = None
    trainable_body: bool = True
    seed: int = 0
    members: int = 1
    limit: int | None = None
    print_every: int = 1
    search: Mapping[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()

    def check(self) -> "Recipe":
        """Return the recipe with every hyper-parameter of its model filled in.

        Raises:
            ValueError, TypeError: A setting that cannot be used.
        """
        checked.value("imports", tuple[str, ...], self.imports)
        import_modules(self.imports, trust=True)
        info, task = describe(self.model), find(self.task)
        for library in task.libraries:  # before hours are spent
            required(library, task.extra, f"A training of {self.task} is measured by {library}")
        for name in hp.TABLE.keys() & {f.name for f in dataclasses.fields(self)}:
            hp.check(name, getattr(self, name))
        checked.fields(self)
        if not self.name.strip() or "/" in self.name or "\0" in self.name:
            raise InvalidValue(f"name names the run's folder, so it has letters and no /. Received: name={self.name!r}")
        _check_data(self.data)
        if getattr(self.data, "missing", None) is True and not info.reads_missing:  # of tables: what is written for it
            able = [name for name in list_models() if describe(name).reads_missing]
            raise InvalidValue(
                f"Missing values are read by {', '.join(able)}; fill them for other models. Received: {self.model!r}"
            )
        if not task.linear and getattr(self.data, "scale_answers", "none") != "none":
            raise InvalidValue(
                f"{self.task} learns its answers as they are: give the data scale_answers='none'. "
                f"Received: {self.data.scale_answers!r}"
            )
        MEMBERS.check("members", self.members)
        if self.members > 1 and task.mean_of is None:
            raise InvalidValue(f"members answer with their mean, and {self.task} has none. Received: {self.members=}")
        if self.class_weight and not task.weighs_classes:
            raise InvalidValue(f"class_weight belongs to classification. Received: task={self.task!r}")
        if not (task.head or self.trainable_body):
            raise InvalidValue(
                f"A model of {self.task} has no head apart from its body, so nothing would be trained. "
                "Received: trainable_body=False"
            )
        if self.precision == "mixed_float16" and (self.rate_ratio != 1 or self.unfreeze):
            raise InvalidValue(
                "Where the loss is scaled all parts learn alike: leave rate_ratio and unfreeze out, or take "
                f"mixed_bfloat16. Received: precision='mixed_float16', {self.rate_ratio=}, {self.unfreeze=}"
            )
        known = info.dials(self.task)
        open_ones = known.keys() - self.hyperparameters.keys() if self.weights else ()
        taken = places.dials(self.weights, self.model, open_ones) if open_ones else {}
        return dataclasses.replace(self, hyperparameters=info.check(self.task, {**taken, **self.hyperparameters}))

    def with_model(self, name: str) -> "Recipe":
        """Return the recipe with another model, which takes over the hyper-parameters that it has too."""
        known = describe(name).dials(self.task)
        kept = {word: value for word, value in self.hyperparameters.items() if word in known}
        return dataclasses.replace(self, model=name, hyperparameters=kept)

    def with_task(self, task: str) -> "Recipe":
        """Return the recipe with another task, and data that read its answers: stars as numbers, not as classes."""
        if find(task) is find(self.task):  # whatever its data are
            return self
        return dataclasses.replace(self, name=f"{self.name}-{task}", task=task, data=for_task(self.data, task))

    def load(self, data_dir: str | None = None) -> Splits:
        """Load the data, batched as the recipe says."""
        return self.data.load(
            sequence_length=self.sequence_length,
            batch_size=self.batch_size,
            seed=self.seed,
            limit=self.limit,
            data_dir=data_dir,
        )

    def to_config(self) -> dict[str, Any]:
        """Return all that a training depends on, as JSON can hold it; the data by import path and arguments."""
        config = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("data", "search")}
        kind = type(self.data)
        arguments = {f.name: getattr(self.data, f.name) for f in dataclasses.fields(self.data) if f.init}
        config["hyperparameters"] = dict(self.hyperparameters)
        config["data"] = {"class": name_of(kind), "arguments": arguments}
        return json.loads(json.dumps(config, default=str))

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        trust: bool = False,
        own: type | None = None,
        where: str | os.PathLike = "config.json",
    ) -> "Recipe":
        """Undo `to_config`.

        Args:
            config: What `to_config` returned.
            trust: Import modules, data classes, and functions that give data, that only the config names.
            own: A data class that is known beside the zoo's, those of plug-ins, and those that the program has defined.
            where: What the config was read from, for errors.

        Raises:
            ValueError: It is the config of something else, a field is of another type, or code is not trusted.
        """
        check_saved(config, where)
        hints, path = typing.get_type_hints(cls), config["data"]["class"]
        known = {f.name for f in dataclasses.fields(cls)} - {"data", "search"}
        given = {word: value for word, value in config.items() if word in known}
        given["imports"] = import_saved(config, trust, where)
        kind = own if own and name_of(own) == path else data_class(path, trust)
        arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in config["data"]["arguments"].items()}
        try:
            for word, value in given.items():
                checked.value(word, hints[word], value)
            data = kind(**arguments)
            _check_data(data)
        except (TypeError, ValueError, AttributeError) as error:
            raise InvalidValue(f"This config is of no run of rnnzoo ({error}). Received: {where}") from error
        if isinstance(data, Fitted):
            data.trusted = trust  # type: ignore[misc]  # of this object alone
        return cls(**given, data=data)

    def identity(self) -> dict[str, Any]:
        """Return what makes two trainings the same, flat: `{"learning_rate": ..., "units": ..., "source": ...}`."""
        config = {k: v for k, v in self.check().to_config().items() if k not in NOT_IN_A_RUNS_IDENTITY}
        data = config.pop("data")
        return {**config, **config.pop("hyperparameters"), **data["arguments"], "data": data["class"]} | {
            "hyperparameters": None
        }

    def run_name(self, base: "Recipe | None" = None) -> str:
        """Return `<recipe>-<data>-<model>-<settings>-<seed>-<hash>`: of data and settings what differs from `base`.

        The data are named by the stem of their file. A hash stands for what is not told: other arguments of the data,
        and settings that are too many.
        """
        mine, theirs = self.identity(), (base or self).with_model(self.model).identity()
        changed = {k: v for k, v in mine.items() if k not in ("seed", "model") and v != theirs.get(k)}
        given = next((str(changed[name]) for name in ("file", "dataset", "source") if changed.get(name)), "")
        of_data = {f.name for f in dataclasses.fields(self.data)} | {"data"}
        told = [f"{k}={v}" for k, v in changed.items() if k not in of_data]
        middle = _word("-".join(told))
        hidden = [f"{k}={v}" for k, v in changed.items() if k in of_data and (k, str(v)) != ("dataset", given)]
        if len(middle) > LONGEST:
            middle, hidden = middle[:LONGEST].rpartition("-")[0] or middle[:LONGEST], [*hidden, *told]
        code = hashlib.sha256("-".join(hidden).encode()).hexdigest()[:6] if hidden else ""
        stem = _word(os.path.basename(given).partition(".")[0] if "file" in changed else given)[:LONGEST]
        return "-".join(word for word in (self.name, stem, self.model, middle, str(self.seed), code) if word)


LONGEST = 40
"""Letters of a run's settings in its name."""


def _word(text: str) -> str:
    return re.sub(r"[^\w.=+-]+", "_", text)


def import_saved(config: Mapping[str, Any], trust: bool, where: str | os.PathLike) -> tuple[str, ...]:
    """Import the modules that a `config.json` names, and return their names.

    Raises:
        ValueError: They are no names, or not trusted.
    """
    names = config.get("imports", ())
    if not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise InvalidValue(f"This config is of no run of rnnzoo: imports are names. Received: {where}")
    import_modules(names, trust)
    return tuple(names)


def check_saved(config: Any, where: str | os.PathLike) -> dict[str, Any]:
    """Return what a `config.json` holds.

    Raises:
        ValueError: It is of something else.
    """
    try:
        return checked.structure(Saved, config, where)
    except InvalidValue as error:
        raise InvalidValue(f"This config is of no run of rnnzoo: {error}") from error


def _check_data(data: Any) -> None:
    """Refuse an object that is no data object, and fields of it that are not of their types."""
    if not dataclasses.is_dataclass(data) or isinstance(data, type):
        raise InvalidType(f"data must be a data object, such as SequenceClassification(...). Received: data={data!r}")
    checked.fields(data)
