"""`stream`: a causal model that is given one step at a time, and answers after each; its memory does not grow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from rnnzoo import hyperparameters as hp
from rnnzoo import layers
from rnnzoo.data.scaling import Scaler
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.private.keras import run_through

FORMATS = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
ALONE = (
    keras.layers.Dense, keras.layers.LayerNormalization, keras.layers.Activation, keras.layers.ReLU,
    keras.layers.Add, keras.layers.Multiply, keras.layers.Concatenate, keras.layers.Rescaling,
)  # fmt: skip
"""Layers that look at each step alone."""
IN_TRAINING = (
    keras.layers.Dropout, keras.layers.SpatialDropout1D, layers.WordDropout, layers.ActivationPenalty,
    layers.SampledSoftmax,
)  # fmt: skip
"""Layers that do nothing outside training."""


class Stream:
    """A model that reads step by step. Make one by `rnnzoo.stream`.

    Attributes:
        model: One step: in, `x` and the states; out, the answer and the states after. All states begin as zeros.
        states: Those of now, arrays.

    Example:
        >>> listener = rnnzoo.stream("runs/gestures-gru-0")
        >>> for sample in samples:
        ...     logits = listener(sample)
    """

    def __init__(self, model: Any, batch_size: int, reads: Scaler | None = None, answers: Scaler | None = None):
        one = OneStep(model, name="one_step")
        shape = model.inputs[0].shape[2:]
        x = keras.Input(batch_shape=(batch_size, *shape), dtype=model.inputs[0].dtype, name="x")
        states = [
            keras.Input(batch_shape=(batch_size, *size), name=f"state_{i}") for i, size in enumerate(one.state_shapes)
        ]
        answer, *after = one(_scaled(x, reads), states)
        self.model = keras.Model([x, *states], [_in_units(answer, answers), *after], name=f"{model.name}_step")
        self.batch_size, self.shape, self.dtype = batch_size, shape, model.inputs[0].dtype
        self.reset()

    def reset(self) -> None:
        """Forget all steps."""
        self.states = [np.zeros(state.shape, "float32") for state in self.model.inputs[1:]]

    def __call__(self, x: Any) -> np.ndarray:
        """Read the next step and return the answer to all steps so far.

        Args:
            x: A token id, or `(features,)`; with a batch size `(batch,)`, `(batch, features)`. Of a run numbers are in
                the units of its data; of a model they are as it reads them.

        Returns:
            What the model answers to the sequence up to here, or for its last step: without the batch's axis where `x`
            has none. Of a run values are in the units of its data.
        """
        given = np.asarray(x, self.dtype)
        if given.shape not in (self.shape, (self.batch_size, *self.shape)) or (
            given.shape == self.shape and self.batch_size != 1
        ):
            raise InvalidValue(
                f"A step has the shape {(self.batch_size, *self.shape)}"
                f"{f', or {self.shape}' if self.batch_size == 1 else ''}. Received: shape {given.shape}"
            )
        alone = given.shape == self.shape
        answer, *self.states = self.model.predict_on_batch([given[None] if alone else given, *self.states])
        return answer[0] if alone else answer

    def export(self, path: str | Path, format: str = "litert") -> Path:
        """Write one step as a file for other runtimes: in, `x` and the states; out, the answer and the states after.

        Args:
            path: Where to; the ending that belongs to the format is added where it is missing.
            format: `litert`, `onnx` or `tf_saved_model`.
        """
        if format not in FORMATS:
            raise InvalidValue(f"format must be {' or '.join(FORMATS)}. Received: {format=}")
        path = Path(path)
        if path.suffix != FORMATS[format]:
            path = path.with_name(path.name + FORMATS[format])
        self.model([np.zeros(one.shape, one.dtype) for one in self.model.inputs])  # Keras exports what has been called
        self.model.export(str(path), format=format, verbose=False)
        return path


def stream(run: Any, *, batch_size: int = 1) -> Stream:
    """Return a causal model as one that reads step by step, with the same weights.

    After each step it gives what the whole model gives for all steps so far, in the same time whatever came before.
    Every step counts: there is no padding in a stream.

    Args:
        run: A run folder, a `Run`, or a model of the zoo.
        batch_size: Streams side by side.

    Raises:
        TypeError: Neither a run nor a model.
        ValueError: A layer that looks at later steps or at all of them, such as one of two directions, attention, or a
            window's normalisation; a run of several series, or of quantiles.
    """
    if isinstance(run, (str, Path)):
        from rnnzoo.training.runs import load

        run = load(run)
    model = getattr(run, "model", run)
    scalers = () if model is run else _scalers(run)
    if not isinstance(model, keras.Model):
        raise InvalidType(f"A run or a keras.Model is streamed. Received: {type(run).__name__}")
    if len(model.inputs) != 1:
        raise InvalidValue(f"Only a model of one sequence is streamed. Received: {len(model.inputs)} inputs")
    return Stream(model, hp.TABLE["batch_size"].check("batch_size", batch_size), *scalers)


def _scalers(run: Any) -> tuple[Scaler | None, Scaler | None]:
    """Return what scales the numbers that a run reads, and those that it answers; None: it does not scale them."""
    data = run.data
    values, features = getattr(data, "answer_scaler", None), data.inputs.get("features")
    found = data.fitted.get("scaler")
    if features is None or found is None:
        return None, values
    if "names" in found or data.inputs.get("quantiles"):
        raise InvalidValue(
            "A stream has one scale, and a value at a time: rnnzoo.stream(run.model) reads and answers scaled numbers. "
            f"Received: a run of several series or of quantiles, {run.folder}"
        )
    more = features - len(found["shift"])  # what is told of a step's time is not scaled
    reads = Scaler([*found["shift"], *[0.0] * more], [*found["scale"], *[1.0] * more])
    if "horizon" in data.inputs:
        outputs = data.inputs["outputs"]
        values = Scaler(reads.shift[:outputs], reads.scale[:outputs])
    return reads, values


def _scaled(x: Any, scaler: Scaler | None) -> Any:
    if scaler is None or not scaler.changes:
        return x
    shift, scale = np.array(scaler.shift), np.array(scaler.scale)
    return keras.layers.Rescaling((1 / scale).tolist(), (-shift / scale).tolist(), name="scaled")(x)


def _in_units(answer: Any, scaler: Scaler | None) -> Any:
    if scaler is None or not scaler.changes:
        return answer
    return keras.layers.Rescaling(scaler.scale, scaler.shift, dtype="float32", name="in_units")(answer)


class OneStep(keras.layers.Layer):
    """One step of a model, whose layers keep their weights.

    In: x `(batch, ...)` and the states. Out: the answer, and the states after.

    Args:
        model: Of the zoo.
    """

    def __init__(self, model: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.whole = model
        self.places = list(_places(model))
        self.state_shapes = [shape for _, shapes in self.places for shape in shapes]
        self.built = True

    def call(self, x: Any, states: list[Any]) -> list[Any]:
        before, after = iter(states), {}
        given = {id(layer): [next(before) for _ in shapes] for layer, shapes in self.places}

        def operation(layer: Any) -> Callable:
            return lambda x, *_, reverse=False, **__: now(layer, x, reverse)  # no masks: every step is real

        def now(layer: Any, x: Any, reverse: bool) -> Any:
            if id(layer) in given:
                y, after[id(layer)] = _step(layer, x, given[id(layer)])
                return y
            if isinstance(layer, keras.Model):
                return run_through(layer, x, operation)
            if isinstance(layer, layers.Embedding):
                return layer.call(x, reverse=reverse)  # without its mask; in reverse with tied weights
            if isinstance(layer, layers.ActivationPenalty):
                return x[1]
            if isinstance(layer, layers.Pooling):  # the last: that is this one
                return x[:, 0]
            return x if isinstance(layer, (layers.Padding, layers.TrailingMask, *IN_TRAINING)) else layer(x)

        answer = run_through(self.whole, x[:, None], operation)
        if len(answer.shape) == 3 and len(self.whole.output.shape) == 3 and _has_time(self.whole):
            answer = answer[:, 0]
        return [answer, *(state for layer, _ in self.places for state in after[id(layer)])]


def _has_time(model: Any) -> bool:
    """Tell whether the answer has a time axis: it is not a forecast."""
    return len(model.get_layer("body").output.shape) == 3


def _places(model: Any) -> Any:
    """Yield each layer that keeps something of the steps before, with the shapes of that.

    Raises:
        ValueError: A layer that cannot be streamed.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Model):
            yield from _places(layer)
        elif isinstance(layer, keras.layers.RNN) and not layer.go_backwards:
            sizes = layer.cell.state_size
            yield layer, [(size,) for size in (sizes if isinstance(sizes, (list, tuple)) else [sizes])]
        elif isinstance(layer, layers.Conv1D) and layer.padding == "causal":
            reach = (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
            if reach:
                yield layer, [(reach, layer.input.shape[-1])]
        elif isinstance(layer, layers.Pooling) and not layer.bidirectional:
            width = layer.input.shape[-1]
            shapes = {"last": [], "mean": [(width,), (1,)], "max": [(width,), (1,)]}
            shapes["mean_max"] = shapes["concat"] = [(width,), (width,), (1,)]
            if shapes[layer.mode]:
                yield layer, shapes[layer.mode]
        elif not (_summary(layer) or isinstance(layer, (*ALONE, *IN_TRAINING, *_MARKS))):
            raise InvalidValue(
                "Only a model whose every layer reads step after step is streamed. "
                f"Received: {layer.name}, a {type(layer).__name__}"
            )


_MARKS = layers.Embedding, layers.Padding, layers.TrailingMask


def _summary(layer: Any) -> bool:
    """Tell whether a layer reads a summary, in which there is no time any more."""
    x = layer.input
    return not isinstance(x, (list, tuple)) and len(x.shape) == 2 and not isinstance(layer, layers.Denormalize)


def _step(layer: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """Read one step `(batch, 1, ...)`; return the layer's output and its states after."""
    if isinstance(layer, keras.layers.RNN):
        y, after = layer.cell(x[:, 0], states)
        after = list(after) if isinstance(after, (list, tuple)) else [after]
        return (y[:, None] if layer.return_sequences else y), after
    if isinstance(layer, layers.Conv1D):
        seen = ops.concatenate([states[0], x], axis=1)
        y = ops.conv(seen, layer.kernel, padding="valid", dilation_rate=layer.dilation_rate[0])
        y = y + layer.bias if layer.use_bias else y
        return layer.activation(y), [seen[:, 1:]]
    x, (*kept, count), mode = x[:, 0], states, layer.mode
    after, found = [], [x] * (mode == "concat")
    if mode != "max":
        after.append(kept[0] + x)
        found.append(after[0] / (count + 1))
    if mode != "mean":
        after.append(ops.where(count > 0, ops.maximum(kept[-1], x), x))
        found.append(after[-1])
    return ops.concatenate(found, axis=-1), [*after, count + 1]
