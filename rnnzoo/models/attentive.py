"""Attention over the states, for tasks that need one summary of the sequence.

Where the papers ask with a decoder's state, a summary has none: the query is the state after the last step.
The attention layer is always named `attention`, so that `rnnzoo.attention` finds it.
"""

from typing import Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import Alignment, Layers, dropped, penalty, stack
from rnnzoo.registry import register


def attend(x, layer, attention, num_layers, *, units, bidirectional=False, **options):
    """Return the context: the states, read with the last of them in mind."""
    attention = attention(units, name="attention")
    h = stack(x, layer, num_layers, units=units, return_sequences=True, bidirectional=bidirectional, **options)
    s = layers.Pooling("last", bidirectional=bidirectional, name="query")(h)
    return attention(h, s)[0]


@register(paper="https://arxiv.org/abs/1409.0473")
def lstm_bahdanau(x, *, num_layers=1, **options: Unpack[Layers]):
    """LSTM with additive (Bahdanau) attention over its states."""
    return attend(x, layers.LSTM, layers.BahdanauAttention, num_layers, **options)


@register(paper="https://arxiv.org/abs/1409.0473")
def gru_bahdanau(x, *, num_layers=1, **options: Unpack[Layers]):
    """GRU with additive (Bahdanau) attention over its states."""
    return attend(x, layers.GRU, layers.BahdanauAttention, num_layers, **options)


@register(paper="https://arxiv.org/abs/1409.0473")
def bilstm_bahdanau(x, *, num_layers=1, **options: Unpack[Layers]):
    """Bidirectional LSTM with additive (Bahdanau) attention over its states."""
    return attend(x, layers.LSTM, layers.BahdanauAttention, num_layers, bidirectional=True, **options)


@register(paper="https://arxiv.org/abs/1409.0473")
def bigru_bahdanau(x, *, num_layers=1, **options: Unpack[Layers]):
    """Bidirectional GRU with additive (Bahdanau) attention over its states."""
    return attend(x, layers.GRU, layers.BahdanauAttention, num_layers, bidirectional=True, **options)


@register(paper="https://arxiv.org/abs/1508.04025")
def bilstm_luong(x, *, num_layers=1, alignment: Alignment = "general", **options: Unpack[Layers]):
    """Bidirectional LSTM with multiplicative (Luong) attention over its states."""
    attention = layers.LuongAttention(alignment, name="attention")
    h = stack(x, layers.LSTM, num_layers, return_sequences=True, bidirectional=True, **options)
    s = layers.Pooling("last", bidirectional=True, name="query")(h)
    c, _ = attention(h, s)
    both = keras.layers.Concatenate(name="context_and_query")([c, s])
    width, l2 = 2 * options["units"], penalty(options["l2"])
    # (5) h~ = tanh(W_c [c; h])
    return keras.layers.Dense(width, "tanh", use_bias=False, kernel_regularizer=l2, name="attentional_state")(both)


@register(paper="https://arxiv.org/abs/1706.03762")
def bilstm_scaled_dot(x, *, num_layers=1, **options: Unpack[Layers]):
    """Bidirectional LSTM with scaled dot-product attention over its states."""
    return attend(x, layers.LSTM, layers.ScaledDotAttention, num_layers, bidirectional=True, **options)


@register(paper="https://aclanthology.org/N16-1174")
def han(x, *, units=64, sentence_length=25, dropout=0.2, recurrent_dropout=0.0, l2=0.0):
    """Hierarchical attention network: words make sentences (runs of `sentence_length` tokens), sentences the answer."""
    document, _ = layers.HierarchicalAttention(
        units, sentence_length, dropout=recurrent_dropout, regularizer=penalty(l2), name="attention"
    )(x)
    return dropped(document, dropout, name="dropout_document")
