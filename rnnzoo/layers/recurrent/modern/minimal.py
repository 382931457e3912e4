"""minGRU and minLSTM: the gates read the input alone. Feng et al. (2024), https://arxiv.org/abs/2410.01201"""

import keras
from keras import ops

from rnnzoo.layers.recurrent.linear import linear
from rnnzoo.layers.recurrent.modern.base import Cell, Recurrent


def g(x):
    """Appendix B.1: what keeps the values positive, as in the paper's experiments."""
    return ops.where(x >= 0, ops.maximum(x, 0) + 0.5, ops.sigmoid(x))


@linear
def min_gru(z, constants):
    """Section 3.1: h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h~_t with z_t = σ(W_z x_t), h~_t = g(W_h x_t)."""
    z, h = z
    z_t = ops.sigmoid(z)
    return ops.sigmoid(-z), z_t * g(h)


@linear
def min_lstm(z, constants):
    """Section 3.2: h_t = f'_t ⊙ h_{t-1} + i'_t ⊙ h~_t with f' = f / (f + i), i' = i / (f + i).

    f = σ(W_f x_t) = 1 / (1 + e^-f~), i likewise, h~_t = g(W_h x_t). So f' = (1 + e^-i~) / (2 + e^-f~ + e^-i~); times
    e^m, with m the smallest of f~, i~ and 0, no power is above 1, and nothing is divided by less. The state is carried
    as it is: no logarithm of it is taken.
    """
    f, i, h = z
    m = ops.stop_gradient(ops.minimum(ops.minimum(f, i), 0.0))  # any m gives the same
    one, not_f, not_i = ops.exp(m), ops.exp(m - f), ops.exp(m - i)
    scale = 1 / (2 * one + not_f + not_i)
    return (one + not_i) * scale, (one + not_f) * scale * g(h)


class _Cell(Cell):
    """Gates from the input, before them a short convolution of each feature by itself if `kernel_size` > 1."""

    gates: int

    def build(self, input_shape):
        super().build(input_shape)
        if self.kernel_size > 1:
            bound = self.kernel_size**-0.5
            uniform = keras.initializers.RandomUniform(-bound, bound)
            self.taps = self.add_weight(shape=(self.kernel_size, self.features), name="taps", initializer=uniform)
        self.w = self.kernel(self.features, self.gates * self.units)
        self.b = self.vector("bias", width=self.gates * self.units)

    def inputs(self, x):
        if self.kernel_size > 1:
            x = self.short_convolution(x, self.taps)
        return [self.dense(x, self.w, self.b)], None


@keras.saving.register_keras_serializable("rnnzoo")
class MinGRUCell(_Cell):
    """One step of a minGRU."""

    recurrence, gates = min_gru, 2


@keras.saving.register_keras_serializable("rnnzoo")
class MinLSTMCell(_Cell):
    """One step of a minLSTM."""

    recurrence, gates = min_lstm, 3


@keras.saving.register_keras_serializable("rnnzoo")
class MinGRU(Recurrent):
    """minGRU: h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ g(W_h x_t). `kernel_size` > 1 convolves each input feature first.

    Reference: Feng et al. (2024), section 3.1 and appendix B, https://arxiv.org/abs/2410.01201
    """

    cell_class = MinGRUCell


@keras.saving.register_keras_serializable("rnnzoo")
class MinLSTM(Recurrent):
    """minLSTM: h_t = f'_t ⊙ h_{t-1} + i'_t ⊙ g(W_h x_t), f' and i' adding up to 1.

    Reference: Feng et al. (2024), section 3.2 and appendix B, https://arxiv.org/abs/2410.01201
    """

    cell_class = MinLSTMCell
