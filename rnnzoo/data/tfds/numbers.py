"""Numbers of TensorFlow Datasets, read whole: sequences with labels, and series."""

from typing import Any

import numpy as np

from rnnzoo.data.series.table import Table
from rnnzoo.data.splits import PARTS
from rnnzoo.data.tfds.prepared import examples, flatten, part_of, prepared_builder
from rnnzoo.errors import InvalidValue


def read_sequences(
    name: str, fields: tuple[str, ...], label: str | None, data_dir: str | None, group: str | None = None
) -> dict[str, dict[str, Any]]:
    """Read sequences with labels: `{"train": {"x": rows, "y": answers}, ...}`.

    Args:
        name: `data_set` or `data_set/config`.
        fields: Features to read, joined by `/` where nested; several become the features of a step. Default: all
            numeric ones that have a time axis.
        label: The answer's name. Default: the only class label.
        data_dir: Where TFDS keeps its data.
        group: A feature to give beside x and y, as `group`.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    flat = flatten(builder.info.features)
    labels = [key for key, feature in flat.items() if isinstance(feature, tfds.features.ClassLabel)]
    if label is None and len(labels) != 1:
        raise InvalidValue(f"Say which field of {name} is the label, with label=. Received: {', '.join(flat)}")
    label = label or labels[0]
    shapes, types = flatten(builder.info.features.shape), flatten(builder.info.features.np_dtype)
    fields = tuple(fields) or tuple(
        key for key in flat if key != label and len(shapes[key]) >= 1 and types[key] != np.object_
    )
    missing = [key for key in (*fields, label, *([group] if group else [])) if key not in flat]
    if missing or not fields:
        raise InvalidValue(f"{name} has the fields {', '.join(flat)}. Received: {', '.join(missing) or 'no sequence'}")

    found: dict[str, dict[str, Any]] = {}
    for split in builder.info.splits:
        part = part_of(split)
        if part is None:
            continue
        x, y, groups = [], [], []
        for values in examples(builder, split):
            columns = [np.asarray(values[key]) for key in fields]
            if len({column.shape for column in columns}) > 1:
                raise InvalidValue(
                    f"The fields of {name} that make up a step must be of equal length: choose with fields=. "
                    f"Received: {', '.join(f'{k} {c.shape}' for k, c in zip(fields, columns, strict=True))}"
                )
            x.append(columns[0] if len(columns) == 1 else np.stack(columns, axis=-1))
            y.append(values[label])
            groups.append(values[group] if group else None)
        if label in labels and flat[label].names:
            y = [flat[label].int2str(int(i)) for i in y]
        found[part] = {"x": x, "y": np.asarray(y)} | ({"group": np.asarray(groups)} if group else {})
    return found


def read_tables(name: str, data_dir: str | None) -> dict[str, Table]:
    """Read a series, one example a split: a column for each feature `(steps,)` of numbers; `time`, in seconds, if any.

    Args:
        name: `data_set` or `data_set/config`.
        data_dir: Where TFDS keeps its data.
    """
    builder = prepared_builder(name, data_dir)
    shapes, types = flatten(builder.info.features.shape), flatten(builder.info.features.np_dtype)
    columns = tuple(
        key for key, shape in shapes.items()
        if len(shape) == 1 and key != "time" and np.dtype(types[key]).kind in "iuf"
    )  # fmt: skip
    sizes = {split: info.num_examples for split, info in builder.info.splits.items() if part_of(split)}
    if not columns or set(sizes.values()) != {1} or "train" not in sizes:
        raise InvalidValue(
            "A series is one example a split, with its columns as features of shape (steps,). "
            f"Received: {name} with {', '.join(f'{k} {v}' for k, v in shapes.items())}"
        )
    found = {}
    for split in sizes:
        (example,) = examples(builder, split)
        times = example["time"].astype("datetime64[s]") if "time" in shapes else None
        values = np.stack([example[key].astype("float64") for key in columns], axis=1)
        found[str(part_of(split))] = Table(columns, values, times)
    return {part: found[part] for part in PARTS if part in found}
