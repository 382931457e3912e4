"""The space of a search: read from the models' signatures, declared up front."""

import dataclasses
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnnzoo import hyperparameters as hp
from rnnzoo.errors import InvalidValue, did_you_mean
from rnnzoo.registry import describe
from rnnzoo.tasks import find
from rnnzoo.training.recipe import Recipe

DEFAULT = ("learning_rate", "units", "num_layers", "dropout", "sequence_length", "batch_size")
"""What is searched unless the recipe or the user says otherwise, where the model has it."""
OF_TRAINING = ("learning_rate", "sequence_length", "batch_size", "embedding_dim", "word_dropout")
WORDS_OF_TRAINING = ("optimizer", "schedule", "embedding")


@dataclass(frozen=True)
class Dimension:
    """One dial of the search: a range, or a choice.

    Args:
        name: `learning_rate`, `units`, ...; `model` chooses the model.
        start: The recipe's own value, or the nearest one inside.
        low: The smallest value of a range.
        high: The largest.
        whole: The range holds whole numbers.
        log: Steps are factors: `log x` is uniform, so all values are > 0.
        choices: Instead of a range.
        models: The dial belongs to these models alone; empty: to all that are searched.
    """

    name: str
    start: Any
    low: float = 0
    high: float = 0
    whole: bool = False
    log: bool = False
    choices: tuple[Any, ...] = ()
    models: tuple[str, ...] = ()

    def points(self, count: int = 3) -> tuple[Any, ...]:
        """Return the values that a grid tries: all choices, or a few of the range, its ends included."""
        if self.choices:
            return self.choices
        shares = [i / (count - 1) for i in range(count)]
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + share * (self.high - self.low) for share in shares]
        return tuple(dict.fromkeys(self.clean(value) for value in values))

    def clean(self, value: Any) -> Any:
        """Round to what a person would write: whole numbers, or three digits."""
        if self.choices:
            return value
        value = round(value) if self.whole else float(f"{value:.3g}")
        return min(max(value, self.low), self.high)

    def __str__(self):
        return f"{self.name} {' | '.join(map(str, self.choices)) or f'{self.low:g} to {self.high:g}'}"


def make_space(
    recipe: Recipe,
    models: Sequence[str],
    search: Mapping[str, Any],
    *,
    longest: int,
    examples: int,
    lengths: bool = True,
    tokens: bool = True,
) -> list[Dimension]:
    """Return every dimension: the default ones, as the recipe's `search` and then `search` narrow or widen them.

    Args:
        recipe: What is tuned.
        models: The models to choose from; one or more.
        search: By name a range `(low, high)`, a list of values, or None: not searched.
        longest: Steps of the longest training sequence: no default range goes beyond.
        examples: Of train: no default range of the batch size goes beyond.
        lengths: Whether a part of the data's sequences means the same: False does not search their length by default.
        tokens: Whether the sequences are of tokens: False has no dials of their vectors.

    Raises:
        ValueError, TypeError: A name that no model has, a range outside what is valid, nothing to search.
    """
    wanted: dict[str, Any] = {**dict.fromkeys(DEFAULT, "default"), **recipe.search, **search}
    if not (lengths and find(recipe.task).searches_sequence_length) and wanted["sequence_length"] == "default":
        wanted["sequence_length"] = None  # fewer tags to get right would not compare, nor half a picture
    dials = {name: dial for name, dial in _dials(recipe, models).items() if tokens or name not in hp.OF_TOKENS}
    limits = {"sequence_length": longest, "batch_size": examples}
    start = recipe.model if recipe.model in models else models[0]
    space = [Dimension("model", start, choices=tuple(models))] if len(models) > 1 else []
    for name, value in wanted.items():
        if name not in dials:
            if name not in search and (name in hp.TABLE):
                continue  # these models have no such dial
            raise InvalidValue(
                f"There is nothing of this name to search; there are {', '.join(dials)}."
                f"{did_you_mean(name, dials)} Received: {name}={value!r}"
            )
        dial, having = dials[name]
        if value is not None:
            dimension = _dimension(name, dial, value, limits.get(name), _own(recipe, name, dial))
            space.append(dataclasses.replace(dimension, models=() if len(having) == len(models) else tuple(having)))
    if all(len(dimension.choices) == 1 for dimension in space):
        raise InvalidValue(
            f"There is nothing to search: every setting has one value. Received: {', '.join(map(str, space)) or 'none'}"
        )
    return space


def apply(recipe: Recipe, space: Sequence[Dimension], values: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the values of a trial."""
    settings = {d.name: d.clean(values[d.name]) for d in space if d.name in values}
    changed = recipe.with_model(settings.pop("model", recipe.model))
    of_training = {name: settings.pop(name) for name in (*OF_TRAINING, *WORDS_OF_TRAINING) if name in settings}
    known = describe(changed.model).dials(recipe.task)
    dials = {**changed.hyperparameters, **{name: value for name, value in settings.items() if name in known}}
    return dataclasses.replace(changed, hyperparameters=dials, **of_training)


def parse(setting: str) -> tuple[str, Any]:
    """Read `units=16:256`, `pooling=last,mean` or `dropout=off` from a command line."""
    name, equals, text = setting.partition("=")
    if not equals or not text:
        raise InvalidValue(f"--search takes NAME=LOW:HIGH, NAME=A,B,C or NAME=off. Received: --search {setting}")
    if text in ("off", "none"):
        return name, None
    low, colon, high = text.partition(":")
    try:
        return name, (_number(low), _number(high)) if colon else [_word(word) for word in text.split(",")]
    except ValueError:
        raise InvalidValue(f"A range is two numbers, LOW:HIGH. Received: --search {setting}") from None


def _dials(recipe: Recipe, models: Sequence[str]) -> dict[str, tuple[hp.HyperParameter, list[str]]]:
    """Return each dial with the models that have it."""
    words = typing.get_type_hints(Recipe)
    dials = {name: (hp.TABLE[name], list(models)) for name in OF_TRAINING}
    for name in WORDS_OF_TRAINING:
        dials[name] = hp.HyperParameter(str, choices=typing.get_args(words[name])), list(models)
    for model in models:
        info = describe(model)
        info.check(recipe.task, {})  # a model that cannot do the task is refused here
        for name, dial in info.dials(recipe.task).items():
            if not (dial.summary_only and find(recipe.task).per_step):
                dials.setdefault(name, (dial, []))[1].append(model)
    return dials


def _own(recipe: Recipe, name: str, dial: hp.HyperParameter) -> Any:
    """Return the recipe's own value of a dial."""
    if name in (*OF_TRAINING, *WORDS_OF_TRAINING):
        return getattr(recipe, name)
    return recipe.hyperparameters.get(name, dial.default)


def _dimension(name: str, dial: hp.HyperParameter, value: Any, limit: int | None, own: Any) -> Dimension:
    if isinstance(value, str) and value == "default":
        if dial.choices or dial.kind is bool:
            value = list(dial.choices) or [False, True]
        else:
            if dial.search is None:
                raise InvalidValue(f"{name} has no range of its own: give one, NAME=LOW:HIGH. Received: {name}")
            low, high = dial.search
            if limit is not None:
                high = min(high, limit)
                low = low if low < high else max(1, high // 4)
            value = (low, high) if low != high else [low]
    if isinstance(value, tuple) and len(value) == 2 and dial.kind in (int, float):
        low, high = (dial.check(name, end) for end in value)
        if not low < high:
            raise InvalidValue(f"A range goes from a smaller to a larger value. Received: {name}={low:g}:{high:g}")
        log = dial.scale == "log" and low > 0
        start = high if own is None else min(max(own, low), high)
        return Dimension(name, start, low, high, dial.kind is int, log)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InvalidValue(
            f"What is searched is a range (low, high), a list of values, or None. Received: {name}={value!r}"
        )
    choices = tuple(dict.fromkeys(dial.check(name, choice) for choice in value))
    if not choices:
        raise InvalidValue(f"The space is empty: no value is left for {name}. Received: {name}={value!r}")
    return Dimension(name, own if own in choices else choices[0], choices=choices)


def _number(text: str) -> float | int:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(number) if number.is_integer() and "." not in text and "e" not in text.lower() else number


def _word(text: str) -> Any:
    text = text.strip()
    try:
        return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _number(text)
    except ValueError:
        return text
