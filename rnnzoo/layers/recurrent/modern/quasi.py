"""QRNN, SRU and IndRNN: what a step needs of matrices is computed for all steps at once."""

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.recurrent.linear import Recurrence, linear
from rnnzoo.layers.recurrent.modern.base import Cell, Recurrent


@linear
def f_pooling(z, constants):
    """(4) c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ z_t, with (1) z = tanh(W_z * x), f = σ(W_f * x)."""
    z, f = z
    return ops.sigmoid(f), ops.sigmoid(-f) * ops.tanh(z)


def o_gate(o, c):
    """(4) h_t = o_t ⊙ c_t."""
    return ops.sigmoid(ops.cast(o, c.dtype)) * c


@keras.saving.register_keras_serializable("rnnzoo")
class QRNNCell(Cell):
    """One step of a quasi-recurrent network with fo-pooling."""

    recurrence, readout = f_pooling, staticmethod(o_gate)

    def build(self, input_shape):
        super().build(input_shape)
        rows = self.kernel_size * self.features
        self.w, self.w_o = self.kernel(rows, 2 * self.units), self.kernel(rows, self.units, "output_gate_kernel")
        self.b, self.b_o = self.vector("bias", width=2 * self.units), self.vector("output_gate_bias")

    def inputs(self, x):
        x = ops.concatenate(self.window(x), axis=-1)
        return [self.dense(x, self.w, self.b)], self.dense(x, self.w_o, self.b_o)


@keras.saving.register_keras_serializable("rnnzoo")
class QRNN(Recurrent):
    """Quasi-recurrent network: gates by a causal convolution over `kernel_size` steps, fo-pooling.

    Reference: Bradbury et al. (2016), equations 1 and 4, https://arxiv.org/abs/1611.01576
    """

    cell_class = QRNNCell

    def __init__(self, units, *, kernel_size=2, **kwargs):
        super().__init__(units, kernel_size=kernel_size, **kwargs)


def _sru(z, state, constants):
    (w_x, f, r, x), (_, c), (v_f, v_r, b_f, b_r) = z, state, constants
    f_t = ops.sigmoid(f + v_f * c + b_f)  # (1), (3): both gates look at c_{t-1}
    r_t = ops.sigmoid(r + v_r * c + b_r)
    c_t = f_t * c + (1 - f_t) * w_x  # (2)
    return [r_t * c_t + (1 - r_t) * 3**0.5 * x, c_t]  # (4); section 3.2: α = sqrt(3) where biases begin at 0


@keras.saving.register_keras_serializable("rnnzoo")
class SRUCell(Cell):
    """One step of a simple recurrent unit: the states are h, which no step reads, and c."""

    recurrence = Recurrence(_sru, states=2, read=1)

    def build(self, input_shape):
        super().build(input_shape)
        same_width = self.features == self.units
        uniform = keras.initializers.VarianceScaling(1.0, "fan_in", "uniform")  # section 3.2: variance 1 / features
        self.w = self.kernel(self.features, (3 if same_width else 4) * self.units, initializer=uniform)
        self.b = self.vector("bias", width=2 * self.units)
        bound = (3 / self.units) ** 0.5
        self.v_f, self.v_r = (
            self.vector(name, keras.initializers.RandomUniform(-bound, bound))
            for name in ("forget_vector", "reset_vector")
        )

    def constants(self):
        b_f, b_r = ops.split(self.b, 2)
        return [ops.cast(v, self.state_dtype) for v in (self.v_f, self.v_r, b_f, b_r)]

    def inputs(self, x):
        y = self.dense(x, self.w)
        return [y] if self.features != self.units else [y, x], None


@keras.saving.register_keras_serializable("rnnzoo")
class SRU(Recurrent):
    """Simple recurrent unit: a light recurrence and a highway around it. Its gates look at c_{t-1}, unit by unit.

    An input of another width than `units` is projected for the highway.

    Reference: Lei et al. (2018), equations 1 to 4, https://arxiv.org/abs/1709.02755v5
    """

    cell_class = SRUCell


def _independent(activation):
    def step(z, state, constants):
        return [activation(z[0] + constants[0] * state[0])]  # (2) h_t = σ(W x_t + u ⊙ h_{t-1} + b)

    return Recurrence(step)


_INDEPENDENT = {"relu": _independent(ops.relu), "tanh": _independent(ops.tanh)}


@keras.saving.register_keras_serializable("rnnzoo")
class AtMost(keras.constraints.Constraint):
    """Keeps every weight between -limit and limit."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


@keras.saving.register_keras_serializable("rnnzoo")
class IndRNNCell(Cell):
    """One step of an independently recurrent network."""

    def __init__(self, units, activation="relu", **kwargs):
        if activation not in _INDEPENDENT:
            raise InvalidValue(f"activation is one of {', '.join(_INDEPENDENT)}. Received: {activation=}")
        self.activation, self.recurrence = activation, _INDEPENDENT[activation]
        super().__init__(units, **kwargs)

    def build(self, input_shape):
        super().build(input_shape)
        self.w, self.b = self.kernel(self.features, self.units), self.vector("bias")
        uniform = keras.initializers.RandomUniform(0.0, 1.0)  # section 4.2
        self.u = self.vector("recurrent_vector", uniform, constraint=AtMost(1.0))

    def constants(self):
        return [ops.cast(self.u, self.state_dtype)]

    def inputs(self, x):
        return [self.dense(x, self.w, self.b)], None

    def get_config(self):
        return {**super().get_config(), "activation": self.activation}


@keras.saving.register_keras_serializable("rnnzoo")
class IndRNN(Recurrent):
    """Independently recurrent network: h_t = relu(W x_t + u ⊙ h_{t-1} + b), each unit alone.

    |u| is kept at most 1: the paper's bound for sequences of any length.

    Args:
        activation: `relu` or `tanh`.

    Reference: Li et al. (2018), equation 2, https://arxiv.org/abs/1803.04831
    """

    cell_class = IndRNNCell
