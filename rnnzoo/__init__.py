"""rnnzoo: the model zoo for recurrent networks in Keras.

Importing it loads no backend; the names below are imported on first use (PEP 562).
"""

import importlib
from typing import TYPE_CHECKING

import wrapt

if TYPE_CHECKING:
    from rnnzoo.builder import build as build
    from rnnzoo.estimators.forecaster import RnnzooForecaster as RnnzooForecaster
    from rnnzoo.estimators.labelled import RnnzooClassifier as RnnzooClassifier
    from rnnzoo.estimators.labelled import RnnzooRegressor as RnnzooRegressor
    from rnnzoo.inference.attending import attention as attention
    from rnnzoo.inference.attending import features as features
    from rnnzoo.inference.decoding import decode as decode
    from rnnzoo.inference.sampling import sample as sample
    from rnnzoo.inspecting.inspection import inspect as inspect
    from rnnzoo.rebuilding import rebuild as rebuild
    from rnnzoo.registry import describe as describe
    from rnnzoo.registry import list_models as list_models
    from rnnzoo.registry import register as register
    from rnnzoo.search.driver import tune as tune
    from rnnzoo.serving.generating import generate as generate
    from rnnzoo.serving.streaming import stream as stream
    from rnnzoo.sharing.fetching import push as push
    from rnnzoo.sharing.giving import pack as pack
    from rnnzoo.sharing.presets import Preset as Preset
    from rnnzoo.sharing.presets import list_presets as list_presets
    from rnnzoo.training.fit import train as train
    from rnnzoo.training.recipe import Recipe as Recipe
    from rnnzoo.training.runs import load as load

__version__ = "0.1.0"

_HOME = {
    "attention": "rnnzoo.inference.attending",
    "build": "rnnzoo.builder",
    "features": "rnnzoo.inference.attending",
    "decode": "rnnzoo.inference.decoding",
    "generate": "rnnzoo.serving.generating",
    "stream": "rnnzoo.serving.streaming",
    "inspect": "rnnzoo.inspecting.inspection",
    "rebuild": "rnnzoo.rebuilding",
    "describe": "rnnzoo.registry",
    "list_models": "rnnzoo.registry",
    "register": "rnnzoo.registry",
    "sample": "rnnzoo.inference.sampling",
    "Recipe": "rnnzoo.training.recipe",
    "train": "rnnzoo.training.fit",
    "load": "rnnzoo.training.runs",
    "list_presets": "rnnzoo.sharing.presets",
    "pack": "rnnzoo.sharing.giving",
    "RnnzooClassifier": "rnnzoo.estimators.labelled",
    "RnnzooForecaster": "rnnzoo.estimators.forecaster",
    "RnnzooRegressor": "rnnzoo.estimators.labelled",
    "push": "rnnzoo.sharing.fetching",
    "Preset": "rnnzoo.sharing.presets",
    "tune": "rnnzoo.search.driver",
}
__all__ = [*_HOME]


def __getattr__(name):
    if name in ("layers", "data", "testing"):
        return importlib.import_module(f"rnnzoo.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'rnnzoo' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *_HOME])


@wrapt.when_imported("keras")
def _register_layers(_):
    """`keras.models.load_model` finds our layers only once they are registered: do it when Keras comes."""
    importlib.import_module("rnnzoo.layers")
