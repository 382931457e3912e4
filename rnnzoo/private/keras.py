"""Private parts of Keras: what a tensor carries, cuDNN's kernels, how an optimizer clips, a model's graph."""

from rnnzoo.private import find, moved

BACKEND = "keras.src.backend"
ATTRIBUTES = "keras.src.backend.common.tensor_attributes"


def mask_of(x):
    """Return the mask that Keras has hung on the output of a layer, None if there is none.

    Keras hands masks to layers, and multiplies them into the weights of its losses; `Model.compute_loss`, where a loss
    over whole sequences belongs, gets none.
    """
    return find(BACKEND, "get_keras_mask")(x)


def note(x, word):
    """Hang a word on a tensor: on it alone, not on what is computed of it.

    JAX's tensors take no attributes; Keras, which hangs masks on tensors, keeps a table for them.
    """
    find(ATTRIBUTES, "set_tensor_attr")(x, f"_rnnzoo_{word}", True)


def is_noted(x, word):
    """Tell whether `note` hung that word on the tensor."""
    return bool(find(ATTRIBUTES, "get_tensor_attr")(x, f"_rnnzoo_{word}"))


def cudnn_lstm(x, h, c, mask, **options):
    """Run an LSTM by cuDNN over `x` `(batch, time, features)`: the last output, all outputs, the states `[h, c]`.

    `keras.layers.LSTM` calls it, and gives it the mask as it is. But cuDNN takes no row that is all padding and none
    that is reversed, and on torch no mask at all: `rnnzoo.layers.recurrent.cudnn` arranges the rows first.

    Args:
        x: The inputs.
        h: First output, `(batch, units)`.
        c: First carry, `(batch, units)`.
        mask: `(batch, time)`, trailing padding; None reads all steps. TensorFlow alone takes one.
        options: `kernel`, `recurrent_kernel`, `bias`, `activation`, `recurrent_activation`, `return_sequences`.

    Raises:
        NotImplementedError: cuDNN cannot do it here.
    """
    return find(BACKEND, "lstm")(x, h, c, mask, **options)


def cudnn_gru(x, h, mask, **options):
    """Run a GRU by cuDNN; as `cudnn_lstm`, with the state `h` alone and the option `reset_after`."""
    return find(BACKEND, "gru")(x, h, mask, **options)


def replace_clipping(optimizer, wrap):
    """Let an optimizer clip gradients by `wrap(clip)`, where `clip(gradients) -> gradients` is how it did before.

    An optimizer clips in the middle of `apply`, in one of three ways; nothing public clips, or takes another clipping.
    """
    if not hasattr(optimizer, "_clip_gradients"):
        raise moved("keras.optimizers.Optimizer._clip_gradients")
    optimizer._clip_gradients = wrap(optimizer._clip_gradients)


def number_of(optimizer, variable):
    """Return which of its variables an optimizer is about to change: under TensorFlow it is handed the bare tensor."""
    if not hasattr(optimizer, "_get_variable_index"):
        raise moved("keras.optimizers.Optimizer._get_variable_index")
    return optimizer._get_variable_index(variable)


def make_metrics(model, y):
    """Make the variables of a compiled model's metrics for labels such as `y`, which has a shape and a dtype.

    Keras makes them in a model's first step, and TensorFlow traces a step in which variables are made twice. What is
    public computes the metrics of something, and counts it.
    """
    if not hasattr(model, "_compile_metrics"):
        raise moved("keras.Model._compile_metrics")
    metrics = model._compile_metrics
    if metrics is not None and not metrics.built:
        metrics.build(y, model.outputs[0])


def run_through(model, inputs, operation):
    """Run a functional model on `inputs`, but do `operation(layer)(*arguments)` instead of each layer's call.

    `keras.models.clone_model` changes layers too, but leaves a model of new ones, with new weights.
    """
    if not hasattr(model, "_run_through_graph"):
        raise moved("keras.Function._run_through_graph")
    return model._run_through_graph(inputs, operation_fn=operation)


def all_layers(model):
    """Return a model's layers with those inside them, in the order in which they were made."""
    if not hasattr(model, "_flatten_layers"):
        raise moved("keras.Layer._flatten_layers")
    return list(model._flatten_layers())
