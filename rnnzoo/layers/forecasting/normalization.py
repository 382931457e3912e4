"""Reversible normalisation of a series: a pair around body and head.

Level and spread of a series drift; what is left of a window without them does not. The forecast gets them back.
Reference: Kim et al. (2022), "Reversible instance normalization", https://openreview.net/forum?id=cGDAkQo1C0p (here
without its trained scale and shift); Zeng et al. (2023), NLinear's last value, https://arxiv.org/abs/2205.13504.
"""

import keras
from keras import ops

from rnnzoo.layers.forecasting.history import real_steps_of, take_steps

SMALLEST_VARIANCE = 1e-5


@keras.saving.register_keras_serializable("rnnzoo")
class Normalize(keras.layers.Layer):
    """Take level and spread from the first features of each window; the others stay. Padded steps stay 0.

    In: `(batch, time, features)`, with or without a mask. Out: the same shape with the same mask; shift and scale, each
    `(batch, 1, outputs)`.

    Args:
        kind: `subtract_last`: the last real value, scale 1; `instance`: mean and deviation over the real steps.
        outputs: Features to normalise, the first ones.
    """

    def __init__(self, kind, outputs, **kwargs):
        super().__init__(**kwargs)
        self.kind = kind
        self.outputs = outputs
        self.supports_masking = True

    def call(self, x, mask=None):
        past, others = x[..., : self.outputs], x[..., self.outputs :]
        packed, count = real_steps_of(past, mask)
        real = ops.ones_like(past) if mask is None else ops.cast(mask[..., None], x.dtype) * ops.ones_like(past)
        if self.kind == "subtract_last":
            shift = take_steps(packed, count - 1)
            scale = ops.ones_like(shift)
        else:
            count = ops.cast(ops.maximum(count, 1), x.dtype)[..., None]
            shift = ops.sum(past * real, axis=1, keepdims=True) / count
            variance = ops.sum(ops.square(past - shift) * real, axis=1, keepdims=True) / count
            scale = ops.sqrt(variance + SMALLEST_VARIANCE)
        past = (past - shift) / scale * real
        return ops.concatenate([past, others], axis=-1), shift, scale

    def compute_mask(self, inputs, mask=None):
        return [mask, None, None]

    def compute_output_shape(self, input_shape):
        statistics = (input_shape[0], 1, self.outputs)
        return input_shape, statistics, statistics

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "outputs": self.outputs}


@keras.saving.register_keras_serializable("rnnzoo")
class Denormalize(keras.layers.Layer):
    """Give them back. In: the forecast `(batch, horizon, outputs)`, or quantiles, shift and scale. Out: the same."""

    def call(self, y, shift, scale):
        if len(y.shape) == 4:  # (batch, levels, horizon, outputs)
            shift, scale = shift[:, None], scale[:, None]
        return y * scale + shift

    def compute_output_shape(self, y_shape, shift_shape, scale_shape):
        return y_shape
