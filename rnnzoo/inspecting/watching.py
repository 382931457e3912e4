"""Watch recurrent layers at work: a plain loop over time takes the place of theirs, which records, and can disturb."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnnzoo._lazy import keras
from rnnzoo.errors import InvalidValue
from rnnzoo.private.keras import all_layers

EMBEDDING = "embedding"
"""The layer that turns tokens into vectors; a model of features has none."""
UNKNOWN = 1
"""The token that takes the place of one that is left out."""
AT_ONCE = 128
"""Changed inputs that are run in one batch."""


@dataclass
class Watch:
    """What recurrent layers did with one batch, and what is added to them.

    Args:
        added: To each state after each step, `(time, batch, units)`, by the state's name; to the embedded tokens,
            `(batch, time, width)`, under `embedding`.

    Attributes:
        states: After each step, `(batch, time, units)`, by name: that of the layer, of a second state `layer/cell`.
        gates: The same for the gates of LSTMs and GRUs, by `layer/gate`.
        embedded: The embedded tokens, `(batch, time, width)`; None for a model of features.
    """

    added: Mapping[str, Any] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    gates: dict[str, Any] = field(default_factory=dict)
    embedded: Any = None

    def loop(self, layer: Any, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Run a layer step by step; arguments and values are those of Keras's `RNN.inner_loop`."""
        ops = keras.ops
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        names, steps = _names(layer, len(states)), range(sequences.shape[1])
        running, outputs, kept, before = None, [], [], []
        for t in reversed(steps) if layer.go_backwards else steps:
            x = sequences[:, t]
            before.append(states[0])
            output, states = self._step(layer, x, states, t, None if mask is None else mask[:, t, None])
            if mask is not None:
                blank = ops.zeros_like(output)
                running = ops.where(mask[:, t, None], output, blank if running is None else running)
                output = ops.where(mask[:, t, None], output, blank if layer.zero_output_for_mask else running)
            else:
                running = output
            outputs.append(output)
            kept.append(states)
        self._record(layer, names, sequences, before, kept)
        return running, ops.stack(outputs, axis=1), states

    def _step(self, layer: Any, x: Any, states: list[Any], t: int, real: Any) -> tuple[Any, list[Any]]:
        """One step of the cell, with what is added to its states; a padded step keeps them."""
        cell, ops = layer.cell, keras.ops
        output, after = cell(x, states)
        after = list(after) if isinstance(after, (list, tuple)) else [after]
        names = _names(layer, len(after))
        extra = [
            ops.cast(self.added[name][t], h.dtype) if name in self.added else None
            for name, h in zip(names, after, strict=True)
        ]
        disturbed = [h if more is None else h + more for h, more in zip(after, extra, strict=True)]
        if _shows_its_cell(cell) and extra[1] is not None:  # h_t = o_t tanh(c_t) reads the cell at once
            opened = _output_gate(cell, x, states[0])
            disturbed[0] = disturbed[0] + opened * (cell.activation(disturbed[1]) - cell.activation(after[1]))
        if disturbed[0] is not after[0]:
            output = _output(layer, x, states, disturbed)
        if real is not None:
            disturbed = [ops.where(real, h, ops.cast(old, h.dtype)) for h, old in zip(disturbed, states, strict=True)]
        return output, disturbed

    def _record(self, layer: Any, names: list[str], sequences: Any, before: list[Any], kept: list[Any]) -> None:
        order = slice(None, None, -1 if layer.go_backwards else 1)
        for i, name in enumerate(names):
            self.states[name] = keras.ops.stack([states[i] for states in kept][order], axis=1)
        h = keras.ops.stack(before[order], axis=1)
        for gate, values in _gates(layer.cell, sequences, h).items():
            self.gates[f"{names[0]}/{gate}"] = values


@contextlib.contextmanager
def watching(model: Any, added: Mapping[str, Any] | None = None) -> Iterator[Watch]:
    """Watch every recurrent layer of a model, and its embedding, while it is called within."""
    layers = recurrent_layers(model)
    with watching_embedding(model, added) as watch:
        for layer in layers:
            loop = lambda *args, layer=layer, **kwargs: watch.loop(layer, *args, **kwargs)  # noqa: E731
            object.__setattr__(layer, "inner_loop", loop)  # past Keras's tracking: it is gone again in a moment
        try:
            yield watch
        finally:
            for layer in layers:
                object.__delattr__(layer, "inner_loop")


@contextlib.contextmanager
def watching_embedding(model: Any, added: Mapping[str, Any] | None = None) -> Iterator[Watch]:
    """Watch the embedding of a model alone, of a model of pairs that of the source, while it is called within."""
    watch = Watch(added or {})
    embedding = next((layer for layer in model.layers if layer.name == EMBEDDING), None)
    if embedding is not None:
        original = embedding.call

        def call(tokens):
            watch.embedded = original(tokens)
            if EMBEDDING in watch.added:
                return watch.embedded + keras.ops.cast(watch.added[EMBEDDING], watch.embedded.dtype)
            return watch.embedded

        object.__setattr__(embedding, "call", call)
    try:
        yield watch
    finally:
        if embedding is not None:
            object.__delattr__(embedding, "call")


def recurrent_layers(model: Any) -> list[Any]:
    """Return the layers of a model that carry a state from step to step, those inside of others included."""
    found = [layer for layer in all_layers(model) if isinstance(layer, keras.layers.RNN)]
    return [layer for layer in found if hasattr(layer, "cell")]


def hidden_states(model: Any) -> set[str]:
    """Return the names of states that the output of the same step is made of in a way that is not known here."""
    cells = [layer for layer in recurrent_layers(model) if not _shows_its_cell(layer.cell)]
    return {f"{layer.name}/cell" for layer in cells}


def _shows_its_cell(cell: Any) -> bool:
    return type(cell) is keras.layers.LSTMCell


def _output_gate(cell: Any, x: Any, h: Any) -> Any:
    """The output gate of Keras's LSTM, `(batch, units)`."""
    ops, last = keras.ops, slice(3 * cell.units, None)
    sums = ops.matmul(x, cell.kernel[:, last]) + ops.matmul(h, cell.recurrent_kernel[:, last])
    return cell.recurrent_activation(sums + cell.bias[last] if cell.use_bias else sums)


def _names(layer: Any, states: int) -> list[str]:
    """The names of a layer's states: the first is the layer's own."""
    more = ["cell"] if states == 2 and "LSTM" in type(layer.cell).__name__ else [str(i) for i in range(1, states)]
    return [layer.name, *(f"{layer.name}/{word}" for word in more)]


def _output(layer: Any, x: Any, before: list[Any], after: list[Any]) -> Any:
    """Return what a cell gives out of its states after a step; of Keras's own cells it is the first of them."""
    from rnnzoo.layers.recurrent.modern.base import Cell

    cell = layer.cell
    if isinstance(cell, Cell):
        _, extended = cell.extended(x[:, None], list(before))
        _, extra = cell.inputs(extended)
        own = after[: cell.recurrence.states]
        return keras.ops.cast(cell.outputs(extra, [h[:, None] for h in own])[:, 0], cell.state_dtype)
    if cell.output_size != cell.units:
        raise InvalidValue(f"Only layers whose output is their state can be looked into. Received: {layer.name}")
    return after[0]


def _gates(cell: Any, x: Any, h: Any) -> dict[str, Any]:
    """Return the gates of Keras's LSTM and GRU at every step, `(batch, time, units)`; of other cells none."""
    ops = keras.ops
    if type(cell) is keras.layers.LSTMCell:
        sums = ops.matmul(x, cell.kernel) + ops.matmul(h, cell.recurrent_kernel) + (cell.bias if cell.use_bias else 0)
        i, f, c, o = ops.split(sums, 4, axis=-1)
        squash = cell.recurrent_activation
        return {"input": squash(i), "forget": squash(f), "output": squash(o), "candidate": cell.activation(c)}
    if type(cell) is keras.layers.GRUCell:
        bias = ops.sum(ops.reshape(cell.bias, (-1, 3 * cell.units)), axis=0) if cell.use_bias else ops.zeros(1)
        read = ops.matmul(x, cell.kernel[:, : 2 * cell.units])
        kept = ops.matmul(h, cell.recurrent_kernel[:, : 2 * cell.units])
        z, r = ops.split(read + kept + (bias[: 2 * cell.units] if cell.use_bias else 0), 2, axis=-1)
        return {"update": cell.recurrent_activation(z), "reset": cell.recurrent_activation(r)}
    return {}
