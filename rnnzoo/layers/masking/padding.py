"""Padding: trailing steps that are not there. An interior step is always real, whatever its value."""

import keras
from keras import ops

from rnnzoo.layers.masking.refusing import check_ids, check_sequence
from rnnzoo.private.keras import is_noted, note


@keras.saving.register_keras_serializable("rnnzoo")
class TrailingMask(keras.layers.Layer):
    """Mark every step up to the last one that is not padding.

    In: ids `(batch, time)`, or floats `(batch, time, features)`. Out: booleans `(batch, time)`, True up to the last
    step that differs from `pad_value` (in any feature), so that an interior one is kept.

    Args:
        pad_value: The value that fills a padded step.
    """

    def __init__(self, pad_value=0, **kwargs):
        super().__init__(**kwargs)
        self.pad_value = pad_value

    def call(self, x):
        real = ops.not_equal(x, self.pad_value)
        if len(x.shape) == 3:
            real = ops.any(real, axis=-1)
        real_from_here_on = ops.flip(ops.cumsum(ops.flip(ops.cast(real, "int32"), axis=1), axis=1), axis=1)
        return trailing(real_from_here_on > 0)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape[:2], dtype="bool")

    def get_config(self):
        return {**super().get_config(), "pad_value": self.pad_value}


def trailing(mask):
    """Return a mask that is made so that it has its padding at the end: no layer needs to look where it is."""
    note(mask, "trails")
    return mask


def known_to_trail(mask):
    """Tell whether the mask came from `trailing`, and as it was."""
    return is_noted(mask, "trails")


def lengths(mask):
    """Return the last real step + 1 of each row of a mask `(batch, time)`: int32 `(batch,)`, 0 if all is padding."""
    steps = ops.arange(1, ops.shape(mask)[1] + 1, dtype="int32")
    return ops.max(ops.where(mask, steps, 0), axis=1)


@keras.saving.register_keras_serializable("rnnzoo")
class Embedding(keras.layers.ReversibleEmbedding):
    """Token vectors, with a trailing mask: the 0s at the end of a row are padding, an interior 0 is a token.

    `keras.layers.Embedding(mask_zero=True)` punches holes at interior 0s instead. Arguments are those of
    `keras.layers.ReversibleEmbedding`. In: ids `(batch, time)`. Out: floats `(batch, time, output_dim)`. Called with
    `reverse=True` the other way round: vectors in, float32 scores of all tokens out (weight tying,
    https://arxiv.org/abs/1608.05859).

    An id that is not in the vocabulary is refused where ids are known (a call outside `tf.function`). In a graph it is
    what the backend makes of it: an error on a CPU under TensorFlow, zeros on a GPU, NaN on JAX. Keras takes -1 for the
    last token; here it is in no vocabulary.
    """

    def __init__(self, *args, reverse_dtype="float32", **kwargs):
        super().__init__(*args, reverse_dtype=reverse_dtype, **kwargs)
        self.supports_masking = True
        self.mask = TrailingMask(name="mask")

    def call(self, inputs, reverse=False):
        if not reverse:
            check_sequence(inputs)
            check_ids(inputs, self.input_dim)
            inputs = ops.cast(inputs, "int32")
            inputs = ops.where(inputs < 0, self.input_dim, inputs)
        return super().call(inputs, reverse)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs) if len(inputs.shape) == 2 else mask  # of vectors: that of the tokens


@keras.saving.register_keras_serializable("rnnzoo")
class Padding(keras.layers.Layer):
    """Find the trailing steps that equal `pad_value` in every feature: mask them and set them to 0.

    In and out: floats `(batch, time, features)`.

    Args:
        pad_value: The value that fills a padded step.
    """

    def __init__(self, pad_value, **kwargs):
        super().__init__(**kwargs)
        self.pad_value = float(pad_value)
        self.mask = TrailingMask(self.pad_value, name="mask")

    def build(self, input_shape):
        self.mask.build(input_shape)  # else Keras warns at loading

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs)

    def call(self, inputs):
        check_sequence(inputs)
        return ops.where(self.mask(inputs)[..., None], inputs, 0)

    def get_config(self):
        return {**super().get_config(), "pad_value": self.pad_value}
