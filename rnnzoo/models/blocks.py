"""What several bodies share: their keywords, a regularised stack of recurrent layers, and the summary at the end."""

from typing import Annotated, Literal, NotRequired, TypedDict

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Default, Pooling

Alignment = Literal["dot", "general", "concat"]


class Layers(TypedDict):
    """The keywords of every recurrent layer of a body, and of the dropout behind it."""

    units: Annotated[int, Default(64)]
    dropout: Annotated[float, Default(0.2)]
    recurrent_dropout: Annotated[float, Default(0.0)]
    l2: Annotated[float, Default(0.0)]


class Recurrent(Layers):
    """The keywords of a body that gives every state, or their summary."""

    return_sequences: bool
    pooling: NotRequired[Annotated[Pooling, Default("last")]]  # where there is a summary


def penalty(l2):
    """Return Keras's L2 regulariser, or None for 0."""
    return keras.regularizers.L2(l2) if l2 else None


def dropped(x, rate, *, name):
    """Drop a share of the values in training; nothing to do for 0."""
    return keras.layers.Dropout(rate, name=name)(x) if rate else x


def recurrent(layer, units, recurrent_dropout, l2, *, name, bidirectional=False, **kwargs):
    """One recurrent layer that gives every state: `(batch, time, units)`, or `2 * units` for both directions.

    `recurrent_dropout` is Keras's `dropout`: one mask per sequence on the layer's inputs, the same at every step
    (variational dropout, https://arxiv.org/abs/1512.05287). A mask on the states would leave the fast kernels.
    """
    penalties = {"kernel_regularizer": penalty(l2), "recurrent_regularizer": penalty(l2)}
    layer = layer(units, return_sequences=True, dropout=recurrent_dropout, name=name, **penalties, **kwargs)
    return layers.Bidirectional(layer, name=f"bidirectional_{name}") if bidirectional else layer


def finish(x, return_sequences, pooling, *, bidirectional=False, dropout=0.0, name="dropout"):
    """Return the states themselves, or their summary; some of them dropped, or of a summary with a maximum in it.

    A maximum of values that dropout scales up is larger than it is without.
    """
    after = not return_sequences and pooling in ("max", "mean_max", "concat")
    x = x if after else dropped(x, dropout, name=name)
    x = x if return_sequences else layers.Pooling(pooling, bidirectional=bidirectional, name="pooling")(x)
    return dropped(x, dropout, name=name) if after else x


def stack(
    x, layer, num_layers, *, units, dropout, recurrent_dropout, l2, return_sequences, pooling=None, bidirectional=False,
    **kwargs,
):  # fmt: skip
    """Layer upon layer, each reading the one below; dropout after each."""
    for i in range(num_layers):
        x = dropped(x, dropout, name=f"dropout_{i - 1}") if i else x
        name = f"{layer.__name__.lower()}_{i}"
        x = recurrent(layer, units, recurrent_dropout, l2, name=name, bidirectional=bidirectional, **kwargs)(x)
    last = {"dropout": dropout, "name": f"dropout_{num_layers - 1}"}
    return finish(x, return_sequences, pooling, bidirectional=bidirectional, **last)
