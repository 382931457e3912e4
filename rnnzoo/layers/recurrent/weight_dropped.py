"""DropConnect on the weights between states."""

import contextlib

import keras
from keras import ops

from rnnzoo.layers.recurrent.classic import LSTM


@keras.saving.register_keras_serializable("rnnzoo")
class WeightDroppedLSTM(LSTM):
    """An LSTM that in training drops a share of its recurrent weights, by one mask for all rows and steps.

    The mask lies on the matrix U, not on the states, so that every fast kernel still runs. Arguments and weights are
    those of `LSTM`.

    Args:
        weight_dropout: The share; what is kept is scaled up by 1 / (1 - share).

    Reference: Merity et al. (2017), section 2, https://arxiv.org/abs/1708.02182
    """

    def __init__(self, units, *, weight_dropout=0.0, seed=None, **kwargs):
        super().__init__(units, seed=seed, **kwargs)
        if not 0 <= weight_dropout < 1:
            raise ValueError(f"weight_dropout must be a number >= 0 and < 1. Received: {weight_dropout=}")
        self.weight_dropout = weight_dropout
        self.weight_seed_generator = keras.random.SeedGenerator(seed)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not (training and self.weight_dropout):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        with self._dropped():
            return super().inner_loop(sequences, initial_state, mask, training=training)

    @contextlib.contextmanager
    def _dropped(self):
        weights = self.cell.recurrent_kernel
        attributes = self.cell.__dict__  # Keras would take a new attribute for a new weight
        attributes["recurrent_kernel"] = keras.random.dropout(
            ops.convert_to_tensor(weights), self.weight_dropout, seed=self.weight_seed_generator
        )
        try:
            yield
        finally:
            attributes["recurrent_kernel"] = weights

    def get_config(self):
        return {**super().get_config(), "weight_dropout": self.weight_dropout}
