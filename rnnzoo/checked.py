"""What comes from outside, from a user or from a file, is checked here: field by field, by its type, by pydantic."""

import dataclasses
import functools
import os
import types
import typing
from collections.abc import Mapping
from typing import Any

import typing_extensions

from rnnzoo.errors import InvalidType, InvalidValue

_WORDS = {
    int: "a whole number",
    float: "a finite number",
    bool: "True or False",
    str: "a word",
    type(None): "None",
    dict: "values by name",
}


def value(name: str, hint: Any, given: Any) -> None:
    """Refuse a value that is not of a field's type.

    Args:
        name: What to call it.
        hint: The field's type: a type, a union, `Literal`, `tuple[str, ...]`, ...
        given: The value. NumPy's numbers, paths for words and lists for tuples pass.

    Raises:
        TypeError: It is of another type.
        ValueError: It is none of the choices, or not finite.
    """
    import pydantic

    try:
        _adapter(hint, True).validate_python(_plain(given, hint), strict=True)
    except pydantic.ValidationError as error:
        kinds = {one["type"] for one in error.errors()}
        kind = InvalidValue if kinds & {"literal_error", "finite_number"} else InvalidType
        raise kind(f"{name} must be {in_words(hint)}. Received: {name}={_short(given)}") from None


def fields(holder: Any) -> None:
    """Refuse a dataclass whose fields are not of their types. See `value`."""
    hints = typing.get_type_hints(type(holder))
    for field in dataclasses.fields(holder):
        if field.init:
            value(field.name, hints[field.name], getattr(holder, field.name))


def structure(kind: type, content: Any, where: str | os.PathLike) -> dict[str, Any]:
    """Return the fields of a dataclass or a TypedDict that a file holds.

    Args:
        kind: Says which fields there are, and their types; an open TypedDict (`total=False`) may hold more.
        content: What the file holds.
        where: The file.

    Raises:
        ValueError: A field is missing, unknown or of another type. The file is named.
    """
    import pydantic

    name = os.path.basename(where)
    if not isinstance(content, Mapping):
        raise InvalidValue(f"{name} is damaged: it holds no fields by name. Received: {where}")
    if dataclasses.is_dataclass(kind):
        own = dataclasses.fields(kind)
        known = {field.name for field in own if field.init}
        unset = dataclasses.MISSING
        needed = {f.name for f in own if f.init and f.default is unset and f.default_factory is unset}
        if unknown := sorted(content.keys() - known):
            raise InvalidValue(f"{name} is damaged: it has a field {unknown[0]!r}. Received: {where}")
    else:
        needed = set(kind.__required_keys__)  # type: ignore[attr-defined]
    if missing := sorted(needed - content.keys()):
        raise InvalidValue(f"{name} is damaged: {missing[0]} is missing. Received: {where}")
    hints = typing.get_type_hints(kind, include_extras=True)
    for word in content.keys() & hints.keys():
        hint = hints[word]
        if typing.get_origin(hint) in (typing.Required, typing.NotRequired):
            hint = typing.get_args(hint)[0]
        try:
            _adapter(hint, False).validate_python(_plain(content[word], hint), strict=True)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, (word, *first["loc"])))
            raise InvalidValue(f"{name} is damaged: {place}: {first['msg']}. Received: {where}") from None
    return dict(content)


def in_words(hint: Any) -> str:
    """Return what a type allows: `'adam' | 'sgd'`, `a whole number or None`."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " | ".join(map(repr, inside))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(in_words, inside))
    if origin is typing.Annotated:
        return in_words(inside[0])
    if origin in (tuple, list):
        return "words" if inside and inside[0] is str else "a list of values"
    if origin and isinstance(origin, type) and issubclass(origin, Mapping):
        return "values by name"
    return _WORDS.get(hint, f"a {getattr(hint, '__name__', hint)}")


@functools.cache
def _adapter(hint: Any, finite: bool) -> Any:
    import pydantic

    if typing_extensions.is_typeddict(hint):  # which has no use for a config
        return pydantic.TypeAdapter(hint)
    config = pydantic.ConfigDict(allow_inf_nan=not finite, arbitrary_types_allowed=True)
    return pydantic.TypeAdapter(hint, config=config)


def _plain(given: Any, hint: Any) -> Any:
    """Return NumPy's number as Python's, a path as a word, and a list as the tuple that is asked for."""
    if type(given).__module__ == "numpy" and getattr(given, "shape", None) == ():
        return given.item()
    if isinstance(given, os.PathLike):
        return os.fspath(given)
    asked = {typing.get_origin(one) for one in (hint, *typing.get_args(hint))}
    if isinstance(given, list) and tuple in asked and list not in asked:
        return tuple(given)
    return given


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 80 else text[:77] + "..."
