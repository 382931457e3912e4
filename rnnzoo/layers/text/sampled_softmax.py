"""Sampled softmax: a large vocabulary is trained by a few of its tokens at a time."""

from weakref import WeakKeyDictionary

import keras
from keras import ops

from rnnzoo.layers.whole import Model
from rnnzoo.private.keras import mask_of


@keras.saving.register_keras_serializable("rnnzoo")
class SampledSoftmax(keras.layers.Layer):
    """The loss of a next token y beside `samples` others, drawn anew for each batch, not beside all tokens.

    L = -log(exp(s_y) / (exp(s_y) + Σ_k exp(s_k))), s_i = h·w_i - log(K Q(i)), with the token's vector w_i. Each of the
    K samples is drawn from Q(i) = log((i + 1) / i) / log V, i = 1 to V - 1 (Zipf's law: a vocabulary counts its tokens
    by falling frequency), and a sample that is the answer itself does not count. With more samples L comes closer to
    the cross-entropy, and its gradient to that of the whole softmax.

    As a layer it passes the vectors h `(batch, time, width)` on; it marks what is compared with the tokens' vectors.

    Args:
        samples: K.
        seed: Of the samples.

    Reference: Bengio and Senécal (2008), https://doi.org/10.1109/TNN.2007.912312; Jean et al. (2015), section 3,
    https://arxiv.org/abs/1412.2007
    """

    def __init__(self, samples, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.samples, self.seed = samples, seed
        self.draws = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, h):
        return h

    def draw(self, vocabulary_size):
        """Return K tokens, int32 `(samples,)`, 1 to V - 1: padding is nobody's answer."""
        u = keras.random.uniform((self.samples,), seed=self.draws)
        found = ops.cast(ops.floor(ops.exp(u * ops.log(float(vocabulary_size)))), "int32")
        return ops.clip(found, 1, vocabulary_size - 1)

    def loss(self, y, h, vectors, sampled):
        """Return the loss of each step, nats: `(batch, time)`.

        Args:
            y: The next tokens, `(batch, time)`; any where there is padding.
            h: What is compared with the tokens' vectors, `(batch, time, width)`.
            vectors: Of all tokens, `(vocabulary_size, width)`.
            sampled: What `draw` returned.
        """
        h, vectors = ops.cast(h, "float32"), ops.cast(vectors, "float32")
        size = vectors.shape[0]
        y = ops.clip(ops.cast(y, "int32"), 1, size - 1)
        true = ops.sum(h * ops.take(vectors, y, axis=0), axis=-1) - self._log_expected(y, size)
        others = ops.matmul(h, ops.transpose(ops.take(vectors, sampled, axis=0))) - self._log_expected(sampled, size)
        others = ops.where(y[..., None] == sampled, -1e9, others)
        return ops.logaddexp(true, ops.logsumexp(others, axis=-1)) - true

    def _log_expected(self, tokens, size):
        """log(K Q(i)): how often a token is among the samples."""
        i = ops.cast(tokens, "float32")
        return ops.log(self.samples * ops.log1p(1 / i) / ops.log(float(size)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "samples": self.samples, "seed": self.seed}


_vectors: WeakKeyDictionary = WeakKeyDictionary()  # not an attribute: Keras would write it into a model's file


@keras.saving.register_keras_serializable("rnnzoo")
class SampledModel(Model):
    """A language model of tied weights with a layer `sampled_softmax`, by which it is trained.

    While training it gives the vectors that are compared with those of the tokens, `(batch, time, width)`, and has no
    metrics but the sampled loss; otherwise the logits of all tokens. Constructor: that of `keras.Model`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

    def call(self, inputs, training=None, mask=None):
        if not training:
            return super().call(inputs, training=training, mask=mask)
        if self not in _vectors:
            _vectors[self] = keras.Model(self.input, self.get_layer("sampled_softmax").output)
        return _vectors[self](inputs, training=True, mask=mask)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        sampled, vectors = self.get_layer("sampled_softmax"), self.get_layer("embedding").embeddings
        losses = sampled.loss(y, y_pred, vectors, sampled.draw(vectors.shape[0]))
        mask = mask_of(y_pred)
        real = ops.ones_like(losses) if mask is None else ops.cast(mask, losses.dtype)
        weights = real if sample_weight is None else real * ops.cast(sample_weight, losses.dtype)
        return ops.sum(losses * weights) / ops.maximum(ops.sum(real), 1) + sum(self.losses)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if y_pred.shape[-1] == self.output_shape[-1]:
            return super().compute_metrics(x, y, y_pred, sample_weight)
        return {"loss": self._loss_tracker.result()}  # of vectors there is no accuracy
