"""`decode`: a translation model writes targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from rnnzoo._lazy import np
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.hyperparameters import HyperParameter

PADDING, END = 0, 2
BEAM = HyperParameter(int, low=1)
LENGTH_PENALTY = HyperParameter(float, low=0.0)
MAX_LENGTH = HyperParameter(int, low=1)
PLACES = 512
"""Beginnings that are continued at once: rows of a batch times beam."""

_searches: WeakKeyDictionary[Any, dict[tuple, Any]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Decoded:
    """What a model wrote, one entry a source.

    Args:
        tokens: Ids, int32 `(length,)`, without the end token.
        scores: Log-probability of each in nats, the end token's included: float32 `(sources,)`.
        attention: Weights `(steps, source_length)`, the step of the end token included, each row summing to 1; None for
            a model without attention.
    """

    tokens: list
    scores: Any
    attention: list | None


def decode(
    model: Any,
    source: Any,
    *,
    beam: int = 1,
    length_penalty: float = 0.6,
    max_length: int = 100,
) -> Decoded:
    """Write the likeliest target of each source, by greedy or beam search.

    Sources are decoded in batches of like length; neither the others of a batch nor padding change an answer. A target
    ends with the end token, id 2, or after `max_length` tokens. The unknown token may be written, padding never.

    Args:
        model: Of `build(..., task="translation")`, or from its file.
        source: Ids, `(sources, time)` padded with 0 on the right, or a list of sequences of ids.
        beam: Beginnings of a target to keep at each step; 1 is greedy search.
        length_penalty: The exponent α of Wu et al. (2016), equation 14: targets are ranked by
            log p / ((5 + length) / 6)^α. 0 ranks by log p, which favours short ones.
        max_length: Tokens of the longest target, the end token included.

    Raises:
        ValueError: Another kind of model, ids that it does not know, an empty source, a value out of bounds.
        TypeError: A value of the wrong type.

    Example:
        >>> rnnzoo.decode(model, [[5, 9, 2], [7, 3]], beam=5).tokens
    """
    beam = BEAM.check("beam", beam)
    length_penalty = LENGTH_PENALTY.check("length_penalty", length_penalty)
    max_length = MAX_LENGTH.check("max_length", max_length)
    parts = parts_of(model)
    rows = _rows(source, parts[0].input_dim)
    key = (beam, length_penalty, max_length)
    known = _searches.setdefault(model, {})
    if key not in known:
        from rnnzoo.layers.seq2seq.beam_search import BeamSearch

        known[key] = BeamSearch(*parts, beam, length_penalty, max_length, END)  # type: ignore[call-arg]

    found: list[Any] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    at_once = max(1, PLACES // beam)
    for begin in range(0, len(rows), at_once):
        chosen = order[begin : begin + at_once]
        for i, one in zip(chosen, _search(known[key], [rows[i] for i in chosen]), strict=True):
            found[i] = one
    tokens, scores, attention = ([one[k] for one in found] for k in range(3))
    attends = parts[2].attention is not None
    return Decoded(tokens, np.array(scores, "float32"), attention if attends else None)


def _search(search, rows):
    """Decode one batch, and read the best target of each row back from its last token to its first."""
    size, time = (1 << max(0, n - 1).bit_length() for n in (len(rows), max(map(len, rows))))  # few shapes: powers of 2
    batch = np.zeros((size, max(8, time)), "int32")
    for i in range(size):
        row = rows[min(i, len(rows) - 1)]  # repeats fill the batch
        batch[i, : len(row)] = row
    log_p, steps, tokens, parents, *weights = map(np.asarray, search.predict_on_batch(batch))
    for i, row in enumerate(rows):
        place, path, looks = 0, [], []
        for t in reversed(range(int(steps))):
            path.append(tokens[t, i, place])
            place = parents[t, i, place]
            looks += [w[t, i, place, : len(row)] for w in weights]
        ids = np.array(path[::-1], "int32")
        (ends,) = np.nonzero(ids == END)
        length = ends[0] if len(ends) else len(ids)
        yield ids[:length], log_p[i, 0], np.array(looks[::-1][: length + 1], "float32")


def parts_of(model):
    """Return the source's embedding, encoder and decoder of a translation model.

    Raises:
        ValueError: It is of another task.
    """
    body = next((layer for layer in getattr(model, "layers", []) if layer.name == "body"), None)
    named = {layer.name: layer for layer in getattr(body, "layers", [])}
    embedding = next((layer for layer in getattr(model, "layers", []) if layer.name == "embedding"), None)
    if embedding is None or not {"encoder", "decoder"} <= named.keys():
        raise InvalidValue(
            "Only a model of task translation is decoded; `rnnzoo list --task translation` shows them. "
            f"Received: {getattr(model, 'name', model)!r}"
        )
    return embedding, named["encoder"], named["decoder"]


def _rows(source, vocabulary_size):
    """Return each source's ids without the padding behind them."""
    rows = []
    if isinstance(source, str) or not isinstance(source, Sequence | np.ndarray):
        raise InvalidType(f"source must be ids (sources, time), or a list of sequences of ids. Received: {source!r}")
    for row in source:
        try:
            ids = np.asarray(row)
        except ValueError:  # rows of different length in a row
            ids = np.zeros((1, 1))
        if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
            raise InvalidType(f"source must be ids (sources, time), or a list of sequences of ids. Received: {row!r}")
        real = np.flatnonzero(ids != PADDING)
        if not len(real):
            raise InvalidValue(f"A source needs at least one token that is not padding (0). Received: {ids.tolist()}")
        unknown = ids[(ids < 0) | (ids >= vocabulary_size)]
        if len(unknown):
            raise InvalidValue(
                f"The model knows the ids 0 to {vocabulary_size - 1} of the source. Received: {int(unknown[0])}"
            )
        rows.append(ids[: real[-1] + 1].astype("int32"))
    return rows
