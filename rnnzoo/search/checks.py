"""Calls of `tune` that cannot work, refused before anything begins."""

import importlib.util
import socket
from collections.abc import Mapping
from typing import Any

from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.hyperparameters import HyperParameter
from rnnzoo.search.oracle import TUNERS
from rnnzoo.tasks import find

REACH_SECONDS = 5
_COUNTS = {"trials": HyperParameter(int, low=1, below=2**31), "workers": HyperParameter(int, low=1, below=10_000)}
_MINUTES = HyperParameter(float, low=0.001)


def numbers(trials: int | None, workers: int, max_minutes: float | None, trial_minutes: float | None) -> None:
    """Refuse counts below 1 or beyond all machines, and times below a moment."""
    for name, value in {"trials": trials, "workers": workers}.items():
        if value is not None:
            _COUNTS[name].check(name, value)
    for name, minutes in {"max_minutes": max_minutes, "trial_minutes": trial_minutes}.items():
        if minutes is not None:
            _MINUTES.check(name, minutes)


def collections(models: Any, search: Any) -> None:
    """Refuse models that are no names side by side, and a space that is no choices by name."""
    if isinstance(models, str) or not all(isinstance(name, str) for name in models):
        raise InvalidType(f"models must be names, such as ['lstm', 'gru']. Received: models={models!r}")
    if not isinstance(search, Mapping | None):
        raise InvalidType(f"search must be choices by name. Received: search={search!r}")


def names(tuner: str, objective: str | None, task: str) -> None:
    """Refuse an unknown tuner, and an objective that is not measured after every epoch."""
    if tuner not in TUNERS:
        raise InvalidValue(
            f"Unknown tuner; valid are {', '.join(TUNERS)}.{did_you_mean(str(tuner), TUNERS)} Received: tuner={tuner!r}"
        )
    valid = [f"{part}{name}" for part in ("val_", "") for name in find(task).watched]
    if objective is not None and objective not in valid:
        raise InvalidValue(
            f"Unknown objective; {task} measures {', '.join(valid)}.{did_you_mean(str(objective), valid)} "
            f"Received: objective={objective!r}"
        )


def objective(given: str | None, task: str, validation: bool) -> str:
    """Return the objective: what was given, or the task's main metric, of validation where there is such a part."""
    if given is None:
        main, watched = find(task).main_metric, find(task).watched
        return ("val_" if validation else "") + (main if main in watched else "loss")
    if given.startswith("val_") and not validation:
        raise InvalidValue(
            f"The data hold nothing out for validation; without it there is {given.removeprefix('val_')}. "
            f"Received: objective={given!r}"
        )
    return given


def ray(address: str | None) -> None:
    """Refuse a Ray that is not installed, and an address where nobody answers: Ray itself would try for minutes."""
    if address is None:
        return
    if address not in ("auto", "local"):
        _answers(address)
    if importlib.util.find_spec("ray") is None:
        raise InvalidValue(f"Ray is not installed: pip install 'rnnzoo[ray]'. Received: ray_address={address!r}")


def _answers(address: str) -> None:
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        raise InvalidValue(f"A Ray address is auto, local or host:port. Received: ray_address={address!r}")
    try:
        socket.create_connection((host, int(port)), timeout=REACH_SECONDS).close()
    except OSError as error:
        raise InvalidValue(f"Nobody answers there ({error}). Received: ray_address={address!r}") from None
