"""SegRNN: a GRU over segments of a series, and a forecast of all segments side by side.

Reference: Lin et al. (2023), "SegRNN: segment recurrent neural network for long-term time series forecasting",
https://arxiv.org/abs/2308.11200.
"""

import keras
from keras import ops

from rnnzoo.layers.forecasting.history import real_steps_of
from rnnzoo.layers.masking.padding import trailing
from rnnzoo.layers.recurrent.classic import GRU


def normal():
    """Standard normal; one for each weight, as an initializer that is asked twice draws the same numbers again."""
    return keras.initializers.RandomNormal(stddev=1.0)


def cut(x, mask, size):
    """Cut x `(batch, time, width)` into segments of `size` steps that end at each row's last real step.

    Returns `(batch, segments, size, width)`, zeros before the first real step, and the mask `(batch, segments)`, None
    if all segments are real.
    """
    width, real = x.shape[-1], None
    if mask is None and x.shape[1] is not None:
        count = -(-x.shape[1] // size)
        x = ops.pad(x, ((0, 0), (count * size - x.shape[1], 0), (0, 0)))
    else:
        (x, steps), time = real_steps_of(x, mask), ops.shape(x)[1]
        count = (time + size - 1) // size
        missing = (size - steps % size) % size  # -steps % size: a negative number's rest is another one in ONNX
        source = ops.arange(count * size, dtype="int32")[None] - missing
        inside = ops.logical_and(source >= 0, source < steps)
        x = ops.take_along_axis(x, ops.clip(source, 0, time - 1)[..., None], axis=1)
        x = ops.where(inside[..., None], x, 0)
        real = ops.arange(count, dtype="int32")[None] * size < steps
    return ops.reshape(x, (-1, count, size, width)), real


@keras.saving.register_keras_serializable("rnnzoo")
class SegmentRNN(keras.layers.Layer):
    """Forecast every channel from its own past by one GRU that all channels share.

    Encoding (section 3.3): a channel's past is cut into segments, each projected to `units` values and read by the GRU.
    The segments end at the last real step; a first one that is not full has zeros before it. Decoding, all at once
    (section 3.4, PMF): the same GRU makes one step from the last state for each future segment, its input half an
    embedding of the segment's position, half one of the channel; a projection gives the segment's values. In the GRU's
    equations the state's products are the same for all positions and the position's for all windows: each is made once.

    In: `(batch, time, features)`, with or without a mask. Out: `(batch, horizon, outputs)`.

    Args:
        units: Width of segments and of the state.
        segment_length: Steps of a segment.
        horizon: Steps to forecast.
        outputs: Channels, the first features.
        dropout: Share of the decoded states dropped.
    """

    def __init__(self, units, segment_length, horizon, outputs, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.segment_length = segment_length
        self.horizon = horizon
        self.outputs = outputs
        self.dropout = dropout
        self.embed = keras.layers.Dense(units, activation="relu", name="embed")
        self.gru = GRU(units, name="gru")
        self.drop = keras.layers.Dropout(dropout, name="drop")
        self.project = keras.layers.Dense(segment_length, name="project")

    def build(self, input_shape):
        self.embed.build((None, None, self.segment_length))
        self.gru.build((None, None, self.units))
        self.project.build((None, self.units))
        half = self.units // 2
        count = -(-self.horizon // self.segment_length)
        self.positions = self.add_weight(shape=(count, half), initializer=normal(), name="positions")
        self.channels = self.add_weight(shape=(self.outputs, self.units - half), initializer=normal(), name="channels")

    def call(self, x, mask=None, training=False):
        segments, real = self._segments(x[..., : self.outputs], mask)
        state = self.gru(self.embed(segments), mask=real, training=training)
        states = self._decode(ops.reshape(state, (-1, self.outputs, 1, self.units)))
        y = self.project(self.drop(states, training=training))  # (batch, channels, segments, steps)
        count = self.positions.shape[0]
        y = ops.reshape(y, (-1, self.outputs, count * self.segment_length))[..., : self.horizon]
        return ops.transpose(y, (0, 2, 1))

    def _segments(self, x, mask):
        """Return `(batch * channels, segments, steps)` and the mask of segments, None if all are real."""
        segments, real = cut(x, mask, self.segment_length)
        count = ops.shape(segments)[1]
        segments = ops.reshape(ops.transpose(segments, (0, 3, 1, 2)), (-1, count, self.segment_length))
        return segments, None if real is None else trailing(ops.repeat(real, self.outputs, axis=0))

    def _decode(self, state):
        """One step of the GRU for each position.

        In: state `(batch, channels, 1, units)`. Out: `(batch, channels, positions, units)`.
        """
        cell, count = self.gru.cell, self.positions.shape[0]
        positions = ops.repeat(self.positions[None], self.outputs, axis=0)
        channels = ops.repeat(self.channels[:, None], count, axis=1)
        inputs = ops.concatenate([positions, channels], axis=-1)  # (channels, positions, units)
        of_input = ops.matmul(inputs, cell.kernel) + cell.bias[0]
        of_state = ops.matmul(state, cell.recurrent_kernel) + cell.bias[1]
        x_update, x_reset, x_new = ops.split(ops.cast(of_input, state.dtype), 3, axis=-1)
        h_update, h_reset, h_new = ops.split(of_state, 3, axis=-1)
        update, reset = ops.sigmoid(x_update + h_update), ops.sigmoid(x_reset + h_reset)
        new = ops.tanh(x_new + reset * h_new)
        return update * state + (1 - update) * new

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.horizon, self.outputs)

    def get_config(self):
        words = ("units", "segment_length", "horizon", "outputs", "dropout")
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
