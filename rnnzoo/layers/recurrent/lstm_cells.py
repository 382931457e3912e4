"""LSTM cells that were changed inside: one step of each, for `layers.RNN`."""

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.recurrent.products import product


class _Cell(keras.layers.Layer):
    """A base: the states are `[h, c]`, the kernels of the gates lie side by side in the order i, f, g, o."""

    equations = True
    """See `layers.RNN`."""

    def __init__(self, units, kernel_regularizer=None, recurrent_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.state_size, self.output_size = [units, units], units

    def build(self, input_shape):
        shapes = {"kernel": (input_shape[-1], 4 * self.units), "recurrent_kernel": (self.units, 4 * self.units)}
        self.w = self.add_weight(shape=shapes["kernel"], name="kernel", regularizer=self.kernel_regularizer)
        options = {"initializer": "orthogonal", "regularizer": self.recurrent_regularizer}
        self.u = self.add_weight(shape=shapes["recurrent_kernel"], name="recurrent_kernel", **options)
        self.b = self.add_weight(shape=(4 * self.units,), name="bias", initializer=self._forget_nothing)

    def _forget_nothing(self, shape, dtype=None):
        """The forget gate's bias begins at 1: Jozefowicz et al. (2015)."""
        ones, zeros = ops.ones((self.units,), dtype=dtype), ops.zeros((self.units,), dtype=dtype)
        return ops.concatenate([zeros, ones, zeros, zeros])

    def gates(self, x, h):
        """Return what the four gates see of x_t and h_{t-1}."""
        parts = product(x, self.w, 4), product(h, self.u, 4), ops.split(self.b, 4)
        return [x_part + h_part + bias for x_part, h_part, bias in zip(*parts, strict=True)]

    def get_config(self):
        penalties = {
            word: keras.regularizers.serialize(getattr(self, word))
            for word in ("kernel_regularizer", "recurrent_regularizer")
        }
        return {**super().get_config(), "units": self.units, **penalties}


@keras.saving.register_keras_serializable("rnnzoo")
class PeepholeLSTMCell(_Cell):
    """One step of an LSTM whose gates see the cell, each unit its own.

    In: `(batch, features)` and the states `[h, c]`, each `(batch, units)`. Out: `h, [h, c]`.

    Args:
        units: Width of the state.
        kernel_regularizer: Of the input kernel.
        recurrent_regularizer: Of the recurrent kernel.

    Reference: Gers and Schmidhuber (2000), https://doi.org/10.1109/IJCNN.2000.861302
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.p_i, self.p_f, self.p_o = (
            self.add_weight(shape=(self.units,), name=f"{gate}_peephole", initializer="zeros")
            for gate in ("input", "forget", "output")
        )

    def call(self, x, states):
        h, c = states
        i, f, g, o = self.gates(x, h)
        i, f = ops.sigmoid(i + self.p_i * c), ops.sigmoid(f + self.p_f * c)
        c = f * c + i * ops.tanh(g)
        h = ops.sigmoid(o + self.p_o * c) * ops.tanh(c)  # the output gate sees the new cell
        return h, [h, c]


@keras.saving.register_keras_serializable("rnnzoo")
class MogrifierLSTMCell(_Cell):
    """One step of an LSTM before which input and state gate each other in turn.

    In: `(batch, features)` and the states `[h, c]`, each `(batch, units)`. Out: `h, [h, c]`.

    Args:
        units: Width of the state.
        rounds: How often one gates the other; 0 is an LSTM.
        kernel_regularizer: Of the input kernel and of the matrices that gate the state.
        recurrent_regularizer: Of the recurrent kernel and of the matrices that gate the input.

    Reference: Melis et al. (2020), equations 1 and 2, https://arxiv.org/abs/1909.01792
    """

    def __init__(self, units, rounds=5, **kwargs):
        super().__init__(units, **kwargs)
        if rounds < 0:
            raise InvalidValue(f"rounds must be at least 0. Received: {rounds=}")
        self.rounds = rounds

    def build(self, input_shape):
        super().build(input_shape)
        features = input_shape[-1]
        self.mogrifiers = [
            self.add_weight(shape=(self.units, features), name=f"q_{k}", regularizer=self.recurrent_regularizer)
            if k % 2
            else self.add_weight(shape=(features, self.units), name=f"r_{k}", regularizer=self.kernel_regularizer)
            for k in range(1, self.rounds + 1)
        ]

    def call(self, x, states):
        h, c = states
        for k, matrix in enumerate(self.mogrifiers, 1):
            if k % 2:
                x = 2 * ops.sigmoid(product(h, matrix)) * x  # (1)
            else:
                h = 2 * ops.sigmoid(product(x, matrix)) * h  # (2)
        i, f, g, o = self.gates(x, h)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]

    def get_config(self):
        return {**super().get_config(), "rounds": self.rounds}
