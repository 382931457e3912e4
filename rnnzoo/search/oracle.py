"""KerasTuner's oracles, kept in the driver's memory and brought back by replaying the trials.

Their own save and reload are left out on purpose: a grid crashes on reload, the Bayesian oracle goes on with other
values, and a kill between their two writes loses a trial. All that the package uses of KerasTuner beyond its public API
(`_seed_state`, `_make_gpr`, `_duplicate`, `_random_populate_space`, `_nonfixed_space`, `_vectorize_trials`,
`_save_trial`, `_random_state`) stands in this file: it has no public way to put an oracle back where it was.
"""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import keras_tuner as kt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from rnnzoo.errors import InvalidValue
from rnnzoo.search.space import Dimension
from rnnzoo.search.trials import FAILED, Trial
from rnnzoo.tasks import more_is_better

TUNERS = ("bayesian", "hyperband", "random", "grid")


class _InMemory:
    """Write no files; take what a trial was once given from its record."""

    recorded: dict[str, Trial]
    hyperparameters: Any
    trials: dict[str, Any]

    def save(self):
        pass

    def _save_trial(self, trial):
        pass


class _StartsAtTheRecipe(_InMemory):
    """The first trial takes the recipe's own values, so that the best is never worse than the recipe."""

    def populate_space(self, trial_id):
        if trial_id in self.recorded:
            return {"status": "RUNNING", "values": dict(self.recorded[trial_id].values)}
        if not self.trials:
            space = self.hyperparameters.copy()
            space.values = {dial.name: dial.default for dial in space.space}
            space.ensure_active_values()
            return {"status": "RUNNING", "values": {d.name: d.default for d in space.space if space.is_active(d)}}
        return super().populate_space(trial_id)  # type: ignore[misc]


class _Random(_StartsAtTheRecipe, kt.oracles.RandomSearchOracle):
    pass


class _Bayesian(_StartsAtTheRecipe, kt.oracles.BayesianOptimizationOracle):
    def populate_space(self, trial_id):
        """A proposal depends on seed and trials alone; a point that was tried before gives way to a random one."""
        self._random_state = np.random.RandomState(self.seed + len(self.trials))
        self.gpr = self._make_gpr()
        with threadpool_limits(1), warnings.catch_warnings():  # a thread per core would take twice as long
            warnings.simplefilter("ignore", ConvergenceWarning)  # few points tell little of length scales
            found = super().populate_space(trial_id)
        if trial_id not in self.recorded and found["values"] and self._duplicate(found["values"]):
            return self._random_populate_space()
        return found

    def _vectorize_trials(self):
        """Count a failed trial as the worst so far, one in flight as the mean, so that neither is proposed again."""
        sign = -1 if self.objective.direction == "max" else 1
        scores = [sign * t.score for t in self.trials.values() if t.status == "COMPLETED"]
        rows, y = [], []
        for trial in self.trials.values():
            values = trial.hyperparameters.values
            rows.append([d.value_to_prob(values.get(d.name, d.default)) for d in self._nonfixed_space()])
            other = max(scores) if trial.status == FAILED else sum(scores) / len(scores)
            y.append(sign * trial.score if trial.status == "COMPLETED" else other)
        return np.array(rows), np.array(y)


class _Hyperband(_InMemory, kt.oracles.HyperbandOracle):
    def populate_space(self, trial_id):
        """Failed trials are the last to go on; KerasTuner leaves them out, and a round of too few stops silently."""
        failed = [trial for trial in self.trials.values() if trial.status == FAILED]
        for trial in failed:
            trial.status, trial.score = "COMPLETED", float("-inf" if self.objective.direction == "max" else "inf")
        try:
            return super().populate_space(trial_id)
        finally:
            for trial in failed:
                trial.status, trial.score = FAILED, None


class _Grid(_InMemory, kt.oracles.GridSearchOracle):
    pass


class Oracle:
    """Proposes the values of trials.

    Args:
        tuner: One of `TUNERS`.
        space: What is searched.
        objective: `val_accuracy`, ...
        seed: Of all draws.
        epochs: The most that a trial trains; Hyperband starts with fewer.
    """

    def __init__(self, tuner: str, space: Sequence[Dimension], objective: str, seed: int, epochs: int):
        common: dict[str, Any] = {
            "objective": kt.Objective(objective, "max" if more_is_better(objective) else "min"),
            "hyperparameters": _declare(space, grid=tuner == "grid"),
            "seed": seed + 1,  # 0 would mean: at random
            "max_consecutive_failed_trials": 10**9,  # its error would leave a lock held
        }
        self._oracle: Any
        if tuner == "hyperband":
            self._oracle = _Hyperband(max_epochs=epochs, **common)
        elif tuner == "grid":
            self._oracle = _Grid(**common)
        elif tuner == "random":
            self._oracle = _Random(max_trials=None, **common)
        else:
            self._oracle = _Bayesian(max_trials=None, num_initial_points=len(space) + 2, **common)
        self._oracle.verbose = 0
        self._oracle.recorded = {}
        self.exhausted = False

    def propose(self) -> tuple[str, dict[str, Any], int] | None:
        """Return a trial's name, values and the state of the draws before it; None: not now, or `exhausted`."""
        state = self._oracle._seed_state
        found = self._oracle.create_trial(f"trial {len(self._oracle.trials)}")
        if found.status == "RUNNING":
            return found.trial_id, dict(found.hyperparameters.values), state
        self.exhausted = found.status == "STOPPED"
        return None

    @property
    def drawn(self) -> int:
        """The state of the draws now."""
        return self._oracle._seed_state

    def end(self, trial: Trial) -> None:
        """Tell the oracle how a trial ended."""
        found = self._oracle.trials[trial.id]
        if trial.state != FAILED:
            self._oracle.update_trial(trial.id, {self._oracle.objective.name: trial.score})
        found.status, found.message = FAILED if trial.state == FAILED else "COMPLETED", trial.reason
        self._oracle.end_trial(found)

    def replay(self, trials: Iterable[Trial]) -> None:
        """Live through the trials again, in the order in which they began and ended.

        Raises:
            ValueError: The oracle would have proposed other values.
        """
        trials = list(trials)
        self._oracle.recorded = {trial.id: trial for trial in trials}
        events = [(trial.started, False, trial) for trial in trials]
        events += [(trial.ended, True, trial) for trial in trials if trial.ended is not None]
        for _, ended, trial in sorted(events, key=lambda event: event[:2]):
            if ended:
                self.end(trial)
                continue
            self._oracle._seed_state = trial.seed_state
            found = self.propose()
            if found is None or found[:2] != (trial.id, trial.values):
                raise InvalidValue(
                    "The trials in this folder are not those of this search (another version of KerasTuner, perhaps): "
                    f"--restart begins anew. Received: trial {trial.id} with {trial.values}"
                )
        if trials:
            self._oracle._seed_state = max(trials, key=lambda trial: trial.started).seed_state_after


def _declare(space: Sequence[Dimension], grid: bool) -> kt.HyperParameters:
    """Declare everything at once: an oracle that meets a dial later gives its default to the first trials."""
    declared = kt.HyperParameters()

    def declare(d):
        if grid or d.choices:
            points = d.points()
            declared.Choice(d.name, list(points), default=d.start if d.start in points else points[0])
        else:
            kind = declared.Int if d.whole else declared.Float
            kind(d.name, d.low, d.high, sampling="log" if d.log else "linear", default=d.start)

    for dimension in space:
        if dimension.models:
            with declared.conditional_scope("model", list(dimension.models)):
                declare(dimension)
        else:
            declare(dimension)
    return declared
