"""LMU, CfC and GRU-D: cells that think of time as continuous, for `layers.RNN`."""

import keras
from keras import ops

from rnnzoo._lazy import np
from rnnzoo.errors import InvalidValue
from rnnzoo.layers.recurrent.products import product


class _Cell(keras.layers.Layer):
    """A base: `units`, and the penalties of matrices that read inputs and states."""

    equations = True
    """See `layers.RNN`."""

    def __init__(self, units, kernel_regularizer=None, recurrent_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise InvalidValue(f"units must be at least 1. Received: {units=}")
        self.units = self.output_size = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.state_size = [units]

    def kernel(self, rows, columns, name, initializer="glorot_uniform"):
        """Make a matrix that reads inputs."""
        options = {"initializer": initializer, "regularizer": self.kernel_regularizer}
        return self.add_weight(shape=(rows, columns), name=name, **options)

    def recurrent(self, rows, columns, name, initializer="orthogonal"):
        """Make a matrix that reads states."""
        options = {"initializer": initializer, "regularizer": self.recurrent_regularizer}
        return self.add_weight(shape=(rows, columns), name=name, **options)

    def vector(self, width, name, initializer="zeros"):
        """Make a vector."""
        return self.add_weight(shape=(width,), name=name, initializer=initializer)

    def get_config(self):
        penalties = {
            word: keras.regularizers.serialize(getattr(self, word))
            for word in ("kernel_regularizer", "recurrent_regularizer")
        }
        return {**super().get_config(), "units": self.units, **penalties}


def legendre(order, window):
    """Return the matrices `(order, order)` and `(order,)` that keep the last `window` steps as Legendre polynomials.

    Equations 1 and 2 of Voelker et al. (2019), a step at a time with the input held (zero-order hold).
    """
    from scipy.linalg import expm

    i = np.arange(order)
    row, column = i[:, None], i[None]
    a = np.where(row < column, -1.0, (-1.0) ** (row - column + 1)) * (2 * row + 1) / window
    b = (2 * i + 1) * (-1.0) ** i / window
    both = np.zeros((order + 1, order + 1))
    both[:order, :order], both[:order, order] = a, b
    both = expm(both)
    return both[:order, :order], both[:order, order]


@keras.saving.register_keras_serializable("rnnzoo")
class LMUCell(_Cell):
    """One step of a Legendre memory unit.

    In: `(batch, features)` and the states h `(batch, units)` and m `(batch, memory_size)`. Out: `h, [h, m]`.

    Args:
        units: Width of the hidden state h.
        memory_size: Polynomials that the memory m is made of.
        window: Steps that they span.
        kernel_regularizer: Of the matrices that read inputs.
        recurrent_regularizer: Of the matrices that read states.

    Reference: Voelker, Kajic and Eliasmith (2019), equations 4 to 7,
    https://papers.nips.cc/paper/2019/hash/952285b9b7e7a1be5aa7849f32ffff05-Abstract.html
    """

    def __init__(self, units, memory_size=32, window=100, **kwargs):
        super().__init__(units, **kwargs)
        if memory_size < 1 or window < 1:
            raise InvalidValue(f"memory_size and window must be at least 1. Received: {memory_size=}, {window=}")
        self.memory_size, self.window = memory_size, window
        self.state_size = [units, memory_size]

    def build(self, input_shape):
        features, units, size = input_shape[-1], self.units, self.memory_size
        self.e_x = self.kernel(features, 1, "input_encoder", "lecun_uniform")
        self.e_h = self.recurrent(units, 1, "hidden_encoder", "zeros")
        self.e_m = self.recurrent(size, 1, "memory_encoder", "zeros")
        self.w_x = self.kernel(features, units, "kernel", "glorot_normal")
        self.w_h = self.recurrent(units, units, "recurrent_kernel", "glorot_normal")
        self.w_m = self.recurrent(size, units, "memory_kernel", "glorot_normal")
        self.a, self.b = legendre(size, self.window)

    def call(self, x, states):
        h, m = states
        a, b = (ops.cast(ops.convert_to_tensor(part), x.dtype) for part in (self.a.T, self.b))
        u = product(x, self.e_x) + product(h, self.e_h) + product(m, self.e_m)  # (7)
        m = ops.matmul(m, a) + u * b  # (4)
        h = ops.tanh(product(x, self.w_x) + product(h, self.w_h) + product(m, self.w_m))  # (6)
        return h, [h, m]

    def get_config(self):
        return {**super().get_config(), "memory_size": self.memory_size, "window": self.window}


class _Timed(_Cell):
    """A base: with `time_feature` the last feature is the time since the step before; without, that is 1."""

    def __init__(self, units, time_feature=False, **kwargs):
        super().__init__(units, **kwargs)
        self.time_feature = time_feature

    def build(self, input_shape):
        self.features = input_shape[-1] - self.time_feature
        if self.features < 1:
            raise InvalidValue(f"Beside the time there is nothing to read. Received: {input_shape[-1]} feature")

    def apart(self, x):
        """Return the values and the time since the step before, `(batch, 1)`."""
        if self.time_feature:
            return x[:, :-1], x[:, -1:]
        return x, ops.ones_like(x[:, :1])

    def get_config(self):
        return {**super().get_config(), "time_feature": self.time_feature}


@keras.saving.register_keras_serializable("rnnzoo")
class CfCCell(_Timed):
    """One step of a closed-form continuous-time network, in whose equation time stands.

    In: `(batch, features)` and the state h `(batch, units)`. Out: `h, [h]`.

    Args:
        units: Width of the state.
        backbone_units: Width of the layer that the four heads share.
        time_feature: Whether the last feature is the time since the step before; otherwise that is 1.
        kernel_regularizer: Of the backbone, which reads input and state.
        recurrent_regularizer: Of the heads.

    Reference: Hasani et al. (2022), equation 10, https://arxiv.org/abs/2106.13898
    """

    def __init__(self, units, backbone_units=64, **kwargs):
        super().__init__(units, **kwargs)
        self.backbone_units = backbone_units

    def build(self, input_shape):
        super().build(input_shape)
        self.w, self.b = (
            self.kernel(self.features + self.units, self.backbone_units, "backbone_kernel"),
            self.vector(self.backbone_units, "backbone_bias"),
        )
        self.w_heads = self.recurrent(self.backbone_units, 4 * self.units, "heads_kernel", "glorot_uniform")
        self.b_heads = self.vector(4 * self.units, "heads_bias")

    def call(self, x, states):
        x, gap = self.apart(x)
        seen = product(ops.concatenate([x, states[0]], axis=-1), self.w) + self.b
        seen = 1.7159 * ops.tanh(0.666 * seen)  # LeCun's tanh, as in the authors' code
        heads = zip(product(seen, self.w_heads, 4), ops.split(self.b_heads, 4), strict=True)
        g, h, a, b = (part + bias for part, bias in heads)
        share = ops.sigmoid(a * gap + b)  # (10): σ(-f t), f being learnt with a bias
        state = (1 - share) * ops.tanh(g) + share * ops.tanh(h)
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "backbone_units": self.backbone_units}


@keras.saving.register_keras_serializable("rnnzoo")
class GRUDCell(_Timed):
    """One step of a GRU that knows what is missing: NaN, which fades from the last value seen to the mean, 0.

    In: `(batch, features)`, NaN where a value is missing, and the states. Out: h `(batch, units)` and the states: h,
    the last values seen, the time since they were seen, and whether a step has been read, 0 or 1.

    Args:
        units: Width of the state.
        time_feature: Whether the last feature is the time since the step before; otherwise that is 1.
        kernel_regularizer: Of the matrices that read inputs.
        recurrent_regularizer: Of the matrices that read states.

    Reference: Che et al. (2018), equations 10 to 16, https://arxiv.org/abs/1606.01865
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.state_size = [self.units, self.features, self.features, 1]
        self.w_gamma_x, self.b_gamma_x = (
            self.vector(self.features, "value_decay"),
            self.vector(self.features, "value_decay_bias"),
        )
        self.w_gamma_h = self.kernel(self.features, self.units, "state_decay")
        self.b_gamma_h = self.vector(self.units, "state_decay_bias")
        self.w = self.kernel(self.features, 3 * self.units, "kernel")
        self.v = self.kernel(self.features, 3 * self.units, "mask_kernel")
        self.u = self.recurrent(self.units, 2 * self.units, "recurrent_kernel")
        self.u_h = self.recurrent(self.units, self.units, "candidate_kernel")
        self.b = self.vector(3 * self.units, "bias")

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in self.state_size]

    def call(self, x, states):
        (h, seen, since, begun), (x, gap) = states, self.apart(x)
        missing = ops.isnan(x)
        m = 1 - ops.cast(missing, h.dtype)
        delta = begun * (gap + since)
        gamma_x = ops.exp(-ops.relu(self.w_gamma_x * delta + self.b_gamma_x))  # (10), W diagonal
        gamma_h = ops.exp(-ops.relu(product(delta, self.w_gamma_h) + self.b_gamma_h))
        seen = ops.where(missing, seen, x)
        x = m * seen + (1 - m) * gamma_x * seen  # (11), the mean being 0
        h = gamma_h * h  # (12)
        parts = zip(product(x, self.w, 3), product(m, self.v, 3), ops.split(self.b, 3), strict=True)
        z, r, new = (sum(part) for part in parts)
        u_z, u_r = product(h, self.u, 2)
        r, z = ops.sigmoid(r + u_r), ops.sigmoid(z + u_z)  # (13), (14)
        new = ops.tanh(new + product(r * h, self.u_h))  # (15)
        h = (1 - z) * h + z * new  # (16)
        return h, [h, seen, (1 - m) * delta, ops.ones_like(begun)]
