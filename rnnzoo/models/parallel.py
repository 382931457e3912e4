"""A recurrent network beside a convolutional one."""

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import dropped
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/1709.05206")
def lstm_fcn(x, *, units=64, filters=64, kernel_size=5, dropout=0.5):
    """LSTM-FCN: an LSTM's last state beside three convolutions and their mean over time.

    Where the paper has batch normalisation there is layer normalisation: padded steps do not count in it.
    """
    state = layers.LSTM(units, return_sequences=True, name="lstm")(x)
    state = dropped(layers.Pooling("last", name="last")(state), dropout, name="dropout")
    seen = x
    for i, (width, size) in enumerate(((filters, kernel_size + 3), (2 * filters, kernel_size), (filters, 3))):
        seen = layers.Conv1D(width, size, name=f"convolution_{i}")(seen)
        seen = keras.layers.LayerNormalization(name=f"norm_{i}")(seen)
        seen = keras.layers.Activation("relu", name=f"relu_{i}")(seen)
    return keras.layers.Concatenate(name="both")([state, layers.Pooling("mean", name="mean")(seen)])
