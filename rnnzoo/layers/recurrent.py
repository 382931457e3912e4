"""The recurrent layers that every body uses: Keras's own arguments, weights and numbers.

The one place where a kernel is chosen: a faster one goes in here, and every body has it.
"""

import keras


@keras.saving.register_keras_serializable("rnnzoo")
class SimpleRNN(keras.layers.SimpleRNN):
    """h_t = tanh(W x_t + U h_{t-1} + b). Elman (1990), https://doi.org/10.1207/s15516709cog1402_1."""


@keras.saving.register_keras_serializable("rnnzoo")
class LSTM(keras.layers.LSTM):
    """Long short-term memory with a forget gate. https://doi.org/10.1162/neco.1997.9.8.1735."""


@keras.saving.register_keras_serializable("rnnzoo")
class GRU(keras.layers.GRU):
    """Gated recurrent unit, by default in cuDNN's form (`reset_after`). https://arxiv.org/abs/1406.1078."""


@keras.saving.register_keras_serializable("rnnzoo")
class RNN(keras.layers.RNN):
    """Run any cell over the time axis."""


@keras.saving.register_keras_serializable("rnnzoo")
class Bidirectional(keras.layers.Bidirectional):
    """One layer from the start, one from the end, side by side. https://doi.org/10.1109/78.650093."""
