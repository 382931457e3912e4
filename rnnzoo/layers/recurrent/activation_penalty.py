"""Activation regularisation of a sequence of states."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("rnnzoo")
class ActivationPenalty(keras.layers.Layer):
    """In training, add to the loss what large states, and states that change fast, cost.

    activation * mean((m ⊙ h_t)²) + change * mean((h_t - h_{t+1})²), over real steps and all units; m is the dropout
    mask.

    In: the states h and the same after dropout, both `(batch, time, units)`. Out: the latter, unchanged.

    Args:
        activation: α of the paper (AR).
        change: β of the paper (TAR).

    Reference: Merity et al. (2017), section 4.6, https://arxiv.org/abs/1708.02182
    """

    def __init__(self, activation, change, **kwargs):
        super().__init__(**kwargs)
        self.activation, self.change = activation, change
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return mask[1] if isinstance(mask, (list, tuple)) else mask

    def call(self, inputs, mask=None, training=False):
        if training:
            # Losses are float32 under mixed precision too, where sums of halves would overflow.
            states, dropped = (ops.cast(x, self.variable_dtype) for x in inputs)
            mask = mask[0] if isinstance(mask, (list, tuple)) else mask
            real = ops.ones_like(states[:, :, 0]) if mask is None else ops.cast(mask, states.dtype)
            large = _mean(ops.square(dropped), real)
            changing = _mean(ops.square(states[:, 1:] - states[:, :-1]), real[:, 1:])
            self.add_loss(self.activation * large + self.change * changing)
        return inputs[1]

    def compute_output_shape(self, input_shape):
        return input_shape[1]

    def get_config(self):
        return {**super().get_config(), "activation": self.activation, "change": self.change}


def _mean(x, real):
    """The mean of `x` `(batch, time, units)` over units and those steps that are real."""
    return ops.sum(ops.mean(x, axis=-1) * real) / ops.maximum(ops.sum(real), 1)
