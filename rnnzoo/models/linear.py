"""Recurrent networks whose states meet no matrix: long sequences in a loop that costs next to nothing.

The plain ones are layer upon layer. The others stand in residual blocks, as in their papers: x + recurrence(norm(x)),
then x + MLP(norm(x)), the MLP gated (https://arxiv.org/abs/2402.19427, section 2.2).
"""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict, Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Default, Pooling
from rnnzoo.models.blocks import dropped, finish, penalty
from rnnzoo.registry import register

EXPANSION = 2
"""The width of the gated MLP by that of the stream; of the states of Mamba and mLSTM too."""


class Linear(TypedDict):
    """The keywords that all of them share; `recurrent_dropout` drops inputs of the layers as in the classic ones."""

    return_sequences: bool
    units: Annotated[int, Default(64)]
    dropout: Annotated[float, Default(0.2)]
    recurrent_dropout: Annotated[float, Default(0.0)]
    l2: Annotated[float, Default(0.0)]
    pooling: NotRequired[Annotated[Pooling, Default("last")]]
    bidirectional: Annotated[bool, Default(False)]


def recurrence(layer, i, *, units, recurrent_dropout, l2, bidirectional, **kwargs):
    """One layer that gives every state, in one direction or in both."""
    name = f"{layer.__name__.lower()}_{i}"
    options = {"dropout": recurrent_dropout, "kernel_regularizer": penalty(l2), **kwargs}
    layer = layer(units, return_sequences=True, name=name, **options)
    return layers.Bidirectional(layer, name=f"bidirectional_{name}") if bidirectional else layer


def plain(x, layer, num_layers, *, dropout, return_sequences, pooling=None, **options):
    """Layer upon layer, each reading the one below; dropout after each."""
    for i in range(num_layers):
        x = dropped(x, dropout, name=f"dropout_{i - 1}") if i else x
        x = recurrence(layer, i, **options)(x)
    last = {"dropout": dropout, "name": f"dropout_{num_layers - 1}"}
    return finish(x, return_sequences, pooling, bidirectional=options["bidirectional"], **last)


@dataclass(frozen=True)
class Block:
    """A recurrent layer in a residual block.

    Args:
        layer: Its class.
        units: Width of its state, in each direction.
        options: Its own keywords.
        mlp: Whether a gated MLP follows, in a residual block of its own.
    """

    layer: Any
    units: int
    options: dict[str, Any]
    mlp: bool = True


def stream(x, blocks, *, units, dropout, l2, return_sequences, bidirectional, pooling=None, **options):
    """Residual blocks on a stream of vectors, a normalisation at the end."""
    width, penalties = units * (1 + bidirectional), {"kernel_regularizer": penalty(l2)}
    options |= {"l2": l2, "bidirectional": bidirectional}

    def dense(units, name, activation=None):
        return keras.layers.Dense(units, activation, name=name, **penalties)

    x = dense(width, "stream")(x)
    for i, block in enumerate(blocks):
        y = keras.layers.LayerNormalization(name=f"norm_{i}")(x)
        y = recurrence(block.layer, i, units=block.units, **options, **block.options)(y)
        y = dropped(dense(width, f"project_{i}")(y), dropout, name=f"dropout_{i}")
        x = keras.layers.Add(name=f"residual_{i}")([x, y])
        if block.mlp:
            y = keras.layers.LayerNormalization(name=f"mlp_norm_{i}")(x)
            gate, value = dense(EXPANSION * width, f"gate_{i}", "gelu")(y), dense(EXPANSION * width, f"value_{i}")(y)
            y = dense(width, f"mlp_{i}")(keras.layers.Multiply(name=f"gated_{i}")([gate, value]))
            x = keras.layers.Add(name=f"mlp_residual_{i}")([x, dropped(y, dropout, name=f"mlp_dropout_{i}")])
    x = keras.layers.LayerNormalization(name="norm")(x)
    return finish(x, return_sequences, pooling, bidirectional=bidirectional)


def residual(x, layer, num_layers, *, units, kernel_size=None, **options):
    """The same block `num_layers` times."""
    own = {} if kernel_size is None else {"kernel_size": kernel_size}
    return stream(x, [Block(layer, units, own)] * num_layers, units=units, **options)


def whole(units, num_heads):
    """Round up to whole heads."""
    return num_heads * math.ceil(units / num_heads)


@register(paper="https://arxiv.org/abs/2410.01201", causal=True)
def min_gru(x, *, kernel_size=4, num_layers=2, **options: Unpack[Linear]):
    """minGRU: a GRU whose gates read the input alone, behind a short convolution, in residual blocks."""
    return residual(x, layers.MinGRU, num_layers, kernel_size=kernel_size, **options)


@register(paper="https://arxiv.org/abs/2410.01201", causal=True)
def min_lstm(x, *, kernel_size=4, num_layers=2, **options: Unpack[Linear]):
    """minLSTM: an LSTM whose gates read the input alone and add up to one, in residual blocks."""
    return residual(x, layers.MinLSTM, num_layers, kernel_size=kernel_size, **options)


@register(paper="https://arxiv.org/abs/1611.01576", causal=True)
def qrnn(x, *, kernel_size=2, num_layers=2, **options: Unpack[Linear]):
    """Quasi-recurrent network: gates from a causal convolution, and a pooling that forgets."""
    return plain(x, layers.QRNN, num_layers, kernel_size=kernel_size, **options)


@register(paper="https://arxiv.org/abs/1709.02755", causal=True)
def sru(x, *, num_layers=2, **options: Unpack[Linear]):
    """Simple recurrent unit: a light gated recurrence with a highway around each layer."""
    return plain(x, layers.SRU, num_layers, **options)


@register(paper="https://arxiv.org/abs/1803.04831", causal=True)
def ind_rnn(x, *, num_layers=2, activation: Literal["relu", "tanh"] = "relu", **options: Unpack[Linear]):
    """Independently recurrent network: each unit remembers itself alone, over thousands of steps."""
    return plain(x, layers.IndRNN, num_layers, activation=activation, **options)


@register(paper="https://arxiv.org/abs/2303.06349", causal=True)
def lru(x, *, num_layers=2, **options: Unpack[Linear]):
    """Linear recurrent unit: complex states that turn and fade, begun on a ring, in residual blocks."""
    return residual(x, layers.LRU, num_layers, **options)


@register(paper="https://arxiv.org/abs/2402.19427", causal=True)
def hawk(x, *, kernel_size=4, num_layers=2, num_heads=4, **options: Unpack[Linear]):
    """Hawk: the gated diagonal recurrence of Griffin (RG-LRU), behind a short convolution, in residual blocks.

    The width of a state is rounded up to whole heads. Its authors train gates of several heads; those of one see all
    units, as the equations have it.
    """
    own = {"kernel_size": kernel_size, "num_heads": num_heads}
    return stream(x, [Block(layers.Hawk, whole(options["units"], num_heads), own)] * num_layers, **options)


@register(paper="https://arxiv.org/abs/2312.00752", causal=True)
def mamba(x, *, kernel_size=4, num_layers=2, memory_size=16, **options: Unpack[Linear]):
    """Mamba: a state space whose step the input chooses, so that it keeps what matters, in residual blocks."""
    own = {"kernel_size": kernel_size, "memory_size": memory_size}
    blocks = [Block(layers.Mamba, EXPANSION * options["units"], own, mlp=False)] * num_layers
    return stream(x, blocks, **options)


@register(paper="https://arxiv.org/abs/2405.04517", causal=True)
def xlstm(x, *, kernel_size=4, num_layers=2, num_heads=4, slstm_every=2, **options: Unpack[Linear]):
    """xLSTM: exponential gates; blocks with a matrix for a memory (mLSTM), and some that track states (sLSTM).

    The width of a state is rounded up to whole heads.
    """
    own = {"kernel_size": kernel_size, "num_heads": num_heads}
    memory = Block(layers.MLSTM, whole(EXPANSION * options["units"], num_heads), own, mlp=False)
    tracker = Block(layers.SLSTM, whole(options["units"], num_heads), own)
    blocks = [tracker if (i + 1) % slstm_every == 0 else memory for i in range(num_layers)]
    return stream(x, blocks, **options)
