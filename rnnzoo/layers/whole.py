"""A whole model of the zoo, which says in one sentence what it cannot read, by whichever method that comes."""

import functools
import itertools
import re
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.layers.masking.refusing import check_ids, known
from rnnzoo.private.keras import make_metrics

MOST_BATCHES = 10_000
"""How many batches of a data set are looked through for what was wrong with it."""


def _guarded(name):
    """Keras's method of that name, for data that this model can read.

    Arrays are checked first, which takes no time. Of a data set only a failure tells: then its batches are checked.
    """
    method = getattr(keras.Model, name)

    @functools.wraps(method)
    def guarded(self, x=None, *args, **kwargs):
        given, validation = [x], kwargs.get("validation_data")
        if validation is not None:
            given.append(validation[0] if isinstance(validation, list | tuple) else validation)
        for data in given:
            check_inputs(self, data)
        labels = args[0] if args else kwargs.get("y")
        try:
            if "predict" not in name:
                _trace_once(self, x, labels)
            return getattr(super(Model, self), name)(x, *args, **kwargs)
        except Exception as error:
            if type(error).__name__ == "InvalidArgumentError":  # TensorFlow's, in the midst of a graph
                for data in given:
                    _look_through(self, data)
                _tell_by(str(error))
            raise

    return guarded


@keras.saving.register_keras_serializable("rnnzoo")
class Model(keras.Model):
    """What `rnnzoo.build` makes: a functional model. Constructor: that of `keras.Model`.

    Raises:
        ValueError: No row, no step, other axes than the model has, a token id that is not in the vocabulary, or a label
            that is none: from every method of Keras that takes data.
        TypeError: Data of another kind, such as text.
    """

    def __init__(self, *args, **kwargs):  # exactly so: Keras's functional models ask for it
        super().__init__(*args, **kwargs)

    fit, evaluate, predict = _guarded("fit"), _guarded("evaluate"), _guarded("predict")
    train_on_batch, test_on_batch = _guarded("train_on_batch"), _guarded("test_on_batch")
    predict_on_batch = _guarded("predict_on_batch")


def _trace_once(model, x, y):
    """Make what a first step would make, for TensorFlow would trace that step once more: a second of every training."""
    if keras.backend.backend() != "tensorflow" or len(model.outputs) != 1 or not model.compiled:
        return
    import tensorflow as tf

    if tf.distribute.has_strategy() or model.distribute_strategy is not tf.distribute.get_strategy():
        return  # Keras makes it for each device
    spec = getattr(x, "element_spec", None)
    y = spec[1] if isinstance(spec, tuple) and len(spec) > 1 else y
    shape: Any = getattr(y, "shape", None)
    kind = getattr(getattr(y, "dtype", None), "name", "")
    if kind.startswith(("int", "uint", "float", "bool")) and getattr(shape, "rank", 0) is not None:
        make_metrics(model, keras.KerasTensor(tuple(shape), kind))


def check_inputs(model, x):
    """Refuse arrays that a model's inputs do not take. What is no array, or no one for each input, is left to Keras.

    Raises:
        ValueError: Other axes, no row, no step, or a token id that is not in the vocabulary.
        TypeError: None, or text.
    """
    if x is None:
        raise InvalidType("x must be arrays or a data set. Received: None")
    given = [x[i.name] for i in model.inputs if i.name in x] if isinstance(x, dict) else x
    given = list(given) if isinstance(given, list | tuple) else [given]
    if len(given) == len(model.inputs) and all(_is_array(array) for array in given):
        for wanted, array in zip(model.inputs, given, strict=True):
            _check(model, wanted, array)


def _is_array(x):
    return isinstance(x, np.ndarray) or (keras.ops.is_tensor(x) and not hasattr(x, "row_splits"))


def _check(model, wanted, array):
    received = f"Received: {wanted.name} of shape {tuple(array.shape)}"
    if isinstance(array, np.ndarray) and array.dtype.kind not in "biuf":
        raise InvalidType(f"x must be numbers. Received: {wanted.name} of {array.dtype}")
    if len(array.shape) == len(wanted.shape) and None not in array.shape:  # Keras adds or drops an axis of 1
        if not all(array.shape[:2]):
            raise InvalidValue(f"A batch needs at least 1 row, and a sequence at least 1 step. {received}")
        for size, wished in zip(array.shape[1:], wanted.shape[1:], strict=True):
            if wished not in (None, size):
                raise InvalidValue(f"The model reads (batch, {_spelled(wanted.shape[1:])}). {received}")
    elif None not in array.shape and 1 not in (*array.shape[-1:], wanted.shape[-1]):
        raise InvalidValue(f"The model reads (batch, {_spelled(wanted.shape[1:])}). {received}")
    if "int" in wanted.dtype:
        names = [layer.name for layer in model.layers]
        size = model.get_layer("embedding").input_dim if wanted.name == "tokens" and "embedding" in names else None
        _check_whole(array)
        if size:
            check_ids(array, size)


def _check_whole(array):
    numbers = array if isinstance(array, np.ndarray) else known(array)
    if numbers is not None and numbers.dtype.kind == "f" and (numbers != np.floor(numbers)).any():
        wrong = numbers[numbers != np.floor(numbers)].flat[0]
        raise InvalidValue(f"A token id must be a whole number. Received: {wrong}")


def _spelled(sizes):
    return ", ".join("any" if size is None else str(size) for size in sizes)


def _look_through(model, data):
    """Check the batches of a data set that can be read once more."""
    arrays = _is_array(data) or isinstance(data, list | tuple | dict)
    if isinstance(data, Iterable) and not arrays and not hasattr(data, "__next__"):
        for batch in itertools.islice(data, MOST_BATCHES):
            check_inputs(model, batch[0] if isinstance(batch, list | tuple) else batch)


def _tell_by(said):
    """Say what TensorFlow says about ids and labels."""
    if found := re.search(r"indices\[[\d,]*\] = (-?\d+) is not in \[0, (\d+)\)", said):
        raise InvalidValue(
            f"A token id must be >= 0 and < vocabulary_size={found[2]}. Received: id {found[1]}"
        ) from None
    if found := re.search(r"label value of (-?\d+) which is outside the valid range of \[0, (\d+)\)", said):
        raise InvalidValue(f"A label must be >= 0 and < outputs={found[2]}. Received: label {found[1]}") from None
