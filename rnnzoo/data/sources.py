"""Where data come from, by name: classes of data objects, and functions that give arrays."""

import importlib
import re
from typing import Any

from rnnzoo.errors import InvalidValue

OWN = "rnnzoo.data"


def is_import_path(source: Any) -> bool:
    """Tell `"package.module:name"` from a file and from a data set with its version, `"mnist:3.0.1"`."""
    return isinstance(source, str) and re.fullmatch(r"[\w.]+:[^\W\d][\w.]*", source) is not None


def import_object(path: str) -> Any:
    """Import `"package.module:name"`."""
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found
    except (ImportError, AttributeError) as error:
        raise InvalidValue(f"Cannot import it: {error}. Received: {path}") from error


def data_class(path: str) -> type:
    """Return the data class that a run names. The zoo's own are known by their names, in whatever module they lay."""
    module, _, name = path.partition(":")
    return import_object(f"{OWN}:{name}" if f"{module}.".startswith(f"{OWN}.") else path)


def name_of(kind: type) -> str:
    """Return the name by which a run finds a data class again."""
    module = OWN if f"{kind.__module__}.".startswith(f"{OWN}.") else kind.__module__
    return f"{module}:{kind.__qualname__}"
