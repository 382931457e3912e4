"""Bodies that were made for language models."""

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import finish, recurrent
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/1708.02182", causal=True)
def awd_lstm(
    x,
    *,
    return_sequences,
    units=64,
    num_layers=3,
    dropout=0.3,
    recurrent_dropout=0.2,
    weight_dropout=0.3,
    activation_penalty=2.0,
    change_penalty=1.0,
    l2=0.0,
    pooling: Pooling = "last",
):
    """AWD-LSTM: dropped recurrent weights, one dropout mask for all steps, and penalties on large or fast states.

    The paper's averaged weights are `average` of a recipe, its tied ones `tie_weights` of language modelling.
    """
    for i in range(num_layers):
        x = recurrent(
            layers.WeightDroppedLSTM,
            units,
            recurrent_dropout,  # between the layers: section 4.2
            l2,
            name=f"lstm_{i}",
            weight_dropout=weight_dropout,  # section 2
        )(x)
    dropped = keras.layers.SpatialDropout1D(dropout, name="dropout")(x) if dropout else x
    if activation_penalty or change_penalty:
        dropped = layers.ActivationPenalty(activation_penalty, change_penalty, name="penalty")([x, dropped])
    return finish(dropped, return_sequences, pooling)
