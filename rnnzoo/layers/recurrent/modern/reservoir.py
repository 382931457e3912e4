"""Echo state networks: a large random network that is left as it is."""

import keras
from keras import ops

from rnnzoo._lazy import np
from rnnzoo.errors import InvalidValue


@keras.saving.register_keras_serializable("rnnzoo")
class ReservoirCell(keras.layers.Layer):
    """One step of a reservoir: h_t = (1 - α) h_{t-1} + α tanh(W_in x_t + W h_{t-1} + b), all of it random.

    In: `(batch, features)` and the state `(batch, units)`. Out: the state twice. Nothing in it is trained.

    Args:
        units: Width of the state.
        spectral_radius: Of W; below 1 the first state is surely forgotten.
        input_scale: W_in and b are uniform between -this and this.
        leaking_rate: α, how much of the state is new at each step, above 0 and at most 1.

    Reference: Jaeger and Haas (2004), https://doi.org/10.1126/science.1091277; with α: Jaeger et al. (2007), equation
    2, https://doi.org/10.1016/j.neunet.2007.04.016
    """

    def __init__(self, units, spectral_radius=0.9, input_scale=0.3, leaking_rate=0.7, **kwargs):
        super().__init__(**kwargs)
        if units < 1 or spectral_radius < 0 or input_scale < 0 or not 0 < leaking_rate <= 1:
            raise InvalidValue(
                "units is at least 1, spectral_radius and input_scale at least 0, leaking_rate above 0 and at most 1. "
                f"Received: {units=}, {spectral_radius=}, {input_scale=}, {leaking_rate=}"
            )
        self.units = self.output_size = units
        self.state_size = [units]
        self.spectral_radius, self.input_scale, self.leaking_rate = spectral_radius, input_scale, leaking_rate

    def build(self, input_shape):
        def echoing(shape, dtype=None):
            w = ops.convert_to_numpy(keras.random.normal(shape, dtype="float32")).astype("float64")
            return ops.convert_to_tensor(w * self.spectral_radius / np.abs(np.linalg.eigvals(w)).max(), dtype=dtype)

        def fixed(shape, name, initializer):
            return self.add_weight(shape=shape, name=name, initializer=initializer, trainable=False)

        def uniform():  # one for each weight: an initializer of Keras gives the same numbers twice
            return keras.initializers.RandomUniform(-self.input_scale, self.input_scale)

        self.w_in = fixed((input_shape[-1], self.units), "kernel", uniform())
        self.b = fixed((self.units,), "bias", uniform())
        self.w = fixed((self.units, self.units), "recurrent_kernel", echoing)

    def call(self, x, states):
        h, alpha = states[0], self.leaking_rate
        h = (1 - alpha) * h + alpha * ops.tanh(ops.matmul(x, self.w_in) + ops.matmul(h, self.w) + self.b)
        return h, [h]

    def get_config(self):
        words = ("units", "spectral_radius", "input_scale", "leaking_rate")
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
