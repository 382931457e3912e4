"""Looking inside: the weights of attention."""

from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidValue


def attention(model):
    """Return a model that also gives the attention weights.

    Args:
        model: Of the zoo, with an attention layer, such as `bilstm_bahdanau`.

    Returns:
        A `keras.Model` with the same input and weights; its outputs are the answer and the weights `(batch, time)`,
        which sum to 1 over the real steps of a row and are 0 on padding.

    Raises:
        ValueError: The model has no attention.
    """
    body = next((layer for layer in model.layers if layer.name == "body"), None)
    attending = next((layer for layer in getattr(body, "layers", []) if layer.name == "attention"), None)
    if body is None or attending is None:
        raise InvalidValue(
            "This model has no attention; bilstm_bahdanau, bilstm_luong, bilstm_scaled_dot and han have. "
            f"Received: {model.name}"
        )
    # A tensor inside a nested model is out of reach from outside: give the body a second output and call all anew.
    seeing = layers.Part(body.inputs, [body.output, attending.output[1]], name="body")
    inputs = x = keras.Input(batch_shape=model.input_shape, dtype=model.input.dtype, name=model.input.name)
    weights = None
    for layer in model.layers:
        if layer is body:
            x, weights = seeing(x)
        elif not isinstance(layer, keras.layers.InputLayer | layers.TrailingMask):
            x = layer(x)
    return keras.Model(inputs, [x, weights], name=model.name)
