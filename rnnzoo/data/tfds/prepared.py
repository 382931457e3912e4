"""TensorFlow Datasets, found fast or refused with one sentence."""

import os
import pathlib
import re
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from rnnzoo.data.series.table import Table
from rnnzoo.data.splits import PARTS
from rnnzoo.errors import InvalidValue, UserError, did_you_mean

REACH_SECONDS = 5
CHUNK = 256
"""Examples read at a time, where all are of one shape."""


def prepared_builder(name: str, data_dir: str | None = None):
    """Return the builder of a TFDS data set that is ready to read: as prepared before, else downloaded now.

    Raises:
        ValueError: There is no data set of this name.
        UserError: It is not prepared and cannot be fetched.
    """
    import tensorflow_datasets as tfds

    import rnnzoo.data.builders  # noqa: F401  registers the zoo's own data sets

    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or None
    if re.match(r"[^/]*:(?![\d*])", str(name)) or ".." in str(name).split("/"):
        raise InvalidValue(  # its code would be fetched and run
            f"A data set is one of TensorFlow Datasets itself, not of a community. Received: {str(name)[:80]}"
        )
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
    for address in _addresses(_to_fetch(builder)):
        try:
            socket.create_connection(address, timeout=REACH_SECONDS).close()
        except OSError:
            raise UserError(refusal.format(why=f"{address[0]} does not answer")) from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # network, checksum, missing manual files: one sentence for all
        raise UserError(
            refusal.format(why=str(error).splitlines()[0] if str(error) else type(error).__name__)
        ) from error
    return builder


def examples(builder: Any, split: str) -> Iterator[dict[str, Any]]:
    """Yield the examples of a split, flattened, as NumPy values."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    config = tfds.ReadConfig()
    config.options.autotune.enabled = False  # the end of a pass would wait for the tuner to wake, see `Batches.dataset`
    dataset = builder.as_dataset(split=split, read_config=config)
    specs = tf.nest.flatten(dataset.element_spec)
    if not all(isinstance(spec, tf.TensorSpec) and spec.shape.is_fully_defined() for spec in specs):
        yield from map(flatten, tfds.as_numpy(dataset))
        return
    for chunk in tfds.as_numpy(dataset.batch(CHUNK)):  # several times faster than one by one
        columns = flatten(chunk)
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))


def _to_fetch(builder: Any) -> list[str]:
    """Return the addresses of files that nobody has laid into `downloads/manual`, where TFDS takes them from."""
    depth = len(builder.info.full_name.split("/"))  # data set, configuration, version
    manual = pathlib.Path(builder.data_dir).parents[depth - 1] / "downloads" / "manual"
    infos = getattr(builder, "url_infos", {})
    config = builder.builder_config
    named = [url for url in infos if config and f"{config.name}." in url]  # the others are for other configurations
    return [url for url in named or infos if not (infos[url].filename and (manual / infos[url].filename).is_file())]


def _addresses(urls: Iterable[Any]) -> set[tuple[str, int]]:
    """Return host and port that downloads connect to: the proxy's, where one is set."""
    proxies = urllib.request.getproxies()
    found = set()
    for url in urls:
        parts = urllib.parse.urlsplit(str(url))
        proxy = proxies.get(parts.scheme)
        if proxy and parts.hostname and not urllib.request.proxy_bypass(parts.hostname):
            parts = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.hostname:
            found.add((parts.hostname, parts.port or {"http": 80, "ftp": 21}.get(parts.scheme, 443)))
    return found


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


def flatten(nested: Any, prefix: str = "") -> dict[str, Any]:
    """`{"features": {"accel_x": v}}` → `{"features/accel_x": v}`."""
    inner = getattr(nested, "feature", nested)
    if not hasattr(inner, "items"):
        return {prefix: nested}
    flat: dict[str, Any] = {}
    for key, value in inner.items():
        flat |= flatten(value, f"{prefix}/{key}" if prefix else key)
    return flat


def part_of(split: str) -> str | None:
    """Return our name for a split, None for one that is none of the three."""
    part = {"val": "validation", "dev": "validation"}.get(split, split)
    return part if part in ("train", "validation", "test") else None
