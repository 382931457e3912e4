"""Model files of strangers. Keras's safe mode imports no module that a file names, but the layers of Keras itself are
enough to read other files or to run code, so those are refused here.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any

from rnnzoo._lazy import keras
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import refuse_special
from rnnzoo.sharing import compact

REFUSED = frozenset(
    {
        "Lambda",  # code
        "TFSMLayer",  # a graph of TensorFlow from another folder
        "TorchModuleWrapper",  # a pickle
        "JaxLayer",
        "FlaxLayer",
        "TextVectorization",  # a vocabulary from any file
        "StringLookup",
        "IntegerLookup",
        "IndexLookup",
    }
)
"""Classes of Keras that run code, or read files, that a model file names."""


MOST_GROWTH, SMALL = 100, 10**7
"""A file that unpacks to more than so many times its size, and more bytes than a small one has, is not unpacked."""


def load_model(path: str | os.PathLike) -> Any:
    """Open a `.keras` file, or a compact one, in safe mode.

    Raises:
        ValueError: It is damaged, or holds what is not opened.
    """
    path = os.fspath(path)
    refuse_special(path)
    try:
        with zipfile.ZipFile(path) as file:
            if sum(one.file_size for one in file.infolist()) > MOST_GROWTH * os.path.getsize(path) + SMALL:
                raise InvalidValue(f"The model file unpacks to far more than it is. Received: {path}")
            if any(name.startswith(("/", "..")) or "/../" in name for name in file.namelist()):
                raise InvalidValue(f"The model file names files outside of it. Received: {path}")
            damaged = file.testzip()
            config = json.loads(file.read("config.json"))
            small = "model.weights.h5" not in file.namelist()
    except UserError:
        raise
    except Exception as error:  # zipfile, zlib, json: whatever they meet in a file that is none of theirs
        raise InvalidValue(f"The model file is damaged ({_first(error)}). Received: {path}") from error
    if damaged:
        raise InvalidValue(f"The model file is damaged ({damaged} in it). Received: {path}")
    if found := sorted(REFUSED & set(_classes(config))):
        raise InvalidValue(f"A model file with {found[0]} is not opened: it may run code. Received: {path}")
    try:
        return compact.read(path, config) if small else keras.models.load_model(path, safe_mode=True)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # Keras raises what it meets: KeyError, TypeError, AttributeError, shapes
        raise InvalidValue(f"The model file is damaged ({_first(error)}). Received: {path}") from error


def _classes(config: Any) -> Iterator[str]:
    """Yield the class of everything that a config would make, however deep it lies."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                yield item["class_name"].rpartition(">")[2]
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160] if lines else 'no more is known'}"
