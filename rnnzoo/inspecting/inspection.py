"""`inspect`: what goes on inside a model while it reads."""

import functools
from collections.abc import Sequence
from typing import Any

from rnnzoo._lazy import keras, np
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.inspecting.differentiating import gradients
from rnnzoo.inspecting.pairs import inspect_pairs
from rnnzoo.inspecting.watching import AT_ONCE, EMBEDDING, UNKNOWN, hidden_states, recurrent_layers, watching


def inspect(model: Any, x: Any, y: Any = None) -> Any:
    """Look inside a model while it reads: states, gates, gradients through time, and what each step is worth.

    Args:
        model: From `build`, or a run's `model`.
        x: Tokens `(batch, time)`, or features `(batch, time, features)`; or a list of sequences of unequal length.
        y: The true answers, `(batch, ...)`: gradients are those of the model's loss. Default: those of the model's own
            answer, which is the score of the likeliest class, or the sum of the values. Of a model of pairs, the ids
            that are written, by default by the model itself.

    Returns:
        An `Inspection`; of a model of pairs a `PairInspection`: what each token of the source is worth for each that is
        written.

    Raises:
        ValueError, TypeError: Inputs that the model cannot read.

    Example:
        >>> seen = rnnzoo.inspect(model, tokens, labels)
        >>> seen.gradients["lstm_0"]  # (batch, time): how much the loss asks of the state at each step
    """
    if not isinstance(model, keras.Model):
        raise InvalidType(f"inspect looks into a keras.Model. Received: {model!r}")
    names = [each.name for each in model.inputs]
    if names[1:] == ["target"]:
        return inspect_pairs(model, x, y)
    if names[1:]:
        raise InvalidType(
            "inspect looks into models that read one sequence, or source and target: of a tagger those that are "
            f"trained with --no-characters. Received: {model.name!r}, which reads {' and '.join(names)}"
        )
    rows = _numbers("x", x)
    if not rows or not all(row.ndim and len(row) for row in rows):
        raise InvalidValue(f"inspect reads sequences of at least one step. Received: {len(rows)} sequences")
    wanted = model.inputs[0].shape
    if any(row.shape[1:] != tuple(wanted[2:]) for row in rows):
        raise InvalidValue(f"The model reads sequences {wanted[1:]}. Received: {rows[0].shape}")
    longest = wanted[1] or max(map(len, rows))
    if max(map(len, rows)) > longest:
        raise InvalidValue(f"The model reads {longest} steps at most. Received: {max(map(len, rows))}")
    kind = keras.backend.standardize_dtype(model.inputs[0].dtype)
    padded = np.zeros((len(rows), longest, *wanted[2:]), kind)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    tokens = len(wanted) == 2
    lengths = [int(np.flatnonzero(row)[-1]) + 1 if tokens and row.any() else len(row) for row in rows]
    if y is None:
        return Inspection(model, padded, lengths, None)
    answers = _numbers("y", y)
    if len({answer.shape for answer in answers}) != 1 or len(answers) != len(rows):
        raise InvalidValue(f"inspect takes one answer for each sequence. Received: {len(answers)} for {len(rows)}")
    return Inspection(model, padded, lengths, np.stack(answers))


def _numbers(name: str, given: Any) -> list[np.ndarray]:
    """Return what is given for each sequence."""
    try:
        found = [np.asarray(one) for one in given]
    except (TypeError, ValueError):
        found = None
    if found is None or any(one.dtype.kind not in "biuf" for one in found):
        raise InvalidType(f"{name} must be numbers for each sequence. Received: {name}={given!r:.80}")
    return found


class Inspection:
    """What `inspect` found; each part is computed when it is first asked for.

    All arrays are NumPy's and have `batch` and `time` first; steps behind a sequence's end are padding.

    Attributes:
        model: The model.
        x: What it read, padded.
        lengths: Real steps of each sequence.
        y: The true answers, or None.
    """

    def __init__(self, model: Any, x: np.ndarray, lengths: Sequence[int], y: np.ndarray | None):
        self.model, self.x, self.lengths, self.y = model, x, list(lengths), y

    @functools.cached_property
    def output(self) -> np.ndarray:
        """The model's answers."""
        return self._seen[0]

    @property
    def states(self) -> dict[str, np.ndarray]:
        """The states of each recurrent layer after each step, `(batch, time, units)`; an LSTM's cell: `layer/cell`."""
        return self._seen[1]

    @property
    def gates(self) -> dict[str, np.ndarray]:
        """The gates of LSTMs (`input`, `forget`, `output`) and GRUs (`update`, `reset`) by `layer/gate`, 0 to 1.

        An LSTM's `candidate`, -1 to 1, is among them. `(batch, time, units)`.
        """
        return self._seen[2]

    @functools.cached_property
    def gradients(self) -> dict[str, np.ndarray]:
        """The norm of the gradient with respect to each state after each step, `(batch, time)`.

        It is the whole gradient: through the output of the step, and through all later states. The cells of LSTMs that
        were changed inside are left out.
        """
        return {name: np.linalg.norm(g, axis=-1).T for name, g in self.state_gradients.items()}

    @functools.cached_property
    def state_gradients(self) -> dict[str, np.ndarray]:
        """The gradients themselves, `(time, batch, units)`."""
        if not recurrent_layers(self.model):
            raise InvalidValue(f"This model carries no state from step to step. Received: {self.model.name}")
        left_out = hidden_states(self.model)
        states = {name: h for name, h in self.states.items() if name not in left_out}
        zeros = {name: np.zeros_like(np.swapaxes(h, 0, 1)) for name, h in states.items()}
        return gradients(lambda added: self._score(self._call(self.x, added)), zeros)

    @functools.cached_property
    def importance(self) -> np.ndarray:
        """Gradient × input: what each step adds to the answer (or to the loss), to the first order, `(batch, time)`."""
        if self._embedded is None:
            found = gradients(lambda at: self._score(self.model(at["x"], training=False)), {"x": self.x})["x"]
            return self._real((found * self.x).sum(-1))
        zeros = {EMBEDDING: np.zeros_like(self._embedded)}
        found = gradients(lambda added: self._score(self._call(self.x, added)), zeros)[EMBEDDING]
        return self._real((found * self._embedded).sum(-1))

    @functools.cached_property
    def occlusion(self) -> np.ndarray:
        """What each step is worth: the answer's score with it, less the score without it, `(batch, time)`.

        A token is replaced by the unknown one, features by their mean over the sequence. With `y`: what the loss gains.
        """
        return self._occluded[0]

    @property
    def reach(self) -> np.ndarray:
        """How far back the memory reaches: how much the last answer changes when the input k steps before it does.

        `(batch, time)`, by k from 0 on: the norm of the change, 0 where the sequence has no such step. The change is
        that of `occlusion`.
        """
        found = np.zeros(self.x.shape[:2])
        for i, length in enumerate(self.lengths):
            found[i, :length] = self._occluded[1][i, :length][::-1]
        return found

    @functools.cached_property
    def _occluded(self) -> tuple[np.ndarray, np.ndarray]:
        scores, changes = np.zeros(self.x.shape[:2]), np.zeros(self.x.shape[:2])
        for i, length in enumerate(self.lengths):
            changed = np.repeat(self.x[i : i + 1], length, axis=0)
            steps = np.arange(length)
            changed[steps, steps] = UNKNOWN if self.x.ndim == 2 else self.x[i, :length].mean(axis=0)
            parts = [changed[at : at + AT_ONCE] for at in range(0, length, AT_ONCE)]
            output = np.concatenate([keras.ops.convert_to_numpy(self.model(part, training=False)) for part in parts])
            scores[i, :length] = self._scores(self.output[i : i + 1], i) - self._scores(output, i)
            differ = (output - self.output[i]).reshape(length, -1)
            if self._per_step:
                differ = output[:, length - 1] - self.output[i, length - 1]
            changes[i, :length] = np.linalg.norm(differ.reshape(length, -1), axis=-1)
        return (scores if self.y is None else -scores), changes

    @functools.cached_property
    def _seen(self) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        with watching(self.model) as watch:
            output = self.model(self.x, training=False)
        to_numpy = keras.ops.convert_to_numpy
        self._embedded = None if watch.embedded is None else to_numpy(watch.embedded)
        states = {name: to_numpy(values) for name, values in watch.states.items()}
        return to_numpy(output), states, {name: to_numpy(values) for name, values in watch.gates.items()}

    @functools.cached_property
    def _embedded(self) -> np.ndarray | None:
        _ = self._seen  # which sets it
        return self.__dict__["_embedded"]

    def _call(self, x: Any, added: Any) -> Any:
        with watching(self.model, added):
            return self.model(x, training=False)

    @property
    def _per_step(self) -> bool:
        """Whether the model answers every step of what it reads."""
        body = next((layer for layer in self.model.layers if layer.name == "body"), None)
        return len(self.model.output.shape) == 3 and body is not None and len(body.output.shape) == 3

    def _score(self, output: Any) -> Any:
        """The number that gradients are taken of: the sum over the batch of the loss, or of the answer's score."""
        if self.y is not None:
            return len(self.x) * self.model.compute_loss(y=keras.ops.convert_to_tensor(self.y), y_pred=output)
        return sum(self._answer(output[i], length) for i, length in enumerate(self.lengths))

    def _scores(self, output: np.ndarray, i: int) -> np.ndarray:
        """The score of each of several answers to sequence i and its changes."""
        if self.y is not None:
            y = np.asarray(self.y[i : i + 1])
            return np.array([float(self.model.compute_loss(y=y, y_pred=one[None])) for one in output])
        chosen, length = self._likeliest(self.output[i], self.lengths[i]), self.lengths[i]
        return np.array([float(self._answer(one, length, chosen)) for one in output])

    def _likeliest(self, answer: Any, length: int) -> int | None:
        last = answer[length - 1] if self._per_step else answer
        return int(np.argmax(last)) if len(last.shape) == 1 and last.shape[0] > 1 else None

    def _answer(self, answer: Any, length: int, chosen: int | None = None) -> Any:
        """The score of one answer: of its likeliest class, or of the class that is given; of values their sum."""
        last = answer[length - 1] if self._per_step else answer
        if len(last.shape) == 1 and last.shape[0] > 1:
            return keras.ops.max(last) if chosen is None else last[chosen]
        return keras.ops.sum(last)

    def _real(self, values: np.ndarray) -> np.ndarray:
        """0 on padding."""
        steps = np.arange(values.shape[1])
        return np.where(steps < np.array(self.lengths)[:, None], values, 0.0)
