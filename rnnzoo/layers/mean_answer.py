"""The answers of several models as one."""

import keras
from keras import ops

SMALLEST = 1e-7
"""Probabilities are kept so far from 0 and 1 that their logits are finite."""


@keras.saving.register_keras_serializable("rnnzoo")
class MeanAnswer(keras.layers.Layer):
    """The mean of several models' answers, all of one shape.

    Args:
        of: `values`: of the answers themselves; `classes`: of the probabilities that the last axis's softmax makes of
            them; `labels`: of the probabilities that a sigmoid makes of each. Of probabilities the logits are given.
    """

    def __init__(self, of, **kwargs):
        super().__init__(**kwargs)
        self.of = of

    def call(self, answers):
        kinds = {"values": lambda x: x, "classes": lambda x: ops.softmax(x, axis=-1), "labels": ops.sigmoid}
        mean = sum(kinds[self.of](ops.cast(answer, "float32")) for answer in answers) / len(answers)
        if self.of == "values":
            return mean
        mean = ops.clip(mean, SMALLEST, 1 - SMALLEST)
        return ops.log(mean) if self.of == "classes" else ops.log(mean) - ops.log(1 - mean)

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return {**super().get_config(), "of": self.of}
