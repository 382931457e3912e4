"""Gradients of a number with respect to tensors, on whichever backend Keras runs."""

from collections.abc import Callable, Mapping
from typing import Any

from rnnzoo._lazy import keras, np


def gradients(score: Callable[[Mapping[str, Any]], Any], at: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the gradient of `score(tensors)` with respect to each tensor, at the given values.

    Args:
        score: Gives a scalar.
        at: Arrays, by name.
    """
    tensors = {name: keras.ops.convert_to_tensor(value) for name, value in at.items()}
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(list(tensors.values()))
            value = score(tensors)
        found = tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    elif backend == "jax":
        import jax

        found = jax.grad(score)(tensors)
    else:
        import torch

        leaves = {name: tensor.detach().requires_grad_() for name, tensor in tensors.items()}
        graded = torch.autograd.grad(score(leaves), list(leaves.values()), allow_unused=True)
        pairs = zip(leaves.items(), graded, strict=True)
        found = {name: torch.zeros_like(leaf) if g is None else g for (name, leaf), g in pairs}
    return {name: keras.ops.convert_to_numpy(gradient) for name, gradient in found.items()}
