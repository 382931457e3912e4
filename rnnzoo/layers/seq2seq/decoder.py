"""The writing half of sequence to sequence: the next token from those before and from what the encoder read.

In training the tokens before are the true ones (teacher forcing), or a share of them the decoder's own (scheduled
sampling, https://arxiv.org/abs/1506.03099). Where nothing but the tokens feeds a step, all steps run at once, by the
layers' fast kernels; where an answer feeds the next step, they run one by one.
"""

from typing import Any

import keras
from keras import ops

from rnnzoo.layers.masking.padding import TrailingMask
from rnnzoo.layers.masking.refusing import check_ids, check_sequence
from rnnzoo.layers.seq2seq import scanning, steps
from rnnzoo.layers.seq2seq.encoder import KINDS


@keras.saving.register_keras_serializable("rnnzoo")
class Decoder(keras.layers.Layer):
    """Write a sequence from the encoder's last states; the base of those with attention.

    In: `target` ids `(batch, target_time)`, the token before each answer; `memory` `(batch, time, width)`, with or
    without a mask, and `states`, all from an `Encoder` of the same cell and layers. Out: logits `(batch, target_time,
    outputs)`, float32, and, where there is attention, its weights `(batch, target_time, time)`.

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

    attention: Any

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
        self.attention = None  # here, not on the class: torch looks at the class before it looks at a layer's parts
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

    @property
    def feeds(self) -> bool:
        """Whether a step reads more than token and state: what the step before, or attention to it, answered."""
        return False

    def fed_width(self, memory_width):
        """Return the width of what the first layer reads beside the token."""
        return 0

    def build_reader(self, memory_width):
        """Build what stands between states and logits, and return the width that the logits read."""
        return self.units

    def first(self, states):
        """Return the state before the first step, a list, from the encoder's last states."""
        return [layer(s) for layer, s in zip(self.bridge, states, strict=True)] if self.bridge else list(states)

    def remember(self, memory, mask):
        """Return what every step reads of the encoder's states, a list of `(batch, ...)`."""
        return []

    def matrices(self):
        """Return for each state the matrix that it is multiplied with before the step, or None."""
        nothing = [None] * (self.per_layer - 1)
        return [m for layer in self.stack for m in (layer.cell.recurrent_kernel, *nothing)]

    def core(self, z, products, state, memory, kept=None):
        """Take a step from the projected token and states, by gate. Returns the state, and weights where they feed."""
        return self.recur(z, products, state, kept), []

    def look(self, before, after, outs, memory):
        """Return what the logits are made of and the attention weights, from the states around a step or all steps."""
        return after[-self.per_layer], outs

    def answer(self, x, seen):
        """Return logits, from the token's vector and the first of what `look` returns."""
        return self.logits(seen)

    # Token by token. -----------------------------------------------------------------------------------------------

    def start(self, memory, states, mask=None):
        """Return the state before the first step, a list of `(batch, width)`, and what every step reads beside it."""
        if mask is None:
            mask = ops.ones(ops.shape(memory)[:2], "bool")
        return self.first(states), self.remember(memory, mask)

    def step(self, tokens, state, memory):
        """Read the tokens before, `(batch,)`. Returns logits `(batch, outputs)`, the state, and `[weights]` or `[]`."""
        x = self.embedding(tokens)
        state, (seen, *weights) = self.advance(x, state, memory)
        return self.answer(x, seen), state, weights

    def advance(self, x, state, memory, kept=None):
        """Take a step from the token's vector. Returns the new state, and `[seen]` or `[seen, weights]`."""
        z = steps.gates(steps.project(self.stack[0], x), self.units)
        after, outs = self.core(z, scanning.multiply(state, self.matrices(), self.units), state, memory, kept)
        seen, weights = self.look(state, after, outs, memory)
        return after, [seen, *weights]

    def recur(self, z, products, state, kept=None):
        """Take a step in every layer, each reading the one below."""
        n = self.per_layer
        new: list[Any] = []
        for i, layer in enumerate(self.stack):
            if i:
                z = steps.gates(steps.project(layer, new[-n] * kept[i - 1] if kept else new[-n]), self.units)
            new += steps.step(layer, z, products[i * n], state[i * n : (i + 1) * n])
        return new

    # All steps. ----------------------------------------------------------------------------------------------------

    def call(self, target, memory, states, memory_mask=None, training=False):
        check_sequence(target)
        check_ids(target, self.outputs)
        state, memory = self.start(memory, states, memory_mask)
        x = self.drop(self.embedding(target), training=training)
        kept = []
        if training and self.dropout:
            kept = [self.drop(ops.ones_like(state[0]), training=True) for _ in self.stack[1:]]
        if training and self.scheduled_sampling:
            x, seen, *weights = self._sampling(x, state, memory, kept)
        else:
            run = self._one_by_one if self.feeds else self._at_once
            before, after, outs = run(x, state, memory, kept, training)
            seen, weights = self.look(before, after, outs, memory)
        logits = self.answer(x, self.drop(seen, training=training))
        return (logits, *weights) if weights else logits

    def _at_once(self, x, state, memory, kept, training):
        n, after = self.per_layer, []
        for i, layer in enumerate(self.stack):
            x = x * kept[i - 1][:, None] if kept and i else x
            x, *_ = layer(x, initial_state=state[i * n : (i + 1) * n], training=training)
            after += [x, *[None] * (n - 1)]
        return None, after, []

    def _one_by_one(self, x, state, memory, kept, training):
        def core(z, products, state, statics):
            return self.core(z, products, state, statics[: len(memory)], statics[len(memory) :])

        z = ops.swapaxes(steps.project(self.stack[0], x), 0, 1)
        statics = [*memory, *kept]
        after, outs = scanning.scan(core, state, z, self.units, self.matrices(), statics, self.in_loop(), training)
        before = [ops.concatenate([s[None], a[:-1]], axis=0) for s, a in zip(state, after, strict=True)]
        return [[ops.swapaxes(each, 0, 1) for each in part] for part in (before, after, outs)]

    def in_loop(self):
        """Return the variables that `core` reads, trained or not."""
        return [v for layer in self.stack for v in layer.weights]

    def _sampling(self, x, state, memory, kept):
        """Return token vectors, of which a share is of the decoder's own answers, and what `advance` found at each."""

        def step(carry, now):
            (own, _, *state), truth, coin = carry, now[:, :-1], now[:, -1:]
            x = ops.where(coin > 0, self.embedding(own), truth)
            state, found = self.advance(x, state[:count], memory, kept)
            own = ops.cast(ops.argmax(self.answer(x, found[0]), axis=-1), "int32")
            carry = [own, x, *state, *found]
            return carry, carry  # `ops.scan` gives back what it carries, nothing else

        count = len(state)
        truth = ops.swapaxes(x, 0, 1)
        coin = keras.random.uniform(ops.shape(truth)[:2], seed=self.coins) < self.scheduled_sampling
        later = ops.arange(ops.shape(truth)[0])[:, None] > 0  # nothing is answered before the first step
        coin = ops.logical_and(coin, later)
        # One array to scan: of several, Keras must know the length.
        now = ops.concatenate([truth, ops.cast(coin, truth.dtype)[..., None]], axis=-1)
        _, found = self.advance(truth[0], state, memory, kept)
        own = ops.zeros(ops.shape(truth)[1], "int32")
        _, (_, x, *found) = ops.scan(step, [own, truth[0], *state, *map(ops.zeros_like, found)], now)
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
