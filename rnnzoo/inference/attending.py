"""Looking inside: the weights of attention."""

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue


def attention(model):
    """Return a model that also gives the attention weights.

    Args:
        model: Of the zoo, with an attention layer, such as `bilstm_bahdanau` or `seq2seq_bahdanau`.

    Returns:
        A `keras.Model` with the same input and weights; its outputs are the answer and the weights `(batch, time)`,
        which sum to 1 over the real steps of a row and are 0 on padding; of a translation model, `(batch, target_time,
        time)`.

    Raises:
        ValueError: The model has no attention.
    """
    body = next((layer for layer in model.layers if layer.name == "body"), None)
    parts = getattr(body, "layers", [])
    attending = next((layer for layer in parts if layer.name == "attention" or hasattr(layer, "attention")), None)
    if body is None or attending is None or getattr(attending, "attention", attending) is None:
        raise InvalidValue(
            "This model has no attention; bilstm_bahdanau, bilstm_luong, bilstm_scaled_dot, han and seq2seq_bahdanau "
            f"have. Received: {model.name}"
        )
    # A tensor inside a nested model is out of reach from outside: give the body a second output and call all anew.
    seeing = layers.Part(body.inputs, [body.output, attending.output[1]], name="body")
    inputs = [keras.Input(batch_shape=i.shape, dtype=i.dtype, name=i.name) for i in model.inputs]
    x, *target = inputs
    weights = None
    for layer in model.layers:
        if layer is body:
            x, weights = seeing([x, *target] if target else x)
        elif not isinstance(layer, keras.layers.InputLayer | layers.TrailingMask):
            x = layer(x)
    return keras.Model(tuple(inputs) if target else inputs[0], [x, weights], name=model.name)
