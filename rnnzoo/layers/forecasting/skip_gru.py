"""LSTNet's recurrent-skip layer. Reference: Lai et al. (2018), https://arxiv.org/abs/1703.07015, section 3.4."""

import keras
from keras import ops

from rnnzoo.layers.forecasting.segments import cut
from rnnzoo.layers.masking.padding import trailing
from rnnzoo.layers.recurrent.classic import GRU


@keras.saving.register_keras_serializable("rnnzoo")
class SkipGRU(keras.layers.Layer):
    """A GRU whose state comes from `period` steps before: one GRU for each phase of the season, with shared weights.

    In: `(batch, time, width)`, with or without a mask. Out: the last state of every phase, `(batch, period * units)`.

    Args:
        units: Width of a state.
        period: Steps of the season.
    """

    def __init__(self, units, period, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.period = period
        self.gru = GRU(units, name="gru")

    def build(self, input_shape):
        self.gru.build((None, None, input_shape[-1]))

    def call(self, x, mask=None, training=False):
        seasons, real = cut(x, mask, self.period)  # (batch, seasons, period, width)
        count, width = ops.shape(seasons)[1], x.shape[-1]
        phases = ops.reshape(ops.transpose(seasons, (0, 2, 1, 3)), (-1, count, width))
        real = None if real is None else trailing(ops.repeat(real, self.period, axis=0))
        return ops.reshape(self.gru(phases, mask=real, training=training), (-1, self.period * self.units))

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.period * self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "period": self.period}
