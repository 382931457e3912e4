"""What the training runs on: one device, all accelerators of this machine, or those of several machines (JAX).

Every device takes its share of each batch, and gradients are summed: `batch_size` is that of all together, and the
learning rate stays as it is. So the same command gives the same training everywhere, faster where there is more.
"""

import collections
import contextlib
import functools
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue
from rnnzoo.private.keras import replace_clipping


def device_name() -> str:
    """Name the accelerators, `GPU: 2 × NVIDIA H100`, or the processor and its cores: `CPU: AMD EPYC, 2 cores`."""
    from rnnzoo.layers.recurrent.paths import device

    if (kind := device()) != "cpu":
        names = collections.Counter(_accelerators())
        return f"{kind.upper()}: " + ", ".join(f"{n} × {name}" if n > 1 else name for name, n in names.items())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    many = count()
    shared = f", as {many} devices" if many > 1 else ""
    return f"CPU: {_processor()}, {cores} cores{shared}"


def _accelerators() -> list[str]:
    """Return what the makers call the accelerators that Keras's backend uses."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return [found.device_kind for found in jax.local_devices()]
    if keras.backend.backend() == "torch":
        import torch

        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    import tensorflow as tf

    found = [*tf.config.list_physical_devices("TPU"), *tf.config.list_physical_devices("GPU")]
    return [tf.config.experimental.get_device_details(one).get("device_name", one.name) for one in found]


@contextlib.contextmanager
def all_devices() -> Iterator[None]:
    """Build and train on every device of this machine within this block; with one device it does nothing.

    TensorFlow: `MirroredStrategy`, `TPUStrategy` on a TPU. JAX: `keras.distribution.DataParallel`.

    Raises:
        ValueError: A combination that is known not to work.
    """
    import keras

    backend = keras.backend.backend()
    _refuse(backend)
    if backend == "jax" and count() > 1 and processes()[1] == 1 and keras.distribution.distribution() is None:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        try:
            yield
        finally:
            keras.distribution.set_distribution(None)
    elif backend == "tensorflow" and (strategy := _strategy()):
        with strategy.scope():
            yield
    else:
        yield


def count() -> int:
    """Return how many devices share a batch."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        return len(_tensorflow_devices()) or 1
    return len(keras.distribution.list_devices()) if backend == "jax" else 1


# A training on several machines: on each of them one process, all with the same command. ---------------------------

MACHINES = "KERAS_DISTRIBUTION_NUM_PROCESSES"


def join() -> None:
    """Wait for the other processes of this training, if the environment says that there are any.

    JAX alone. `KERAS_DISTRIBUTION_JOB_ADDRESSES` names the first process's `host:port`, and
    `KERAS_DISTRIBUTION_NUM_PROCESSES` and `KERAS_DISTRIBUTION_PROCESS_ID` (from 0) the rest; see
    `keras.distribution.initialize`. It must come before anything is computed.

    Raises:
        ValueError: Another backend; too late.
    """
    if MACHINES not in os.environ:
        return
    import keras

    if keras.backend.backend() != "jax":
        raise InvalidValue(
            "Training on several machines needs the JAX backend: KERAS_BACKEND=jax. "
            f"Received: {MACHINES} with {keras.backend.backend()}"
        )
    import jax

    if not jax.distributed.is_initialized():
        try:
            keras.distribution.initialize()
        except RuntimeError as error:
            raise InvalidValue(
                f"The processes cannot be joined ({str(error).splitlines()[0]}). Received: {MACHINES}"
            ) from None


def processes() -> tuple[int, int]:
    """Return this process's number, from 0, and how many train together."""
    if MACHINES not in os.environ:
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


@contextlib.contextmanager
def place_of(folder: Path, restart: bool) -> Iterator[Path]:
    """Where this process writes: the first into the run's folder, each other one into a copy that is thrown away."""
    number, many = processes()
    if many == 1:
        yield folder
        return
    from jax.experimental.multihost_utils import sync_global_devices

    with tempfile.TemporaryDirectory() as spare:
        place = Path(spare) / folder.name if number else folder
        if number and folder.is_dir() and not restart:
            shutil.copytree(folder, place)
        sync_global_devices("before anything is written")
        yield place
        sync_global_devices("after everything is written")


@contextlib.contextmanager
def across_processes() -> Iterator[None]:
    """Within this block Keras spreads variables and batches over all processes; with one process it does nothing."""
    if processes()[1] == 1:
        yield
        return
    import keras

    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)


def predict_on_batch(model: Any, x: Any) -> np.ndarray:
    """Return the model's answers to one batch, `(batch, ...)`, on however many devices the model lives.

    Under `MirroredStrategy` each device answers the whole batch and Keras joins the copies; under `DataParallel` only a
    batch that the devices can divide is taken.
    """
    several = isinstance(x, tuple)
    inputs = [np.asarray(one) for one in (x if several else (x,))]  # JAX takes no tensor of TensorFlow
    rows, many = len(inputs[0]), count() if processes()[1] == 1 else 1
    if short := -rows % many:
        inputs = [np.concatenate([one, np.repeat(one[-1:], short, axis=0)]) for one in inputs]
    return np.asarray(model.predict_on_batch(tuple(inputs) if several else inputs[0]))[:rows]


def clip_together(model: Any) -> None:
    """Clip the sum of all devices' gradients, as one device would.

    Keras under `tf.distribute` clips on each device, then sums: another training than on one device.
    """
    import keras

    if keras.backend.backend() != "tensorflow" or count() == 1:
        return
    import tensorflow as tf

    def together(clip, gradients):
        replica = tf.distribute.get_replica_context()
        many = replica.num_replicas_in_sync if replica else 1
        if many == 1:
            return clip(gradients)
        summed = replica.all_reduce(tf.distribute.ReduceOp.SUM, [tf.convert_to_tensor(g) for g in gradients])
        return [gradient / many for gradient in clip(summed)]  # the optimizer sums them once more

    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    replace_clipping(optimizer, lambda clip: functools.partial(together, clip))


def _refuse(backend: str) -> None:
    import keras

    if backend == "tensorflow" and "TF_CONFIG" in os.environ:
        raise InvalidValue(
            "Keras 3 on TensorFlow cannot train on several machines: MultiWorkerMirroredStrategy fails. "
            "Received: TF_CONFIG in the environment"
        )
    if backend == "tensorflow" and keras.distribution.distribution() is not None:
        raise InvalidValue(
            "keras.distribution does nothing on the TensorFlow backend; leave it out, and all GPUs of this machine are "
            f"used. Received: {type(keras.distribution.distribution()).__name__}"
        )


def _tensorflow_devices() -> list[str]:
    """Name what shares a batch: TPU cores, GPUs, or the parts that a processor was divided into."""
    import tensorflow as tf

    for kind in ("TPU", "GPU", "CPU"):
        found = [device.name for device in tf.config.list_logical_devices(kind)]
        if found:
            return found
    return []


def _strategy() -> Any:
    """Return TensorFlow's strategy for what is there, None for a single device."""
    import tensorflow as tf

    if (os.environ.get("TPU_NAME") or os.path.exists("/dev/accel0")) and not tf.config.list_logical_devices("TPU"):
        tf.distribute.cluster_resolver.TPUClusterResolver.connect(os.environ.get("TPU_NAME") or "local")
    devices = _tensorflow_devices()
    if devices and "TPU" in devices[0]:
        return tf.distribute.TPUStrategy()
    return tf.distribute.MirroredStrategy(devices) if len(devices) > 1 else None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
