"""The last steps of a series, as forecasts need them. Masked steps, wherever they are, are left out."""

import keras
from keras import ops

from rnnzoo.layers.masking.packing import Packing


def real_steps_of(x, mask):
    """Return x `(batch, time, features)` with its real steps in front, and how many there are, int32 `(batch, 1)`."""
    if mask is None:
        return x, ops.full((ops.shape(x)[0], 1), ops.shape(x)[1], dtype="int32")
    packing = Packing(mask)
    return packing.pack(x), packing.lengths[:, None]


def take_steps(x, index):
    """Return x `(batch, time, features)` at `index` `(batch, steps)`; before the first step stands the first."""
    return ops.take_along_axis(x, ops.maximum(index, 0)[..., None], axis=1)


@keras.saving.register_keras_serializable("rnnzoo")
class Recent(keras.layers.Layer):
    """The last real steps of the first features. A shorter row has its first step repeated before it.

    In: `(batch, time, features)`, with or without a mask. Out: `(batch, steps, outputs)`.

    Args:
        steps: How many.
        outputs: Features to keep.
    """

    def __init__(self, steps, outputs, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps
        self.outputs = outputs

    def call(self, x, mask=None):
        x = x[..., : self.outputs]
        if mask is None and x.shape[1] is not None and x.shape[1] >= self.steps:
            return x[:, -self.steps :]
        x, count = real_steps_of(x, mask)
        return take_steps(x, count - self.steps + ops.arange(self.steps, dtype="int32"))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps, self.outputs)

    def get_config(self):
        return {**super().get_config(), "steps": self.steps, "outputs": self.outputs}


@keras.saving.register_keras_serializable("rnnzoo")
class Repeat(keras.layers.Layer):
    """Forecast by the last `period` real steps, again and again.

    In: `(batch, time, features)`, with or without a mask. Out: `(batch, horizon, outputs)`. Where a row is shorter than
    the period, its first step stands for the missing ones.

    Args:
        period: Steps that are repeated; 1 repeats the last value.
        horizon: Steps to forecast.
        outputs: Features to forecast, the first ones.
    """

    def __init__(self, period, horizon, outputs, **kwargs):
        super().__init__(**kwargs)
        self.period = period
        self.horizon = horizon
        self.outputs = outputs

    def call(self, x, mask=None):
        x, count = real_steps_of(x[..., : self.outputs], mask)
        return take_steps(x, count - self.period + ops.arange(self.horizon, dtype="int32") % self.period)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.horizon, self.outputs)

    def get_config(self):
        return {**super().get_config(), "period": self.period, "horizon": self.horizon, "outputs": self.outputs}


@keras.saving.register_keras_serializable("rnnzoo")
class MovingAverage(keras.layers.Layer):
    """The mean over `kernel_size` steps around each; both ends are repeated. In and out: `(batch, time, features)`.

    Args:
        kernel_size: Steps of the mean.
    """

    def __init__(self, kernel_size, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size

    def call(self, x):
        before, behind = (self.kernel_size - 1) // 2, self.kernel_size // 2
        padded = ops.concatenate(
            [ops.repeat(x[:, :1], before, axis=1), x, ops.repeat(x[:, -1:], behind, axis=1)], axis=1
        )
        return ops.average_pool(padded, self.kernel_size, strides=1, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size}
