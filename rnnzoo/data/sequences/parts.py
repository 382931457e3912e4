"""Arrays by name, sorted into parts, and as a file."""

from typing import Any

import numpy as np

from rnnzoo.data.sequences.arrays import as_answers, as_sequences
from rnnzoo.data.splits import PARTS
from rnnzoo.errors import InvalidType, InvalidValue


def by_part(arrays: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Sort `x_train`, `y_test`, ... by part; plain `x`, `y` are train.

    Raises:
        ValueError: Parts of another name, or x without y.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        kind, _, part = name.partition("_")
        found.setdefault(part or "train", {})[kind] = array
    complete = all({"x", "y"} <= held.keys() for held in found.values())
    if not complete or "train" not in found or not found.keys() <= set(PARTS):
        raise InvalidValue(
            "A source holds x and y, or x_train, y_train, x_validation, y_validation, x_test and y_test. "
            f"Received: {', '.join(sorted(arrays)) or 'nothing'}"
        )
    return found


def write_arrays(arrays: dict[str, Any], path: str, **reading: Any) -> None:
    """Write arrays by name as `.npz`, rows of unequal length padded and with their lengths.

    `reading` is as of `as_sequences`.

    Raises:
        ValueError, TypeError: What no model can be trained on, or no file can hold.
    """
    found: dict[str, np.ndarray] = {}
    for part, held in by_part(arrays).items():
        rows = as_sequences(held["x"], f"x of {part}", lengths=held.get("lengths"), **reading)
        steps = np.array([len(row) for row in rows])
        x = np.zeros((len(rows), steps.max(), *rows[0].shape[1:]), rows[0].dtype)
        for filled, row in zip(x, rows, strict=True):
            filled[: len(row)] = row
        y = as_answers(held["y"], part)
        if y.dtype == object:
            y = np.array(y.tolist())
        if y.dtype == object:
            raise InvalidType(f"y of {part} must be numbers or words of one kind. Received: {str(held['y'])[:40]}")
        found |= {f"x_{part}": x, f"y_{part}": y}
        if "lengths" in held or len(set(steps)) > 1:
            found[f"lengths_{part}"] = steps
        if "group" in held:
            found[f"group_{part}"] = np.asarray(held["group"])
    with open(path, "wb") as file:
        np.savez_compressed(file, **found)  # type: ignore[arg-type]
