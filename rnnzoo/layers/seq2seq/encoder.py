"""The reading half of sequence to sequence."""

import keras
from keras import ops

from rnnzoo.layers.recurrent.bidirectional import Bidirectional
from rnnzoo.layers.recurrent.classic import GRU, LSTM, SimpleRNN

KINDS = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


@keras.saving.register_keras_serializable("rnnzoo")
class Encoder(keras.layers.Layer):
    """Read a sequence with recurrent layers on top of each other.

    In: `(batch, time, width)`, with or without a mask. Out: the top layer's states h_1 .. h_T `(batch, time, units)`
    with that mask, then the state of every layer after the last real step, `(batch, units)` each: h, and c of an LSTM.
    With both directions each is `2 * units` wide, forward first; the backward one has read the first step last.

    Args:
        cell: `rnn`, `lstm` or `gru`.
        units: Width of the state, in each direction.
        num_layers: Layers.
        bidirectional: Read from both ends.
        dropout: Share of the states dropped after every layer.
    """

    def __init__(self, cell, units, num_layers=1, bidirectional=False, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.cell, self.units, self.num_layers = cell, units, num_layers
        self.bidirectional, self.dropout = bidirectional, dropout
        options = {"return_sequences": True, "return_state": True, "dtype": self.dtype_policy}
        self.stack = [KINDS[cell](units, name=f"{cell}_{i}", **options) for i in range(num_layers)]
        if bidirectional:
            self.stack = [
                Bidirectional(layer, name=f"bidirectional_{layer.name}", dtype=self.dtype_policy)
                for layer in self.stack
            ]
        self.drop = keras.layers.Dropout(dropout, name="drop", dtype=self.dtype_policy)

    def build(self, input_shape):
        width = input_shape[-1]
        for layer in self.stack:
            layer.build((None, None, width))
            width = self._width

    @property
    def _width(self):
        return self.units * (2 if self.bidirectional else 1)

    def call(self, x, mask=None, training=False):
        states = []
        for layer in self.stack:
            x, *last = layer(x, mask=mask, training=training)
            x = self.drop(x, training=training)
            if self.bidirectional:
                half = len(last) // 2
                last = [ops.concatenate(both, axis=-1) for both in zip(last[:half], last[half:], strict=True)]
            states += last
        return x, *states

    def compute_mask(self, inputs, mask=None):
        return [mask] + [None] * self._count

    @property
    def _count(self):
        return self.num_layers * (2 if self.cell == "lstm" else 1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self._width), *[(input_shape[0], self._width)] * self._count

    def get_config(self):
        words = ("cell", "units", "num_layers", "bidirectional", "dropout")
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
