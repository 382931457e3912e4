"""Trials as tasks of a Ray cluster. Ray finds a place for each; a node that is lost costs its trials' time, no more."""

import contextlib
import logging
import os
from typing import Any

from rnnzoo.errors import InvalidValue
from rnnzoo.search.engines import Outcome

CORES = 1


class OnRay:
    """The engine for `--ray-address`; see `engines` for what an engine does.

    Args:
        address: `auto` (the cluster that this node belongs to), `local` (a new one, here) or `host:port`.

    Raises:
        ValueError: There is no cluster.
    """

    def __init__(self, address: str):
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns that this will be the default
        import ray
        import ray.exceptions

        self._ray = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            try:
                ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise InvalidValue(
                    f"There is no Ray cluster to join ({str(error).splitlines()[0]}); `ray start --head` begins one. "
                    f"Received: ray_address={address!r}"
                ) from None
        self._task = ray.remote(max_calls=1, max_retries=0)(_run)  # a process for each
        self._busy: dict[str, Any] = {}

    def prepare(self, count: int) -> None:
        """Leave it to Ray."""

    def submit(self, job: dict[str, Any]) -> None:
        """Hand a task in. It runs once: the loop decides about another attempt."""
        gpus = 1 if self._ray.cluster_resources().get("GPU", 0) >= 1 else 0
        task = self._task.options(num_cpus=CORES, num_gpus=gpus, scheduling_strategy="SPREAD")
        self._busy[job["trial"]] = task.remote(job)

    def wait(self, seconds: float) -> list[tuple[str, Outcome]]:
        """Return outcomes, and tell a dead process from a lost node."""
        errors = self._ray.exceptions
        done, _ = self._ray.wait(list(self._busy.values()), num_returns=1, timeout=seconds)
        ended: list[tuple[str, Outcome]] = []
        for trial, running in list(self._busy.items()):
            if running not in done:
                continue
            del self._busy[trial]
            try:
                outcome = self._ray.get(running)
            except (errors.NodeDiedError, errors.ObjectLostError):
                outcome = {"lost": "its node died"}
            except errors.WorkerCrashedError:
                outcome = {"died": "its process ended without a word, perhaps out of memory"}
            except errors.OutOfMemoryError:
                outcome = {"died": "Ray ended it: out of memory"}
            except errors.RayError as error:
                outcome = {"failed": str(error).strip().splitlines()[0]}
            ended.append((trial, outcome))
        return ended

    def kill(self, trial: str) -> None:
        """Kill the task's process."""
        self._ray.cancel(self._busy.pop(trial), force=True)

    def close(self) -> None:
        """Kill what runs, and leave the cluster."""
        with contextlib.suppress(Exception):  # the cluster may be gone
            for trial in list(self._busy):
                self.kill(trial)
        if self._ours:
            self._ray.shutdown()


def _run(job: dict[str, Any]) -> Outcome:
    """Do a job in a Ray worker."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from rnnzoo.search import work

    work.write_to(job["log"])  # the process is this task's own (`max_calls=1`)
    return work.run(job)
