"""What each token of a source is worth for what a model of pairs writes."""

import functools
from collections.abc import Sequence
from typing import Any

from rnnzoo._lazy import keras, np
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.inference.decoding import END, decode
from rnnzoo.inspecting.differentiating import gradients
from rnnzoo.inspecting.watching import AT_ONCE, EMBEDDING, UNKNOWN, watching_embedding

LONGEST = 100
"""Tokens that are written where no target is given."""


def inspect_pairs(model: Any, source: Any, target: Any = None) -> "PairInspection":
    """Look at what a model of pairs reads while it writes; `inspect` calls it for such models.

    Args:
        model: Of `task="translation"`.
        source: Ids, `(sources, time)` padded with 0 on the right, or a list of sequences of ids.
        target: What it writes, without the end token, one sequence of ids a source. Default: the likeliest token at
            each step.

    Raises:
        ValueError, TypeError: Ids that the model does not know; not one target for each source.
    """
    written = decode(model, source, max_length=LONGEST if target is None else 1).tokens  # it refuses what is no source
    rows = [np.trim_zeros(np.asarray(row), "b") for row in source]
    if target is None:
        targets = [[*ids, END][:LONGEST] for ids in written]
    else:
        targets = [_target(ids, model.output.shape[-1]) for ids in target]
        if len(targets) != len(rows):
            raise InvalidValue(
                f"inspect takes one target for each source. Received: {len(targets)} targets, {len(rows)} sources"
            )
    return PairInspection(model, _padded(rows), _padded(targets), list(map(len, rows)), list(map(len, targets)))


def _target(ids: Any, known: int) -> list[int]:
    """Return the ids of a target and the end."""
    given = np.asarray(ids)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise InvalidType(f"A target is a sequence of ids. Received: {ids!r}")
    row = np.trim_zeros(given, "b").astype(int).tolist()
    if unknown := [i for i in row if not 0 < i < known]:
        raise InvalidValue(f"The model knows the ids 1 to {known - 1} of the target. Received: {unknown[0]}")
    return [*row, END]


def _padded(rows: Sequence[Any]) -> np.ndarray:
    found = np.zeros((len(rows), max(map(len, rows))), "int32")
    for place, row in zip(found, rows, strict=True):
        place[: len(row)] = row
    return found


class PairInspection:
    """What `inspect` found of a model of pairs; each part is computed when it is first asked for.

    Arrays are NumPy's; what stands for padding is 0. The score of an answer is its log-probability in nats, each token
    being asked for after the ones before it.

    Attributes:
        model: The model.
        x: The sources, `(batch, time)`.
        y: What is written, `(batch, steps)`, the end token included.
        lengths: Tokens of each source.
        steps: Tokens of each answer.
    """

    def __init__(self, model: Any, x: np.ndarray, y: np.ndarray, lengths: list[int], steps: list[int]):
        self.model, self.x, self.y, self.lengths, self.steps = model, x, y, lengths, steps
        self._before = np.zeros_like(y)  # what the decoder reads: the token before
        for before, row, count in zip(self._before, y, steps, strict=True):
            before[:count] = np.roll(row[:count], 1)
            before[0] = END

    @functools.cached_property
    def scores(self) -> np.ndarray:
        """The log-probability of each token that is written, `(batch, steps)`."""
        return keras.ops.convert_to_numpy(self._log_p(self.x, self._before, self.y))

    @functools.cached_property
    def importance(self) -> np.ndarray:
        """Gradient × input: what each source token adds to the answer's score, to the first order, `(batch, time)`."""
        with watching_embedding(self.model) as watch:
            self.model([self.x, self._before], training=False)
        vectors = keras.ops.convert_to_numpy(watch.embedded)

        def score(added):
            with watching_embedding(self.model, added):
                return keras.ops.sum(self._log_p(self.x, self._before, self.y))

        found = (gradients(score, {EMBEDDING: np.zeros_like(vectors)})[EMBEDDING] * vectors).sum(-1)
        return np.where(np.arange(self.x.shape[1]) < np.array(self.lengths)[:, None], found, 0.0)

    @property
    def occlusion(self) -> np.ndarray:
        """What the answer's score loses when a source token is replaced by the unknown one, `(batch, time)`."""
        return self.by_token.sum(axis=1)

    @functools.cached_property
    def by_token(self) -> np.ndarray:
        """The same for each token that is written, `(batch, steps, time)`: where from it was taken."""
        found = np.zeros((*self.y.shape, self.x.shape[1]))
        for i, length in enumerate(self.lengths):
            changed = np.repeat(self.x[i : i + 1], length, axis=0)
            changed[np.arange(length), np.arange(length)] = UNKNOWN
            for at in range(0, length, AT_ONCE):
                part = changed[at : at + AT_ONCE]
                before, y = (np.repeat(rows[i : i + 1], len(part), axis=0) for rows in (self._before, self.y))
                without = keras.ops.convert_to_numpy(self._log_p(part, before, y))
                found[i, :, at : at + len(part)] = (self.scores[i] - without).T
        return found

    def _log_p(self, x: Any, before: Any, y: Any) -> Any:
        """Return log-probabilities of the tokens y, 0 behind the end: `(batch, steps)`."""
        ops = keras.ops
        log_p = ops.log_softmax(ops.cast(self.model([x, before], training=False), "float32"), axis=-1)
        chosen = ops.take_along_axis(log_p, ops.convert_to_tensor(y[..., None], "int32"), axis=-1)[..., 0]
        return chosen * ops.cast(y != 0, "float32")
