"""Layer-normalised LSTM. Ba, Kiros and Hinton (2016), https://arxiv.org/abs/1607.06450, supplementary material."""

import keras
from keras import ops

from rnnzoo.layers.recurrent.products import product


@keras.saving.register_keras_serializable("rnnzoo")
class LayerNormLSTMCell(keras.layers.Layer):
    """One step of an LSTM whose products and cell are layer-normalised.

    In: `(batch, features)` and the states `[h, c]`, each `(batch, units)`. Out: `h, [h, c]`.

    Args:
        units: Width of the state.
        kernel_regularizer: Of the input kernel.
        recurrent_regularizer: Of the recurrent kernel.
    """

    equations = True
    """See `layers.RNN`."""

    def __init__(self, units, kernel_regularizer=None, recurrent_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.state_size = [units, units]
        self.output_size = units
        self.norm_x = keras.layers.LayerNormalization(name="norm_x")
        self.norm_h = keras.layers.LayerNormalization(name="norm_h")
        self.norm_c = keras.layers.LayerNormalization(name="norm_c")

    def build(self, input_shape):
        gates = 4 * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], gates), name="kernel", regularizer=self.kernel_regularizer
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, gates),
            initializer="orthogonal",
            name="recurrent_kernel",
            regularizer=self.recurrent_regularizer,
        )
        self.bias = self.add_weight(shape=(gates,), initializer="zeros", name="bias")
        self.norm_x.build((None, gates))
        self.norm_h.build((None, gates))
        self.norm_c.build((None, self.units))

    def call(self, x, states):
        h, c = states
        # the four gates from two normalised products
        gates = self.norm_h(product(h, self.recurrent_kernel)) + self.norm_x(product(x, self.kernel)) + self.bias
        f, i, o, g = ops.split(gates, 4, axis=-1)
        # the cell
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        # the state, from the normalised cell
        h = ops.sigmoid(o) * ops.tanh(self.norm_c(c))
        return h, [h, c]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": keras.regularizers.serialize(self.recurrent_regularizer),
        }
