"""A linear model of n-grams beside a network: what stands next to each other, counted, where a network reads on."""

import keras
from keras import ops

from rnnzoo.hyperparameters import TABLE
from rnnzoo.layers.masking.padding import TrailingMask, lengths

HASHES = ((45_053, 31_337), (45_083, 40_009), (45_119, 27_644))
"""Primes and bases of the polynomial hashes. No product of two reaches 2**31, so int32 is exact on every backend; of
each prime the remainder by 3 is 2, so that no two remainders have the same cube."""

KEPT = ("own", "share", "typical", "marks", "scores", "bias")
"""What a file holds of the layer."""


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
    """Answer together with a linear model of n-grams, whose scores stand in a hashed table.

    y' = own y + share √(typical / length) (b + Σ w[n-gram]), over all n-grams of 1 to `longest` tokens: a logarithmic
    pool of two opinions that were formed apart. Own is 1 - share, and b the linear model's, unless
    `rnnzoo.tasks.judging.ngram_shares.settle_shares` finds all three on sequences that neither has learnt from. While
    training the answer stays as it is, and so it does without scores (`rnnzoo.data.text.ngram_scores` fits them):
    scores know by heart the examples that they were fitted to, and a network beside them would learn nothing. An n-gram
    that is not in the table counts for nothing.

    In: the answer `(batch, outputs)` and token ids `(batch, time)`, int32, 0 pads on the right. Out: the answer.

    Args:
        longest: Tokens of the longest n-grams.
        buckets: Rows of the table.
        share: Of the n-grams in the answer, 0 to 1, before it is settled.

    Reference: of the scores, Wang and Manning (2012), https://aclanthology.org/P12-2018; of the pool, Heskes (1998),
    "Selecting weighting factors in logarithmic opinion pools", NIPS 10
    """

    def __init__(self, longest, buckets=2**21, share=0.5, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("longest", longest), ("buckets", buckets)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number >= 1. Received: {name}={value!r}")
        self.longest, self.buckets, self.pooled = longest, buckets, TABLE["ngram_share"].check("share", share)
        self.mask = TrailingMask(name="mask")

    def build(self, answer_shape, tokens_shape):
        outputs, fixed = answer_shape[-1], {"trainable": False, "initializer": "zeros"}
        self.own = self.add_weight(name="own", shape=(), trainable=False, initializer="ones")
        self.share = self.add_weight(name="share", shape=(), **fixed)
        self.typical = self.add_weight(name="typical", shape=(), **fixed)
        self.marks = self.add_weight(name="marks", shape=(self.buckets,), dtype="int32", **fixed)
        self.scores = self.add_weight(name="scores", shape=(self.buckets, outputs), **fixed)
        self.bias = self.add_weight(name="bias", shape=(outputs,), **fixed)

    def call(self, answer, tokens, training=False):
        answer = ops.cast(answer, self.compute_dtype)
        if training:
            return answer
        by_length, found = self.opinion(tokens)
        return self.own * answer + self.share * by_length * (self.bias + found)

    def opinion(self, tokens):
        """Return √(typical / length), `(batch, 1)`, and Σ w[n-gram], `(batch, outputs)`."""
        tokens = ops.cast(tokens, "int32")
        length = lengths(self.mask(tokens))[:, None]
        by_length = ops.sqrt(self.typical / ops.cast(ops.maximum(length, 1), self.compute_dtype))
        return by_length, self._sum(tokens, length)

    def _sum(self, tokens, length):
        """Return Σ w[n-gram], `(batch, outputs)`."""
        time, found = ops.shape(tokens)[1], 0.0
        longer = ops.pad(tokens, ((0, 0), (0, self.longest - 1)))
        for n in range(1, self.longest + 1):
            row, mark = places([longer[:, i : time + i] for i in range(n)], self.buckets)
            whole = ops.arange(time, dtype="int32") + n <= length
            known = ops.logical_and(whole, ops.take(self.marks, row) == mark)
            found += ops.sum(
                ops.take(self.scores, row, axis=0) * ops.cast(known, self.compute_dtype)[..., None], axis=1
            )
        return found

    def save_own_variables(self, store):
        for name in KEPT:
            store[name] = ops.convert_to_numpy(getattr(self, name))

    def load_own_variables(self, store):
        for name in KEPT:  # files of before have no `own`: their n-grams were added to the whole answer
            getattr(self, name).assign(store[name] if name in store else 1.0)  # noqa: SIM401  a store has no `get`

    def compute_mask(self, *inputs, mask=None, **others):
        return None

    def compute_output_shape(self, answer_shape, tokens_shape):
        return answer_shape

    def get_config(self):
        return {**super().get_config(), "longest": self.longest, "buckets": self.buckets, "share": self.pooled}

    @classmethod
    def from_config(cls, config):
        return cls(**{word: value for word, value in config.items() if word != "folds"})  # of files of before
