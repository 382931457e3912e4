"""Mamba's selective state space model: a diagonal matrix between states, whose step the input chooses."""

import functools
import math

import keras
from keras import ops

from rnnzoo.layers.recurrent.linear import linear
from rnnzoo.layers.recurrent.modern.base import Cell, Recurrent


def branch(gate, y):
    """Figure 3: times the SiLU branch."""
    return ops.silu(ops.cast(gate, y.dtype)) * y


def read_out(z, states, constants):
    """(2b) y_t = C_t h_t, and D x_t beside it."""
    (_, x, _, c), (h,), (_, d) = z, states, constants
    return [(ops.matmul(c, h) + d * x)[..., 0, :]]


@functools.partial(linear, answer=read_out, whole=True)
def selective_scan(z, constants):
    """(2a), (4): h_t = exp(Δ_t A) ⊙ h_{t-1} + Δ_t B_t x_t.

    Δ and x are rows `(1, units)`, B is a column and C a row of `memory_size` numbers; A and h are `(memory_size,
    units)`: of each unit so many numbers.
    """
    (delta, x, b, _), (a, _) = z, constants
    return ops.exp(delta * a), ops.matmul(b, delta * x)


@keras.saving.register_keras_serializable("rnnzoo")
class MambaCell(Cell):
    """One step of Mamba's block, without its last projection."""

    recurrence, readout = selective_scan, staticmethod(branch)

    def __init__(self, units, memory_size=16, **kwargs):
        self.memory_size = memory_size
        super().__init__(units, **kwargs)

    def shapes(self):
        return [(self.memory_size, self.units)]

    def build(self, input_shape):
        super().build(input_shape)
        self.rank = math.ceil(self.features / 16)  # section 3.6: of the projection of Δ
        self.w_gate = self.kernel(self.features, self.units, "branch_kernel")
        self.w_x = self.kernel(self.features, self.units, "input_kernel")
        bound = self.kernel_size**-0.5
        uniform = keras.initializers.RandomUniform(-bound, bound)
        self.taps = self.add_weight(shape=(self.kernel_size, self.units), name="taps", initializer=uniform)
        self.taps_bias = self.vector("taps_bias")
        self.w_select = self.kernel(self.units, self.rank + 2 * self.memory_size, "selection_kernel")
        bound = self.rank**-0.5
        uniform = keras.initializers.RandomUniform(-bound, bound)
        self.w_delta = self.kernel(self.rank, self.units, "step_kernel", uniform)

        def step(shape, dtype=None):  # section 3.6: Δ begins between 0.001 and 0.1
            delta = ops.exp(keras.random.uniform(shape, math.log(1e-3), math.log(1e-1), dtype=dtype))
            return delta + ops.log(-ops.expm1(-delta))  # the inverse of softplus

        def decay(shape, dtype=None):  # section 3.6, S4D-Real: A = -1, -2, -3, ...
            return ops.tile(ops.log(ops.arange(1, self.memory_size + 1, dtype=dtype)), [self.units])

        self.b_delta, self.skip = self.vector("step_bias", step), self.vector("skip", "ones")
        self.decay = self.vector("decay", decay, width=self.units * self.memory_size)

    def constants(self):
        decay = ops.reshape(ops.cast(self.decay, self.state_dtype), (self.units, self.memory_size))
        return [-ops.exp(ops.transpose(decay)), ops.cast(self.skip, self.state_dtype)[None]]  # A < 0, and D

    def inputs(self, x):
        # Without a bias the projection of no step is zero, so that the window may hold unprojected steps.
        u = self.short_convolution(self.dense(x, self.w_x), self.taps) + ops.cast(self.taps_bias, self.compute_dtype)
        u = self.elementwise(ops.silu, u)
        selected = self.dense(u, self.w_select)  # algorithm 2: Δ, B and C read the input
        delta, b, c = ops.split(selected, [self.rank, self.rank + self.memory_size], axis=-1)
        delta = ops.softplus(self.dense(delta, self.w_delta, self.b_delta))
        gate = self.dense(self.window(x)[-1], self.w_gate)
        return [delta[..., None, :], u[..., None, :], b[..., None], c[..., None, :]], gate

    def get_config(self):
        return {**super().get_config(), "memory_size": self.memory_size}


@keras.saving.register_keras_serializable("rnnzoo")
class Mamba(Recurrent):
    """Selective state space model behind a short convolution, times a SiLU branch; to be projected.

    Args:
        memory_size: Numbers that each unit remembers: the state's dimension N.

    Reference: Gu and Dao (2023), sections 3.2 to 3.6, algorithm 2, https://arxiv.org/abs/2312.00752
    """

    cell_class = MambaCell

    def __init__(self, units, *, kernel_size=4, **kwargs):
        super().__init__(units, kernel_size=kernel_size, **kwargs)
