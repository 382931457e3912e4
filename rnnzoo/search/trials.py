"""What a search remembers: one file for each trial, and one that holds them all. Each can be made from the other."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnzoo.errors import InvalidValue, differences
from rnnzoo.files import TEMPORARY, read_json
from rnnzoo.training.runs import write_json

SEARCH, TRIALS, TRIAL = "search.json", "trials", "trial.json"
RUN, LOG = "run", "log.txt"
CSV, PLOTS, BEST, BOARD, DATA, LOCK = "trials.csv", "plots", "best", "tensorboard", "data.npz", ".lock"
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
        starts: How often it was started.
        deaths: How often its process died while the driver lived.
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

    id: str
    values: dict[str, Any]
    seed_state: int
    seed_state_after: int
    settings: dict[str, Any]
    started: int
    ended: int | None = None
    state: str = RUNNING
    starts: int = 0
    deaths: int = 0
    reason: str | None = None
    score: float | None = None
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    batch: list[int] = field(default_factory=list)
    targets: str | None = None
    device: str | None = None
    at: float = 0.0


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
        whole = self._read(self.folder / SEARCH, ("search", "trials", "seconds"))
        own = {path.parent.name: self._read(path, ("search", "trial")) for path in self._files()}
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

    def _read(self, path: Path, keys: tuple[str, ...]) -> dict[str, Any] | None:
        """Read a file; a damaged one is set aside."""
        if not path.is_file():
            return None
        try:
            content = read_json(path)
            if isinstance(content, dict) and all(key in content for key in keys):
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
        write_json(self.place(trial.id) / TRIAL, {"search": self._digest, "trial": dataclasses.asdict(trial)})
        self.write_all(seconds)

    def write_all(self, seconds: float) -> None:
        """Write the file that holds all."""
        records = [dataclasses.asdict(trial) for trial in self.trials.values()]
        write_json(self.folder / SEARCH, {"search": self.identity, "seconds": round(seconds, 1), "trials": records})

    def place(self, trial_id: str) -> Path:
        """Return a trial's folder: its `trial.json`, `log.txt` and `run/`."""
        return self.folder / TRIALS / trial_id


def claim(folder: Path, restart: bool) -> None:
    """Make sure that a folder is free or holds a search; with `restart`, remove a search's own files.

    Raises:
        ValueError: Something else lies there.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidValue(f"A search needs a folder, and this is a file. Received: {folder}")
    if not folder.is_dir():
        return
    ours = (SEARCH, TRIALS, DATA, CSV, PLOTS, BEST, BOARD)
    known = (folder / SEARCH).is_file() or (folder / TRIALS).is_dir()
    others = [p.name for p in folder.iterdir() if p.name not in (*ours, LOCK) and not p.name.startswith(TEMPORARY)]
    if others and not known:
        raise InvalidValue(f"The folder holds something that is no search; give another --output. Received: {folder}")
    if restart:
        for name in ours:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
