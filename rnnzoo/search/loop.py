"""The loop of a search: ask the oracle, start trials, wait, remember. Nothing that is remembered can be lost."""

import dataclasses
import math
import time
from collections.abc import Mapping
from typing import Any

from rnnzoo.files import own_path
from rnnzoo.search import trials as files
from rnnzoo.search.analysis.report import Live
from rnnzoo.search.engines import Engine
from rnnzoo.search.oracle import Oracle
from rnnzoo.search.space import apply
from rnnzoo.search.trials import DONE, FAILED, RUNNING, Store, Trial
from rnnzoo.search.work import history

TICK = 0.5
"""Seconds between two looks at the clock."""
MOST_DEATHS = 2
"""A trial whose process died so often in the same epoch has failed."""
MOST_LOSSES = 5
"""A trial in whose same epoch the driver or its node died, again and again, may be what kills them."""


class Loop:
    """Ask the oracle, start, wait, remember."""

    def __init__(self, recipe, space, store, oracle, engine, live, objective, data_dir, trust):
        self.recipe, self.space, self.objective, self.trust = recipe, space, objective, trust
        self.store: Store = store
        self._oracle: Oracle = oracle
        self._engine: Engine = engine
        self._live: Live = live
        self._data_dir = data_dir
        self._began = time.monotonic()
        self._flying: dict[str, float] = {}
        self._targets = next((t.targets for t in store.trials.values() if t.state == DONE), None)

    def go(self, wanted, workers, max_minutes, trial_minutes):
        """Run trials until there are as many as wanted, the oracle has no more, or time is up."""
        self.store.write_all(self._seconds())
        waiting = [trial for trial in self.store.trials.values() if trial.state == RUNNING]
        try:
            with self._live:
                while True:
                    while len(self._flying) < workers and (trial := self._next(waiting, wanted)):
                        self._begin(trial)
                    if not self._flying:
                        break
                    left = workers if wanted is None else wanted - len(self.store.trials)
                    self._engine.prepare(0 if self._oracle.exhausted else left)
                    for name, outcome in self._engine.wait(TICK):
                        del self._flying[name]
                        self._ended(self.store.trials[name], outcome)
                    for name, began in list(self._flying.items()):
                        if trial_minutes and time.monotonic() - began > 60 * trial_minutes:
                            self._engine.kill(name)
                            del self._flying[name]
                            self._close(self.store.trials[name], f"too slow: more than {trial_minutes:g} minutes")
                    self._live.show(self._flying)
                    if max_minutes and time.monotonic() - self._began > 60 * max_minutes:
                        break
        finally:  # time is up, or Ctrl-C: what was running is neither lost nor to blame
            for name in self._flying:
                self._engine.kill(name)
                self.store.trials[name].starts -= 1
                self.store.write(self.store.trials[name], self._seconds())

    def _next(self, waiting, wanted) -> Trial | None:
        if waiting:
            return waiting.pop(0)
        if wanted is not None and len(self.store.trials) >= wanted:
            return None
        proposal = self._oracle.propose()
        if proposal is None:
            return None
        name, values, before = proposal
        settings = {d.name: d.clean(values[d.name]) for d in self.space if d.name in values}
        event = self.store.next_event()
        return Trial(name, values, before, self._oracle.drawn, settings, event)

    def _begin(self, trial: Trial) -> None:
        """Start a trial, for the first time or again; it goes on after its last whole epoch."""
        earlier = self.store.trials.get(trial.values.get("tuner/trial_id", ""))
        if earlier and earlier.state == FAILED:
            return self._close(trial, f"trial {earlier.id}, which it goes on from, failed")
        self._count_progress(trial)
        if trial.starts - trial.deaths > MOST_LOSSES:
            return self._close(trial, f"the search was killed {MOST_LOSSES + 1} times in the same epoch of it")
        trial.starts += 1
        self.store.write(trial, self._seconds())
        recipe = apply(self.recipe, self.space, trial.values)
        if "tuner/epochs" in trial.values:
            recipe = dataclasses.replace(recipe, epochs=trial.values["tuner/epochs"])
        place = self.store.place(trial.id)
        job = {
            "trial": trial.id,
            "recipe": recipe.to_config(),
            "folder": str(place / files.RUN),
            "log": str(place / files.LOG),
            "earlier": str(self.store.place(earlier.id) / files.RUN) if earlier else None,
            "data": str(self.store.folder / files.DATA),
            "data_dir": self._data_dir,
            "objective": self.objective,
            "trust": self.trust,
        }
        self._engine.submit(job)
        self._flying[trial.id] = time.monotonic()
        return None

    def _count_progress(self, trial: Trial) -> None:
        """Forgive the deaths before an epoch that the trial has come through."""
        epochs = len(history(own_path(self.store.place(trial.id), files.RUN)))
        if epochs > trial.reached:
            trial.reached, trial.starts, trial.deaths = epochs, 0, 0

    def _ended(self, trial: Trial, outcome: Mapping[str, Any]) -> None:
        if "lost" in outcome:
            return self._begin(trial)
        if "died" in outcome:
            self._count_progress(trial)
            trial.deaths += 1
            trial.starts = max(trial.starts, trial.deaths)
            if trial.deaths >= MOST_DEATHS:
                return self._close(trial, f"its process died {trial.deaths} times ({outcome['died']})")
            return self._begin(trial)
        if "failed" in outcome:
            return self._close(trial, outcome["failed"])
        for name, value in outcome.items():
            setattr(trial, name, value)
        self._targets = self._targets or trial.targets
        if not math.isfinite(trial.score or 0.0):
            return self._close(trial, f"diverged: {self.objective} is {trial.score}")
        if trial.targets != self._targets:
            return self._close(trial, "its validation targets are not those of the other trials")
        return self._close(trial)

    def _close(self, trial: Trial, reason: str | None = None) -> None:
        """Remember the end of a trial, then tell the oracle."""
        trial.state = "FAILED" if reason else "DONE"
        trial.reason = reason
        trial.score = None if reason else trial.score
        trial.at = round(self._seconds(), 1)
        trial.ended = max(self.store.next_event(), trial.started + 1)
        self.store.write(trial, self._seconds())
        self._oracle.end(trial)
        self._live.ended(trial)

    def _seconds(self) -> float:
        return self.store.seconds + time.monotonic() - self._began
