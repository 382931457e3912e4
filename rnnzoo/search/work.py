"""What a trial's process does: train an ordinary run with the trial's values, and say how it went."""

import csv
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from rnnzoo.errors import Diverged, InvalidValue, UserError
from rnnzoo.files import own_file, own_path

LOCK_SECONDS = 60
"""How long a trial waits for the dying process that had it before."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train one trial and return its outcome: score and more, or `{"failed": reason}`.

    Args:
        job: `recipe` (a config), `folder` of the run, `data` (the prepared file), `data_dir`, `objective`, and
            `earlier`: the run folder to go on from, whole state, or None.
    """
    try:
        return _train(job)
    except Diverged as error:
        return {"failed": f"diverged: {error}"}
    except UserError as error:
        return {"failed": str(error)}
    except MemoryError:
        traceback.print_exc()
        return {"failed": "out of memory"}
    except Exception as error:  # whatever it is, it costs one trial; the log has all of it
        traceback.print_exc()
        if type(error).__name__ == "ResourceExhaustedError" or "RESOURCE_EXHAUSTED" in str(error):
            return {"failed": "out of memory on the device"}
        said = str(error).strip().splitlines()
        return {"failed": f"{type(error).__name__}: {said[0] if said else 'no message'}"}


def _train(job: dict[str, Any]) -> dict[str, Any]:
    from rich.console import Console

    from rnnzoo.devices import device_name
    from rnnzoo.search import prepared
    from rnnzoo.tasks import more_is_better
    from rnnzoo.training import fit, runs
    from rnnzoo.training.recipe import Recipe

    recipe = Recipe.from_config(job["recipe"], trust=True)  # the job comes from the driver, not from a file
    folder = Path(job["folder"])
    earlier = Path(job["earlier"]) if job["earlier"] else None
    about: dict[str, Any] = {}

    def load(recipe):
        splits = prepared.load(recipe, job["data"], job["data_dir"])
        train = splits.parts["train"]
        longest = int(np.ravel(train.buckets[-1])[0])  # of pairs the source
        about.update(batch=[train.size, longest], targets=prepared.targets(splits))
        return splits

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / ".lock", timeout=LOCK_SECONDS):
        if earlier and not (folder / runs.CONFIG).is_file():  # config.json comes last: it makes a folder a run
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in (runs.CHECKPOINT, runs.DATA, runs.HISTORY, runs.CONFIG):
                with own_file(folder, name) as temporary:
                    shutil.copyfile(earlier / name, temporary)
        fit.train(
            recipe,
            folder,
            trust=job["trust"],
            load=load,
            measure=False,
            console=Console(highlight=False, soft_wrap=True),
        )
        rows = history(folder)
        seconds = _seconds(folder) - (_seconds(earlier) if earlier else 0)
    best = (max if more_is_better(job["objective"]) else min)(rows, key=lambda row: row[job["objective"]])
    return {
        "score": best[job["objective"]],
        "best_epoch": int(best["epoch"]),
        "epochs": len(rows),
        "seconds": round(seconds, 2),
        "device": device_name(),
        **about,
    }


def _seconds(run: Path) -> float:
    """Return what a run's training took so far."""
    from rnnzoo.training import checkpoint, runs

    return checkpoint.read(run / runs.CHECKPOINT)[1].seconds


def history(run: Path) -> list[dict[str, float]]:
    """Return what is known of each epoch of a run, `[]` before the first.

    Raises:
        ValueError: The file is damaged.
    """
    path = own_path(run, "history.csv")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file, strict=True)]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise InvalidValue(f"history.csv is damaged ({error}). Received: {path}") from error
    if [row.get("epoch") for row in rows] != list(range(1, len(rows) + 1)):
        raise InvalidValue(f"history.csv is damaged: its epochs are not 1, 2, 3, ... Received: {path}")
    return rows


def attend(pipe: Any, log: str) -> None:
    """Be a process of the local engine: import all, wait for one job, do it, answer, end.

    When the driver dies, this process ends as well, whatever it is doing.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's affair
    write_to(log)

    try:
        job = pipe.recv()
    except EOFError:
        return
    write_to(job["log"])
    outcome = run(job)
    sys.stdout.flush()
    pipe.send(outcome)
    os._exit(0)  # TensorFlow takes its time to leave


def _end_with_parent() -> None:
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])  # type: ignore[union-attr]
    os._exit(1)


def write_to(log: str) -> None:
    """Let this process, whatever is in it, write to a file."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
