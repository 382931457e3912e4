"""What people hold in memory, in a notebook say: DataFrames, lists, `tf.data`, data sets of Hugging Face.

Each is told by what it can do, so that none of these libraries has to be there.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidType


@dataclass(frozen=True)
class Held:
    """Data in memory, and the file in which a run keeps a copy of them.

    Args:
        argument: Of the data object, that takes the file's path.
        name: Of the file: `data.parquet`.
        write: Writes it, given a path.
    """

    argument: str
    name: str
    write: Callable[[str], None]


TABLE, ARRAYS, TEXT = "data.parquet", "arrays.npz", "data.txt"
COPIES = (TABLE, ARRAYS, TEXT)
"""The files in which a run keeps what was in memory."""


def is_named(given: Any) -> bool:
    """Tell a name or a path, or nothing, from what is in memory."""
    return given is None or isinstance(given, str | os.PathLike)


def is_frame(given: Any) -> bool:
    """Tell a DataFrame, of pandas or like it."""
    return hasattr(given, "columns") and hasattr(given, "itertuples")


def is_tf_data(given: Any) -> bool:
    """Tell a `tf.data.Dataset`."""
    return hasattr(given, "element_spec") and hasattr(given, "as_numpy_iterator")


def is_hugging_face(given: Any) -> bool:
    """Tell a `datasets.Dataset`, or one part of them by name, a `DatasetDict`."""
    if isinstance(given, Mapping):
        return bool(given) and all(map(is_hugging_face, given.values()))
    return hasattr(given, "to_pandas") and hasattr(given, "column_names")


def as_frame(given: Any, columns: Sequence[str]) -> Any:
    """Return rows in memory as a DataFrame.

    Args:
        given: A DataFrame; columns by name; a pair of lists; a `tf.data.Dataset` of pairs or of columns by name; a
            `datasets.Dataset` of Hugging Face, or whatever else has `to_pandas`.
        columns: What the two of a pair are called.

    Raises:
        TypeError: It is something else.
    """
    import pandas as pd

    if is_frame(given):
        return given
    if isinstance(given, Mapping) and is_hugging_face(given):
        raise InvalidType(f"Give one part of it, such as dataset['train']. Received: the parts {', '.join(given)}")
    if hasattr(given, "to_pandas"):
        return _with_names_of_classes(given.to_pandas(), getattr(given, "features", None))
    if is_tf_data(given):
        found = list(elements(given))
        rows = [row if isinstance(row, Mapping) else dict(zip(columns, row, strict=True)) for row in found]
        return pd.DataFrame([{name: _as_text(cell) for name, cell in row.items()} for row in rows])
    if isinstance(given, Mapping):
        return pd.DataFrame({str(name): list(column) for name, column in given.items()})
    if isinstance(given, tuple) and len(given) == len(columns) == 2 and len(given[0]) == len(given[1]):
        return pd.DataFrame(dict(zip(columns, map(list, given), strict=True)))
    raise InvalidType(
        f"Data in memory are a DataFrame, columns by name, a pair ({', '.join(columns)}) of equally long lists, a "
        f"tf.data.Dataset or a datasets.Dataset. Received: {type(given).__name__}"
    )


def as_arrays(given: Any, x: str | None = None, y: str | None = None) -> dict[str, Any] | None:
    """Return arrays by name, `x` and `y`, of a `tf.data.Dataset` of pairs, or of a data set of Hugging Face.

    Args:
        given: What there is; None comes back where it is neither.
        x: The column of the sequences; by default `x`, or the only one beside y.
        y: The column of the answers; by default `y` or `label`.

    Raises:
        TypeError: There are no such columns.
    """
    if is_tf_data(given):
        pairs = [(row[x or "x"], row[y or "y"]) if isinstance(row, Mapping) else row for row in elements(given)]
        if any(len(pair) != 2 for pair in pairs):
            raise InvalidType("A tf.data.Dataset gives pairs (x, y). Received: elements of other parts")
        return {"x": [pair[0] for pair in pairs], "y": [_as_text(pair[1]) for pair in pairs]}
    if not is_hugging_face(given):
        return None
    if isinstance(given, Mapping):
        parts = {part: as_arrays(table, x, y) or {} for part, table in given.items()}
        return {f"{name}_{part}": array for part, found in parts.items() for name, array in found.items()}
    frame, names = as_frame(given, ()), list(given.column_names)
    answers = y or next((name for name in ("y", "label") if name in names), "y")
    others = [name for name in names if name != answers]
    read = x or ("x" if "x" in names or len(others) != 1 else others[0])
    if missing := [name for name in (read, answers) if name not in names]:
        raise InvalidType(f"Name the columns with fields= and label=. Received: no {missing[0]} in {', '.join(names)}")
    return {"x": [np.array(np.asarray(row).tolist()) for row in frame[read]], "y": frame[answers].to_numpy()}


def elements(dataset: Any) -> Iterator[Any]:
    """Yield the examples of a `tf.data.Dataset`, one by one where it is batched."""
    parts = dataset.element_spec
    parts = parts.values() if isinstance(parts, Mapping) else parts
    leading = [part.shape[0] if part.shape.rank else "none" for part in parts]
    batched = "none" not in leading and len(set(leading)) == 1
    yield from (dataset.unbatch() if batched else dataset).as_numpy_iterator()


def _with_names_of_classes(frame: Any, features: Any) -> Any:
    """Put the names of Hugging Face's classes in the place of their numbers."""
    for name, kind in (features or {}).items():
        if hasattr(kind, "names"):
            frame[name] = [kind.names[i] if i >= 0 else None for i in frame[name]]
        elif hasattr(inner := getattr(kind, "feature", kind), "names"):
            frame[name] = [[inner.names[i] for i in row] for row in frame[name]]
    return frame


def _as_text(cell: Any) -> Any:
    if isinstance(cell, bytes):
        return cell.decode()
    if isinstance(cell, np.ndarray) and cell.dtype.kind in "OS":
        return [_as_text(one) for one in cell]
    return cell


def write_frame(frame: Any, path: str) -> None:
    """Write a DataFrame as Parquet.

    Raises:
        TypeError: Its columns hold what Parquet cannot.
    """
    try:
        frame.rename(columns=str).to_parquet(path, index=False)
    except (TypeError, ValueError, ArithmeticError) as error:
        said = " ".join(str(error).split())[:160]
        raise InvalidType(f"A run keeps its DataFrame as Parquet, which cannot hold it. Received: {said}") from None
