"""The classic recurrent networks, in one or two directions, with `num_layers` on top of each other."""

from typing import Literal

from rnnzoo._lazy import layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import dropped, finish, recurrent
from rnnzoo.registry import register


def stack(
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
    """Layer upon layer, each reading the one below; dropout after each."""
    for i in range(num_layers):
        name = f"{layer.__name__.lower()}_{i}"
        x = recurrent(layer, units, recurrent_dropout, l2, name=name, bidirectional=bidirectional, **kwargs)(x)
        x = dropped(x, dropout, name=f"dropout_{i}")
    return finish(x, return_sequences, pooling, bidirectional=bidirectional)


@register(paper="https://doi.org/10.1207/s15516709cog1402_1", causal=True)
def simple_rnn(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
    activation: Literal["tanh", "relu"] = "tanh",
):
    """Simple recurrent network (Elman): the state is one nonlinear layer of the input and the state before."""
    return stack(
        x,
        layers.SimpleRNN,
        return_sequences,
        units,
        num_layers,
        dropout,
        recurrent_dropout,
        l2,
        pooling,
        activation=activation,
    )


@register(paper="https://doi.org/10.1162/neco.1997.9.8.1735", causal=True)
def lstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Long short-term memory: a gated cell that keeps what it needs over long spans."""
    return stack(x, layers.LSTM, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling)


@register(paper="https://arxiv.org/abs/1406.1078", causal=True)
def gru(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Gated recurrent unit: two gates and no separate cell."""
    return stack(x, layers.GRU, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling)


@register(paper="https://doi.org/10.1109/78.650093")
def birnn(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
    activation: Literal["tanh", "relu"] = "tanh",
):
    """Bidirectional simple recurrent network: reads the sequence from both ends."""
    return stack(
        x,
        layers.SimpleRNN,
        return_sequences,
        units,
        num_layers,
        dropout,
        recurrent_dropout,
        l2,
        pooling,
        activation=activation,
        bidirectional=True,
    )


@register(paper="https://doi.org/10.1016/j.neunet.2005.06.042")
def bilstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Bidirectional LSTM: reads the sequence from both ends."""
    return stack(
        x, layers.LSTM, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling, bidirectional=True
    )


@register(paper="https://arxiv.org/abs/1409.0473")
def bigru(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """Bidirectional GRU: reads the sequence from both ends."""
    return stack(
        x, layers.GRU, return_sequences, units, num_layers, dropout, recurrent_dropout, l2, pooling, bidirectional=True
    )
