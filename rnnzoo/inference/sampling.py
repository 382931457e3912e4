"""Paths drawn from a model that knows how sure it is."""

from typing import Any

import numpy as np

from rnnzoo import hyperparameters as hp
from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.inference.quantiles import median

ROWS = 4096
"""Paths that are drawn at once."""
COUNT = hp.HyperParameter(int, low=1, below=10_000_000)


def likelihood_of(model):
    """Return the layer that a model draws from, None for a model that only answers."""
    body = next((layer for layer in model.layers if layer.name == "body"), None)
    decoder = next((layer for layer in getattr(body, "layers", []) if layer.name == "decoder"), None)
    return decoder if getattr(decoder, "likelihood", "none") != "none" else None


def sample(model: Any, x: Any, count: int = 100, seed: int = 0) -> Any:
    """Draw paths of the future: their mean and quantiles over `count` are the forecast's.

    Args:
        model: Of the zoo, with a likelihood, such as `deepar`.
        x: What the model reads, `(windows, lookback, features)`.
        count: Paths for each window.
        seed: Of the draws.

    Returns:
        `(windows, count, horizon, outputs)`.

    Raises:
        ValueError: The model has no likelihood, or does not read such an x; a count or a seed out of bounds.
        TypeError: x is not numbers, or one of the others of another type.
    """
    if not isinstance(model, keras.Model):
        raise InvalidType(f"model must be a keras.Model. Received: model={model!r}")
    decoder = likelihood_of(model)
    if decoder is None:
        raise InvalidValue(f"This model has no likelihood to draw from; deepar has. Received: {model.name}")
    COUNT.check("count", count), hp.TABLE["seed"].check("seed", seed)
    try:
        x = np.asarray(x, "float32")
    except (TypeError, ValueError):
        raise InvalidType(f"x must be numbers. Received: x={str(x)[:40]!r}") from None
    layers.check_inputs(model, x)
    found = []
    at_once = max(1, ROWS // count)
    for i, begin in enumerate(range(0, len(x), at_once)):
        part = np.repeat(x[begin : begin + at_once], count, axis=0)
        with decoder.sampling(seed + i):
            paths = median(model, np.asarray(model(part, training=False)))
        found.append(paths.reshape(-1, count, *paths.shape[1:]))
    return np.concatenate(found)
