"""What no layer over time can read, refused before a backend fails at it or answers anyway."""

import keras
import numpy as np
from keras import ops

from rnnzoo.errors import InvalidType, InvalidValue, UserError


def check_sequence(x):
    """Refuse a batch without a time axis to read.

    Raises:
        TypeError: A RaggedTensor.
        ValueError: 0 rows or 0 steps.
    """
    if hasattr(x, "row_splits") or hasattr(getattr(x, "_type_spec", None), "ragged_rank"):
        raise _as_it_is(
            InvalidType("A RaggedTensor must be padded on the right: x.to_tensor(). Received: a RaggedTensor")
        )
    if 0 in x.shape[:2]:
        raise _as_it_is(
            InvalidValue(
                f"A batch needs at least 1 row, and a sequence at least 1 step. Received: shape {tuple(x.shape)}"
            )
        )


def check_ids(ids, vocabulary_size):
    """Refuse ids that are not in the vocabulary, where they are known: not while a graph is traced.

    Raises:
        ValueError: Another id.
    """
    numbers = known(ids)
    if numbers is not None and numbers.size and not (numbers.min() >= 0 and numbers.max() < vocabulary_size):
        wrong = numbers[(numbers < 0) | (numbers >= vocabulary_size)].flat[0]
        raise _as_it_is(
            InvalidValue(f"A token id must be >= 0 and < vocabulary_size={vocabulary_size}. Received: id {wrong}")
        )


def known(ids):
    """Return the ids as NumPy's where that costs nothing, else None."""
    if isinstance(ids, np.ndarray):
        return ids
    if keras.backend.backend() == "tensorflow":
        if hasattr(ids, "numpy") and "CPU" in ids.device:
            return ids.numpy()
    elif keras.backend.backend() == "torch":
        if ids.device.type == "cpu":
            return ops.convert_to_numpy(ids)
    elif keras.backend.backend() == "jax":
        import jax

        if not isinstance(ids, jax.core.Tracer) and all(d.platform == "cpu" for d in ids.devices()):
            return ops.convert_to_numpy(ids)
    return None


def _as_it_is(error: UserError) -> UserError:
    """Keep Keras from wrapping the sentence in an account of the call."""
    error._keras_call_info_injected = True  # type: ignore[attr-defined]
    return error
