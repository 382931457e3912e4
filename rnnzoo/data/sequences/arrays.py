"""What the user gives as sequences, checked before anything else can fail."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnzoo.data.sources import function, is_import_path
from rnnzoo.errors import InvalidType, InvalidValue


def read_arrays(source: Any, trust: bool = True) -> dict[str, Any]:
    """Return arrays by name: `x` and `y`, or `x_train`, `y_train`, `x_test`, ...

    Args:
        source: A mapping of arrays, a pair `(x, y)`, a path that ends in `.npz`, or the import path
            `"package.module:function"` of a function that returns one of these.
        trust: Whether the user named the function, or trusts who did.

    Raises:
        ValueError, TypeError: There is nothing of the kind there.
    """
    if isinstance(source, Mapping):
        return dict(source)
    if isinstance(source, tuple) and len(source) == 2:
        return {"x": source[0], "y": source[1]}
    if isinstance(source, str | os.PathLike) and str(source).endswith(".npz"):
        return _read_npz(os.fspath(source))
    if is_import_path(source):
        return read_arrays(function(source, trust)())
    raise InvalidType(
        "A source is a mapping of arrays, a pair (x, y), a path ending in .npz, or 'module:function'. "
        f"Received: {type(source).__name__} {str(source)[:60]}"
    )


def _read_npz(path: str) -> dict[str, np.ndarray]:
    found = load_arrays(path, "store unequal lengths as one padded array x with an array `lengths`")
    if isinstance(found, np.ndarray):
        raise InvalidValue(f"The file holds one array alone; an .npz file holds x and y. Received: {path}")
    return found


def load_arrays(path: str, hint: str = "save numbers with numpy.save or numpy.savez") -> Any:
    """Return what an .npy or .npz file holds: an array, or arrays by name.

    Raises:
        ValueError: There is none, or it is damaged.
    """
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    try:
        with open(path, "rb") as opened:
            found = np.load(opened, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except Exception as error:  # zipfile, OSError, ValueError, MemoryError: whatever NumPy meets in a file not its own
        said = " ".join(str(error).split())[:160]
        raise InvalidValue(f"Cannot read this file of arrays ({said}); {hint}. Received: {path}") from error


def as_sequences(
    x: Any, name: str, *, lengths: Any = None, pad_value: float | None = None, missing: bool = False
) -> list[np.ndarray]:
    """Return one array a sequence: ids `(time,)` int32, or floats `(time, features)` float32.

    Args:
        x: `(examples, time)` integers are tokens, `(examples, time)` floats are one feature,
            `(examples, time, features)` are features; or a list of such rows of unequal length.
        name: What to call it in errors.
        lengths: Real steps of each row; the rest is cut off.
        pad_value: Cut off trailing steps that equal it in every feature; tokens are cut at trailing 0s.
        missing: NaN is a value that is missing.

    Raises:
        ValueError: Nothing there, another rank, NaN or infinity, left padding, negative ids, unequal features, lengths
            that do not fit.
        TypeError: Values that are no numbers.
    """
    try:
        rows = [np.asarray(row) for row in x]
    except (TypeError, ValueError):
        raise InvalidType(f"{name} must be an array or a list of arrays. Received: {type(x).__name__}") from None
    if not rows:
        raise InvalidValue(f"{name} holds no sequence. Received: an empty data set")
    filled = [row for row in rows if row.size]  # an empty list tells nothing of type and rank
    if not filled:
        raise InvalidValue(f"{name} has no step in any sequence. Received: only empty sequences")
    for row in filled:
        if row.dtype.kind not in "iuf":
            raise InvalidType(f"{name} must hold numbers. Received: dtype {row.dtype}")
        if row.ndim not in (1, 2) or row.ndim != filled[0].ndim:
            raise InvalidValue(
                f"{name} must have the shape (examples, time) or (examples, time, features). "
                f"Received: a row of shape {row.shape}"
            )

    if lengths is not None:  # before its values are looked at: padding may be anything
        rows = _cut(rows, np.asarray(lengths), name)
    tokens = filled[0].ndim == 1 and all(row.dtype.kind in "iu" for row in filled)
    rows = _ids(rows, name) if tokens else _floats(rows, filled, name, missing)
    return rows if lengths is not None else _trim(rows, name, 0 if tokens else pad_value)


def _cut(rows, lengths, name):
    if lengths.shape != (len(rows),) or lengths.dtype.kind not in "iu":
        raise InvalidValue(f"lengths of {name} must be {len(rows)} whole numbers. Received: shape {lengths.shape}")
    if any(not 0 <= length <= len(row) for row, length in zip(rows, lengths, strict=True)):
        raise InvalidValue(
            f"lengths of {name} must be from 0 to the steps of each row. Received: {lengths.min()} to {lengths.max()}"
        )
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]


def rows_of_x(arrays: Mapping[str, Any]) -> list[Any]:
    """Return the rows of the array `x`, cut to `lengths` where there are any."""
    rows = list(np.atleast_1d(arrays["x"])) if isinstance(arrays["x"], np.ndarray) else list(arrays["x"])
    if "lengths" not in arrays or not all(map(np.ndim, rows)):  # single numbers are refused where they are encoded
        return rows
    return _cut(rows, np.asarray(arrays["lengths"]), "x")


def as_answers(y: Any, part: str) -> np.ndarray:
    """Return an array with one answer, or one row of answers, for each sequence.

    Raises:
        ValueError: A single number, or rows of unequal length.
    """
    try:
        answers = np.asarray(y)
    except ValueError:
        raise InvalidValue(f"y of {part} must be one answer a sequence. Received: rows of unequal length") from None
    if not answers.ndim:
        raise InvalidValue(f"y of {part} must be one answer a sequence. Received: {y!r}")
    return answers


def _ids(rows, name):
    low, high = min((row.min() for row in rows if row.size), default=0), max(row.max(initial=0) for row in rows)
    if low < 0 or high >= 2**31:
        raise InvalidValue(
            f"Token ids of {name} must be >= 0 and < 2**31, 0 is padding; give measurements and counts as floats. "
            f"Received: {low if low < 0 else high}"
        )
    return [row.reshape(-1).astype("int32") for row in rows]


def _floats(rows, filled, name, missing):
    widths = {row.shape[-1] if row.ndim == 2 else 1 for row in filled}
    if len(widths) > 1:
        raise InvalidValue(f"Every step of {name} must have the same features. Received: {sorted(widths)}")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
        rows = [row.reshape(-1, *widths).astype("float32") for row in rows]
    for number, row in enumerate(rows):
        wrong = np.argwhere(np.isinf(row) if missing else ~np.isfinite(row))
        if len(wrong):
            step, feature = wrong[0]
            value = "NaN" if np.isnan(row[step, feature]) else row[step, feature]
            said = "or NaN, which is missing" if missing else "drop or fill what is missing, or set missing=True"
            raise InvalidValue(
                f"{name} must be finite{' ' if missing else ': '}{said}. "
                f"Received: {value} in sequence {number}, step {step}, feature {feature}, counted from 0"
            )
    return rows


def _trim(rows: list[np.ndarray], name: str, pad_value: float | None) -> list[np.ndarray]:
    """Cut off trailing padding; refuse padding on the left."""
    if pad_value is None:
        _check_left_zeros(rows, name)
        return rows

    def real(row):
        return np.flatnonzero(row != pad_value if row.ndim == 1 else (row != pad_value).any(axis=1))

    ends = [(steps[0], steps[-1] + 1) if len(steps := real(row)) else (0, 0) for row in rows]
    rectangular = len({len(row) for row in rows}) == 1
    padded_left = any(start > 0 for start, _ in ends)
    padded_right = any(stop < len(row) for (_, stop), row in zip(ends, rows, strict=True))
    if rectangular and padded_left and not padded_right:
        raise InvalidValue(
            f"{name} is padded on the left; the zoo pads on the right: keras.utils.pad_sequences(..., padding='post'). "
            f"Received: a row that begins with {pad_value:g}"
        )
    return [row[:stop] for (_, stop), row in zip(ends, rows, strict=True)]


def _check_left_zeros(rows: list[np.ndarray], name: str) -> None:
    """Refuse numbers that begin with zeros of many lengths and never end with one: they were padded on the left."""
    if len({len(row) for row in rows}) > 1 or not len(rows[0]):
        return
    steps = np.stack(rows)
    zero = (steps == 0).reshape(len(rows), len(rows[0]), -1).all(axis=-1)
    leading = np.where(zero.all(axis=1), 0, (~zero).argmax(axis=1))
    padded = leading[leading > 1]
    if not zero[:, -1].any() and len(padded) > max(1, 0.1 * len(rows)) and len(set(padded.tolist())) > 1:
        raise InvalidValue(
            f"{name} is padded on the left; the zoo pads on the right: keras.utils.pad_sequences(..., padding='post'). "
            "Where zeros are real, give `lengths`. "
            f"Received: {len(padded)} of {len(rows)} rows that begin with steps of zeros"
        )


def shape_notes(rows: Sequence[np.ndarray], cut: bool) -> list[str]:
    """Say where sequences may not be what they seem to be.

    Args:
        rows: As `as_sequences` gives them.
        cut: Whether lengths or a value of padding were given.
    """
    if rows[0].ndim == 1:
        highest = max(int(row.max(initial=0)) for row in rows)
        return [f"whole numbers, up to {highest:,}, are read as token ids: give measurements and counts as floats"]
    if len({len(row) for row in rows}) > 1:
        return []
    steps, features = rows[0].shape
    notes = []
    if steps <= 16 and features >= 4 * steps and features > 32:
        notes.append(f"{steps} steps of {features} features: channels stand behind steps, (examples, time, channels)")
    last = [not row[-1].any() for row in rows]
    if not cut and steps > 1 and np.mean(last) > 0.1:
        notes.append(
            f"{np.sum(last):,} of {len(rows):,} sequences end in steps of zeros: if that is padding, "
            "give --pad-value 0, or `lengths` in the file"
        )
    return notes


def parse_sequences(raw: Sequence[Any]) -> list[Any]:
    """Read sequences that came as text: JSON such as `[1, 2, 3]` or `[[0.1, 0.2], [0.3, 0.4]]`."""
    try:
        return [json.loads(item) if isinstance(item, str) else item for item in raw]
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested too deep
        raise InvalidValue(
            "A sequence is written as JSON: [1, 2, 3], or [[0.1, 0.2], [0.3, 0.4]] for steps of two features. "
            f"Received: {next(item for item in raw if isinstance(item, str))[:60]}"
        ) from None
