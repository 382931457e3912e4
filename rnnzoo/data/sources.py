"""Where data come from, by name: classes of data objects, and functions that give arrays.

What a file names is not imported. A run names its data class, and perhaps a function that gave its arrays: they are
looked up among those that are known here. All others are the author's own code, and need the user's trust.
"""

import dataclasses
import importlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rnnzoo.errors import InvalidType, InvalidValue

OWN = "rnnzoo.data"
CLASSES = (
    "LanguageModeling",
    "MultilabelTexts",
    "SequenceClassification",
    "SequenceRegression",
    "SeriesForecasting",
    "Tagging",
    "TextClassification",
    "TextPairs",
    "TextRegression",
)
"""The zoo's own data classes."""
FOR_TASK: tuple[dict[str, str], ...] = (
    {"classification": "TextClassification", "regression": "TextRegression", "multilabel": "MultilabelTexts"},
    {"classification": "SequenceClassification", "regression": "SequenceRegression"},
)
"""Classes that read the same inputs with other answers, by task."""
FUNCTIONS = ("digits", "lab")
"""The zoo's own functions that give arrays, of `rnnzoo.data.embedded`."""
PLUGINS = "rnnzoo.data"
"""Other packages name their data classes by entry points of this group: `name = "package.module:Class"`."""


def is_import_path(source: Any) -> bool:
    """Tell `"package.module:name"` from a file and from a data set with its version, `"mnist:3.0.1"`."""
    return isinstance(source, str) and re.fullmatch(r"[\w.]+:[^\W\d][\w.]*", source) is not None


def function(path: str, trust: bool) -> Callable[[], Any]:
    """Return the function that a source names.

    Args:
        path: `"package.module:name"`.
        trust: Whether the user named it, or trusts who did.

    Raises:
        ValueError, TypeError: It cannot be imported, is no function, or is not trusted.
    """
    known = path in {f"{OWN}.embedded:{name}" for name in FUNCTIONS}
    found = _import(path) if known or trust else _refuse(path)
    if not callable(found):
        raise InvalidType(f"A source is a function that returns arrays. Received: {path}, a {type(found).__name__}")
    return found


def data_class(path: Any, trust: bool = False) -> type:
    """Return the data class that a run names: of the zoo, of a plug-in, or one that the program has defined already.

    The zoo's own are known by their names, in whatever module they lay.

    Raises:
        ValueError, TypeError: There is none of this name, or it is not trusted.
    """
    if not is_import_path(path):
        raise InvalidValue(f"A data class is named 'module:name'. Received: {str(path)[:60]!r}")
    module, _, name = path.partition(":")
    if f"{module}.".startswith(f"{OWN}."):
        if name not in CLASSES:
            raise InvalidValue(f"The zoo's data classes are {', '.join(CLASSES)}. Received: {path}")
        return getattr(importlib.import_module(OWN), name)
    found = next((kind for kind in _known(name) if name_of(kind) == path), None)
    found = found or (_import(path) if trust else _refuse(path))
    if not (isinstance(found, type) and hasattr(found, "__dataclass_fields__")):
        raise InvalidType(f"A data class is a dataclass. Received: {path}")
    return found


def tasks_of(data: Any) -> dict[str, str]:
    """Return the classes that read what a data object reads, by task; none where there is one alone."""
    name = type(data).__name__ if name_of(type(data)).startswith(f"{OWN}:") else ""
    return next((classes for classes in FOR_TASK if name in classes.values()), {})


def for_task(data: Any, task: str) -> Any:
    """Return the data object that reads the same inputs with the answers of another task.

    Raises:
        ValueError: There is none.
    """
    classes = tasks_of(data)
    if task not in classes:
        raise InvalidValue(
            f"These data are of {', '.join(classes) or 'one task alone'}; other tasks have recipes of their own. "
            f"Received: task={task!r}"
        )
    kind = getattr(importlib.import_module(OWN), classes[task])
    known = {field.name for field in dataclasses.fields(kind) if field.init}
    given = {field.name: getattr(data, field.name) for field in dataclasses.fields(data) if field.name in known}
    return kind(**given)


def name_of(kind: type) -> str:
    """Return the name by which a run finds a data class again."""
    module = OWN if f"{kind.__module__}.".startswith(f"{OWN}.") else kind.__module__
    return f"{module}:{kind.__qualname__}"


def _known(name: str) -> Iterator[type]:
    """Yield the data classes of this name that this program has defined, and those of installed plug-ins."""
    from rnnzoo.data.fitted import Fitted

    waiting = Fitted.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__qualname__ == name:
            yield kind
    for entry in importlib.metadata.entry_points(group=PLUGINS):
        if entry.value.partition(":")[2].split("[")[0].strip() == name:
            yield entry.load()


def import_modules(names: Iterable[str], trust: bool) -> None:
    """Import modules that register models, tasks or data of the user's own; also from the working folder.

    Args:
        names: As `import` names them.
        trust: Whether the user named them, or trusts who did. What the program has imported already needs none.

    Raises:
        ValueError: A name that is none, a module that cannot be found, or that is not trusted.
    """
    for name in names:
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name):
            raise InvalidValue(f"A module is named as import names it, such as my_models. Received: {name!r}")
        if name in sys.modules:
            continue
        if not trust:
            _refuse(name)
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise InvalidValue(f"Cannot import it: {error}. Received: {name}") from error


def _import(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InvalidValue(f"Cannot import it: {error}. Received: {path}") from error


def _refuse(path: str) -> Any:
    raise InvalidValue(
        "A run may name code of its author, which runs only if you trust it: --trust, or load(run, trust=True). "
        f"Received: {path}"
    )
