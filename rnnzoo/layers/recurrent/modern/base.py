"""What these layers share: a cell says its equations, a layer runs them over time.

A cell has three parts: `inputs`, all that depends on x alone, for many steps at once; `recurrence`, the element-wise
step; and `outputs`, what is read from the states, for many steps at once again. One step of it is a call of the cell,
which Keras's own loop makes where nothing faster goes (`unroll`, export, `layers.use("general")`).
"""

import functools
import math
from collections.abc import Callable

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.masking import real_steps
from rnnzoo.layers.recurrent import linear, paths
from rnnzoo.layers.recurrent.classic import RNN


class Cell(keras.layers.Layer):
    """A base. In: `(batch, features)` and the states, `(batch, units)` each. Out: `(batch, units)` and the states.

    A cell that looks back over `kernel_size` steps has one state more: the inputs of the steps before,
    `(batch, (kernel_size - 1) * features)`. The loop computes in float32 under mixed precision.

    Args:
        units: Width of the state.
        kernel_size: Steps that the inputs are made of: 1 is this step alone.
        kernel_regularizer: Of the matrices.
    """

    recurrence: linear.Recurrence
    readout: Callable | None = None
    """An element-wise `(extra, state) -> outputs`, of arrays of one shape, where the outputs are such."""

    def __init__(self, units, kernel_size=1, kernel_regularizer=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if units < 1 or kernel_size < 1:
            raise InvalidValue(f"units and kernel_size must be at least 1. Received: {units=}, {kernel_size=}")
        self.units, self.kernel_size = units, kernel_size
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.output_size = units
        self.state_size = [math.prod(shape) for shape in self.shapes()] + [0] * (
            kernel_size > 1
        )  # the last is known at `build`

    def build(self, input_shape):
        self.features = input_shape[-1]
        if self.kernel_size > 1:
            self.state_size = [*self.state_size[:-1], (self.kernel_size - 1) * self.features]

    @property
    def gives_state(self):
        """Whether the outputs are the first state itself."""
        return type(self).outputs is Cell.outputs and self.readout is None

    def shapes(self):
        """Return the shapes of the recurrence's states, without the batch; Keras sees them flat."""
        return [(self.units,)] * self.recurrence.states

    @property
    def looks_back(self):
        """Whether it runs forward alone: a sequence that is read from its end is turned."""
        return self.kernel_size > 1

    def kernel(self, rows, columns, name="kernel", initializer="glorot_uniform"):
        """Make a matrix."""
        options = {"initializer": initializer, "regularizer": self.kernel_regularizer}
        return self.add_weight(shape=(rows, columns), name=name, **options)

    def vector(self, name, initializer="zeros", width=None, **options):
        """Make a vector, by default of one number a unit."""
        return self.add_weight(shape=(width or self.units,), name=name, initializer=initializer, **options)

    def dense(self, x, kernel, bias=None):
        """Return x W + b, in the dtype of the computation."""
        y = ops.matmul(ops.cast(x, self.compute_dtype), ops.cast(kernel, self.compute_dtype))
        return y if bias is None else y + ops.cast(bias, self.compute_dtype)

    def window(self, x):
        """Return the `kernel_size` views of x `(batch, kernel_size - 1 + time, features)`, the newest step last."""
        return [x[:, j : (j + 1 - self.kernel_size) or None] for j in range(self.kernel_size)]

    def short_convolution(self, x, taps):
        """Convolve each feature of x by itself: taps `(kernel_size, features)`, the newest step last."""
        if x.shape[1] != self.kernel_size and paths.compiles_loops(x):
            from rnnzoo.layers.recurrent.compiled import fused

            return fused.short_convolution(*taps.shape)(x, ops.cast(taps, x.dtype))
        return ops.depthwise_conv(x, ops.cast(taps, x.dtype)[:, :, None], strides=1, padding="valid")

    def elementwise(self, function, *arrays):
        """Return an element-wise function of arrays of one shape; compiled for many steps, and its gradient too."""
        if arrays[0].shape[1] == 1 or not paths.compiles_loops(arrays[0]):
            return function(*arrays)
        from rnnzoo.layers.recurrent.compiled import fused

        return fused.elementwise(function)(*arrays)

    @property
    def state_dtype(self):
        """float32 where the layer computes in half precision."""
        return "float32" if "16" in self.compute_dtype else self.compute_dtype

    def constants(self):
        """Return what every step reads: a list of `(units,)`."""
        return []

    def inputs(self, x):
        """Return z, a list of `(batch, time, k * units)`, and what `outputs` needs of x besides.

        Args:
            x: `(batch, kernel_size - 1 + time, features)`: the steps before, and those of now.
        """
        raise NotImplementedError

    def outputs(self, extra, states):
        """Return the outputs `(batch, time, units)`, from what is read after each step: the states."""
        return self.readout(extra, states[0]) if self.readout else states[0]

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, size), dtype=self.state_dtype) for size in self.state_size]

    def shaped(self, states):
        """Return the recurrence's states in the shapes that its equations have."""
        return [ops.reshape(s, (-1, *shape)) for s, shape in zip(states, self.shapes(), strict=True)]

    def flat(self, states):
        """Return them as Keras sees them."""
        return [ops.reshape(s, (-1, math.prod(shape))) for s, shape in zip(states, self.shapes(), strict=True)]

    def extended(self, x, states):
        """Return the states of the recurrence, and x with the steps before it."""
        if self.kernel_size == 1:
            return states, x
        *states, past = states
        past = ops.reshape(past, (-1, self.kernel_size - 1, self.features))
        return states, ops.concatenate([ops.cast(past, x.dtype), x], axis=1)

    def run(self, path, z, extra, states, lengths, reverse, every=True):
        """Run over time, as `linear.run` does; return the outputs and the last states.

        The outputs are `(batch, time, units)`, or unless `every` those of the step read last, `(batch, 1, units)`.
        """
        states, constants = self.shaped(states), self.constants()
        hs, last = linear.run(path, self.recurrence, z, states, constants, lengths, reverse, every)
        if not every:
            steps = ops.shape(z[0])[1]
            z, extra = keras.tree.map_structure(
                lambda part: real_steps.read_last(part, steps, lengths, reverse), (z, extra)
            )
            answers = self.recurrence.answers(z, [h[:, None] for h in last], constants)
            return self.outputs(extra, answers), self.flat(last)
        outputs = self.elementwise(self.readout, extra, *hs) if self.readout else self.outputs(extra, hs)
        return outputs, self.flat(last)

    def step(self, z, extra, states):
        """Take one step: the same with a time axis of 1, which z has lost; return the outputs and the states."""
        states, constants = self.shaped(states), self.constants()
        after = self.recurrence.step(self.recurrence.blocks(z, states[0].shape[-1]), states, constants)
        answers = self.recurrence.answers(z, after, constants)
        return self.outputs(extra, [a[:, None] for a in answers]), self.flat(after)

    def call(self, x, states):
        states, x = self.extended(x[:, None], list(states))
        z, extra = self.inputs(x)
        output, after = self.step([ops.cast(part[:, 0], self.state_dtype) for part in z], extra, states)
        output = output[:, 0]
        past = [ops.cast(ops.reshape(x[:, 1:], (-1, size)), self.state_dtype) for size in self.state_size[len(after) :]]
        return ops.cast(output, self.state_dtype), [*after, *past]

    def get_config(self):
        own = {"units": self.units, "kernel_size": self.kernel_size}
        return {
            **super().get_config(),
            **own,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


class Recurrent(RNN):
    """A base: a cell of `cell_class` over time.

    In: `(batch, time, features)`. Out: `(batch, time, units)`, or `(batch, units)` without `return_sequences`. Masked
    steps, wherever they are, change nothing.

    Args:
        units: Width of the state.
        return_sequences: Give every output, or the last one.
        return_state: Give the last states as well.
        go_backwards: Run from the last step to the first; outputs are in that order, as Keras has it.
        stateful: Carry the states from one call into the next.
        unroll: Write the steps out one by one.
        zero_output_for_mask: Give zeros at padded steps; otherwise the last output is repeated.
        dropout: Share of the inputs dropped in training, by one mask for all steps.
        seed: Of the mask.
        **kwargs: Those of the cell, and of `keras.layers.Layer`.
    """

    cell_class: type[Cell]

    def __init__(self, units, *, return_sequences=False, return_state=False, go_backwards=False, stateful=False,
                 unroll=False, zero_output_for_mask=False, dropout=0.0, seed=None, **kwargs):  # fmt: skip
        if not 0 <= dropout < 1:
            raise InvalidValue(f"dropout must be a number >= 0 and < 1. Received: {dropout=}")
        of_layer = {word: kwargs.pop(word) for word in _OF_LAYER if word in kwargs}
        cell = self.cell_class(units, **kwargs, dtype=of_layer.get("dtype"), name="cell")
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask, **of_layer
        )
        self.units, self.dropout, self.seed = units, dropout, seed
        self.seed_generator = keras.random.SeedGenerator(seed) if dropout else None

    @property
    def path(self):
        """The way this layer runs here: "compiled", "scan", "associative" or "general"."""
        return self._way(None)

    def _way(self, x):
        steps = None if x is None else x.shape[1]
        return paths.elementwise(linear=self.cell.recurrence.coefficients is not None, steps=steps, unroll=self.unroll)

    def build(self, sequences_shape, initial_state_shape=None):
        if not self.cell.built:
            self.cell.build((sequences_shape[0], sequences_shape[-1]))
            self.cell.built = True
        self.state_size = list(self.cell.state_size)
        super().build(sequences_shape, initial_state_shape)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Return the last output, the outputs of all steps, and the states, as Keras's own `inner_loop` does."""
        state = [ops.cast(s, self.cell.state_dtype) for s in initial_state]
        x = sequences
        if training and self.dropout:
            x = x * keras.random.dropout(ops.ones_like(x[:, :1]), self.dropout, seed=self.seed_generator)
        return self._packed(x, state, mask, functools.partial(self._run, training=training))

    def _run(self, x, state, lengths, training):
        """Return the outputs of all steps in the order of time, anything at padded ones, and the states after them."""
        path = self._way(x)
        if path == "general":
            mask = None if lengths is None else real_steps.is_real(lengths, ops.shape(x)[1])[:, :, 0]
            with self._asked(return_sequences=True):
                _, outputs, after = super().inner_loop(x, state, mask, training=training)
            return ops.flip(outputs, axis=1) if self.go_backwards else outputs, after
        if path != "compiled":
            outputs, *after = self._through_time(path, x, lengths, *state)
            return outputs, after
        from rnnzoo.layers.recurrent.compiled import towers

        run = functools.partial(self._through_time, path)
        outputs, *after = towers.side_by_side(run, [x, lengths, *state], towers.towers_of(self, x))
        return outputs, after

    def _through_time(self, path, x, lengths, *state):
        """Return outputs and states in one list."""
        turned = self.go_backwards and self.cell.looks_back
        x = real_steps.turn(x, lengths) if turned else x
        before, extended = self.cell.extended(x, list(state))
        z, extra = self.cell.inputs(extended)
        reverse = self.go_backwards and not turned
        z = [ops.cast(part, self.cell.state_dtype) for part in z]
        outputs, after = self.cell.run(path, z, extra, before, lengths, reverse, self.return_sequences)
        if self.cell.kernel_size > 1:
            past = real_steps.newest(extended, lengths, self.cell.kernel_size - 1)
            after.append(ops.cast(ops.reshape(past, ops.shape(state[-1])), self.cell.state_dtype))
        turned = turned and outputs.shape[1] != 1  # a single one is that of the step read last
        return [real_steps.turn(outputs, lengths) if turned else outputs, *after]

    def _none(self, state, outputs):
        """Return what stands for an output before the first step: the state, if outputs are states, or zeros."""
        before = state[0] if self.cell.gives_state else ops.zeros_like(outputs[:, 0])
        return ops.cast(before, outputs.dtype)

    def get_config(self):
        flags = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        own = {word: getattr(self, word) for word in (*flags, "dropout", "seed")}
        of_cell = {k: v for k, v in self.cell.get_config().items() if k not in _OF_LAYER}
        return {**keras.layers.Layer.get_config(self), **own, **of_cell}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


_OF_LAYER = ("name", "dtype", "trainable", "activity_regularizer", "autocast")
