"""Layer normalisation inside the recurrence."""

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import dropped, finish, penalty
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/1607.06450", causal=True)
def layernorm_lstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=1,
    dropout=0.2,
    recurrent_dropout=0.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """LSTM with layer normalisation inside: steady gates from the first step on."""
    for i in range(num_layers):
        if recurrent_dropout:
            x = keras.layers.SpatialDropout1D(recurrent_dropout, name=f"input_dropout_{i}")(x)
        cell = layers.LayerNormLSTMCell(
            units, kernel_regularizer=penalty(l2), recurrent_regularizer=penalty(l2), name=f"cell_{i}"
        )
        x = layers.RNN(cell, return_sequences=True, name=f"layernorm_lstm_{i}")(x)
        x = dropped(x, dropout, name=f"dropout_{i}")
    return finish(x, return_sequences, pooling)
