"""A linear-chain conditional random field: the tags of a sequence are judged together, not one by one.

References: Lafferty, McCallum and Pereira (2001), https://repository.upenn.edu/handle/20.500.14332/6188; over the
scores of a recurrent network: Lample et al. (2016), https://arxiv.org/abs/1603.01360, section 2.2, in its letters.
"""

import keras
from keras import ops

from rnnzoo.layers.masking.packing import Packing
from rnnzoo.layers.masking.padding import trailing
from rnnzoo.layers.masking.real_steps import is_real
from rnnzoo.layers.text.steps import at_real_steps
from rnnzoo.layers.whole import Model
from rnnzoo.private.keras import mask_of

TIE = 1e-6


@keras.saving.register_keras_serializable("rnnzoo")
class CRF(keras.layers.Layer):
    """Score whole sequences of tags: s(X, y) = start[y_1] + Σ_t P[t, y_t] + Σ_t A[y_t, y_t+1] + end[y_n].

    In: P `(batch, time, tags)`, the score of each tag at each step by itself, with or without a mask: masked steps
    are left out, and the tags around them follow each other.

    Out: in training P itself, for `loss`. Otherwise `(batch, time, tags)`: by how much the best sequence with this tag
    at this step falls short of the best sequence of all. It is 0 for the tags of the best sequence, so that `argmax`
    over the tags is Viterbi's answer, and below 0 for all others; at padded steps it is 0 throughout.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        tags = input_shape[-1]
        self.transitions = self.add_weight(shape=(tags, tags), initializer="zeros", name="transitions")  # from, to
        self.start = self.add_weight(shape=(tags,), initializer="zeros", name="start")
        self.end = self.add_weight(shape=(tags,), initializer="zeros", name="end")

    def call(self, emissions, mask=None, training=False):
        if training:
            return emissions
        packing = _packing(emissions, mask)
        shortfall = self._shortfall(packing.pack(emissions), _real(packing))
        return packing.spread(shortfall, 0.0)

    def decode(self, emissions, mask=None):
        """Return the best sequence of tags (Viterbi): int32 `(batch, time)`, 0 at padded steps."""
        return ops.cast(ops.argmax(self(emissions, mask=mask, training=False), axis=-1), "int32")

    def score(self, emissions, tags, mask=None):
        """Return s(X, y) of given tags `(batch, time)`: `(batch,)`, 0 for a row without a real step."""
        packing = _packing(emissions, mask)
        emissions, tags = packing.pack(ops.convert_to_tensor(emissions)), packing.pack(ops.cast(tags, "int32"))
        real = ops.cast(_real(packing), emissions.dtype)
        chosen = ops.one_hot(tags, emissions.shape[-1], dtype=emissions.dtype) * real
        pairs = ops.einsum("btj,jk,btk->b", chosen[:, :-1], self.transitions, chosen[:, 1:])
        last = chosen - ops.pad(real[:, 1:], ((0, 0), (0, 1), (0, 0))) * chosen  # the step that no real one follows
        ends = ops.matmul(chosen[:, 0], self.start) + ops.matmul(ops.sum(last, axis=1), self.end)
        return ops.sum(chosen * emissions, axis=(1, 2)) + pairs + ends

    def log_partition(self, emissions, mask=None):
        """Return log Σ_y exp s(X, y) over all sequences of tags: `(batch,)`, by the forward algorithm in log space."""
        packing = _packing(emissions, mask)
        emissions, real = packing.pack(ops.convert_to_tensor(emissions)), _real(packing)

        def step(alpha, later):  # α_t(k) = P[t, k] + log Σ_j exp(α_t-1(j) + A[j, k])
            emission, real = later[:, :-1], later[:, -1:]
            found = ops.logsumexp(alpha[:, :, None] + self.transitions, axis=1) + emission
            alpha = ops.where(real > 0, found, alpha)
            return alpha, alpha

        alpha, _ = ops.scan(step, self.start + emissions[:, 0], _later(emissions, real))
        return ops.where(real[:, 0, 0], ops.logsumexp(alpha + self.end, axis=-1), 0.0)

    def loss(self, tags, emissions, mask=None):
        """Return -log p(y | X) of each row, nats: `(batch,)`."""
        return self.log_partition(emissions, mask) - self.score(emissions, tags, mask)

    def _shortfall(self, emissions, real):
        """Viterbi's algorithm in both directions: from the start the best score so far, from the end the rest's."""

        def forward(alpha, later):  # the best of all sequences that end in k here; a constant is taken off
            emission, real = later[:, :-1], later[:, -1:]
            found = ops.max(alpha[:, :, None] + self.transitions, axis=1) + emission
            alpha = ops.where(real > 0, found - ops.max(found, axis=-1, keepdims=True), alpha)
            return alpha, alpha

        later = _later(emissions, real)
        first = self.start + emissions[:, 0]
        last, alphas = ops.scan(forward, first, later)
        alphas = ops.concatenate([first[None], alphas[:-1]], axis=0)  # (time, batch, tags)
        tags = emissions.shape[-1]

        def best(scores):
            return ops.one_hot(ops.argmax(scores, axis=-1), tags, dtype=scores.dtype)

        def backward(carry, here):  # the best continuation after j, and the tag of the best sequence
            beta, path = ops.split(carry, 2, axis=-1)
            alpha, emission, real = ops.split(here, [tags, 2 * tags], axis=-1)  # of this step, the others of the next
            found = ops.max((emission + beta)[:, None] + self.transitions, axis=-1)
            found = found - ops.max(found, axis=-1, keepdims=True)
            to_next = ops.matmul(path, ops.transpose(self.transitions))  # A[j, tag of the next step]
            found = ops.concatenate([found, best(alpha + to_next)], axis=-1)
            carry = ops.where(real > 0, found, carry)
            return carry, carry

        beta = ops.broadcast_to(self.end, ops.shape(last))
        carry = ops.concatenate([beta, best(last + self.end)], axis=-1)
        _, steps = ops.scan(backward, carry, ops.concatenate([alphas, later], axis=-1), reverse=True)
        betas, path = ops.split(steps, 2, axis=-1)
        through = alphas + betas
        short = ops.minimum(through - ops.max(through, axis=-1, keepdims=True), -TIE)  # one path, also among equals
        short = ops.transpose(ops.where(path > 0, 0.0, short), (1, 0, 2))
        return ops.where(real, short, 0.0)

    def compute_output_shape(self, input_shape):
        return input_shape


def _packing(emissions, mask):
    """Return the mask's; without one every step is real."""
    return Packing(trailing(ops.ones(ops.shape(emissions)[:2], "bool")) if mask is None else mask)


def _real(packing):
    """Return booleans `(batch, time, 1)`: True at the packed steps."""
    return is_real(packing.lengths, ops.shape(packing.mask)[1])


def _later(emissions, real):
    """Return what a scan reads, `(time, batch, tags + 1)`: the steps from the second on and one that is not real.

    One tensor, 1 at its end for a real step: `ops.scan` on TensorFlow takes no two of unknown length, and gives no
    other output than what it carries.
    """
    later = ops.concatenate([emissions, ops.cast(real, emissions.dtype)], axis=-1)[:, 1:]
    return ops.transpose(ops.pad(later, ((0, 0), (0, 1), (0, 0))), (1, 0, 2))


@keras.saving.register_keras_serializable("rnnzoo")
class CRFModel(Model):
    """A model of the zoo whose head ends in a `CRF`: trained by the likelihood of whole sequences, nats a step.

    Weights are `(batch, time)`; a row counts as the mean of its real steps'. Metrics are of Viterbi's tags in
    evaluation; while training, of the tags that are best by themselves. Constructor: that of `keras.Model`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        mask = mask_of(y_pred)
        y = at_real_steps(y, mask)
        losses = self.get_layer("head").get_layer("crf").loss(y, y_pred, mask)
        real = ops.cast(_packing(y_pred, mask).mask, losses.dtype)
        weights = real if sample_weight is None else real * ops.cast(sample_weight, losses.dtype)
        steps = ops.sum(real, axis=1)
        of_row = ops.sum(weights, axis=1) / ops.maximum(steps, 1)
        return ops.sum(losses * of_row) / ops.maximum(ops.sum(steps), 1) + sum(self.losses)
