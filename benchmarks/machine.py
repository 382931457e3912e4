"""What a benchmark ran on, to be saved beside its numbers."""

from importlib.metadata import PackageNotFoundError, version

from rnnzoo.training.devices import device_name


def machine() -> dict:
    """Return the device and the versions of what was compared."""
    found = {}
    for name in ("rnnzoo", "keras", "tensorflow", "tensorflow-cpu", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"device": device_name(), "versions": found}
