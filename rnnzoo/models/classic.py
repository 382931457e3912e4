"""The classic recurrent networks, in one or two directions, with `num_layers` on top of each other; and a baseline.

So that many layers still train, the deep ones have residual connections (https://arxiv.org/abs/1609.08144, section 3.1)
and normalise before each layer, as https://arxiv.org/abs/2002.04745 found best for depth.
"""

from typing import Literal, Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import Recurrent, dropped, finish, penalty, recurrent, stack
from rnnzoo.registry import register

Activation = Literal["tanh", "relu"]


@register(paper="https://doi.org/10.1207/s15516709cog1402_1", causal=True)
def simple_rnn(x, *, num_layers=1, activation: Activation = "tanh", **options: Unpack[Recurrent]):
    """Simple recurrent network (Elman): the state is one nonlinear layer of the input and the state before."""
    return stack(x, layers.SimpleRNN, num_layers, activation=activation, **options)


@register(paper="https://doi.org/10.1162/neco.1997.9.8.1735", causal=True)
def lstm(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """Long short-term memory: a gated cell that keeps what it needs over long spans."""
    return stack(x, layers.LSTM, num_layers, **options)


@register(paper="https://arxiv.org/abs/1406.1078", causal=True)
def gru(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """Gated recurrent unit: two gates and no separate cell."""
    return stack(x, layers.GRU, num_layers, **options)


@register(paper="https://doi.org/10.1109/78.650093")
def birnn(x, *, num_layers=1, activation: Activation = "tanh", **options: Unpack[Recurrent]):
    """Bidirectional simple recurrent network: reads the sequence from both ends."""
    return stack(x, layers.SimpleRNN, num_layers, activation=activation, bidirectional=True, **options)


@register(paper="https://doi.org/10.1016/j.neunet.2005.06.042")
def bilstm(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """Bidirectional LSTM: reads the sequence from both ends."""
    return stack(x, layers.LSTM, num_layers, bidirectional=True, **options)


@register(paper="https://arxiv.org/abs/1409.0473")
def bigru(x, *, num_layers=1, **options: Unpack[Recurrent]):
    """Bidirectional GRU: reads the sequence from both ends."""
    return stack(x, layers.GRU, num_layers, bidirectional=True, **options)


def residual_stack(
    x, layer, num_layers, *, units, dropout, recurrent_dropout, l2, return_sequences, pooling=None, bidirectional=False
):
    """The first layer sets the width; each further one adds to it: x + layer(norm(x)). A norm at the end."""
    for i in range(num_layers):
        below = x if i == 0 else keras.layers.LayerNormalization(name=f"norm_{i}")(x)
        name = f"{layer.__name__.lower()}_{i}"
        states = recurrent(layer, units, recurrent_dropout, l2, name=name, bidirectional=bidirectional)(below)
        states = dropped(states, dropout, name=f"dropout_{i}")
        x = states if i == 0 else keras.layers.Add(name=f"residual_{i}")([x, states])
    x = keras.layers.LayerNormalization(name="norm")(x)
    return finish(x, return_sequences, pooling, bidirectional=bidirectional)


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_rnn(x, *, num_layers=4, **options: Unpack[Recurrent]):
    """Deep simple recurrent network: residual connections and layer normalisation."""
    return residual_stack(x, layers.SimpleRNN, num_layers, **options)


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_lstm(x, *, num_layers=4, **options: Unpack[Recurrent]):
    """Deep LSTM: residual connections and layer normalisation."""
    return residual_stack(x, layers.LSTM, num_layers, **options)


@register(paper="https://arxiv.org/abs/1609.08144", causal=True)
def stacked_gru(x, *, num_layers=4, **options: Unpack[Recurrent]):
    """Deep GRU: residual connections and layer normalisation."""
    return residual_stack(x, layers.GRU, num_layers, **options)


@register(paper="https://arxiv.org/abs/1609.08144")
def stacked_bilstm(x, *, num_layers=4, **options: Unpack[Recurrent]):
    """Deep bidirectional LSTM: residual connections and layer normalisation."""
    return residual_stack(x, layers.LSTM, num_layers, bidirectional=True, **options)


@register(paper="https://arxiv.org/abs/1609.08144")
def stacked_bigru(x, *, num_layers=4, **options: Unpack[Recurrent]):
    """Deep bidirectional GRU: residual connections and layer normalisation."""
    return residual_stack(x, layers.GRU, num_layers, bidirectional=True, **options)


@register(paper="https://doi.org/10.3115/v1/P15-1162")
def mlp(x, *, units=64, num_layers=2, dropout=0.2, l2=0.0):
    """Feed-forward baseline: the mean of the sequence, then dense layers."""
    x = layers.Pooling("mean", name="mean")(x)
    for i in range(num_layers):
        x = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty(l2), name=f"dense_{i}")(x)
        x = dropped(x, dropout, name=f"dropout_{i}")
    return x
