"""Looking inside: the weights of attention, and what stands before the head."""

from typing import Any, Literal

from rnnzoo import checked
from rnnzoo._lazy import keras, layers
from rnnzoo.errors import InvalidType, InvalidValue


def attention(model: Any) -> Any:
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
    body = _body(model)
    parts = getattr(body, "layers", [])
    attending = next((layer for layer in parts if layer.name == "attention" or hasattr(layer, "attention")), None)
    if attending is None or getattr(attending, "attention", attending) is None:
        raise InvalidValue(
            "This model has no attention; bilstm_bahdanau, bilstm_luong, bilstm_scaled_dot, han and seq2seq_bahdanau "
            f"have. Received: {model.name}"
        )
    x, (weights,), rest = _again(model, body, [attending.output[1]])
    for layer in rest:
        more = layer.input[1:] if isinstance(layer.input, (list, tuple)) else ()  # such as a window's statistics
        x = layer(x, *more)
    return keras.Model(model.input, [x, weights], name=model.name)


def features(model: Any, what: Literal["summary", "states"] = "summary") -> Any:
    """Return a model that gives what stands before the head, with the same input and weights.

    Args:
        model: Of the zoo, with a head: not one that gives its answer itself.
        what: `summary`, the vector `(batch, width)` that the head of a classifier, a regression or a forecast reads; or
            `states`, `(batch, time, width)`, of every step: what a tagger's head reads, or what is made a summary of.

    Raises:
        ValueError: The model has no head, or no such vectors.

    Example:
        >>> vectors = rnnzoo.features(model).predict(tokens)  # for scikit-learn
    """
    checked.value("what", str, what)
    body = _body(model)
    if body is None or not any(layer.name == "head" for layer in model.layers):
        raise InvalidValue(f"Only a model with body and head has features before its head. Received: {model.name}")
    per_step = len(body.output.shape) == 3
    pooling = next((layer for layer in body.layers if isinstance(layer, layers.Pooling)), None)
    if what == ("states" if per_step else "summary"):
        inner = body.output
    elif what == "states" and pooling is not None:
        inner = pooling.input
    else:
        valid = ["states"] if per_step else ["summary"] + ["states"] * (pooling is not None)
        raise InvalidValue(f"Of this model there are {' and '.join(valid)}. Received: what={what!r}")
    _, (found,), _ = _again(model, body, [inner])
    return keras.Model(model.input, found, name=f"{model.name}_{what}")


def _body(model):
    if not isinstance(model, keras.Model):
        raise InvalidType(f"model must be a keras.Model. Received: model={model!r}")
    return next((layer for layer in model.layers if layer.name == "body"), None)


def _again(model, body, inner):
    """Call the body anew with more outputs: a tensor inside a nested model is out of reach from outside.

    Args:
        model: Of the zoo.
        body: Its body.
        inner: Tensors of the body.

    Returns:
        The body's output, the inner tensors, and the layers that come after it.
    """
    seeing = layers.Part(body.inputs, [body.output, *inner], name="body")
    place = model.layers.index(body)
    hidden = keras.layers.InputLayer | layers.TrailingMask
    before = [layer for layer in model.layers[:place] if not isinstance(layer, hidden)]
    read = before[-1].output if before else model.inputs[0]
    read = read[0] if isinstance(read, (list, tuple)) else read  # a normalised series comes with its statistics
    x, *found = seeing([read, model.inputs[1]] if len(body.inputs) > 1 else read)
    return x, found, model.layers[place + 1 :]
