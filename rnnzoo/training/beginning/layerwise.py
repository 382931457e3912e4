"""Fine-tuning from the top down: each part of a model at a rate of its own, and from a step of its own on.

Reference: Howard and Ruder (2018), https://arxiv.org/abs/1801.06146, sections 3.2 (discriminative fine-tuning: below
each layer the rate is divided by a ratio, there 2.6) and 3.3 (gradual unfreezing).
"""

from typing import Any

import keras
from keras import ops

from rnnzoo.private.keras import number_of


def depths(model: Any) -> list[int]:
    """Return how deep each trained variable of a model of the zoo lies.

    0: the head, and what stands beside it; 1: the body's last layer with weights; the deepest: the tokens' vectors.
    """
    body = model.get_layer("body")
    layers = [layer for layer in reversed(getattr(body, "layers", [body])) if layer.trainable_variables]
    found = {id(v): depth for depth, layer in enumerate(layers, 1) for v in layer.trainable_variables}
    for layer in model.layers:
        if layer.name in ("embedding", "with_characters"):
            found |= {id(v): len(layers) + 1 for v in layer.trainable_variables}
    return [found.get(id(v), 0) for v in model.trainable_variables]


def layerwise(optimizer: Any, model: Any, ratio: float, wait: int) -> Any:
    """Return an optimizer like the given one, by which each part learns at its own rate.

    Args:
        optimizer: Of Keras, not yet built.
        model: Of the zoo.
        ratio: A part's rate by that of the part below.
        wait: Steps after which the next part below begins to learn.
    """
    name = type(optimizer).__name__
    kind = getattr(keras.optimizers, name, type(optimizer))  # on torch Keras takes others, which step all at once
    made: Any = type(f"Layerwise{name}", (_Layerwise, kind), {})
    made = made.from_config(optimizer.get_config())
    made.rates = [(ratio**-depth, depth * wait) for depth in depths(model)]
    return made


class _Layerwise(keras.optimizers.Optimizer):
    rates: list[tuple[float, int]]

    def update_step(self, gradient, variable, learning_rate):
        share, since = self.rates[number_of(self, variable)]
        begun = ops.cast(self.iterations >= since, "float32")
        super().update_step(gradient, variable, learning_rate * share * begun)
