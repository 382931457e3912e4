"""The words of the zoo: each hyper-parameter's type, bounds, search range and scale, in one table.

A model's keywords are read from its signature; what a word means stands here once. Third parties add words with
`Annotated[float, HyperParameter(...)]`, choices with `Literal[...]`. Keywords that several models share stand in a
`TypedDict` (PEP 692): `**options: Unpack[Shared]`, each with its `Annotated[int, Default(64)]`.
"""

import dataclasses
import inspect
import math
import numbers
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rnnzoo.errors import InvalidType, InvalidValue

Pooling = Literal["last", "mean", "max", "mean_max"]

DEFAULT_VOCABULARY, DEFAULT_EMBEDDING = 20_000, 128
"""Tokens, padding included, where `build` is told nothing of its input."""


@dataclass(frozen=True)
class HyperParameter:
    """One dial of a model or of its training.

    Args:
        kind: `int`, `float`, `bool` or `str`.
        help: What it does, in a few words.
        low: The smallest value allowed, or None.
        below: Every allowed value is smaller than this, or None.
        search: Where a tuner looks, `(from, to)`, or None if it should not.
        scale: `"linear"` or `"log"`: how a tuner steps through `search`.
        choices: The allowed words, for `kind=str`.
        summary_only: It shapes one summary of the sequence, so it means nothing for a task with an answer per step.
        default: The default; filled in from a model's signature.
    """

    kind: type
    help: str = ""
    low: float | None = None
    below: float | None = None
    search: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    choices: tuple[str, ...] = ()
    summary_only: bool = False
    default: Any = None

    @property
    def valid(self) -> str:
        """The allowed values in words: `a whole number >= 1`."""
        if self.choices:
            return " | ".join(map(repr, self.choices))
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "a word"}[self.kind]
        above = f" >= {self.low:g}" if self.low is not None else ""
        form = "{:,.0f}" if self.kind is int else "{:g}"
        below = " and < " + form.format(self.below) if self.below is not None else ""
        return words + above + below

    def check(self, name: str, value: Any) -> Any:
        """Return `value` as `kind`.

        Raises:
            TypeError: It is of another type.
            ValueError: It is out of bounds.
        """
        number = {int: numbers.Integral, float: numbers.Real}.get(self.kind, self.kind)
        if not isinstance(value, number) or (isinstance(value, bool) and self.kind is not bool):
            raise InvalidType(f"{name} must be {self.valid}. Received: {name}={value!r}")
        try:
            value = self.kind(value)
        except OverflowError:  # a whole number that is too large to be a float
            raise InvalidValue(
                f"{name} must be {self.valid}. Received: a number of {value.bit_length()} bits"
            ) from None
        if self.kind is float and math.isinf(value):
            raise InvalidValue(f"{name} must be {self.valid}, and finite. Received: {name}={value!r}")
        inside = (self.low is None or value >= self.low) and (self.below is None or value < self.below)
        if not inside or (self.choices and value not in self.choices):  # not inside: NaN lands here as well
            raise InvalidValue(f"{name} must be {self.valid}. Received: {name}={value!r}")
        return value

    def parse(self, name: str, text: str) -> Any:
        """Read the value from a command line's text."""
        try:
            value = {"true": True, "false": False}[text.lower()] if self.kind is bool else self.kind(text)
        except (ValueError, KeyError):
            raise InvalidValue(f"{name} must be {self.valid}. Received: {name}={text}") from None
        return self.check(name, value)


@dataclass(frozen=True)
class Default:
    """The default of a keyword in a `TypedDict`, where none can be assigned: `units: Annotated[int, Default(64)]`."""

    value: Any


_SIZE: dict[str, Any] = {"kind": int, "low": 1, "below": 10_000, "scale": "log"}
_MANY: dict[str, Any] = {**_SIZE, "below": 10_000_000}
_COUNT: dict[str, Any] = {"kind": int, "low": 1, "below": 2**31}
_RATE: dict[str, Any] = {"kind": float, "low": 0.0, "below": 1.0, "search": (0.0, 0.6)}

TABLE: dict[str, HyperParameter] = {
    # of bodies; those of shared options are listed in this order, which names run folders and seeds searches
    "filters": HyperParameter(**_SIZE, search=(16, 256), help="channels of the convolution"),
    "kernel_size": HyperParameter(**_SIZE | {"scale": "linear"}, search=(2, 9), help="steps that a convolution sees"),
    "units": HyperParameter(**_SIZE, search=(16, 256), help="width of the state, in each direction"),
    "num_layers": HyperParameter(
        kind=int, low=1, below=100, search=(1, 4), help="recurrent (or dense) layers on top of each other"
    ),
    "dropout": HyperParameter(**_RATE, help="share of values dropped on token embeddings and after every layer"),
    "recurrent_dropout": HyperParameter(
        **_RATE, help="share of each recurrent layer's inputs dropped by one mask for all steps (variational dropout)"
    ),
    "weight_dropout": HyperParameter(
        **_RATE, help="share of the weights between states dropped by one mask for a whole batch (DropConnect)"
    ),
    "activation_penalty": HyperParameter(
        kind=float, low=0.0, search=(0.0, 4.0), help="penalty on the mean square of the last layer's outputs (AR)"
    ),
    "change_penalty": HyperParameter(
        kind=float, low=0.0, search=(0.0, 4.0), help="penalty on the mean square of a state's change in a step (TAR)"
    ),
    "l2": HyperParameter(
        kind=float, low=0.0, search=(1e-7, 1e-3), scale="log", help="L2 penalty on input, recurrent and dense kernels"
    ),
    "pooling": HyperParameter(
        kind=str,
        summary_only=True,
        help="the summary of the states: the last, their mean, maximum, or mean and maximum",
    ),
    "activation": HyperParameter(kind=str, help="the nonlinearity of the recurrence"),
    "bidirectional": HyperParameter(kind=bool, help="the sequence, or the source, is read from both ends"),
    "alignment": HyperParameter(kind=str, help="how query and state are compared"),
    "input_feeding": HyperParameter(kind=bool, help="the attentional state is fed to the next step beside the token"),
    "scheduled_sampling": HyperParameter(
        **_RATE | {"search": (0.0, 0.9)},
        help="share of the decoder's steps that read its own answer in training, not the truth",
    ),
    "sentence_length": HyperParameter(**_MANY, search=(10, 50), help="tokens that make a sentence"),
    "lags": HyperParameter(**_MANY, search=(24, 720), help="steps before the forecast that are read, at most"),
    "period": HyperParameter(**_MANY, search=(2, 168), help="steps after which the series repeats itself"),
    "segment_length": HyperParameter(**_MANY, search=(4, 48), help="steps of the series that make one step of the GRU"),
    "rounds": HyperParameter(
        **_SIZE | {"low": 0, "scale": "linear"}, search=(1, 6), help="times that input and state gate each other"
    ),
    # of forecasting, whatever the body
    "normalization": HyperParameter(
        kind=str,
        choices=("none", "subtract_last", "instance"),
        help="what is taken from the targets' past in each window and given back to its forecast: nothing, the last "
        "value, or mean and deviation",
    ),
    # of tagging, whatever the body
    "crf": HyperParameter(
        kind=bool, help="tagging: judge the tags of a sequence together, by a conditional random field, not one by one"
    ),
    "character_model": HyperParameter(
        kind=str, choices=("lstm", "cnn"), help="tagging: what reads each word's characters, where they are given"
    ),
    "character_units": HyperParameter(
        **_SIZE,
        search=(16, 128),
        help="tagging: width of a word's vector from its characters, of an LSTM in each direction",
    ),
    # of language modelling, whatever the body
    "tie_weights": HyperParameter(
        kind=bool, help="language modelling: the vectors of the tokens that are read also score those that follow"
    ),
    # of `build` and of training
    "vocabulary_size": HyperParameter(**_MANY, help="tokens, padding (0) included"),
    "characters": HyperParameter(**_MANY, help="different characters, padding (0) included"),
    "features": HyperParameter(**_MANY, help="values per step"),
    "outputs": HyperParameter(**_MANY, help="classes, or target values"),
    "horizon": HyperParameter(**_MANY, help="steps to forecast"),
    "embedding_dim": HyperParameter(**_SIZE, search=(16, 256), help="width of a token's vector"),
    "word_dropout": HyperParameter(**_RATE, help="share of tokens replaced by the unknown one in training"),
    "average": HyperParameter(kind=float, low=0.0, help="epochs that the moving average of the weights looks back"),
    "sequence_length": HyperParameter(**_MANY, search=(16, 512), help="longest sequence, in steps"),
    "batch_size": HyperParameter(**_MANY, search=(16, 256), help="sequences per step of training"),
    "epochs": HyperParameter(**_COUNT, help="passes over the training data"),
    "patience": HyperParameter(**_COUNT, help="epochs without improvement before training stops"),
    "learning_rate": HyperParameter(
        kind=float, low=1e-12, search=(1e-4, 1e-2), scale="log", help="step size of the optimizer"
    ),
    "clip": HyperParameter(kind=float, low=1e-12, help="largest global norm of the gradients"),
    "trainable_embeddings": HyperParameter(kind=bool, help="train the vectors of tokens"),
    "trainable_body": HyperParameter(kind=bool, help="train more than the head"),
    "stateful": HyperParameter(kind=bool, help="the state of one call is carried into the next"),
    "unroll": HyperParameter(kind=bool, help="the steps are written out one by one"),
    "seed": HyperParameter(kind=int, low=0, below=2**32, help="seed of weights, dropout and order"),
    "stride": HyperParameter(**_COUNT, help="steps between two windows of train"),
    "limit": HyperParameter(**_COUNT, help="use at most so many examples of each split"),
    "print_every": HyperParameter(**_COUNT, help="print every so many epochs"),
}

LARGEST = 2**30
"""No weight has so many values: 4 GiB."""

NOT_DIALS = {"return_sequences", "outputs", "horizon", "source", "target", "embedding_dim"}
"""Keywords of a body that `build` fills in."""


def check(name: str, value: Any) -> Any:
    """Check one value of the table; None passes. See `HyperParameter.check`."""
    return None if value is None else TABLE[name].check(name, value)


def keywords(function: Callable) -> frozenset[str]:
    """Return the names of a body's parameters, those of `**options: Unpack[SomeTypedDict]` included."""
    return frozenset(inspect.signature(function).parameters) | _shared(function).keys()


def check_together(sizes: dict[str, Any]) -> None:
    """Check sizes of the table that make one weight together.

    Raises:
        ValueError: It would have `LARGEST` values or more.
    """
    gates = 4
    for words, times in (
        (("vocabulary_size", "embedding_dim"), 1),
        (("features", "units"), gates),
        (("outputs", "horizon", "units"), 1),
    ):
        given = {word: sizes[word] for word in words if sizes.get(word) is not None}
        if times * math.prod(given.values()) >= LARGEST:
            received = ", ".join(f"{word}={value}" for word, value in given.items())
            raise InvalidValue(f"{' * '.join(given)} must be < {LARGEST // times:,}. Received: {received}")


def from_signature(function: Callable) -> dict[str, HyperParameter]:
    """Read a body's hyper-parameters from its keywords: `units=64` takes its meaning from `TABLE`.

    They come in the order of the signature; with `**options: Unpack[SomeTypedDict]` in the order of `TABLE`.

    Raises:
        TypeError: A keyword has no default, or no meaning.
    """
    hints, shared = typing.get_type_hints(function, include_extras=True), _shared(function)
    own = {
        name: _dial(function, name, hints.get(name), parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in NOT_DIALS
    }
    if not shared:
        return own
    dials = {name: _dial(function, name, hint) for name, hint in shared.items() if name not in NOT_DIALS} | own
    return {name: dials[name] for name in sorted(dials, key=[*TABLE, *dials].index)}


def _dial(function: Callable, name: str, hint: Any, default: Any = inspect.Parameter.empty) -> HyperParameter:
    """Return what a keyword says of itself, and the table of its name."""
    bare, notes = _apart(hint)
    own = next((note for note in notes if isinstance(note, HyperParameter)), None)
    dial = own or TABLE.get(name)
    if default is inspect.Parameter.empty:
        default = next((note.value for note in notes if isinstance(note, Default)), default)
    if typing.get_origin(bare) is Literal:
        dial = dataclasses.replace(dial or HyperParameter(str), choices=typing.get_args(bare))
    elif dial is None and isinstance(default, bool):
        dial = HyperParameter(bool)
    if dial is None:
        raise InvalidType(
            f"{function.__name__}: the zoo has no hyper-parameter of this name; annotate it with "
            f"Annotated[type, HyperParameter(...)]. Received: {name}"
        )
    if default is inspect.Parameter.empty:
        raise InvalidType(
            f"{function.__name__}: a hyper-parameter needs a default; in a TypedDict it is Annotated[type, "
            f"Default(...)]. Received: {name}"
        )
    return dataclasses.replace(dial, default=dial.check(name, default))


def _shared(function: Callable) -> dict[str, Any]:
    """Return the fields of `**options: Unpack[SomeTypedDict]` with their hints; none without."""
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD and _form(hints.get(name)) == "Unpack":
            return typing.get_type_hints(typing.get_args(hints[name])[0], include_extras=True)
    return {}


def _apart(hint: Any) -> tuple[Any, list[Any]]:
    """Take a hint apart: `NotRequired[Annotated[int, Default(64)]]` is an `int` with a note."""
    notes: list[Any] = []
    while _form(hint) in ("Annotated", "Required", "NotRequired", "ReadOnly"):
        hint, *more = typing.get_args(hint)
        notes += more
    return hint, notes


def _form(hint: Any) -> str:
    """Return the name of what a hint is made with: `typing_extensions` has its own `Unpack`."""
    return getattr(typing.get_origin(hint), "__name__", "")
