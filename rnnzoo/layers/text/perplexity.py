"""The measure of language models."""

import keras
from keras import ops

from rnnzoo.layers.text.steps import at_real_steps
from rnnzoo.private.keras import mask_of


@keras.saving.register_keras_serializable("rnnzoo")
class Perplexity(keras.metrics.SparseCategoricalCrossentropy):
    """exp of the mean cross-entropy (nats) over real tokens: masked and weight-0 tokens do not count.

    In: labels `(batch, time)`, logits `(batch, time, vocabulary)`.
    """

    def __init__(self, name="perplexity", dtype=None, **_):
        super().__init__(name=name, dtype=dtype, from_logits=True)

    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(at_real_steps(y_true, mask_of(y_pred)), y_pred, sample_weight)

    def result(self):
        return ops.exp(super().result())

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}
