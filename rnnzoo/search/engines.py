"""Where trials run. An engine has `prepare`, `submit`, `wait`, `kill` and `close`; this one has local processes.

An outcome is what `work.run` returned, or `{"died": how}` when the process, or the machine, ended without a word.
"""

import contextlib
import glob
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from rnnzoo.search import work

Outcome = dict[str, Any]


class Engine(Protocol):
    """What the loop needs."""

    def prepare(self, count: int) -> None:
        """Expect so many jobs soon."""

    def submit(self, job: dict[str, Any]) -> None:
        """Begin a job; its name is `job["trial"]`."""

    def wait(self, seconds: float) -> list[tuple[str, Outcome]]:
        """Return the jobs that ended; wait so long for one at most."""

    def kill(self, trial: str) -> None:
        """End a job without an outcome."""

    def close(self) -> None:
        """End all."""


@dataclass
class _Child:
    process: Any
    pipe: Any
    slot: int


class Local:
    """A process for each trial. A spare one, all imported, stands ready for the next.

    Args:
        workers: Trials side by side; they share the cores and take turns on the GPUs.
        log: Where processes write before they have a trial.
    """

    def __init__(self, workers: int, log: str):
        self._spawn = multiprocessing.get_context("spawn")  # a fork of a process with TensorFlow in it hangs
        self._workers, self._log = workers, log
        self._spares: list[_Child] = []
        self._busy: dict[str, _Child] = {}

    def prepare(self, count: int) -> None:
        """Keep so many spares, one for a worker at most."""
        while len(self._spares) < min(count, self._workers):
            taken = [child.slot for child in (*self._spares, *self._busy.values())]
            self._spares.append(self._start(min(range(self._workers), key=taken.count)))

    def submit(self, job: dict[str, Any]) -> None:
        """Give a spare the job."""
        self.prepare(1)
        busy = [child.slot for child in self._busy.values()]
        child = min(self._spares, key=lambda spare: busy.count(spare.slot))
        self._spares.remove(child)
        self._busy[job["trial"]] = child
        with contextlib.suppress(OSError):  # it died while it waited: `wait` tells
            child.pipe.send(job)

    def wait(self, seconds: float) -> list[tuple[str, Outcome]]:
        """Return outcomes, and how the processes ended that gave none."""
        multiprocessing.connection.wait([child.pipe for child in self._busy.values()], seconds)
        ended: list[tuple[str, Outcome]] = []
        for trial, child in list(self._busy.items()):
            if child.pipe.poll():
                try:
                    outcome = child.pipe.recv()
                    child.process.join()
                except (EOFError, OSError):
                    child.process.join()
                    outcome = {"died": _how(child.process.exitcode)}
                _end(child)
                ended.append((trial, outcome))
                del self._busy[trial]
        return ended

    def kill(self, trial: str) -> None:
        """Kill its process."""
        _end(self._busy.pop(trial))

    def close(self) -> None:
        """Kill every process."""
        for child in (*self._spares, *self._busy.values()):
            _end(child)
        self._spares, self._busy = [], {}

    def _start(self, slot: int) -> _Child:
        ours, theirs = self._spawn.Pipe()
        process = self._spawn.Process(target=work.attend, args=(theirs, self._log), daemon=True)
        with _environment(self._settings(slot)):
            process.start()
        theirs.close()
        return _Child(process, ours, slot)

    def _settings(self, slot: int) -> dict[str, str]:
        """Share cores and GPUs out among workers; one worker has all."""
        settings = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")}
        if self._workers == 1:
            return settings
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        settings |= {
            "TF_NUM_INTRAOP_THREADS": str(max(1, cores // self._workers)),
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }
        if gpus := _gpus():
            settings["CUDA_VISIBLE_DEVICES"] = gpus[slot % len(gpus)]
        return settings


def _end(child: _Child) -> None:
    child.process.kill()
    child.process.join()
    child.pipe.close()
    child.process.close()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
    return f"exit status {code}"


def _gpus() -> list[str]:
    """Name the GPUs that may be used, without loading a backend."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip()]
    return [path.removeprefix("/dev/nvidia") for path in sorted(glob.glob("/dev/nvidia[0-9]*"))]


@contextlib.contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """A child takes its environment from its parent."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
