"""A linear model of n-grams beside a network: what stands next to each other, counted, where a network reads on."""

import keras
import numpy as np
from keras import ops

from rnnzoo.hyperparameters import TABLE
from rnnzoo.layers.masking.padding import TrailingMask, lengths

HASHES = ((45_053, 31_337), (45_083, 40_009), (45_119, 27_644))
"""Primes and bases of the polynomial hashes. No product of two reaches 2**31, so int32 is exact on every backend; of
each prime the remainder by 3 is 2, so that no two remainders have the same cube."""

AFFIX = 5
"""Letters of the longest prefixes and suffixes."""

ALONE = ("own", "share", "typical", "bias")
"""What a file holds of the layer beside its table."""
LARGEST = 2**23
"""Scores that a table of steps has at most, 34 MB."""


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

    per_step = False

    def __init__(self, longest, buckets=2**21, share=0.5, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("longest", longest), ("buckets", buckets)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number >= 1. Received: {name}={value!r}")
        self.longest, self.buckets, self.pooled = longest, buckets, TABLE["ngram_share"].check("share", share)
        self.mask = TrailingMask(name="mask")

    def build(self, answer_shape, *input_shapes):
        outputs, fixed = answer_shape[-1], {"trainable": False, "initializer": "zeros"}
        self.own = self.add_weight(name="own", shape=(), trainable=False, initializer="ones")
        self.share = self.add_weight(name="share", shape=(), **fixed)
        self.typical = self.add_weight(name="typical", shape=(), **fixed)
        self.marks = self.add_weight(name="marks", shape=(self.buckets,), dtype="int32", **fixed)
        self.scores = self.add_weight(name="scores", shape=(self.buckets, outputs), **fixed)
        self.bias = self.add_weight(name="bias", shape=(outputs,), **fixed)

    def call(self, answer, *inputs, training=False):
        answer = ops.cast(answer, self.compute_dtype)
        if training:
            return answer
        by_length, found = self.opinion(*inputs)
        return self.own * answer + self.share * by_length * (self.bias + found)

    def opinion(self, tokens):
        """Return √(typical / length), `(batch, 1)`, and Σ w[n-gram], `(batch, outputs)`."""
        found = sum(ops.sum(self._scored(*gram), axis=1) for gram in self.grams(tokens))
        length = lengths(self.mask(ops.cast(tokens, "int32")))[:, None]
        return ops.sqrt(self.typical / ops.cast(ops.maximum(length, 1), self.compute_dtype)), found

    def grams(self, tokens):
        """Yield rows and marks of n-grams, and whether they are any, `(batch, time)`: one that begins at each step."""
        tokens = ops.cast(tokens, "int32")
        length, time = lengths(self.mask(tokens))[:, None], ops.shape(tokens)[1]
        longer = ops.pad(tokens, ((0, 0), (0, self.longest - 1)))
        for n in range(1, self.longest + 1):
            whole = ops.arange(time, dtype="int32") + n <= length
            yield *places([longer[:, i : time + i] for i in range(n)], self.buckets), whole

    def _scored(self, row, mark, real):
        """Return w[n-gram], `(batch, time, outputs)`, 0 of what is not in the table."""
        known = ops.logical_and(real, ops.take(self.marks, row) == mark)
        return ops.take(self.scores, row, axis=0) * ops.cast(known, self.compute_dtype)[..., None]

    def save_own_variables(self, store):
        """Keep what there is of the table: most of its rows are empty."""
        marks, scores = ops.convert_to_numpy(self.marks), ops.convert_to_numpy(self.scores)
        rows = np.flatnonzero(marks).astype("int32")
        store["rows"], store["marks"], store["scores"] = rows, marks[rows], scores[rows]
        for name in ALONE:
            store[name] = ops.convert_to_numpy(getattr(self, name))

    def load_own_variables(self, store):
        if "rows" not in store:  # files of before: the whole table
            self.marks.assign(store["marks"])
            self.scores.assign(store["scores"])
        else:
            rows = np.asarray(store["rows"])
            for weight, values in ((self.marks, store["marks"]), (self.scores, store["scores"])):
                table = np.zeros(weight.shape, weight.dtype)
                table[rows] = values
                weight.assign(table)
        for name in ALONE:  # files of before have no `own`: their n-grams were added to the whole answer
            getattr(self, name).assign(store[name] if name in store else 1.0)  # noqa: SIM401  a store has no `get`

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, answer_shape, *input_shapes):
        return answer_shape

    def get_config(self):
        return {**super().get_config(), "longest": self.longest, "buckets": self.buckets, "share": self.pooled}

    @classmethod
    def from_config(cls, config):
        return cls(**{word: value for word, value in config.items() if word != "folds"})  # of files of before


@keras.saving.register_keras_serializable("rnnzoo")
class StepNGrams(NGrams):
    """Answer for every step together with a linear model of what stands around it.

    y'_t = own y_t + share (b + Σ w[n-gram at t]), as in `NGrams`. The n-grams of a step are all of 1 to `longest`
    words that lie within `longest` steps of it, each with where it lies, and the first and the last 1 to 5 letters of
    its word. What lies before the first step or behind the last is token 0.

    In: the answer `(batch, time, outputs)`, with or without a mask, which passes through; token ids `(batch, time)`,
    int32, 0 pads on the right; perhaps the words' characters `(batch, time, length)`, the same. Out: the answer.

    Args:
        longest: Words of the longest n-grams.
        buckets: Rows of the table; None: 2**18, or fewer for more than 32 outputs.
        share: Of the n-grams in the answer, 0 to 1, before it is settled.

    Reference: of what is read, Ratnaparkhi (1996), "A maximum entropy model for part-of-speech tagging",
    https://aclanthology.org/W96-0213, section 3, without the tags of before, which a `CRF` judges
    """

    per_step = True

    def __init__(self, longest, buckets=None, share=0.5, **kwargs):
        super().__init__(longest, 2**18 if buckets is None else buckets, share, **kwargs)
        self.supports_masking, self.given = True, buckets

    def build(self, answer_shape, *input_shapes):
        if self.given is None:
            self.buckets = max(1, min(self.buckets, LARGEST // answer_shape[-1]))
        super().build(answer_shape, *input_shapes)

    def opinion(self, tokens, characters=None):
        """Return ones, `(batch, time, 1)`, and Σ w[n-gram], `(batch, time, outputs)`."""
        found = sum(self._scored(*gram) for gram in self.grams(tokens, characters))
        return ops.ones_like(found[..., :1]), found

    def grams(self, tokens, characters=None):
        """Yield rows and marks of n-grams, and whether they are any, `(batch, time)`: one of each step."""
        tokens = ops.cast(tokens, "int32")
        real, kinds = self.mask(tokens), self._words(tokens)
        if characters is not None:
            kinds += self._letters(ops.cast(characters, "int32"))
        for kind, gram in enumerate(kinds):
            yield *places([kind, *gram], self.buckets), real

    def _words(self, tokens):
        reach, time = self.longest, ops.shape(tokens)[1]
        wide = ops.pad(tokens, ((0, 0), (reach, reach)))
        at = [wide[:, i : i + time] for i in range(2 * reach + 1)]  # the word `reach` steps before, ... after
        return [at[i : i + n] for n in range(1, reach + 1) for i in range(len(at) - n + 1)]

    def _letters(self, characters):
        length = ops.sum(ops.cast(characters != 0, "int32"), axis=-1, keepdims=True)
        wide = ops.pad(characters, ((0, 0), (0, 0), (AFFIX, AFFIX)))
        last = ops.take_along_axis(wide, length + ops.arange(AFFIX, dtype="int32"), axis=-1)
        prefixes = [[wide[..., AFFIX + i] for i in range(n)] for n in range(1, AFFIX + 1)]
        suffixes = [[last[..., AFFIX - n + i] for i in range(n)] for n in range(1, AFFIX + 1)]
        return prefixes + suffixes

    def compute_mask(self, inputs, mask=None):
        return mask
