"""Sequence to sequence: an encoder reads the source, a decoder writes the target, with or without attention.

`source` are vectors `(batch, time, width)`, `target` the ids that the decoder reads, `(batch, target_time)`; the answer
is the logits of the next tokens. The parts are named `encoder` and `decoder`: `rnnzoo.decode` runs them on their own.
"""

from typing import Annotated, TypedDict, Unpack

from rnnzoo._lazy import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import Default
from rnnzoo.models.blocks import Alignment
from rnnzoo.registry import register


class Decoding(TypedDict):
    """The keywords of every decoder; those of the encoder are among them."""

    outputs: int
    embedding_dim: int
    units: Annotated[int, Default(128)]
    num_layers: Annotated[int, Default(1)]
    dropout: Annotated[float, Default(0.2)]
    scheduled_sampling: Annotated[float, Default(0.0)]


def translate(source, target, decoder, cell, bidirectional, *, units, num_layers, dropout, **kwargs):
    """Read the source, write the target."""
    memory, *states = layers.Encoder(cell, units, num_layers, bidirectional, dropout, name="encoder")(source)
    options = {"cell": cell, "units": units, "num_layers": num_layers, "dropout": dropout, **kwargs}
    found = decoder(**options, name="decoder")(target, memory, states)
    return found[0] if isinstance(found, (list, tuple)) else found


@register(paper="https://arxiv.org/abs/1409.3215")
def seq2seq_rnn(source, target, *, bidirectional=False, **options: Unpack[Decoding]):
    """Encoder and decoder of simple recurrent networks: the last state is all that the decoder knows of the source."""
    return translate(source, target, layers.Decoder, "rnn", bidirectional, **options)


@register(paper="https://arxiv.org/abs/1409.3215")
def seq2seq_lstm(source, target, *, bidirectional=False, **options: Unpack[Decoding]):
    """Encoder and decoder of LSTMs: the last state is all that the decoder knows of the source."""
    return translate(source, target, layers.Decoder, "lstm", bidirectional, **options)


@register(paper="https://arxiv.org/abs/1406.1078")
def seq2seq_gru(source, target, *, bidirectional=False, **options: Unpack[Decoding]):
    """Encoder and decoder of GRUs: the last state is all that the decoder knows of the source."""
    return translate(source, target, layers.Decoder, "gru", bidirectional, **options)


@register(paper="https://arxiv.org/abs/1409.0473")
def seq2seq_bahdanau(source, target, **options: Unpack[Decoding]):
    """Bidirectional GRU, additive attention over its states, and a GRU that reads the context with every token."""
    return translate(source, target, layers.BahdanauDecoder, "gru", True, **options)


@register(paper="https://arxiv.org/abs/1508.04025")
def seq2seq_luong(
    source, target, *, bidirectional=False, alignment: Alignment = "general", input_feeding=False,
    **options: Unpack[Decoding],
):  # fmt: skip
    """LSTMs with multiplicative (Luong) attention; input feeding tells the next step where this one looked."""
    if alignment == "dot" and bidirectional:
        raise InvalidValue(
            "dot compares states of one width, and both directions are twice as wide: take general or concat. "
            "Received: alignment='dot', bidirectional=True"
        )
    attention = {"alignment": alignment, "input_feeding": input_feeding}
    return translate(source, target, layers.LuongDecoder, "lstm", bidirectional, **attention, **options)


@register(paper="https://arxiv.org/abs/1706.03762")
def seq2seq_dot(source, target, *, bidirectional=True, **options: Unpack[Decoding]):
    """LSTMs with scaled dot-product attention over the states of both directions."""
    return translate(source, target, layers.LuongDecoder, "lstm", bidirectional, alignment="scaled_dot", **options)
