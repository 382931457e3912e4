"""Attention over the states, for tasks that need one summary of the sequence.

Where the papers ask with a decoder's state, a summary has none: the query is the state after the last step.
The attention layer is always named `attention`, so that `rnnzoo.attention` finds it.
"""

from typing import Literal

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import dropped, penalty
from rnnzoo.models.classic import stack
from rnnzoo.registry import register


def attend(x, layer, attention, units, num_layers, dropout, recurrent_dropout, l2, bidirectional=False, **kwargs):
    """Return the context c and the query s: the states, read with the last of them in mind."""
    h = stack(x, layer, True, units, num_layers, dropout, recurrent_dropout, l2, None, bidirectional, **kwargs)
    s = layers.Pooling("last", bidirectional=bidirectional, name="query")(h)
    c, _ = attention(h, s)
    return c, s


@register(paper="https://arxiv.org/abs/1409.0473")
def lstm_bahdanau(x, *, units=64, num_layers=1, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """LSTM with additive (Bahdanau) attention over its states."""
    attention = layers.BahdanauAttention(units, name="attention")
    c, _ = attend(x, layers.LSTM, attention, units, num_layers, dropout, recurrent_dropout, l2)
    return c


@register(paper="https://arxiv.org/abs/1409.0473")
def gru_bahdanau(x, *, units=64, num_layers=1, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """GRU with additive (Bahdanau) attention over its states."""
    attention = layers.BahdanauAttention(units, name="attention")
    c, _ = attend(x, layers.GRU, attention, units, num_layers, dropout, recurrent_dropout, l2)
    return c


@register(paper="https://arxiv.org/abs/1409.0473")
def bilstm_bahdanau(x, *, units=64, num_layers=1, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """Bidirectional LSTM with additive (Bahdanau) attention over its states."""
    attention = layers.BahdanauAttention(units, name="attention")
    c, _ = attend(x, layers.LSTM, attention, units, num_layers, dropout, recurrent_dropout, l2, bidirectional=True)
    return c


@register(paper="https://arxiv.org/abs/1409.0473")
def bigru_bahdanau(x, *, units=64, num_layers=1, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """Bidirectional GRU with additive (Bahdanau) attention over its states."""
    attention = layers.BahdanauAttention(units, name="attention")
    c, _ = attend(x, layers.GRU, attention, units, num_layers, dropout, recurrent_dropout, l2, bidirectional=True)
    return c


@register(paper="https://arxiv.org/abs/1508.04025")
def bilstm_luong(
    x,
    *,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    alignment: Literal["dot", "general", "concat"] = "general",
):
    """Bidirectional LSTM with multiplicative (Luong) attention over its states."""
    attention = layers.LuongAttention(alignment, name="attention")
    c, s = attend(x, layers.LSTM, attention, units, num_layers, dropout, recurrent_dropout, l2, bidirectional=True)
    both = keras.layers.Concatenate(name="context_and_query")([c, s])
    # (5) h~ = tanh(W_c [c; h])
    return keras.layers.Dense(
        2 * units, activation="tanh", use_bias=False, kernel_regularizer=penalty(l2), name="attentional_state"
    )(both)


@register(paper="https://arxiv.org/abs/1706.03762")
def bilstm_scaled_dot(x, *, units=64, num_layers=1, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """Bidirectional LSTM with scaled dot-product attention over its states."""
    attention = layers.ScaledDotAttention(units, name="attention")
    c, _ = attend(x, layers.LSTM, attention, units, num_layers, dropout, recurrent_dropout, l2, bidirectional=True)
    return c


@register(paper="https://aclanthology.org/N16-1174")
def han(x, *, units=64, sentence_length=25, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """Hierarchical attention network: words make sentences (runs of `sentence_length` tokens), sentences the answer."""
    document, _ = layers.HierarchicalAttention(
        units, sentence_length, dropout=recurrent_dropout, regularizer=penalty(l2), name="attention"
    )(x)
    return dropped(document, dropout, name="dropout_document")
