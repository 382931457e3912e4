"""A linear readout that is solved, by ridge regression in float64, of a body that is left as it is."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from rnnzoo.data.batches import Batches
from rnnzoo.errors import InvalidValue
from rnnzoo.inference.attending import features
from rnnzoo.registry import describe
from rnnzoo.tasks import find

RIDGES = 10.0 ** np.arange(-14, 1)
"""What is tried: penalties on the squared weights, by the mean square of what they read."""
UNSEEN = 1e-9
"""The ridge where there is no validation part to choose it by."""


def is_solved(name: str, task: str, hyperparameters: Mapping[str, Any]) -> bool:
    """Tell whether a model's readout is solved instead of trained.

    Raises:
        ValueError: Its forecasts are normalised window by window.
    """
    if not (describe(name).readout_solved and find(task).linear):
        return False
    normalization = hyperparameters.get("normalization", "none")
    if normalization != "none":
        raise InvalidValue(
            f"The readout of {name} is solved for values as they are: normalization='none'. Received: {normalization=}"
        )
    return True


def solve(model: Any, train: Batches, validation: Batches | None) -> float:
    """Give the head the weights W and b that make |y - W h - b|² + ridge |W|² least, and return the mean square error.

    Args:
        model: Its head has one dense layer.
        train: What it is solved for.
        validation: What the ridge is chosen by, among `RIDGES`.
    """
    (dense,) = (layer for layer in model.get_layer("head").layers if isinstance(layer, keras.layers.Dense))
    seen = features(model)
    h, y, weight = _read(seen, train)
    gram, moments = (h * weight).T @ h, (h * weight).T @ y
    penalty = np.full(len(gram), np.trace(gram) / len(gram))
    penalty[-1] = 0  # not on the bias
    found = {ridge: np.linalg.solve(gram + np.diag(ridge * penalty), moments) for ridge in RIDGES}
    if validation is None:
        w = found[RIDGES[np.argmin(np.abs(RIDGES - UNSEEN))]]
    else:
        held_out, truth, counts = _read(seen, validation)
        # As the model will answer: its weights are float32.
        errors = [float(np.sum(counts * (held_out @ w.astype("float32") - truth) ** 2)) for w in found.values()]
        w = list(found.values())[int(np.argmin(errors))]
    dense.set_weights([w[:-1].astype("float32"), w[-1].astype("float32")])
    return float(np.sum(weight * (h @ w - y) ** 2) / np.sum(weight) / y.shape[1])


def _read(seen, batches):
    """Return what the head reads with a column of ones, the answers, and the weights, in float64, of all examples."""
    h, y, weight = [], [], []
    for x, answers, counts in batches.arrays():
        states = np.asarray(seen.predict_on_batch(x), "float64")
        h.append(np.concatenate([states, np.ones((len(states), 1))], axis=1))
        y.append(np.asarray(answers, "float64").reshape(len(states), -1))
        weight.append(np.asarray(counts, "float64").reshape(len(states), 1))
    return np.concatenate(h), np.concatenate(y), np.concatenate(weight)
