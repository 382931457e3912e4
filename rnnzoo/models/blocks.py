"""What several bodies share: a regularised recurrent layer, and the summary at the end."""

from rnnzoo._lazy import keras, layers


def penalty(l2):
    """Return Keras's L2 regulariser, or None for 0."""
    return keras.regularizers.L2(l2) if l2 else None


def recurrent(layer, units, recurrent_dropout, l2, *, name, bidirectional=False, **kwargs):
    """One recurrent layer that gives every state: `(batch, time, units)`, or `2 * units` for both directions.

    `recurrent_dropout` is Keras's `dropout`: one mask per sequence on the layer's inputs, the same at every step
    (variational dropout, https://arxiv.org/abs/1512.05287). A mask on the states would leave the fast kernels.
    """
    layer = layer(
        units,
        return_sequences=True,
        dropout=recurrent_dropout,
        kernel_regularizer=penalty(l2),
        recurrent_regularizer=penalty(l2),
        name=name,
        **kwargs,
    )
    return layers.Bidirectional(layer, name=f"bidirectional_{name}") if bidirectional else layer


def dropped(x, rate, *, name):
    """Drop a share of the values in training; nothing to do for 0."""
    return keras.layers.Dropout(rate, name=name)(x) if rate else x


def finish(x, return_sequences, pooling, *, bidirectional=False):
    """Return the states themselves, or their summary."""
    return x if return_sequences else layers.Pooling(pooling, bidirectional=bidirectional, name="pooling")(x)
