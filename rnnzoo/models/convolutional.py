"""Convolution before recurrence, or beside it: local patterns, and their order."""

from typing import Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import Recurrent, dropped, finish, penalty, stack
from rnnzoo.registry import register


def convolved(x, filters, kernel_size, padding, dropout, l2):
    """One convolution, with dropout after it."""
    options = {"activation": "relu", "kernel_regularizer": penalty(l2), "name": "convolution"}
    x = layers.Conv1D(filters, kernel_size, padding=padding, **options)(x)
    return dropped(x, dropout, name="dropout_convolution")


@register(paper="https://arxiv.org/abs/1511.08630", causal=True)
def cnn_lstm(x, *, filters=64, kernel_size=5, num_layers=1, **options: Unpack[Recurrent]):
    """Causal convolution, then an LSTM."""
    x = convolved(x, filters, kernel_size, "causal", options["dropout"], options["l2"])
    return stack(x, layers.LSTM, num_layers, **options)


@register(paper="https://arxiv.org/abs/1602.00367")
def cnn_bigru(x, *, filters=64, kernel_size=5, num_layers=1, **options: Unpack[Recurrent]):
    """Convolution over both neighbours, then a bidirectional GRU."""
    x = convolved(x, filters, kernel_size, "same", options["dropout"], options["l2"])
    return stack(x, layers.GRU, num_layers, bidirectional=True, **options)


@register(paper="https://arxiv.org/abs/1803.01271", causal=True)
def tcn(
    x, *, return_sequences, filters=64, kernel_size=3, num_layers=6, dropout=0.2, l2=0.0, pooling: Pooling = "last"
):
    """Temporal convolutional network: causal convolutions with gaps that double from block to block; no recurrence.

    A step sees the 2 * (kernel_size - 1) * (2^num_layers - 1) steps before it. The paper's weight normalisation is left
    out.
    """
    for i in range(num_layers):  # figure 1 (b)
        below = x
        for k in range(2):
            options = {"kernel_regularizer": penalty(l2), "dilation_rate": 2**i, "activation": "relu"}
            x = layers.Conv1D(filters, kernel_size, padding="causal", name=f"convolution_{i}_{k}", **options)(x)
            x = dropped(x, dropout, name=f"dropout_{i}_{k}")
        if below.shape[-1] != filters:
            below = keras.layers.Dense(filters, kernel_regularizer=penalty(l2), name="width")(below)
        x = keras.layers.Activation("relu", name=f"relu_{i}")(keras.layers.Add(name=f"residual_{i}")([below, x]))
    return finish(x, return_sequences, pooling)


@register(paper="https://arxiv.org/abs/1709.05206")
def lstm_fcn(x, *, units=64, filters=64, kernel_size=5, dropout=0.5):
    """LSTM-FCN: an LSTM's last state beside three convolutions and their mean over time.

    Where the paper has batch normalisation there is layer normalisation: padded steps do not count in it.
    """
    state = layers.LSTM(units, return_sequences=True, name="lstm")(x)
    state = dropped(layers.Pooling("last", name="last")(state), dropout, name="dropout")
    seen = x
    for i, (width, size) in enumerate(((filters, kernel_size + 3), (2 * filters, kernel_size), (filters, 3))):
        seen = layers.Conv1D(width, size, name=f"convolution_{i}")(seen)
        seen = keras.layers.LayerNormalization(name=f"norm_{i}")(seen)
        seen = keras.layers.Activation("relu", name=f"relu_{i}")(seen)
    return keras.layers.Concatenate(name="both")([state, layers.Pooling("mean", name="mean")(seen)])
