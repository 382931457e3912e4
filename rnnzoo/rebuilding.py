"""`rebuild`: the same weights in a model of other fixed sizes, for generation step by step and for export."""

from typing import Any

from rnnzoo import hyperparameters as hp
from rnnzoo._lazy import keras
from rnnzoo.errors import InvalidType, InvalidValue


def rebuild(
    model: Any,
    *,
    stateful: bool | None = None,
    unroll: bool | None = None,
    batch_size: int | None = None,
    sequence_length: int | None = None,
) -> Any:
    """Return a copy of a model of the zoo with the same weights, uncompiled, as asked for.

    Args:
        model: From `build`, `load` or a `.keras` file.
        stateful: True carries the state of one call into the next; needs `batch_size` and a causal body.
            `layer.reset_state()` of each recurrent layer in `model.get_layer("body").layers` begins anew.
        unroll: True writes the steps out one by one; needs `sequence_length`.
        batch_size: Fix the batch size; None leaves it free.
        sequence_length: Fix the steps; None leaves them free.

    Raises:
        TypeError: Not a model, or a value of the wrong type.
        ValueError: A size that is needed is missing, the body cannot carry its state, or the model translates and more
            than its batch size is to be fixed.
    """
    if not isinstance(model, keras.Model):
        raise InvalidType(f"model must be a keras.Model. Received: model={model!r}")
    stateful, unroll = hp.check("stateful", stateful), hp.check("unroll", unroll)
    batch_size, sequence_length = hp.check("batch_size", batch_size), hp.check("sequence_length", sequence_length)
    if stateful and batch_size is None:
        raise InvalidValue("stateful=True needs a fixed batch_size. Received: batch_size=None")
    if unroll and sequence_length is None:
        raise InvalidValue("unroll=True needs a fixed sequence_length. Received: sequence_length=None")
    if "target" in [x.name for x in model.inputs] and (stateful or unroll or sequence_length):
        raise InvalidValue(
            "Of a model of source and target only batch_size is fixed; rnnzoo.decode carries its state. "
            f"Received: {stateful=}, {unroll=}, {sequence_length=}"
        )
    config = _changed(model.get_config(), stateful, unroll, batch_size, sequence_length)
    copy = type(model).from_config(config)
    copy.set_weights(model.get_weights())
    return copy


def _changed(config, stateful, unroll, batch_size, sequence_length):
    """Walk through a model's config and change what is asked for."""
    if isinstance(config, list | tuple):
        return [_changed(item, stateful, unroll, batch_size, sequence_length) for item in config]
    if not isinstance(config, dict):
        return config
    # Layers are built anew from their inputs, so a shape of the old sizes must not be kept.
    config = {
        key: _changed(value, stateful, unroll, batch_size, sequence_length)
        for key, value in config.items()
        if key != "build_config"
    }
    kind = config.get("class_name")
    if kind == "Conv1D" and stateful:
        raise InvalidValue("A convolution looks back over steps that are gone by then. Received: stateful=True")
    if kind == "Bidirectional" and stateful:
        raise InvalidValue(
            "A bidirectional layer reads the end first; its state cannot be carried. Received: stateful=True"
        )
    if kind == "InputLayer" and config["config"].get("name") not in (None, "head_input"):
        _, _, *rest = config["config"]["batch_shape"]
        config["config"]["batch_shape"] = [batch_size, sequence_length, *rest]
    elif kind == "InputLayer":
        config["config"]["batch_shape"][0] = batch_size
    elif "unroll" in config and "return_sequences" in config:  # the config of a recurrent layer
        config["stateful"] = config["stateful"] if stateful is None else stateful
        config["unroll"] = config["unroll"] if unroll is None else unroll
    return config
