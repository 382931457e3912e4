"""The writing half of sequence to sequence: the next token from those before and from what the encoder read.

In training the tokens before are the true ones (teacher forcing), or a share of them the decoder's own (scheduled
sampling, https://arxiv.org/abs/1506.03099). Where nothing but the tokens feeds a step, all steps run at once, by the
layers' fast kernels; where an answer feeds the next step, they run one by one.
"""

from typing import Any, NamedTuple

import keras
from keras import ops

from rnnzoo.layers import steps
from rnnzoo.layers.encoder import KINDS
from rnnzoo.layers.padding import TrailingMask


class Memory(NamedTuple):
    """What attention looks at: the encoder's states, what its score needs of them, and where they are real."""

    states: Any
    keys: Any
    mask: Any


@keras.saving.register_keras_serializable("rnnzoo")
class Decoder(keras.layers.Layer):
    """Write a sequence from the encoder's last states; the base of those with attention.

    In: `target` ids `(batch, target_time)`, the token before each answer; `memory` `(batch, time, width)`, with or without
    a mask, and `states`, all from an `Encoder` of the same cell and layers. Out: logits `(batch, target_time, outputs)`,
    float32, and, where there is attention, its weights `(batch, target_time, time)`.

    `start` and `step` do the same token by token. The first states are the encoder's last ones; where their widths
    differ, through one more layer.

    Args:
        outputs: Tokens of the target's vocabulary.
        embedding_dim: Width of a token's vector.
        cell: `rnn`, `lstm` or `gru`.
        units: Width of the state.
        num_layers: Layers.
        dropout: Share dropped of the token vectors, between layers (one mask for all steps), and before the logits.
        scheduled_sampling: Share of the steps that training feeds with the decoder's own answer to the step before.
        seed: Of the steps that are.

    Reference: Sutskever et al. (2014), https://arxiv.org/abs/1409.3215
    """

    attention: Any = None
    feeds = False
    """Whether a step reads more than token and state: what the step before, or attention to it, answered."""

    def __init__(
        self,
        outputs,
        embedding_dim,
        cell,
        units,
        num_layers=1,
        dropout=0.0,
        scheduled_sampling=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.outputs, self.embedding_dim = outputs, embedding_dim
        self.cell, self.units, self.num_layers = cell, units, num_layers
        self.dropout, self.scheduled_sampling, self.seed = dropout, scheduled_sampling, seed
        self.per_layer = 2 if cell == "lstm" else 1  # states
        self.policy = {"dtype": self.dtype_policy}
        self.embedding = keras.layers.Embedding(outputs, embedding_dim, name="embedding", **self.policy)
        options = {"return_sequences": True, "return_state": True, **self.policy}
        self.stack = [KINDS[cell](units, name=f"{cell}_{i}", **options) for i in range(num_layers)]
        self.bridge = []
        self.drop = keras.layers.Dropout(dropout, name="drop", **self.policy)
        self.logits = keras.layers.Dense(outputs, dtype="float32", name="logits")
        self.mask = TrailingMask(name="mask")
        self.coins = keras.random.SeedGenerator(seed)

    def build(self, target_shape, memory_shape, states_shape):
        self.embedding.build(target_shape)
        self.mask.build(target_shape)
        width = self.embedding_dim + self.fed_width(memory_shape[-1])
        for layer in self.stack:
            layer.build((None, None, width))
            width = self.units
        self.build_bridge([shape[-1] for shape in states_shape])
        self.logits.build((None, None, self.build_reader(memory_shape[-1])))

    def build_bridge(self, widths):
        """Build what turns the encoder's last states, so wide, into the first ones, where it is needed."""
        if all(width == self.units for width in widths):
            return
        for i, width in enumerate(widths):
            bounded = "tanh" if i % self.per_layer == 0 else None  # h is a tanh, the LSTM's c has no bounds
            self.bridge.append(keras.layers.Dense(self.units, bounded, name=f"bridge_{i}", **self.policy))
            self.bridge[i].build((None, width))

    # What those with attention do otherwise. -----------------------------------------------------------------------

    def fed_width(self, memory_width):
        """Return the width of what is fed to the first layer beside the token."""
        return 0

    def build_reader(self, memory_width):
        """Build what stands between states and logits, and return the width that the logits read."""
        return self.units

    def first(self, states, memory):
        """Return the state before the first step, a list, from the encoder's last states."""
        return [layer(s) for layer, s in zip(self.bridge, states, strict=True)] if self.bridge else list(states)

    def read(self, h, memory):
        """Return what the logits are made of, from h `(batch, [target_time,] units)`; and weights of attention."""
        return (h,)

    def advance(self, z, state, memory, kept=None):
        """Take one step from the token's projection. Returns the new state, and what `read` returns."""
        state = self.recur(z, state, kept)
        return state, self.read(state[-self.per_layer], memory)

    def answer(self, x, seen):
        """Return logits, from the token's vector and the first of what `read` returns."""
        return self.logits(seen)

    # Token by token. -----------------------------------------------------------------------------------------------

    def start(self, memory, states, mask=None):
        """Return the state before the first step, a list of `(batch, width)`, and what every step reads beside it."""
        looked_at = Memory(memory, self.attention.keys(memory), mask) if self.attention is not None else None
        return self.first(states, looked_at), looked_at

    def step(self, tokens, state, memory):
        """Read the tokens before, `(batch,)`. Returns logits `(batch, outputs)`, the state, and `[weights]` or `[]`."""
        x = self.embedding(tokens)
        state, (seen, *weights) = self.advance(steps.project(self.stack[0], x), state, memory)
        return self.answer(x, seen), state, weights

    def recur(self, z, state, kept=None):
        """Take a step in every layer, each reading the one below."""
        n, new = self.per_layer, []
        for i, layer in enumerate(self.stack):
            if i:
                z = steps.project(layer, new[-n] if kept is None else new[-n] * kept[i - 1])
            new += steps.step(layer, z, state[i * n : (i + 1) * n])
        return new

    # All steps. ----------------------------------------------------------------------------------------------------

    def call(self, target, memory, states, memory_mask=None, training=False):
        state, memory = self.start(memory, states, memory_mask)
        x = self.drop(self.embedding(target), training=training)
        kept = None
        if training and self.dropout:
            kept = [self.drop(ops.ones_like(state[0]), training=True) for _ in self.stack[1:]]
        if training and self.scheduled_sampling:
            x, seen, *weights = self._sampling(x, state, memory, kept)
        elif self.feeds:
            seen, *weights = self._one_by_one(x, state, memory, kept)
        else:
            seen, *weights = self.read(self._at_once(x, state, kept), memory)
        logits = self.answer(x, self.drop(seen, training=training))
        return (logits, *weights) if weights else logits

    def _at_once(self, x, state, kept):
        n = self.per_layer
        for i, layer in enumerate(self.stack):
            x = x if kept is None or not i else x * kept[i - 1][:, None]
            x, *_ = layer(x, initial_state=state[i * n : (i + 1) * n])
        return x

    def _one_by_one(self, x, state, memory, kept):
        def step(carry, z):
            state, found = self.advance(z, carry[:count], memory, kept)
            return [*state, *found], [*state, *found]  # `ops.scan` gives back what it carries, nothing else

        count = len(state)
        z = ops.swapaxes(steps.project(self.stack[0], x), 0, 1)
        _, found = self.advance(z[0], state, memory, kept)
        _, found = ops.scan(step, [*state, *map(ops.zeros_like, found)], z)
        return [ops.swapaxes(each, 0, 1) for each in found[count:]]

    def _sampling(self, x, state, memory, kept):
        """As `_one_by_one`, but a share of the token vectors is of the decoder's own answers; they come first."""

        def step(carry, now):
            (own, _, *state), (truth, coin) = carry, now
            x = ops.where(coin, self.embedding(own), truth)
            state, found = self.advance(steps.project(self.stack[0], x), state[:count], memory, kept)
            own = ops.cast(ops.argmax(self.answer(x, found[0]), axis=-1), "int32")
            carry = [own, x, *state, *found]
            return carry, carry

        count = len(state)
        truth = ops.swapaxes(x, 0, 1)
        coin = keras.random.uniform(ops.shape(truth)[:2], seed=self.coins) < self.scheduled_sampling
        coin = ops.logical_and(
            coin, ops.arange(ops.shape(truth)[0])[:, None] > 0
        )  # nothing is answered before the first
        _, found = self.advance(steps.project(self.stack[0], truth[0]), state, memory, kept)
        own = ops.zeros(ops.shape(truth)[1], "int32")
        carry = [own, truth[0], *state, *map(ops.zeros_like, found)]
        _, (_, x, *found) = ops.scan(step, carry, (truth, coin[..., None]))
        return [ops.swapaxes(each, 0, 1) for each in (x, *found[count:])]

    def compute_mask(self, target, mask=None):
        mask = self.mask(target)
        return mask if self.attention is None else [mask, None]

    def compute_output_spec(self, target, memory, states, memory_mask=None, training=False):
        logits = keras.KerasTensor((*target.shape, self.outputs), dtype="float32")
        if self.attention is None:
            return logits
        return logits, keras.KerasTensor((*target.shape, memory.shape[1]), dtype=self.compute_dtype)

    def get_config(self):
        words = ("outputs", "embedding_dim", "cell", "units", "num_layers", "dropout", "scheduled_sampling", "seed")
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
