"""LSTMs that were changed inside."""

from typing import Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import Recurrent, dropped, finish, penalty, recurrent
from rnnzoo.registry import register


def cells(
    x, cell, name, num_layers, *, units, dropout, recurrent_dropout, l2, return_sequences, pooling=None, **kwargs
):
    """Layers of a cell by Keras's loop, each reading the one below; dropout after each."""
    for i in range(num_layers):
        x = dropped(x, dropout, name=f"dropout_{i - 1}") if i else x
        if recurrent_dropout:
            x = keras.layers.SpatialDropout1D(recurrent_dropout, name=f"input_dropout_{i}")(x)
        penalties = {"kernel_regularizer": penalty(l2), "recurrent_regularizer": penalty(l2)}
        x = layers.RNN(cell(units, name=f"cell_{i}", **penalties, **kwargs), return_sequences=True, name=f"{name}_{i}")(
            x
        )
    return finish(x, return_sequences, pooling, dropout=dropout, name=f"dropout_{num_layers - 1}")


@register(paper="https://arxiv.org/abs/1607.06450", causal=True)
def layernorm_lstm(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """LSTM with layer normalisation inside: steady gates from the first step on."""
    return cells(x, layers.LayerNormLSTMCell, "layernorm_lstm", num_layers, **options)


@register(paper="https://doi.org/10.1109/IJCNN.2000.861302", causal=True)
def peephole_lstm(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """LSTM whose gates see the cell: it can time and count exactly."""
    return cells(x, layers.PeepholeLSTMCell, "peephole_lstm", num_layers, **options)


@register(paper="https://arxiv.org/abs/1909.01792", causal=True)
def mogrifier_lstm(x, *, num_layers=1, rounds=5, **options: Unpack[Recurrent]):
    """Mogrifier LSTM: before each step the input and the state gate each other in turn."""
    return cells(x, layers.MogrifierLSTMCell, "mogrifier_lstm", num_layers, rounds=rounds, **options)


@register(paper="https://arxiv.org/abs/1708.02182", causal=True)
def awd_lstm(
    x, *, return_sequences, units=64, num_layers=3, dropout=0.3, recurrent_dropout=0.2, weight_dropout=0.3,
    activation_penalty=2.0, change_penalty=1.0, l2=0.0, pooling: Pooling = "last",
):  # fmt: skip
    """AWD-LSTM: dropped recurrent weights, one dropout mask for all steps, and penalties on large or fast states.

    The paper's averaged weights are `average` of a recipe, its tied ones `tie_weights` of language modelling.
    """
    for i in range(num_layers):  # recurrent_dropout is the one between the layers: section 4.2
        x = recurrent(
            layers.WeightDroppedLSTM, units, recurrent_dropout, l2, name=f"lstm_{i}", weight_dropout=weight_dropout
        )(x)
    y = keras.layers.SpatialDropout1D(dropout, name="dropout")(x) if dropout else x
    if activation_penalty or change_penalty:
        y = layers.ActivationPenalty(activation_penalty, change_penalty, name="penalty")([x, y])
    return finish(y, return_sequences, pooling)
