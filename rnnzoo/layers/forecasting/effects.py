"""What is known beside the past of the targets, added to a forecast that was made from that past alone."""

import keras
from keras import ops

from rnnzoo.layers.forecasting.history import real_steps_of, take_steps


@keras.saving.register_keras_serializable("rnnzoo")
class Effects(keras.layers.Layer):
    """Add a linear effect of the other features to a forecast; it begins at 0.

    Features that are known ahead stand `horizon` steps earlier than they hold: the last `horizon` steps that are read
    are those of the forecast. In: the forecast `(batch, horizon, outputs)` and what the model reads
    `(batch, time, features)`, with or without a mask. Out: the forecast.
    """

    def build(self, y_shape, x_shape):
        self.outputs = y_shape[-1]
        self.effect = keras.layers.Dense(self.outputs, kernel_initializer="zeros", use_bias=False, name="effect")
        self.effect.build((None, None, x_shape[-1] - self.outputs))

    def call(self, y, x, mask=None):
        horizon, x_mask = y.shape[1], mask[1] if isinstance(mask, list | tuple) else mask
        known, count = real_steps_of(x[..., y.shape[-1] :], x_mask)
        return y + self.effect(take_steps(known, count - horizon + ops.arange(horizon, dtype="int32")))

    def compute_mask(self, *inputs, mask=None, **others):
        return None

    def compute_output_shape(self, y_shape, x_shape):
        return y_shape
