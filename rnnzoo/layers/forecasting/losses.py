"""Losses that Keras has not in this form."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("rnnzoo")
class WindowSquaredError(keras.losses.Loss):
    """The mean squared error of each window, over its steps and outputs, so that a weight is one a window.

    In: truth and forecast `(batch, horizon, outputs)`. Keras's own keeps the steps apart, and takes no such weight.
    """

    def __init__(self, name="window_squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        error = ops.square(y_pred - ops.cast(y_true, y_pred.dtype))
        return ops.mean(error, axis=tuple(range(1, len(error.shape))))
