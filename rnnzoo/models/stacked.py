"""Deep recurrent networks: residual connections and layer normalisation, so that many layers still train.

Residual stacks: https://arxiv.org/abs/1609.08144, section 3.1. Normalised before each layer, as
https://arxiv.org/abs/2002.04745 found best for depth.
"""

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import dropped, finish, recurrent
from rnnzoo.registry import register


def residual_stack(
    x,
    layer,
    return_sequences,
    units,
    num_layers,
    dropout,
    recurrent_dropout,
    l2,
    pooling,
    bidirectional=False,
    **kwargs,
):
    """The first layer sets the width; each further one adds to it: x + layer(norm(x)). A norm at the end."""
    for i in range(num_layers):
        below = x if i == 0 else keras.layers.LayerNormalization(name=f"norm_{i}")(x)
        name = f"{layer.__name__.lower()}_{i}"
        states = recurrent(layer, units, recurrent_dropout, l2, name=name, bidirectional=bidirectional, **kwargs)(below)
        states = dropped(states, dropout, name=f"dropout_{i}")
        x = states if i == 0 else keras.layers.Add(name=f"residual_{i}")([x, states])
    x = keras.layers.LayerNormalization(name="norm")(x)
    return finish(x, return_sequences, pooling, bidirectional=bidirectional)


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_rnn(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=4,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Deep simple recurrent network: residual connections and layer normalisation."""
    return residual_stack(
        x, layers.SimpleRNN, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling
    )


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_lstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=4,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Deep LSTM: residual connections and layer normalisation."""
    return residual_stack(x, layers.LSTM, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling)


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_gru(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=4,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Deep GRU: residual connections and layer normalisation."""
    return residual_stack(x, layers.GRU, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling)


@register(paper="https://arxiv.org/abs/1609.08144")
def stacked_bilstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=4,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Deep bidirectional LSTM: residual connections and layer normalisation."""
    return residual_stack(
        x, layers.LSTM, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling, bidirectional=True
    )


@register(paper="https://arxiv.org/abs/1609.08144")
def stacked_bigru(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=4,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Deep bidirectional GRU: residual connections and layer normalisation."""
    return residual_stack(
        x, layers.GRU, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling, bidirectional=True
    )
