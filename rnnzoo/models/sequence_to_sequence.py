"""Sequence to sequence: an encoder reads the source, a decoder writes the target, with or without attention.

`source` are vectors `(batch, time, width)`, `target` the ids that the decoder reads, `(batch, target_time)`; the answer is
the logits of the next tokens. The parts are named `encoder` and `decoder`: `rnnzoo.decode` runs them on their own.
"""

from typing import Literal

from rnnzoo._lazy import layers
from rnnzoo.errors import InvalidValue
from rnnzoo.registry import register


def translate(source, target, decoder, cell, *, units, num_layers, dropout, bidirectional, **kwargs):
    """Read the source, write the target."""
    encoder = layers.Encoder(cell, units, num_layers, bidirectional, dropout, name="encoder")
    memory, *states = encoder(source)
    options = {"cell": cell, "units": units, "num_layers": num_layers, "dropout": dropout, **kwargs}
    found = decoder(**options, name="decoder")(target, memory, states)
    return found[0] if isinstance(found, (list, tuple)) else found


@register(paper="https://arxiv.org/abs/1409.3215")
def seq2seq_rnn(
    source,
    target,
    *,
    outputs,
    embedding_dim,
    units=128,
    num_layers=1,
    dropout=0.2,
    bidirectional=False,
    scheduled_sampling=0.0,
):
    """Encoder and decoder of simple recurrent networks: the last state is all that the decoder knows of the source."""
    return translate(
        source,
        target,
        layers.Decoder,
        "rnn",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=bidirectional,
        scheduled_sampling=scheduled_sampling,
    )


@register(paper="https://arxiv.org/abs/1409.3215")
def seq2seq_lstm(
    source,
    target,
    *,
    outputs,
    embedding_dim,
    units=128,
    num_layers=1,
    dropout=0.2,
    bidirectional=False,
    scheduled_sampling=0.0,
):
    """Encoder and decoder of LSTMs: the last state is all that the decoder knows of the source."""
    return translate(
        source,
        target,
        layers.Decoder,
        "lstm",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=bidirectional,
        scheduled_sampling=scheduled_sampling,
    )


@register(paper="https://arxiv.org/abs/1406.1078")
def seq2seq_gru(
    source,
    target,
    *,
    outputs,
    embedding_dim,
    units=128,
    num_layers=1,
    dropout=0.2,
    bidirectional=False,
    scheduled_sampling=0.0,
):
    """Encoder and decoder of GRUs: the last state is all that the decoder knows of the source."""
    return translate(
        source,
        target,
        layers.Decoder,
        "gru",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=bidirectional,
        scheduled_sampling=scheduled_sampling,
    )


@register(paper="https://arxiv.org/abs/1409.0473")
def seq2seq_bahdanau(
    source, target, *, outputs, embedding_dim, units=128, num_layers=1, dropout=0.2, scheduled_sampling=0.0
):
    """Bidirectional GRU, additive attention over its states, and a GRU that reads the context with every token."""
    return translate(
        source,
        target,
        layers.BahdanauDecoder,
        "gru",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=True,
        scheduled_sampling=scheduled_sampling,
    )


@register(paper="https://arxiv.org/abs/1508.04025")
def seq2seq_luong(
    source,
    target,
    *,
    outputs,
    embedding_dim,
    units=128,
    num_layers=1,
    dropout=0.2,
    bidirectional=False,
    alignment: Literal["dot", "general", "concat"] = "general",
    input_feeding=False,
    scheduled_sampling=0.0,
):
    """LSTMs with multiplicative (Luong) attention; input feeding tells the next step where this one looked."""
    if alignment == "dot" and bidirectional:
        raise InvalidValue(
            "dot compares states of one width, and both directions are twice as wide: take general or concat. "
            "Received: alignment='dot', bidirectional=True"
        )
    return translate(
        source,
        target,
        layers.LuongDecoder,
        "lstm",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=bidirectional,
        alignment=alignment,
        input_feeding=input_feeding,
        scheduled_sampling=scheduled_sampling,
    )


@register(paper="https://arxiv.org/abs/1706.03762")
def seq2seq_dot(
    source,
    target,
    *,
    outputs,
    embedding_dim,
    units=128,
    num_layers=1,
    dropout=0.2,
    bidirectional=True,
    scheduled_sampling=0.0,
):
    """LSTMs with scaled dot-product attention over the states of both directions."""
    return translate(
        source,
        target,
        layers.LuongDecoder,
        "lstm",
        outputs=outputs,
        embedding_dim=embedding_dim,
        units=units,
        num_layers=num_layers,
        dropout=dropout,
        bidirectional=bidirectional,
        alignment="scaled_dot",
        scheduled_sampling=scheduled_sampling,
    )
