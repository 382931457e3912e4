"""What a benchmark ran on, to be saved beside its numbers."""

import contextlib
import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

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


def peak_above(library: str, case: Any) -> int:
    """Return the peak MiB of an epoch of a case, in a fresh process, above that of a tiny one."""

    def peak(case):
        command = [sys.executable, "-m", "benchmarks.layers", "--peak", library, json.dumps(vars(case))]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return peak(case) - peak(dataclasses.replace(case, batch=2, time=2))


def quartiles(values: Sequence[float]) -> list[float]:
    """Return the first and the third: how noisy a measurement was."""
    first, _, third = statistics.quantiles(values, n=4)
    return [first, third]


def spread_of(median: float, between: Sequence[float]) -> str:
    """Write a median and its quartiles."""
    return f"{median:.1f} ({between[0]:.1f}-{between[1]:.1f})"


@contextlib.contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep so many cores at work, each by a process that counts."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
