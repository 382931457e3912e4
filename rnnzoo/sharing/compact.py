"""A model file of a fourth of the size: weights as 8-bit and 16-bit numbers.

A compact file is a zip of the model's `config.json` and `metadata.json`, as Keras writes them, and of one array a
weight in NumPy's format: `0.npy`, `1.npy`, ... in the order of `model.weights`. Embeddings and kernels are int8, each
row with a scale of its own in `0.scale.npy`; all else is float16. Of a weight of which most is 0, such as a hashed
table, only the rows `0.rows.npy` are there. `numpy.load` opens it. It holds no pickle.
"""

import io
import os
import zipfile
from typing import Any

import numpy as np

from rnnzoo._lazy import keras
from rnnzoo.files import whole_file

COMPACT = "model.compact"
STEPS = 127
"""An int8 number goes from -127 to 127: symmetric, so that 0 stays 0."""
SHORTEST_ROW = 16
"""Numbers; below, a scale would cost too much of what 8 bits save."""
LARGEST_HALF = 6e4
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip: the same run gives the same bytes."""


def quantize(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a weight as small numbers, and the scale of each row, `(..., 1)`; None where it needs no scale.

    The largest error of an 8-bit number is half its row's scale, of a 16-bit one a 2,000th of it.
    """
    if weight.dtype.kind != "f":
        return weight, None
    top = np.abs(weight).max(initial=0.0)
    if not top < LARGEST_HALF:  # NaN too
        return weight.astype("float32"), None
    if weight.ndim < 2 or weight.shape[-1] < SHORTEST_ROW:
        return weight.astype("float16"), None
    scale = np.abs(weight).max(axis=-1, keepdims=True).astype("float32") / STEPS
    steps = np.divide(weight, scale, out=np.zeros(weight.shape, "float32"), where=scale > 0)
    return np.clip(np.rint(steps), -STEPS, STEPS).astype("int8"), scale


def restore(number: np.ndarray, scale: np.ndarray | None) -> np.ndarray:
    """Undo `quantize`, but for its rounding."""
    wide = number.astype("float32") if number.dtype.kind in "f" or scale is not None else number
    return wide if scale is None else wide * scale


def filled(weight: np.ndarray) -> np.ndarray | None:
    """Return the rows that are not all 0, int32, where they are the fewer; else None."""
    if weight.ndim == 0 or not weight.size:
        return None
    rows = np.flatnonzero(weight.reshape(len(weight), -1).any(axis=1)).astype("int32")
    return rows if 2 * len(rows) < len(weight) else None


def spread(values: np.ndarray, rows: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `weight[filled(weight)]`."""
    if rows is None:
        return values
    weight = np.zeros(shape, values.dtype)
    weight[rows] = values
    return weight


def write(source: str | os.PathLike, model: Any, path: str | os.PathLike) -> None:
    """Write the compact file of a model.

    Args:
        source: Its `.keras` file.
        model: The same, open.
        path: Where to.
    """
    with zipfile.ZipFile(source) as file:
        parts = {name: file.read(name) for name in ("config.json", "metadata.json")}
    for i, weight in enumerate(model.get_weights()):
        weight = np.asarray(weight)
        rows = filled(weight)
        if rows is not None:
            weight, parts[f"{i}.rows.npy"] = weight[rows], _bytes(rows)
        number, scale = quantize(weight)
        parts[f"{i}.npy"] = _bytes(number)
        if scale is not None:
            parts[f"{i}.scale.npy"] = _bytes(scale)
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED, 9)


def read(path: str | os.PathLike, config: Any) -> Any:
    """Build the model of a compact file.

    Args:
        path: The file.
        config: Its `config.json`, which has been looked through.

    Raises:
        Exception: Whatever Keras meets in a damaged file; ValueError: arrays that are not the model's.
    """
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    with zipfile.ZipFile(path) as file:
        names = set(file.namelist())
        weights = []
        for i, variable in enumerate(model.weights):
            shape = whole = tuple(variable.shape)
            scaled, rows = f"{i}.scale.npy" in names, None
            if f"{i}.rows.npy" in names:
                rows = _rows(file, f"{i}.rows.npy", whole)
                shape = (len(rows), *whole[1:])
            number = _array(file, f"{i}.npy", shape, ("int8",) if scaled else ("float16", "float32", variable.dtype))
            scale = _array(file, f"{i}.scale.npy", (*shape[:-1], 1), ("float32",)) if scaled else None
            weights.append(spread(restore(number, scale), rows, whole))
        if f"{len(weights)}.npy" in names:
            raise ValueError(f"it holds more weights than the model's {len(weights)}")
    model.set_weights(weights)
    return model


def _bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array, order="C"), allow_pickle=False)  # a scalar stays one
    return file.getvalue()


def _rows(file: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the rows of a weight that are there."""
    rows = _array(file, name, None, ("int32",))
    if not shape or rows.ndim != 1 or len(rows) > shape[0] or np.any((rows < 0) | (rows >= shape[0])):
        raise ValueError(f"{name} are no rows of {shape}")
    return rows


def _array(file: zipfile.ZipFile, name: str, shape: tuple[int, ...] | None, dtypes: tuple[str, ...]) -> np.ndarray:
    """Return an array of known shape (None: any): what its header says is not allocated before it is checked."""
    with file.open(name) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError(f"{name} is of another version")
        found, turned, dtype = np.lib.format.read_array_header_1_0(stream)
        if shape not in (None, found) or turned or dtype.name not in dtypes:
            raise ValueError(f"{name} is {dtype} of shape {found}, not of {shape}")
        return np.frombuffer(stream.read(), dtype).reshape(found)
