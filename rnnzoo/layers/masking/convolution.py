"""Convolution over time that padding cannot leak into."""

import keras
from keras import ops

from rnnzoo.layers.masking.refusing import check_sequence


@keras.saving.register_keras_serializable("rnnzoo")
class Conv1D(keras.layers.Conv1D):
    """`keras.layers.Conv1D` of stride 1 that sets padded steps to 0 first and keeps the mask.

    Past the end a convolution sees zeros; with padded steps zeroed it sees the same however much padding follows.
    Of a mask at the front or with holes the same: what is masked is 0.

    In: `(batch, time, channels)`. Out: `(batch, time, filters)`.

    Args:
        filters: Output channels.
        kernel_size: Steps seen at once.
        padding: `"same"`, or `"causal"` to see no later step.
        **kwargs: As for `keras.layers.Conv1D`.
    """

    def __init__(self, filters, kernel_size, padding="same", **kwargs):
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        if padding not in ("same", "causal") or self.strides != (1,):
            raise ValueError(
                "Only padding='same' or 'causal' with strides=1 keeps one output for every step. "
                f"Received: padding={padding!r}, strides={self.strides}"
            )
        self.supports_masking = True

    def call(self, inputs, mask=None):
        check_sequence(inputs)
        if mask is not None:
            inputs = ops.where(mask[..., None], inputs, 0)
        return super().call(inputs)
