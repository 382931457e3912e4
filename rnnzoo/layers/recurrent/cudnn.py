"""cuDNN through Keras's backends, for padded batches too."""

import keras
from keras import ops

from rnnzoo.layers.masking import real_steps
from rnnzoo.private.keras import cudnn_gru, cudnn_lstm


def run(layer, x, state, lengths, training):
    """Run an LSTM or GRU over `x` `(batch, time, features)` by cuDNN.

    A layer that goes backwards gets its rows' real steps reversed, and runs forward. Returns the outputs in the order
    of time (undefined at padded steps) and the states after the last real step.
    """
    time = ops.shape(x)[1]
    real = None if lengths is None else ops.maximum(lengths, 1)  # cuDNN takes no empty row
    if layer.go_backwards:
        x = ops.flip(x, axis=1) if real is None else real_steps.flip_real(x, real)
    mask = None
    if real is not None and keras.backend.backend() == "tensorflow":
        mask = real_steps.is_real(real, time)[:, :, 0]  # Keras hands cuDNN its sums, as sequence lengths
    outputs, last = _call(layer, x, state, mask)
    if real is not None:
        last[0] = real_steps.last_real(outputs, real, state[0])
        empty = (lengths == 0)[:, None]
        last = [ops.where(empty, before, after) for before, after in zip(state, last, strict=True)]
    if layer.go_backwards:
        outputs = ops.flip(outputs, axis=1) if real is None else real_steps.flip_real(outputs, real)
    return outputs, last


def _call(layer, x, state, mask):
    cell = layer.cell
    options = {
        "kernel": cell.kernel,
        "recurrent_kernel": cell.recurrent_kernel,
        "bias": cell.bias,
        "activation": cell.activation,
        "recurrent_activation": cell.recurrent_activation,
        "return_sequences": True,
    }
    if layer.kind == "lstm":
        _, outputs, states = cudnn_lstm(x, state[0], state[1], mask, **options)
    else:
        _, outputs, states = cudnn_gru(x, state[0], mask, reset_after=cell.reset_after, **options)
    layer.supports_jit = (
        layer.supports_jit and keras.backend.backend() != "tensorflow"
    )  # cuDNN's operations are not XLA's
    return outputs, list(states)
