"""Quantiles of a forecast, in their order, and their loss."""

from statistics import NormalDist

import keras
import numpy as np
from keras import ops

from rnnzoo.layers.forecasting.history import real_steps_of, take_steps
from rnnzoo.layers.forecasting.losses import absolute_error, mean_over_window

CHANGES = 48
"""So many of the last changes of a series tell how unsure its next steps are, at most."""
BEGIN = 0.5
"""The deviation of the normal distribution whose quantiles training begins with."""


@keras.saving.register_keras_serializable("rnnzoo")
class Quantiles(keras.layers.Layer):
    """Put quantiles around a forecast, which is their median: each lies a positive distance from the one before.

    The distances are a dense layer's, through softplus, so no two quantiles cross. It reads a summary, `(batch,
    width)`; or what the forecast was made from, `(batch, time, features)`, with or without a mask: the absolute changes
    of each target's last steps, with the same weights for all targets (as the symmetric absolute value model of Engle
    and Manganelli 2004, https://doi.org/10.1198/073500104000000370). It begins with the same distances everywhere.

    In: the forecast `(batch, horizon, outputs)`, and the summary or the past. Out: `(batch, levels, horizon, outputs)`.

    Args:
        levels: Ascending, between 0 and 1; 0.5 is among them.
    """

    def __init__(self, levels, **kwargs):
        super().__init__(**kwargs)
        self.levels = tuple(levels)
        self.middle = self.levels.index(0.5)
        self.summary, self.lags = False, 0

    def build(self, y_shape, x_shape):
        _, self.horizon, self.outputs = y_shape
        self.summary = len(x_shape) == 2
        count = len(self.levels) - 1
        self.lags = 0 if self.summary else max(1, min(CHANGES, (x_shape[1] or CHANGES + 1) - 1))
        shape = (count, self.horizon, self.outputs) if self.summary else (count, self.horizon)
        width = int(np.prod(shape))
        self.distances = keras.layers.Dense(width, kernel_initializer="zeros", dtype="float32", name="distances")
        self.distances.build((None, x_shape[-1] if self.summary else self.lags))
        steps = np.diff([BEGIN * NormalDist().inv_cdf(level) for level in self.levels])
        first = np.log(np.expm1(steps)).reshape(-1, *(1,) * (len(shape) - 1))  # softplus undone
        self.distances.bias.assign(np.broadcast_to(first, shape).reshape(-1).astype("float32"))

    def call(self, y, x, mask=None):
        shape = (-1, len(self.levels) - 1, self.horizon)
        if self.summary:
            steps = ops.reshape(self.distances(x), (*shape, self.outputs))
        else:
            x_mask = mask[1] if isinstance(mask, list | tuple) else mask
            past, count = real_steps_of(x[..., : self.outputs], x_mask)
            recent = take_steps(past, count - self.lags - 1 + ops.arange(self.lags + 1, dtype="int32"))
            changes = ops.transpose(ops.abs(recent[:, 1:] - recent[:, :-1]), (0, 2, 1))
            steps = ops.reshape(self.distances(changes), (-1, self.outputs, *shape[1:]))
            steps = ops.transpose(steps, (0, 2, 3, 1))
        steps, y = ops.softplus(steps), ops.cast(y, "float32")[:, None]
        below = y - ops.flip(ops.cumsum(ops.flip(steps[:, : self.middle], axis=1), axis=1), axis=1)
        above = y + ops.cumsum(steps[:, self.middle :], axis=1)
        return ops.concatenate([below, y, above], axis=1)

    def compute_mask(self, *inputs, mask=None, **others):
        return None

    def compute_output_shape(self, y_shape, x_shape):
        return (y_shape[0], len(self.levels), *y_shape[1:])

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable("rnnzoo")
class WindowPinball(keras.losses.Loss):
    """The pinball loss, its mean over levels and over a window's steps and outputs, so that a weight is one a window.

    Of a level q and an error e = truth - quantile: q e where e > 0, (q - 1) e elsewhere (Koenker and Bassett 1978,
    https://doi.org/10.2307/1913643). In: truth `(batch, horizon, outputs)`, NaN where it is not known, and quantiles
    `(batch, levels, horizon, outputs)`.

    Args:
        levels: Of the quantiles.
    """

    def __init__(self, levels, name="window_pinball", **kwargs):
        super().__init__(name=name, **kwargs)
        self.levels = tuple(levels)

    def call(self, y_true, y_pred):
        y_true = ops.cast(y_true, y_pred.dtype)
        known = ops.where(ops.isnan(y_true), 0.0, y_true)  # NaN would pass through the gradient of `where`
        level = ops.reshape(ops.convert_to_tensor(self.levels, y_pred.dtype), (1, -1, 1, 1))
        error = known[:, None] - y_pred
        pinball = ops.mean(ops.maximum(level * error, (level - 1) * error), axis=1)
        return mean_over_window(pinball, y_true)

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable("rnnzoo")
class MedianAbsoluteError(keras.metrics.MeanMetricWrapper):
    """The mean absolute error of the median, as a metric.

    Args:
        middle: Which of the quantiles it is.
    """

    def __init__(self, middle, name="mae", dtype=None):
        super().__init__(lambda y_true, y_pred: absolute_error(y_true, y_pred[:, middle]), name=name, dtype=dtype)
        self.middle = middle

    def get_config(self):
        return {"middle": self.middle, "name": self.name, "dtype": self.dtype}
