"""TensorFlow Datasets, found fast or refused with one sentence."""

import os
import pathlib
import re
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

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
    except tfds.core.DatasetNotFoundError:
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
    except UserError:
        raise
    except ImportError as error:
        raise UserError(
            f"{name} is prepared with a library of its task: pip install 'rnnzoo[all]'. Received: no {error.name} here"
        ) from error
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
