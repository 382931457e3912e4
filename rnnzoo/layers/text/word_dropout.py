"""Dropout of whole tokens."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("rnnzoo")
class WordDropout(keras.layers.Layer):
    """In training, replace a share of the tokens by the unknown one, so that no answer hangs on a single word.

    In and out: ids `(batch, time)`, int32. Padding (0) stays padding.

    Args:
        rate: The share.
        unknown: The id of an unknown token.
        seed: Of the draws.

    Reference: Iyyer et al. (2015), https://doi.org/10.3115/v1/P15-1162
    """

    def __init__(self, rate, unknown=1, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be a number >= 0 and < 1. Received: rate={rate!r}")
        self.rate, self.unknown, self.seed = rate, unknown, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, tokens, training=False):
        if not training:
            return tokens
        drop = keras.random.uniform(ops.shape(tokens), seed=self.seed_generator) < self.rate
        return ops.where(ops.logical_and(drop, tokens != 0), self.unknown, tokens)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "unknown": self.unknown, "seed": self.seed}
