"""What a search shows: the live table, the table as CSV, pictures, and the command that trains the best."""

import csv
import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from rnnzoo.files import write_own
from rnnzoo.pictures import search
from rnnzoo.pictures.figures import save_own
from rnnzoo.rounding import short
from rnnzoo.search.analysis.importance import importance
from rnnzoo.search.space import Dimension
from rnnzoo.search.trials import CSV, DONE, FAILED, PLOTS, RUN, Store, Trial
from rnnzoo.search.work import history
from rnnzoo.tasks import more_is_better

ROWS = 20
"""Trials shown while the search goes on; the CSV has all."""


class Live:
    """The table of trials while they run; without a terminal, one line for each that ended.

    Args:
        console: Where to print.
        store: The trials.
        objective: What they are judged by.
        wanted: How many trials, or None.
        max_minutes: When the search ends at the latest, or None.
    """

    def __init__(self, console: Console, store: Store, objective: str, wanted: int | None, max_minutes: float | None):
        self._console, self._store, self._objective = console, store, objective
        self._wanted, self._max_minutes = wanted, max_minutes
        self._before = sum(t.state in (DONE, FAILED) for t in store.trials.values())
        self._began = time.monotonic()
        self._shown = RichLive(console=console, auto_refresh=False, transient=True)

    def __enter__(self):
        if self._console.is_terminal:
            self._shown.start()
        return self

    def __exit__(self, *_):
        if self._console.is_terminal:
            self._shown.stop()
            self._console.print(self._table({}))

    def ended(self, trial: Trial) -> None:
        """Say how a trial ended."""
        if self._console.is_terminal:
            return
        values = "  ".join(f"{name} {_short(value)}" for name, value in trial.settings.items())
        came = trial.reason if trial.state == FAILED else f"{self._objective} {short(trial.score)}"
        self._console.print(f"trial {trial.id}  {values}  {came}  {trial.seconds:.1f} s  {self._summary()}")

    def show(self, flying: Mapping[str, float]) -> None:
        """Draw the table; `flying` tells when each running trial began."""
        if self._console.is_terminal:
            self._shown.update(Group(self._table(flying), Text(self._summary())), refresh=True)

    def _summary(self) -> str:
        better = max if more_is_better(self._objective) else min
        scores = [t.score for t in self._store.trials.values() if t.state == DONE and t.score is not None]
        best = f"best so far {short(better(scores))}" if scores else "no trial has finished"
        return f"{best}{self._left()}"

    def _left(self) -> str:
        """Say how long it will still take, as far as that is known."""
        spent = time.monotonic() - self._began
        left = [60 * self._max_minutes - spent] if self._max_minutes else []
        ended = sum(t.state in (DONE, FAILED) for t in self._store.trials.values())
        if self._wanted and ended > self._before:
            left.append(spent / (ended - self._before) * (self._wanted - ended))
        return f", about {max(0, min(left)) / 60:.1f} minutes left" if left else ""

    def _table(self, flying: Mapping[str, float]) -> Table:
        trials = list(self._store.trials.values())
        names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
        table = Table("trial", *names, self._objective, "epoch", "seconds", "state", box=None, pad_edge=False)
        for trial in trials[-ROWS:]:
            score, epoch, seconds, state = _cell(trial.score), str(trial.best_epoch or ""), trial.seconds, "done"
            if trial.state == FAILED:
                state = f"failed: {trial.reason}"[:60]
            elif trial.id in flying:
                rows = history(self._store.place(trial.id) / RUN)
                seconds, state = time.monotonic() - flying[trial.id], "running"
                epoch = str(len(rows) or "")
                score = _cell(rows[-1].get(self._objective)) if rows else ""
            elif trial.state != DONE:
                state = "waiting"
            settings = [_short(trial.settings[name]) if name in trial.settings else "" for name in names]
            table.add_row(trial.id, *settings, score, epoch, f"{seconds:.1f}", state)
        return table


def save_all(
    folder: Path, trials: Sequence[Trial], space: Sequence[Dimension], objective: str, console: Console
) -> dict[str, float]:
    """Write `trials.csv` and the pictures, say where, and return the importance of each setting."""
    write_own(folder, CSV, as_csv(trials, space, objective))
    done = [trial for trial in trials if trial.state == DONE]
    failed = [trial for trial in trials if trial.state == FAILED]
    shares = importance(done, space)
    for name, figure in search.all_pictures(done, failed, space, objective, shares).items():
        save_own(figure, folder, f"{PLOTS}/{name}.png")
    open_ = len(trials) - len(done) - len(failed)
    console.print(
        f"{len(done)} trials finished, {len(failed)} failed{f', {open_} not at their end' if open_ else ''}; "
        f"table: {folder / CSV}; plots: {folder / PLOTS}"
    )
    if shares:
        told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        console.print(f"what decides {objective}, as far as {len(done)} trials tell: {told}")
    return shares


def as_csv(trials: Sequence[Trial], space: Sequence[Dimension], objective: str) -> str:
    """Return one row for each trial: its values, score, state."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [dimension.name for dimension in space]
    writer.writerow(["trial", *names, objective, "best_epoch", "epochs", "seconds", "state", "reason"])
    for t in trials:
        values = [t.settings.get(name, "") for name in names]
        score = "" if t.score is None else t.score
        writer.writerow([t.id, *values, score, t.best_epoch, t.epochs, t.seconds, t.state, t.reason or ""])
    return text.getvalue()


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _cell(score: float | None) -> str:
    return "" if score is None else short(score)
