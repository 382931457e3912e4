"""Convolution in front of recurrence: local patterns first, then their order."""

from rnnzoo._lazy import layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import dropped, penalty
from rnnzoo.models.classic import stack
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/1511.08630", causal=True)
def cnn_lstm(
    x,
    *,
    return_sequences,
    filters=64,
    kernel_size=5,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Causal convolution, then an LSTM."""
    x = layers.Conv1D(
        filters, kernel_size, padding="causal", activation="relu", kernel_regularizer=penalty(l2), name="convolution"
    )(x)
    x = dropped(x, dropout, name="dropout_convolution")
    return stack(x, layers.LSTM, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling)


@register(paper="https://arxiv.org/abs/1602.00367")
def cnn_bigru(
    x,
    *,
    return_sequences,
    filters=64,
    kernel_size=5,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Convolution over both neighbours, then a bidirectional GRU."""
    x = layers.Conv1D(
        filters, kernel_size, padding="same", activation="relu", kernel_regularizer=penalty(l2), name="convolution"
    )(x)
    x = dropped(x, dropout, name="dropout_convolution")
    return stack(
        x, layers.GRU, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling, bidirectional=True
    )
