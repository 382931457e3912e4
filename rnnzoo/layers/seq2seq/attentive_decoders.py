"""Decoders that look back at the source with every token."""

import keras
from keras import ops

from rnnzoo.layers.attention.scores import BahdanauAttention, LuongAttention, ScaledDotAttention, mix
from rnnzoo.layers.seq2seq import steps
from rnnzoo.layers.seq2seq.decoder import Decoder


@keras.saving.register_keras_serializable("rnnzoo")
class LuongDecoder(Decoder):
    """Attend after the recurrence, with its state as the query. Arguments and shapes are `Decoder`'s, and:

    Args:
        alignment: The score: `dot`, `general` or `concat`, or `scaled_dot` (https://arxiv.org/abs/1706.03762).
        input_feeding: Feed the attentional state to the next step beside the token.

    Reference: Luong et al. (2015), https://arxiv.org/abs/1508.04025
    """

    def __init__(self, *args, alignment="general", input_feeding=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.alignment, self.input_feeding = alignment, input_feeding
        if alignment == "scaled_dot":
            self.attention = ScaledDotAttention(self.units, name="attention", **self.policy)
        else:
            self.attention = LuongAttention(alignment, name="attention", **self.policy)
        self.attentional = keras.layers.Dense(
            self.units, "tanh", use_bias=False, name="attentional_state", **self.policy
        )

    @property
    def feeds(self):
        return self.input_feeding

    def fed_width(self, memory_width):
        return self.units if self.input_feeding else 0

    def build_reader(self, memory_width):
        self.attention.build((None, None, memory_width), (None, None, self.units))
        self.attentional.build((None, None, memory_width + self.units))
        return self.units

    def first(self, states):
        states = super().first(states)
        return [*states, ops.zeros_like(states[0])] if self.input_feeding else states

    def remember(self, memory, mask):
        return [memory, self.attention.keys(memory), mask]

    def matrices(self):
        fed = [self.stack[0].cell.kernel[-self.units :]] if self.input_feeding else []
        return [*super().matrices(), *fed]

    def attend(self, h, memory):
        states, keys, mask = memory
        c, weights = self.attention.attend(h, keys, states, mask)
        return self.attentional(ops.concatenate([c, h], axis=-1)), weights  # (5) h~ = tanh(W_c [c; h])

    def core(self, z, products, state, memory, kept=None):
        if not self.input_feeding:
            return super().core(z, products, state, memory, kept)
        z = [a + b for a, b in zip(z, products[-1], strict=True)]  # input feeding, section 3.3
        state = self.recur(z, products[:-1], state[:-1], kept)
        seen, weights = self.attend(state[-self.per_layer], memory)
        return [*state, seen], [weights]

    def look(self, before, after, outs, memory):
        if self.input_feeding:
            return after[-1], outs
        seen, weights = self.attend(after[-self.per_layer], memory)
        return seen, [weights]

    def in_loop(self):
        return [*super().in_loop(), *self.attention.weights, *self.attentional.weights]

    def get_config(self):
        return {**super().get_config(), "alignment": self.alignment, "input_feeding": self.input_feeding}


@keras.saving.register_keras_serializable("rnnzoo")
class BahdanauDecoder(Decoder):
    """Attend before the recurrence, which reads the context beside the token. Arguments and shapes are `Decoder`'s.

    The encoder reads from both ends. Equations as numbered in the paper; its first state and its output layer are in
    appendix A.2.2.

    Reference: Bahdanau et al. (2015), https://arxiv.org/abs/1409.0473
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.attention = BahdanauAttention(self.units, name="attention", **self.policy)
        self.pairs = max(1, self.units // 2)  # l, half of n as in the paper
        self.deep_output = keras.layers.Dense(2 * self.pairs, name="deep_output", **self.policy)

    @property
    def feeds(self):
        return True

    def build_bridge(self, widths):
        self.backward = [width // 2 for width in widths]
        for i, width in enumerate(self.backward):
            self.bridge.append(keras.layers.Dense(self.units, "tanh", name=f"bridge_{i}", **self.policy))
            self.bridge[i].build((None, width))

    def fed_width(self, memory_width):
        return memory_width

    def build_reader(self, memory_width):
        self.attention.build((None, None, memory_width), (None, None, self.units))
        self.deep_output.build((None, None, self.embedding_dim + self.units + memory_width))
        return self.pairs

    def first(self, states):
        """s_0 = tanh(W_s h←_1): the backward direction has read the first word last."""
        return super().first([s[:, -width:] for s, width in zip(states, self.backward, strict=True)])

    def remember(self, memory, mask):
        """C c_i = Σ_j α_ij C h_j, so C h_j is computed once for all steps."""
        fed = ops.matmul(memory, self.stack[0].cell.kernel[self.embedding_dim :])
        return [memory, self.attention.keys(memory), mask, *steps.gates(fed, self.units)]

    def matrices(self):
        *below, u = super().matrices()
        return [*below, ops.concatenate([u, self.attention.w], axis=1)]

    def core(self, z, products, state, memory, kept=None):
        _, keys, mask, *fed = memory
        *below, (*product, asked) = products
        weights = self.attention.weigh(asked, keys, mask)  # (6)
        z = [a + mix(weights, b) for a, b in zip(z, fed, strict=True)]  # (5)
        return self.recur(z, [*below, product], state, kept), [weights]  # s_i = f(s_{i-1}, y_{i-1}, c_i)

    def look(self, before, after, outs, memory):
        (weights,) = outs
        return ops.concatenate([before[-1], mix(weights, memory[0])], axis=-1), outs

    def in_loop(self):
        return [*super().in_loop(), *self.attention.weights]

    def answer(self, x, seen):
        """(4) g(y_{i-1}, s_i, c_i): t~ = U_o s_{i-1} + V_o E y_{i-1} + C_o c_i, t = max of each pair, W_o t."""
        t = self.deep_output(ops.concatenate([x, seen], axis=-1))
        return self.logits(ops.max(ops.reshape(t, (*ops.shape(t)[:-1], self.pairs, 2)), axis=-1))
