"""Losses that Keras has not in this form. A true value that is NaN is not known: it is left out."""

import keras
from keras import ops


def mean_over_window(error, y_true):
    """Return each window's mean of an error `(batch, horizon, outputs)` over the values that are known, `(batch,)`."""
    axes = tuple(range(1, len(error.shape)))
    missing = ops.isnan(y_true)
    count = ops.sum(ops.cast(ops.logical_not(missing), error.dtype), axis=axes)
    size = error.shape[1] * error.shape[2]
    return ops.mean(ops.where(missing, 0.0, error), axis=axes) * (size / ops.maximum(count, 1.0))


def _difference(y_true, y_pred):
    """Return forecast - truth, 0 where that is not known: NaN would pass through the gradient of `where`."""
    y_true = ops.cast(y_true, y_pred.dtype)
    return y_pred - ops.where(ops.isnan(y_true), y_pred, y_true)


@keras.saving.register_keras_serializable("rnnzoo")
class WindowSquaredError(keras.losses.Loss):
    """The mean squared error of each window, over its steps and outputs, so that a weight is one a window.

    In: truth and forecast `(batch, horizon, outputs)`. Keras's own keeps the steps apart, and takes no such weight.
    """

    def __init__(self, name="window_squared_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return mean_over_window(ops.square(_difference(y_true, y_pred)), y_true)


@keras.saving.register_keras_serializable("rnnzoo")
class WindowAbsoluteError(keras.metrics.MeanMetricWrapper):
    """The mean absolute error of each window, as a metric."""

    def __init__(self, name="mae", dtype=None):
        super().__init__(absolute_error, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def absolute_error(y_true, y_pred):
    """Return the mean absolute error of each window, `(batch,)`."""
    return mean_over_window(ops.abs(_difference(y_true, y_pred)), y_true)
