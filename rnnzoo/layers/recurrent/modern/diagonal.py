"""LRU and RG-LRU: a diagonal matrix between states, learnt complex numbers or a gate."""

import math

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.recurrent.linear import complex_linear, linear
from rnnzoo.layers.recurrent.modern.base import Cell, Recurrent


@complex_linear
def diagonal(z, constants):
    """h_t = λ ⊙ h_{t-1} + z_t."""
    return constants, z


@keras.saving.register_keras_serializable("rnnzoo")
class LRUCell(Cell):
    """One step of a linear recurrent unit: the states are the real and the imaginary part of h."""

    recurrence = diagonal

    def __init__(self, units, min_radius=0.9, max_radius=0.999, max_phase=2 * math.pi, **kwargs):
        super().__init__(units, **kwargs)
        self.min_radius, self.max_radius, self.max_phase = min_radius, max_radius, max_phase

    def build(self, input_shape):
        super().build(input_shape)
        scaled = keras.initializers.VarianceScaling(0.5, "fan_in", "normal")  # real and imaginary part have half each
        self.w_in = self.kernel(self.features, 2 * self.units, "input_kernel", scaled)
        scaled = keras.initializers.VarianceScaling(1.0, "fan_in", "normal")
        self.w_out = self.kernel(2 * self.units, self.units, "output_kernel", scaled)
        self.skip = self.kernel(self.features, self.units, "skip_kernel")
        # Section 3.4 and appendix A, lemma 3.2: uniform on the ring between the two radii
        low, high = self.min_radius**2, self.max_radius**2

        def nu(shape, dtype=None):
            return ops.log(-0.5 * ops.log(keras.random.uniform(shape, low, high, dtype=dtype)))

        def theta(shape, dtype=None):
            return ops.log(keras.random.uniform(shape, 1e-4, self.max_phase, dtype=dtype))

        self.nu, self.theta = self.vector("nu", nu), self.vector("theta", theta)
        # (7) γ = sqrt(1 - |λ|²), so that the state keeps the input's size; learnt as its logarithm
        self.gamma = self.vector("gamma", lambda shape, dtype=None: 0.5 * ops.log(1 - ops.exp(-2 * ops.exp(self.nu))))

    def constants(self):
        """λ = exp(-exp(ν) + i exp(θ)), so that |λ| < 1 whatever ν (section 3.3)."""
        nu, theta = (ops.cast(v, self.state_dtype) for v in (self.nu, self.theta))
        radius, phase = ops.exp(-ops.exp(nu)), ops.exp(theta)
        return [radius * ops.cos(phase), radius * ops.sin(phase)]

    def inputs(self, x):
        gamma = ops.tile(ops.exp(self.gamma), 2)  # of the real and of the imaginary part
        return [self.dense(x, self.w_in * gamma)], self.dense(x, self.skip)  # γ ⊙ (B x) and D x

    def outputs(self, extra, states):
        real, imaginary = (self.dense(h, w) for h, w in zip(states, ops.split(self.w_out, 2), strict=True))
        return real + imaginary + extra  # Re(C h) + D x; the imaginary part of C has its minus learnt

    def get_config(self):
        own = {"min_radius": self.min_radius, "max_radius": self.max_radius, "max_phase": self.max_phase}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("rnnzoo")
class LRU(Recurrent):
    """Linear recurrent unit: h_t = λ ⊙ h_{t-1} + γ ⊙ (B x_t), y_t = Re(C h_t) + D x_t, with complex λ, B and C.

    Args:
        min_radius: |λ| begins at least here.
        max_radius: And at most here, below 1.
        max_phase: The angle of λ begins between 0 and this.

    Reference: Orvieto et al. (2023), section 3, https://arxiv.org/abs/2303.06349
    """

    cell_class = LRUCell


@linear
def rg_lru(z, constants):
    """(1) to (4): a_t = σ(Λ)^(c r_t), h_t = a_t ⊙ h_{t-1} + sqrt(1 - a_t²) ⊙ (i_t ⊙ x_t); c = 8.

    With q = tanh(-log(a) / 2) is a = (1 - q) / (1 + q) and 1 - a² = 4 q / (1 + q)²: exact where a is almost 1, and one
    function where `exp` and `expm1` would be two.
    """
    (r, i, x), (log_a, b_r, b_i) = z, constants
    q = ops.tanh(-0.5 * log_a * ops.sigmoid(r + b_r))
    below = 1 / (1 + q)
    return (1 - q) * below, 2 * ops.sqrt(ops.maximum(q, 1e-10)) * below * ops.sigmoid(i + b_i) * x


def branch(x, h):
    """Figure 2 (c): the recurrence times the GeLU branch, which has the steps before as well."""
    x = x[:, ops.shape(x)[1] - ops.shape(h)[1] :]
    return ops.gelu(ops.cast(x, h.dtype), approximate=True) * h


@keras.saving.register_keras_serializable("rnnzoo")
class HawkCell(Cell):
    """One step of Griffin's recurrent block, without its last projection."""

    recurrence, readout = rg_lru, staticmethod(branch)

    def __init__(self, units, num_heads=1, **kwargs):
        if num_heads < 1 or units % num_heads:
            raise InvalidValue(f"units must be a multiple of num_heads. Received: {units=}, {num_heads=}")
        self.num_heads = num_heads
        super().__init__(units, **kwargs)

    def build(self, input_shape):
        super().build(input_shape)
        self.w_gelu = self.kernel(self.features, self.units, "branch_kernel")
        self.w_x = self.kernel(self.features, self.units, "input_kernel")
        # Of each head one matrix, that of r beside that of i; they stand one upon the other.
        self.w = self.kernel(self.units, 2 * self.units // self.num_heads, "gate_kernel")
        self.b = self.vector("gate_bias", width=2 * self.units)
        bound = self.kernel_size**-0.5
        uniform = keras.initializers.RandomUniform(-bound, bound)
        self.taps = self.add_weight(shape=(self.kernel_size, self.units), name="taps", initializer=uniform)

        def decay(shape, dtype=None):  # section 2.4: a^c is uniform on [0.9, 0.999]
            a = keras.random.uniform(shape, 0.9, 0.999, dtype=dtype) ** (1 / 8)
            return ops.log(a / (1 - a))

        self.decay = self.vector("decay", decay)

    def constants(self):
        log_a = -8.0 * ops.softplus(-ops.cast(self.decay, self.state_dtype))  # c log σ(Λ)
        return [log_a, *ops.split(ops.cast(self.b, self.state_dtype), 2)]

    def inputs(self, x):
        # Without a bias the projection of no step is zero, so that the window may hold unprojected steps.
        x_t = self.short_convolution(self.dense(x, self.w_x), self.taps)
        return [self.gates(x_t), x_t], self.dense(x, self.w_gelu)

    def gates(self, x):
        """What all r see, and beside it what all i see."""
        if self.num_heads == 1:
            return self.dense(x, self.w)
        heads = zip(*(ops.split(part, self.num_heads, axis) for part, axis in ((x, -1), (self.w, 0))), strict=True)
        pairs = zip(*(ops.split(self.dense(part, w), 2, axis=-1) for part, w in heads), strict=True)
        return ops.concatenate([gate for gates in pairs for gate in gates], axis=-1)

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads}


@keras.saving.register_keras_serializable("rnnzoo")
class Hawk(Recurrent):
    """Griffin's recurrent block: a short causal convolution and the RG-LRU, times a GeLU branch; to be projected.

    Args:
        num_heads: Blocks on the diagonal of the gates' matrices; `units` is a multiple of it. 1 is the paper's
            equations; the authors' own code has more, which is faster.

    Reference: De et al. (2024), section 2.3 and 2.4, equations 1 to 4, https://arxiv.org/abs/2402.19427; num_heads:
    `RGLRU` of https://github.com/google-deepmind/recurrentgemma
    """

    cell_class = HawkCell

    def __init__(self, units, *, kernel_size=4, **kwargs):
        super().__init__(units, kernel_size=kernel_size, **kwargs)
