"""Keras and our layers, imported on first use, so that names and signatures can be read without them."""

import importlib
import types
from typing import TYPE_CHECKING, Any

from rnnzoo.errors import UserError


class _Lazy(types.ModuleType):
    def __getattr__(self, name):
        return getattr(importlib.import_module(self.__name__), name)


def required(module: str, extra: str, what: str) -> Any:
    """Import what only some tasks need.

    Args:
        module: Its name.
        extra: Of the package, that brings it.
        what: What needs it, as a sentence begins.

    Raises:
        UserError: It is not installed; says what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UserError(f"{what}: pip install 'rnnzoo[{extra}]'. Received: no {module} here") from None


if TYPE_CHECKING:
    import keras as keras
    import numpy as np

    from rnnzoo import layers as layers
else:
    keras, layers, np = _Lazy("keras"), _Lazy("rnnzoo.layers"), _Lazy("numpy")
