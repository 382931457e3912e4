"""Summaries of a sequence."""

import keras
from keras import ops

from rnnzoo.layers.masking.padding import lengths
from rnnzoo.layers.masking.refusing import check_sequence

MODES = ("last", "mean", "max", "mean_max")


@keras.saving.register_keras_serializable("rnnzoo")
class Pooling(keras.layers.Layer):
    """One vector for a sequence, blind to padding.

    In: `(batch, time, width)`, with or without a mask. Out: `(batch, width)`, or `(batch, 2 * width)` for `mean_max`.
    A row without a real step gives zeros.

    Args:
        mode: `last`, the state after the last real step; `mean`; `max`; or `mean_max`, both side by side.
        bidirectional: The second half of the width was read from the end, so its last state is at the first real
            step.
    """

    def __init__(self, mode="last", bidirectional=False, **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}. Received: mode={mode!r}")
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

        if self.mode == "mean_max":
            return ops.concatenate([mean(), maximum()], axis=-1)
        return {"last": last, "mean": mean, "max": maximum}[self.mode]()

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1] * (2 if self.mode == "mean_max" else 1))

    def get_config(self):
        return {**super().get_config(), "mode": self.mode, "bidirectional": self.bidirectional}
