"""Summaries of a sequence."""

import keras
from keras import ops

from rnnzoo.layers.masking.padding import lengths
from rnnzoo.layers.masking.refusing import check_sequence

WIDTHS = {"last": 1, "mean": 1, "max": 1, "mean_max": 2, "concat": 3}
"""How many summaries stand side by side."""


@keras.saving.register_keras_serializable("rnnzoo")
class Pooling(keras.layers.Layer):
    """One vector for a sequence, blind to padding.

    In: `(batch, time, width)`, with or without a mask. Out: `(batch, width)`, or twice or three times that width. A row
    without a real step gives zeros.

    Args:
        mode: `last`, the state after the last real step; `mean`; `max`; `mean_max`, both side by side; or `concat`, all
            three (Howard and Ruder 2018, section 3.3, https://arxiv.org/abs/1801.06146).
        bidirectional: The second half of the width was read from the end, so its last state is at the first real
            step.
    """

    def __init__(self, mode="last", bidirectional=False, **kwargs):
        super().__init__(**kwargs)
        if mode not in WIDTHS:
            raise ValueError(f"mode must be one of {', '.join(WIDTHS)}. Received: mode={mode!r}")
        self.mode = mode
        self.bidirectional = bidirectional

    def call(self, x, mask=None):
        check_sequence(x)
        if mask is None:
            mask = ops.ones(ops.shape(x)[:2], dtype="bool")
        mask = ops.cast(mask, "bool")
        length = lengths(mask)[:, None]  # (batch, 1)
        real = ops.cast(mask, x.dtype)[..., None]  # (batch, time, 1)

        def last():
            final = ops.take_along_axis(x, ops.maximum(length - 1, 0)[..., None], axis=1)[:, 0]
            if self.bidirectional:
                forward_half = x.shape[-1] // 2
                first = ops.take_along_axis(x, ops.argmax(ops.cast(mask, "int32"), axis=1)[:, None, None], axis=1)[:, 0]
                final = ops.concatenate([final[:, :forward_half], first[:, forward_half:]], axis=-1)
            return ops.where(length > 0, final, 0)

        def mean():
            return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)

        def maximum():
            lowest = -65504.0 if x.dtype == "float16" else -3.0e38
            return ops.where(length > 0, ops.max(ops.where(mask[..., None], x, lowest), axis=1), 0)

        found = {"last": (last,), "mean": (mean,), "max": (maximum,), "mean_max": (mean, maximum)}
        found["concat"] = (last, mean, maximum)
        return ops.concatenate([summary() for summary in found[self.mode]], axis=-1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1] * WIDTHS[self.mode])

    def get_config(self):
        return {**super().get_config(), "mode": self.mode, "bidirectional": self.bidirectional}
