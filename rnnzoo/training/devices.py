"""What the training runs on."""

import os
import platform


def device_name() -> str:
    """Name the accelerators, or the processor and its cores: `CPU: AMD EPYC, 2 cores`."""
    import keras

    found = [d for d in keras.distribution.list_devices() if not d.lower().startswith("cpu")]
    if found:
        return ", ".join(found)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU: {_processor()}, {cores} cores"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
