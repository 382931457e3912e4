"""A linear model of n-grams beside a network: what stands next to each other, counted, where a network reads on."""

import keras
from keras import ops

from rnnzoo.layers.masking.padding import TrailingMask, lengths

HASHES = ((45_053, 31_337), (45_083, 40_009), (45_119, 27_644))
"""Primes and bases of the polynomial hashes. No product of two reaches 2**31, so int32 is exact on every backend; of
each prime the remainder by 3 is 2, so that no two remainders have the same cube."""


def places(grams, buckets):
    """Return where n-grams stand in a table, and a mark by which each is known there.

    Args:
        grams: Token ids, integer arrays of one shape: the first token of each n-gram, the second, ...
        buckets: Rows of the table.

    Returns:
        The row, 0 to `buckets` - 1, and the mark, 1 to 45,119, of the arrays' shape. Two n-grams in the same row have
        the same mark once in 45,119 times.
    """
    found = []
    for prime, base in HASHES:
        h = len(grams)
        for tokens in grams:
            token = tokens % prime
            cube = token * token % prime * token % prime  # else neighbours in the vocabulary would share rows
            h = (h * base + cube) % prime
        found.append(h)
    width = -(-buckets // HASHES[0][0])  # rows for each value of the first hash
    return (found[0] * width + found[1] % width) % buckets, found[2] + 1


@keras.saving.register_keras_serializable("rnnzoo")
class NGrams(keras.layers.Layer):
    """Answer together with a linear model of n-grams, whose scores stand in a hashed table ("wide and deep").

    s = b + Σ w[n-gram], over all n-grams of 1 to `longest` tokens; y' = (1 - share) y + share s. An n-gram that is not
    in the table counts for nothing. While training, the answer passes as it is: scores that were fitted to the training
    examples know them by heart, and a network beside them would learn nothing. Until scores are given
    (`rnnzoo.data.text.ngram_scores`), `share` is 0.

    In: the answer `(batch, outputs)` and token ids `(batch, time)`, int32, 0 pads on the right. Out: the answer.

    Args:
        longest: Tokens of the longest n-grams.
        buckets: Rows of the table.

    Reference: Cheng et al. (2016), https://arxiv.org/abs/1606.07792; Wang and Manning (2012),
    https://aclanthology.org/P12-2018, for the scores.
    """

    def __init__(self, longest, buckets=2**21, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("longest", longest), ("buckets", buckets)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number >= 1. Received: {name}={value!r}")
        self.longest, self.buckets = longest, buckets
        self.mask = TrailingMask(name="mask")

    def build(self, answer_shape, tokens_shape):
        outputs, fixed = answer_shape[-1], {"trainable": False, "initializer": "zeros"}
        self.scores = self.add_weight(name="scores", shape=(self.buckets, outputs), **fixed)
        self.bias = self.add_weight(name="bias", shape=(outputs,), **fixed)
        self.share = self.add_weight(name="share", shape=(), **fixed)
        self.marks = self.add_weight(name="marks", shape=(self.buckets,), dtype="int32", **fixed)

    def call(self, answer, tokens, training=False):
        if training:
            return answer
        answer = ops.cast(answer, self.compute_dtype)
        return answer + self.share * (self._linear(ops.cast(tokens, "int32")) - answer)

    def _linear(self, tokens):
        """Return s, `(batch, outputs)`."""
        time, length = ops.shape(tokens)[1], lengths(self.mask(tokens))[:, None]
        longer = ops.pad(tokens, ((0, 0), (0, self.longest - 1)))
        s = ops.convert_to_tensor(self.bias)[None]
        for n in range(1, self.longest + 1):
            row, mark = places([longer[:, i : time + i] for i in range(n)], self.buckets)
            real = ops.arange(time, dtype="int32") + n <= length
            known = ops.logical_and(real, ops.take(self.marks, row) == mark)
            s = s + ops.sum(ops.take(self.scores, row, axis=0) * ops.cast(known, self.compute_dtype)[..., None], axis=1)
        return s

    def compute_mask(self, *inputs, mask=None, **others):
        return None

    def compute_output_shape(self, answer_shape, tokens_shape):
        return answer_shape

    def get_config(self):
        return {**super().get_config(), "longest": self.longest, "buckets": self.buckets}
