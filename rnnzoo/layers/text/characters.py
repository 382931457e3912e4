"""Words read letter by letter, so that a word never seen before still has its endings, capitals and digits."""

import keras
from keras import ops

from rnnzoo.layers.masking.convolution import Conv1D
from rnnzoo.layers.masking.padding import Embedding
from rnnzoo.layers.masking.pooling import Pooling
from rnnzoo.layers.recurrent.bidirectional import Bidirectional
from rnnzoo.layers.recurrent.classic import LSTM

KINDS = ("lstm", "cnn")


@keras.saving.register_keras_serializable("rnnzoo")
class Characters(keras.layers.Layer):
    """Append to each word's vector one that is made of the word's characters.

    `lstm`: the last states of an LSTM from each end of the word (Ling et al. 2015, https://arxiv.org/abs/1508.02096).
    `cnn`: the largest value of each filter anywhere in the word (dos Santos and Zadrozny 2014,
    https://proceedings.mlr.press/v32/santos14.html).

    In: words `(batch, time, width)`, with or without a mask, which passes through, and character ids `(batch, time,
    length)`, int32, 0 pads a word on the right. Out: `(batch, time, width + units)`, of `lstm` `width + 2 * units`. A
    word without characters gets zeros.

    Args:
        vocabulary_size: Characters, padding (0) included.
        kind: `lstm` or `cnn`.
        units: Width of the LSTM's state in each direction, or the filters.
        embedding_dim: Width of a character's vector.
        kernel_size: Characters that a filter sees.
    """

    def __init__(self, vocabulary_size, kind="lstm", units=64, embedding_dim=32, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: kind={kind!r}")
        self.vocabulary_size, self.kind, self.units = vocabulary_size, kind, units
        self.embedding_dim, self.kernel_size = embedding_dim, kernel_size
        self.supports_masking = True
        self.embedding = Embedding(vocabulary_size, embedding_dim, name="embedding")
        if kind == "lstm":
            self.reader = Bidirectional(LSTM(units, name="lstm"), name="bidirectional")
        else:
            self.reader = Conv1D(units, kernel_size, activation="relu", name="convolution")
            self.pooling = Pooling("max", name="pooling")

    def build(self, input_shape):
        self.embedding.build((None, None))
        self.reader.build((None, None, self.embedding_dim))

    def call(self, inputs, training=False):
        words, characters = inputs
        batch, time, length = (ops.shape(characters)[axis] for axis in range(3))
        characters = ops.reshape(characters, (batch * time, length))
        real = self.embedding.compute_mask(characters)
        x = self.embedding(characters)
        if self.kind == "lstm":
            x = self.reader(x, mask=real, training=training)
        else:
            x = self.pooling(self.reader(x, mask=real), mask=real)
        x = ops.reshape(x, (batch, time, self.width))
        return ops.concatenate([words, ops.cast(x, words.dtype)], axis=-1)

    @property
    def width(self):
        """Width of what is appended."""
        return self.units * (2 if self.kind == "lstm" else 1)

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, (list, tuple)) else mask

    def compute_output_shape(self, input_shape):
        *lead, width = input_shape[0]
        return (*lead, width + self.width)

    def get_config(self):
        words = ("vocabulary_size", "kind", "units", "embedding_dim", "kernel_size")
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
