"""The cross-entropy of steps, of which padded ones may hold any label."""

import keras
from keras import ops

from rnnzoo.private.keras import mask_of


def at_real_steps(y_true, mask):
    """Return labels with 0 where the mask says padding: what stands there is nobody's label.

    Args:
        y_true: Labels `(batch, time)`.
        mask: Booleans `(batch, time)`; None: every step is real.
    """
    if mask is None:
        return y_true
    y_true = ops.convert_to_tensor(y_true)
    return ops.where(ops.reshape(mask, ops.shape(y_true)), y_true, ops.zeros_like(y_true))


@keras.saving.register_keras_serializable("rnnzoo")
class StepsCrossEntropy(keras.losses.SparseCategoricalCrossentropy):
    """Keras's own, with any label allowed at padded steps, such as -100."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(at_real_steps(y_true, mask_of(y_pred)), y_pred, sample_weight)
