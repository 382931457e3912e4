"""The words of the zoo: each hyper-parameter's type, bounds, search range and scale, in one table.

A model's keywords are read from its signature; what a word means stands in the table once. Third parties add words with
`Annotated[float, HyperParameter(...)]`, choices with `Literal[...]`. Keywords that several models share stand in a
`TypedDict` (PEP 692): `**options: Unpack[Shared]`, each with its `Annotated[int, Default(64)]`.
"""

import dataclasses
import inspect
import math
import typing
from collections.abc import Callable
from typing import Any, Literal

from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.hyperparameters.dial import Default as Default
from rnnzoo.hyperparameters.dial import HyperParameter as HyperParameter
from rnnzoo.hyperparameters.table import LARGEST as LARGEST
from rnnzoo.hyperparameters.table import TABLE as TABLE

Pooling = Literal["last", "mean", "max", "mean_max", "concat"]

DEFAULT_VOCABULARY, DEFAULT_EMBEDDING = 20_000, 128
"""Tokens, padding included, where `build` is told nothing of its input."""

OF_TOKENS = ("embedding", "embedding_dim", "word_dropout")
"""Settings of a training that numbers have no use for."""

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
