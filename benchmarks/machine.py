"""What a benchmark ran on, to be saved beside its numbers."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rnnzoo.devices import device_name


def machine() -> dict:
    """Return the device and the versions of what was compared."""
    found = {}
    for name in ("rnnzoo", "keras", "tensorflow", "tensorflow-cpu", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"device": device_name(), "versions": found}


def peak_mib() -> int:
    """Return the own peak of the process; `getrusage` would count its parent's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024
