"""What a search remembers: one file for each trial, and one that holds them all. Each can be made from the other."""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo.data.in_memory import COPIES
from rnnzoo.errors import InvalidValue, differences
from rnnzoo.files import LOCK, TEMPORARY, own_path, read_json, refuse_links, write_own_json
from rnnzoo.training.folders import clear

SEARCH, TRIALS, TRIAL = "search.json", "trials", "trial.json"
RUN, LOG, PROCESSES = "run", "log.txt", "processes.log"
PICTURES = ("hyperparameters", "time", "parallel", "importance")
CSV, PLOTS, BEST, BOARD, DATA = "trials.csv", "plots", "best", "tensorboard", "data.npz"
RUNNING, DONE, FAILED = "RUNNING", "DONE", "FAILED"


@dataclass
class Trial:
    """One point of the space and what came of it.

    Args:
        id: `0000`, `0001`, ...: the order in which they were proposed.
        values: As the oracle proposed them.
        seed_state: The oracle's draws before the proposal.
        seed_state_after: And after it.
        settings: The values as they are used, rounded.
        started: The number of the event, starts and ends counted together.
        ended: The same for its end.
        state: RUNNING, DONE or FAILED. RUNNING without a driver is taken up again.
        starts: How often it was started since it last made progress.
        deaths: How often its process died in these while the driver lived.
        reached: Whole epochs that it had when it was last started: its progress.
        reason: Why it failed.
        score: The objective's best value.
        best_epoch: Where that was.
        epochs: How many were trained.
        seconds: Of training, validation included.
        batch: Sequences and steps of the largest batch.
        targets: A digest of the validation targets; all trials must have the same.
        device: What it ran on.
        at: Seconds of the search when it ended.
    """

    id: Annotated[str, Field(pattern=r"^\d+$")]
    values: dict[str, Any]
    seed_state: int
    seed_state_after: int
    settings: dict[str, Any]
    started: int
    ended: int | None = None
    state: Literal["RUNNING", "DONE", "FAILED"] = "RUNNING"
    starts: int = 0
    deaths: int = 0
    reached: int = 0
    reason: str | None = None
    score: float | None = None
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    batch: list[int] = field(default_factory=list)
    targets: str | None = None
    device: str | None = None
    at: float = 0.0


class Whole(TypedDict):
    """The fields of `search.json`."""

    search: dict[str, Any]
    seconds: float
    trials: list[dict[str, Any]]


class Own(TypedDict):
    """The fields of `trial.json`: the digest of the search, and a `Trial`."""

    search: str
    trial: dict[str, Any]


class Store:
    """A search's folder.

    Args:
        folder: Holds `search.json` and `trials/*/trial.json`.
        identity: What makes two searches the same.
        say: Called with a sentence about each damaged file.

    Raises:
        ValueError: The folder holds something else; the difference is named.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], say: Callable[[str], None]):
        self.folder, self._say = folder, say
        self.identity = json.loads(json.dumps(identity, default=str))
        self._digest = hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:16]
        self.trials: dict[str, Trial] = {}
        self.seconds = 0.0
        """Of all drivers of this search together, before this one."""
        self._load()

    def _load(self):
        whole = self._read(self.folder / SEARCH, Whole)
        own = {path.parent.name: self._read(path, Own) for path in self._files()}
        if whole:
            self._compare(whole["search"])
            self.seconds = whole["seconds"]
        elif any(content and content["search"] != self._digest for content in own.values()):
            raise InvalidValue(
                "The trials in this folder are of another search: give another --output, or --restart to replace it. "
                f"Received: {self.folder}"
            )
        found = {record["id"]: record for record in (whole["trials"] if whole else ())}
        found |= {name: content["trial"] for name, content in own.items() if content}
        self.trials = {name: Trial(**found[name]) for name in sorted(found, key=int)}

    def _files(self):
        return sorted((self.folder / TRIALS).glob(f"*/{TRIAL}"))

    def _read(self, path: Path, kind: type) -> dict[str, Any] | None:
        """Read a file; a damaged one is set aside."""
        own_path(self.folder, str(path.relative_to(self.folder)))
        if not path.is_file():
            return None
        try:
            content = checked.structure(kind, read_json(path), path)
            for record in content["trials"] if kind is Whole else [content["trial"]]:
                checked.structure(Trial, record, path)
                if kind is Own and record["id"] != path.parent.name:
                    raise InvalidValue(f"It is of trial {record['id']}. Received: {path}")
            return content
        except InvalidValue:
            pass
        aside = next(p for i in range(1, 10**6) if not (p := path.with_name(f"{path.name}.damaged-{i}")).exists())
        path.rename(aside)
        self._say(f"{path} is damaged; it is set aside as {aside.name} and made anew")
        return None

    def _compare(self, there: Mapping[str, Any]):
        if found := differences(there, self.identity):
            raise InvalidValue(
                f"The folder holds another search ({found}): give another --output, or --restart to replace it. "
                f"Received: {self.folder}"
            )

    def next_event(self) -> int:
        """Return the number of the next start or end."""
        return 1 + max((max(trial.started, trial.ended or 0) for trial in self.trials.values()), default=0)

    def write(self, trial: Trial, seconds: float) -> None:
        """Remember a trial, whole: its own file first."""
        self.trials[trial.id] = trial
        own = {"search": self._digest, "trial": dataclasses.asdict(trial)}
        write_own_json(self.folder, f"{TRIALS}/{trial.id}/{TRIAL}", own)
        self.write_all(seconds)

    def write_all(self, seconds: float) -> None:
        """Write the file that holds all."""
        records = [dataclasses.asdict(trial) for trial in self.trials.values()]
        whole = {"search": self.identity, "seconds": round(seconds, 1), "trials": records}
        write_own_json(self.folder, SEARCH, whole)

    def place(self, trial_id: str) -> Path:
        """Return a trial's folder: its `trial.json`, `log.txt` and `run/`."""
        return own_path(self.folder, f"{TRIALS}/{trial_id}")


def claim(folder: Path, restart: bool) -> None:
    """Make sure that a folder is free or holds a search; with `restart`, remove a search's own files.

    Raises:
        ValueError: Something else lies there.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidValue(f"A search needs a folder, and this is a file. Received: {folder}")
    if not folder.is_dir():
        return
    ours = (SEARCH, TRIALS, DATA, CSV, PLOTS, BEST, BOARD, *COPIES)
    known = (folder / SEARCH).is_file() or (folder / TRIALS).is_dir()
    others = [p.name for p in folder.iterdir() if p.name not in (*ours, LOCK) and not p.name.startswith(TEMPORARY)]
    if others and not known:
        raise InvalidValue(f"The folder holds something that is no search; give another --output. Received: {folder}")
    for name in ours:
        own_path(folder, name)  # before hours are spent
    for name in (TRIALS, BOARD):  # where trials and TensorBoard open files by their names
        refuse_links(folder, name)
    if restart:
        _clear(folder)


def _clear(folder: Path) -> None:
    """Remove a search's own files; what a user has laid beside them stays."""
    for run in [own_path(folder, BEST), *own_path(folder, TRIALS).glob(f"[0-9]*/{RUN}")]:
        if run.is_dir() and not run.is_symlink():
            clear(run)
    board = [str(path.relative_to(folder)) for path in own_path(folder, BOARD).rglob("events.out.tfevents.*")]
    of_trials = [f"{TRIALS}/{path.name}" for path in own_path(folder, TRIALS).glob("[0-9]*")]
    names = [f"{one}/{name}" for one in of_trials for name in (TRIAL, LOG, LOCK)]
    pictures = [f"{PLOTS}/{name}.png" for name in PICTURES]
    for name in (*names, *board, *pictures, f"{TRIALS}/{PROCESSES}", DATA, *COPIES, CSV, SEARCH):
        path = own_path(folder, name)
        if path.is_file():
            path.unlink()
    kept = [folder / name for name in (BEST, PLOTS, BOARD, TRIALS)]
    for place in sorted((p for top in kept for p in (top, *top.rglob("*"))), key=lambda p: -len(p.parts)):
        with contextlib.suppress(OSError):  # no folder, or a user's file is in it
            place.rmdir()
