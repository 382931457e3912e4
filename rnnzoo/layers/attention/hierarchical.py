"""Hierarchical attention: words make sentences, sentences make the document. https://aclanthology.org/N16-1174."""

import keras
from keras import ops

from rnnzoo.layers.attention.scores import masked_softmax
from rnnzoo.layers.recurrent.bidirectional import Bidirectional
from rnnzoo.layers.recurrent.classic import GRU


@keras.saving.register_keras_serializable("rnnzoo")
class ContextAttention(keras.layers.Layer):
    """u_t = tanh(W h_t + b), α_t = softmax(u_t^T u_c), s = Σ_t α_t h_t, with a learned context u_c (equations 5 to 7).

    In: `(batch, time, width)`, with or without a mask. Out: s `(batch, width)` and α `(batch, time)`, 0 on padding.

    Args:
        units: Width of u.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), name="w")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")
        self.context = self.add_weight(shape=(self.units, 1), name="context")

    def call(self, h, mask=None):
        u = ops.tanh(ops.matmul(h, self.w) + self.b)  # (5)
        e = ops.matmul(u, self.context)[..., 0]
        alpha = masked_softmax(e, mask)  # (6)
        return ops.matmul(alpha[:, None], h)[:, 0], alpha  # (7)

    def compute_mask(self, *args, **kwargs):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1]), tuple(input_shape[:2])

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("rnnzoo")
class HierarchicalAttention(keras.layers.Layer):
    """A bidirectional GRU with attention over the words of each sentence, and another one over the sentences.

    A sequence of vectors does not say where sentences end: a sentence here is a run of `sentence_length` steps.

    In: `(batch, time, width)`, with or without a mask. Out: the document `(batch, 2 * units)` and the words' weights
    `(batch, time)`, each its sentence's weight times its own in the sentence: they sum to 1 and are 0 on padding.

    Args:
        units: Width of the states, in each direction.
        sentence_length: Steps of a sentence.
        dropout: Share of each recurrent layer's inputs dropped by one mask for all steps.
        regularizer: Of the recurrent layers' kernels.
    """

    def __init__(self, units, sentence_length=25, dropout=0.0, regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.sentence_length, self.dropout = units, sentence_length, dropout
        self.regularizer = keras.regularizers.get(regularizer)

        def encoder(name):
            gru = GRU(
                units,
                return_sequences=True,
                dropout=dropout,
                kernel_regularizer=self.regularizer,
                recurrent_regularizer=self.regularizer,
                name=name,
            )
            return Bidirectional(gru, name=f"bidirectional_{name}")

        self.word_encoder, self.word_attention = encoder("words"), ContextAttention(2 * units, name="word_attention")
        self.sentence_encoder = encoder("sentences")
        self.sentence_attention = ContextAttention(2 * units, name="sentence_attention")

    def build(self, input_shape):
        batch, _, width = input_shape
        states = (batch, None, 2 * self.units)
        self.word_encoder.build((None, self.sentence_length, width))
        self.word_attention.build(states)
        self.sentence_encoder.build(states)
        self.sentence_attention.build(states)

    def call(self, x, mask=None, training=False):
        batch, time = ops.shape(x)[0], ops.shape(x)[1]
        if mask is None:
            mask = ops.ones((batch, time), "bool")
        words, real = self._sentences(x), self._sentences(mask)  # (batch * sentences, sentence_length, ...)
        h = self.word_encoder(words, mask=real, training=training)
        s, word_weights = self.word_attention(h, mask=real)
        s = ops.reshape(s, (batch, -1, 2 * self.units))
        real = ops.reshape(ops.any(real, axis=1), (batch, -1))  # (batch, sentences)
        h = self.sentence_encoder(s, mask=real, training=training)
        document, sentence_weights = self.sentence_attention(h, mask=real)
        weights = ops.reshape(word_weights, (batch, -1, self.sentence_length)) * sentence_weights[..., None]
        return document, ops.reshape(weights, (batch, -1))[:, :time]

    def _sentences(self, x):
        """Cut the time axis; zeros fill up the last sentence."""
        missing = (self.sentence_length - ops.shape(x)[1] % self.sentence_length) % self.sentence_length
        x = ops.concatenate([x, ops.zeros((ops.shape(x)[0], missing, *x.shape[2:]), x.dtype)], axis=1)
        return ops.reshape(x, (-1, self.sentence_length, *x.shape[2:]))

    def compute_mask(self, *args, **kwargs):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * self.units), tuple(input_shape[:2])

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "sentence_length": self.sentence_length,
            "dropout": self.dropout,
            "regularizer": keras.regularizers.serialize(self.regularizer),
        }
