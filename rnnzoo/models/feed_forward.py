"""What a recurrent model must beat: no order at all."""

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import dropped, penalty
from rnnzoo.registry import register


@register(paper="https://doi.org/10.3115/v1/P15-1162")
def mlp(x, *, units=64, num_layers=2, dropout=0.2, l2=0.0):
    """Feed-forward baseline: the mean of the sequence, then dense layers."""
    x = layers.Pooling("mean", name="mean")(x)
    for i in range(num_layers):
        x = keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty(l2), name=f"dense_{i}")(x)
        x = dropped(x, dropout, name=f"dropout_{i}")
    return x
