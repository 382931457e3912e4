"""What a benchmark ran on, to be saved beside its numbers."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import keras

from rnnzoo.devices import device_name
from rnnzoo.layers.recurrent.paths import device


def machine() -> dict:
    """Return the device and the versions of what was compared."""
    found = {}
    for name in ("rnnzoo", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"device": device_name(), "backend": keras.backend.backend(), "versions": found}


def results(name: str) -> Path:
    """Return where a benchmark's results go: each backend but TensorFlow, and each kind of accelerator, has its own."""
    words = [word for word in (keras.backend.backend(), device()) if word not in ("tensorflow", "cpu")]
    return Path("benchmarks/results", "-".join([name, *words]) + ".json")


def peak_mib() -> int:
    """Return the own peak of the process; `getrusage` would count its parent's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024
