"""TensorFlow Datasets, found fast or refused with one sentence."""

import os
import socket
import urllib.parse
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue, UserError, did_you_mean

REACH_SECONDS = 5


def prepared_builder(name: str, data_dir: str | None = None):
    """Return the builder of a TFDS data set that is ready to read: as prepared before, else downloaded now.

    Raises:
        ValueError: There is no data set of this name.
        UserError: It is not prepared and cannot be fetched.
    """
    import tensorflow_datasets as tfds

    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or None
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        hint = did_you_mean(name, tfds.list_builders(with_community_datasets=False))
        raise InvalidValue(f"TensorFlow Datasets has no data set of this name.{hint} Received: {name}") from None
    except (ValueError, AssertionError) as error:
        raise InvalidValue(f"{str(error).splitlines()[0]} Received: {name}") from None
    if builder.data_path.exists():
        return builder
    folder = data_dir or "~/tensorflow_datasets"
    refusal = (
        f"The data set {name} is not in {folder} and cannot be fetched ({{why}}): prepare it once where there is a "
        "network, then point TFDS_DATA_DIR or --data-dir at that folder."
    )
    hosts = {urllib.parse.urlparse(str(url)).hostname for url in getattr(builder, "url_infos", {})} - {None}
    for host in hosts:
        try:
            socket.create_connection((host, 443), timeout=REACH_SECONDS).close()
        except OSError:
            raise UserError(refusal.format(why=f"{host} does not answer")) from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # network, checksum, missing manual files: one sentence for all
        raise UserError(
            refusal.format(why=str(error).splitlines()[0] if str(error) else type(error).__name__)
        ) from error
    return builder


def read_sequences(
    name: str, fields: tuple[str, ...], label: str | None, data_dir: str | None
) -> dict[str, dict[str, Any]]:
    """Read sequences with labels: `{"train": {"x": rows, "y": answers}, ...}`.

    Args:
        name: `data_set` or `data_set/config`.
        fields: Features to read, joined by `/` where nested; several become the features of a step. Default: all
            numeric ones that have a time axis.
        label: The answer's name. Default: the only class label.
        data_dir: Where TFDS keeps its data.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    flat = _flatten(builder.info.features)
    labels = [key for key, feature in flat.items() if isinstance(feature, tfds.features.ClassLabel)]
    if label is None and len(labels) != 1:
        raise InvalidValue(f"Say which field of {name} is the label, with label=. Received: {', '.join(flat)}")
    label = label or labels[0]
    fields = tuple(fields) or tuple(
        key
        for key, feature in flat.items()
        if key != label and len(feature.shape) >= 1 and feature.np_dtype != np.object_
    )
    missing = [key for key in (*fields, label) if key not in flat]
    if missing or not fields:
        raise InvalidValue(f"{name} has the fields {', '.join(flat)}. Received: {', '.join(missing) or 'no sequence'}")

    found: dict[str, dict[str, Any]] = {}
    for split in builder.info.splits:
        part = {"val": "validation", "dev": "validation"}.get(split, split)
        if part not in ("train", "validation", "test"):
            continue
        x, y = [], []
        for example in tfds.as_numpy(builder.as_dataset(split=split)):
            values = _flatten(example)
            columns = [np.asarray(values[key]) for key in fields]
            x.append(columns[0] if len(columns) == 1 else np.stack(columns, axis=-1))
            y.append(values[label])
        if label in labels and flat[label].names:
            y = [flat[label].int2str(int(i)) for i in y]
        found[part] = {"x": x, "y": np.asarray(y)}
    return found


def _flatten(nested: Any, prefix: str = "") -> dict[str, Any]:
    """`{"features": {"accel_x": v}}` → `{"features/accel_x": v}`."""
    inner = getattr(nested, "feature", nested)
    if not hasattr(inner, "items"):
        return {prefix: nested}
    flat: dict[str, Any] = {}
    for key, value in inner.items():
        flat |= _flatten(value, f"{prefix}/{key}" if prefix else key)
    return flat
