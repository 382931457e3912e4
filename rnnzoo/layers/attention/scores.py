"""Attention over states. Each layer gives the context and the weights that made it.

The names follow the papers: a query s, states h_1 .. h_T, scores e_j, weights α_j, context c = Σ_j α_j h_j.
"""

import keras
from keras import ops


def masked_softmax(e, mask):
    """Return the softmax over the real steps of the last axis, 0 on padding (on all of it, where nothing is real)."""
    e = e if mask is None else ops.where(mask, e, -6.0e4)
    weights = ops.exp(e - ops.max(e, axis=-1, keepdims=True))
    weights = weights if mask is None else ops.where(mask, weights, 0)
    return ops.divide_no_nan(weights, ops.sum(weights, axis=-1, keepdims=True))


def mix(weights, states):
    """Return c = Σ_j α_j h_j, for weights `(batch, [queries,] time)`."""
    return ops.matmul(weights, states) if len(weights.shape) == 3 else ops.matmul(weights[:, None], states)[:, 0]


class Attention(keras.layers.Layer):
    """Weigh the states by how well they answer a query. A base: how well is the subclass's `score`.

    For callers that ask the same states again and again, `attend` takes the states' part of the score, `keys(states)`,
    computed once.

    In: `states` `(batch, time, width)`, with or without a mask; `query` `(batch, query_width)`, or
    `(batch, queries, query_width)` for several at once. Out: the context `(batch, [queries,] width)` and the weights
    `(batch, [queries,] time)`, which sum to 1 over the real steps and are 0 on padding. A row that is all padding gives
    zeros.
    """

    def keys(self, states):
        """Return the part of `score` that depends on the states alone, `(batch, time, ...)`."""
        return states

    def asked(self, query):
        """Return the part of `score` that depends on the query alone, `(batch, [queries,] ...)`."""
        return query

    def score(self, asked, keys):
        """Return e `(batch, queries, time)`."""
        raise NotImplementedError

    def weigh(self, asked, keys, mask):
        """Return the weights, from both parts of the score: `(batch, [queries,] time)`."""
        single = len(asked.shape) == 2
        e = self.score(asked[:, None] if single else asked, keys)
        weights = masked_softmax(e, None if mask is None else mask[:, None])
        return weights[:, 0] if single else weights

    def attend(self, query, keys, states, mask):
        """Return contexts and weights for one query or several."""
        weights = self.weigh(self.asked(query), keys, mask)
        return mix(weights, states), weights

    def call(self, states, query, states_mask=None):
        return self.attend(query, self.keys(states), states, states_mask)

    def compute_mask(self, *args, **kwargs):
        return None

    def compute_output_shape(self, states_shape, query_shape):
        lead = tuple(query_shape[:-1])
        return (*lead, states_shape[-1]), (*lead, states_shape[1])


@keras.saving.register_keras_serializable("rnnzoo")
class BahdanauAttention(Attention):
    """Additive attention: e_j = v^T tanh(W s + U h_j). https://arxiv.org/abs/1409.0473, appendix A.1.2.

    Args:
        units: Width of the comparison.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, states_shape, query_shape):
        self.w = self.add_weight(shape=(query_shape[-1], self.units), name="w")
        self.u = self.add_weight(shape=(states_shape[-1], self.units), name="u")
        self.v = self.add_weight(shape=(self.units, 1), name="v")

    def keys(self, states):
        return ops.matmul(states, self.u)

    def asked(self, query):
        return ops.matmul(query, self.w)

    def score(self, asked, keys):
        return ops.matmul(ops.tanh(asked[:, :, None] + keys[:, None]), self.v)[..., 0]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("rnnzoo")
class LuongAttention(Attention):
    """Multiplicative attention. https://arxiv.org/abs/1508.04025, section 3.1.

    dot: e_j = s^T h_j; general: e_j = s^T W h_j; concat: e_j = v^T tanh(W [s; h_j]).

    Args:
        alignment: `dot`, `general` or `concat`.
    """

    def __init__(self, alignment="general", **kwargs):
        super().__init__(**kwargs)
        if alignment not in ("dot", "general", "concat"):
            raise ValueError(f"alignment must be dot, general or concat. Received: alignment={alignment!r}")
        self.alignment = alignment

    def build(self, states_shape, query_shape):
        width, query_width = states_shape[-1], query_shape[-1]
        if self.alignment == "dot" and width != query_width:
            raise ValueError(f"dot needs states and query of one width. Received: {width} and {query_width}")
        if self.alignment == "general":
            self.w = self.add_weight(shape=(query_width, width), name="w")
        if self.alignment == "concat":  # W [s; h] = W_s s + W_h h
            self.w = self.add_weight(shape=(query_width + width, width), name="w")
            self.v = self.add_weight(shape=(width, 1), name="v")

    def keys(self, states):
        return ops.matmul(states, self.w[-states.shape[-1] :]) if self.alignment == "concat" else states

    def asked(self, query):
        return query if self.alignment == "dot" else ops.matmul(query, self.w[: query.shape[-1]])

    def score(self, asked, keys):
        if self.alignment == "concat":
            return ops.matmul(ops.tanh(asked[:, :, None] + keys[:, None]), self.v)[..., 0]
        return ops.matmul(asked, ops.swapaxes(keys, 1, 2))

    def get_config(self):
        return {**super().get_config(), "alignment": self.alignment}


@keras.saving.register_keras_serializable("rnnzoo")
class ScaledDotAttention(Attention):
    """e_j = (W_Q s)^T (W_K h_j) / √units. https://arxiv.org/abs/1706.03762, equation 1; the states are the values.

    Args:
        units: Width of the comparison, d_k.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, states_shape, query_shape):
        self.w_q = self.add_weight(shape=(query_shape[-1], self.units), name="w_q")
        self.w_k = self.add_weight(shape=(states_shape[-1], self.units), name="w_k")

    def keys(self, states):
        return ops.matmul(states, self.w_k)

    def asked(self, query):
        return ops.matmul(query, self.w_q)

    def score(self, asked, keys):
        return ops.matmul(asked, ops.swapaxes(keys, 1, 2)) / self.units**0.5

    def get_config(self):
        return {**super().get_config(), "units": self.units}
