"""A linear model of n-grams beside a network: what stands next to each other, counted, where a network reads on."""

import keras
from keras import ops

from rnnzoo.layers.masking.padding import TrailingMask, lengths

HASHES = ((45_053, 31_337), (45_083, 40_009), (45_119, 27_644))
"""Primes and bases of the polynomial hashes. No product of two reaches 2**31, so int32 is exact on every backend; of
each prime the remainder by 3 is 2, so that no two remainders have the same cube."""

FOLD = 1009
"""A sequence is in the fold that the sum of its tokens' remainders by this tells: its tokens alone decide."""


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
    """Add to an answer what a linear model of n-grams says, whose scores stand in a hashed table ("wide and deep").

    y' = y + share √(typical / length) (b + Σ w[n-gram]), over all n-grams of 1 to `longest` tokens; `share` is trained.
    An n-gram that is not in the table counts for nothing, and without scores (`rnnzoo.data.text.ngram_scores` fits
    them) the answer stays as it is.

    Scores know the examples that they were fitted to by heart: a network beside them would learn nothing. So while
    training each sequence is given scores that were fitted to other sequences, those of its fold. They are not in the
    file of a model, which gives the same scores in training.

    In: the answer `(batch, outputs)` and token ids `(batch, time)`, int32, 0 pads on the right. Out: the answer.

    Args:
        longest: Tokens of the longest n-grams.
        buckets: Rows of the table.
        folds: Parts of the training sequences.

    Reference: Cheng et al. (2016), https://arxiv.org/abs/1606.07792; of the scores, Wang and Manning (2012),
    https://aclanthology.org/P12-2018; of the folds, Wolpert (1992), https://doi.org/10.1016/S0893-6080(05)80023-1
    """

    def __init__(self, longest, buckets=2**21, folds=5, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("longest", longest), ("buckets", buckets), ("folds", folds)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number >= 1. Received: {name}={value!r}")
        self.longest, self.buckets, self.folds = longest, buckets, folds
        self.mask = TrailingMask(name="mask")

    def build(self, answer_shape, tokens_shape):
        outputs, fixed = answer_shape[-1], {"trainable": False, "initializer": "zeros"}
        self.share = self.add_weight(name="share", shape=(), initializer=keras.initializers.Constant(0.8))
        self.typical = self.add_weight(name="typical", shape=(), **fixed)
        self.marks = self.add_weight(name="marks", shape=(self.buckets,), dtype="int32", **fixed)
        self.scores = self.add_weight(name="scores", shape=(self.buckets, outputs), **fixed)
        self.bias = self.add_weight(name="bias", shape=(outputs,), **fixed)
        self.fold_scores = self.add_weight(name="fold_scores", shape=(self.buckets * self.folds, outputs), **fixed)
        self.fold_bias = self.add_weight(name="fold_bias", shape=(self.folds, outputs), **fixed)

    def call(self, answer, tokens, training=False):
        tokens = ops.cast(tokens, "int32")
        length = lengths(self.mask(tokens))[:, None]
        if training:
            fold = ops.sum(tokens % FOLD, axis=1) % self.folds
            said = self._sum(self.fold_scores, tokens, length, fold) + ops.take(self.fold_bias, fold, axis=0)
        else:
            said = self._sum(self.scores, tokens, length) + self.bias
        by_length = ops.sqrt(self.typical / ops.cast(ops.maximum(length, 1), self.compute_dtype))
        return ops.cast(answer, self.compute_dtype) + self.share * by_length * said

    def _sum(self, table, tokens, length, fold=None):
        """Return Σ w[n-gram], `(batch, outputs)`."""
        time, found = ops.shape(tokens)[1], 0.0
        longer = ops.pad(tokens, ((0, 0), (0, self.longest - 1)))
        for n in range(1, self.longest + 1):
            row, mark = places([longer[:, i : time + i] for i in range(n)], self.buckets)
            whole = ops.arange(time, dtype="int32") + n <= length
            known = ops.logical_and(whole, ops.take(self.marks, row) == mark)
            place = row if fold is None else row * self.folds + fold[:, None]
            found += ops.sum(ops.take(table, place, axis=0) * ops.cast(known, self.compute_dtype)[..., None], axis=1)
        return found

    def save_own_variables(self, store):
        for name in self._kept:
            store[name] = ops.convert_to_numpy(getattr(self, name))

    def load_own_variables(self, store):
        for name in self._kept:
            getattr(self, name).assign(store[name])
        # Trained on, a model of a file meets other examples than the scores were fitted to: they hold in every fold.
        self.fold_scores.assign(ops.repeat(self.scores, self.folds, axis=0))
        self.fold_bias.assign(ops.tile(self.bias[None], (self.folds, 1)))

    _kept = ("share", "typical", "marks", "scores", "bias")

    def compute_mask(self, *inputs, mask=None, **others):
        return None

    def compute_output_shape(self, answer_shape, tokens_shape):
        return answer_shape

    def get_config(self):
        return {**super().get_config(), "longest": self.longest, "buckets": self.buckets, "folds": self.folds}
