"""Keras and our layers, imported on first use, so that names and signatures can be read without them."""

import importlib
import types
from typing import TYPE_CHECKING


class _Lazy(types.ModuleType):
    def __getattr__(self, name):
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import keras as keras
    import numpy as np

    from rnnzoo import layers as layers
else:
    keras, layers, np = _Lazy("keras"), _Lazy("rnnzoo.layers"), _Lazy("numpy")
