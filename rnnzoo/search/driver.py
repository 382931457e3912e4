"""The search: ask the oracle, wait for trials, remember each, and train the best again."""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from rnnzoo.errors import UserError
from rnnzoo.files import alone, in_one_sentence, named, own_path
from rnnzoo.notebook import html
from rnnzoo.rounding import short
from rnnzoo.search import checks, prepared
from rnnzoo.search import trials as files
from rnnzoo.search.analysis.report import Live, save_all
from rnnzoo.search.engines import Engine, Local
from rnnzoo.search.loop import Loop
from rnnzoo.search.oracle import Oracle
from rnnzoo.search.space import apply, make_space
from rnnzoo.search.trials import DONE, Store, Trial
from rnnzoo.training import snapshot
from rnnzoo.training.fit import train
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.reporting.command import command
from rnnzoo.training.runs import CONFIG, Run


@dataclass(frozen=True)
class Found:
    """What a search found.

    Args:
        folder: The search's folder.
        trials: All trials, in the order in which they were proposed.
        best: The run trained again with the best values.
        command: What trains it on a command line.
        importance: Of each setting its share of what the settings explain; none where the trials do not tell.
    """

    folder: Path
    trials: list[Trial]
    best: Run
    command: str
    importance: Mapping[str, float] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.settings))
        rows = [
            (t.id, *(t.settings.get(name, "") for name in names), "" if t.score is None else t.score, t.state.lower())
            for t in self.trials
        ]
        return html.table(f"best: {self.command}", rows, ("trial", *names, "score", "state"))


def tune(
    recipe: Recipe,
    *,
    trials: int | None = None,
    workers: int = 1,
    tuner: str = "bayesian",
    objective: str | None = None,
    models: Sequence[str] = (),
    search: Mapping[str, Any] | None = None,
    max_minutes: float | None = None,
    trial_minutes: float | None = None,
    output: str | Path | None = None,
    restart: bool = False,
    trust: bool = False,
    tensorboard: bool = False,
    ray_address: str | None = None,
    data_dir: str | None = None,
    base: Recipe | None = None,
    program: Sequence[str] = (),
    console: Console | None = None,
) -> Found:
    """Search the best settings of a recipe, or go on with the search where it stopped.

    Each trial is a process of its own that trains an ordinary run. The first trial takes the recipe's own values
    (not with `hyperband`). However often driver or trials are killed, the same call goes on; with one worker it
    ends as it would have ended undisturbed.

    Args:
        recipe: What to tune; its `search` narrows or widens the default space.
        trials: How many; default 20, for `grid` and `hyperband` as many as they have.
        workers: Trials side by side.
        tuner: `bayesian`, `hyperband`, `random` or `grid`.
        objective: `val_accuracy`, `val_loss`, ...; whether more is better is known. It chooses the best epoch too.
        models: Models to choose from; default: the recipe's.
        search: By name a range `(low, high)`, a list of values, or None to leave it as it is.
        max_minutes: End after so long, with the best so far; the same call goes on.
        trial_minutes: A trial that takes longer has failed.
        output: The folder; default `runs/<recipe>-tune`.
        restart: Begin anew.
        trust: Import code that the run of the recipe's `weights` names, see `rnnzoo.load`.
        tensorboard: Write logs for TensorBoard's HParams plugin into the folder.
        ray_address: Run trials on a Ray cluster: `auto`, `local` (here) or `host:port`. The folder must be seen
            from every node.
        data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.
        base: What the command is relative to; default `recipe`.
        program: How the command begins: `("rnnzoo", "train", "imdb")`; by default it is that of a script in `recipes`.
        console: Where to print.

    Raises:
        ValueError, TypeError: A setting that cannot be used; a folder of another search, or in use.
    """
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # the driver must leave the GPU to the trials
    console = console or Console(highlight=False, markup=False, soft_wrap=True)
    recipe, held = snapshot.taken(recipe)
    given = recipe
    checks.collections(models, search)
    models = tuple(dict.fromkeys(models)) or (recipe.model,)
    recipe = (recipe if recipe.model in models else recipe.with_model(models[0])).check()
    checks.numbers(trials, workers, max_minutes, trial_minutes)
    checks.names(tuner, objective, recipe.task)
    checks.ray(ray_address)
    folder = named(output or Path("runs") / f"{recipe.name}-tune").absolute()
    files.claim(folder, restart=False)
    with (
        _nothing_left_of_no_search(folder),
        in_one_sentence(),
        alone(folder, "searching"),
        _engine(workers, folder, ray_address) as engine,
    ):
        files.claim(folder, restart)
        snapshot.write(held, folder, restart)
        recipe = snapshot.placed(recipe, held, folder)
        base = base or snapshot.placed(given, held, folder)
        if not (folder / files.SEARCH).is_file():
            engine.prepare(1)  # it imports while the data are read
        recipe = _within(recipe, search or {})
        facts = prepared.prepare(recipe, folder / files.DATA, data_dir)
        objective = checks.objective(objective, recipe.task, facts["validation"])
        if objective.startswith("val_"):
            recipe = dataclasses.replace(recipe, monitor=objective)
        known = {name: facts[name] for name in ("longest", "examples", "lengths", "tokens") if name in facts}
        space = make_space(recipe, models, search or {}, **known)
        identity = {
            **recipe.identity(), **recipe.data.seen(), "epochs": recipe.epochs, "tuner": tuner, "objective": objective,
            **{f"search {d.name}": f"{d}{f' of {list(d.models)}' if d.models else ''}" for d in space},
        }  # fmt: skip
        store = Store(folder, identity, console.print)
        oracle = Oracle(tuner, space, objective, recipe.seed, recipe.epochs)
        oracle.replay(store.trials.values())
        wanted = trials or (20 if tuner in ("bayesian", "random") else None)
        console.print(
            f"{recipe.name}: {tuner} search for the best {objective}; {wanted or 'all'} trials, {workers} at a time; "
            + "; ".join(map(str, space)) + (f"; going on after {len(store.trials)} trials" if store.trials else "")
        )  # fmt: skip
        live = Live(console, store, objective, wanted, max_minutes)
        loop = Loop(recipe, space, store, oracle, engine, live, objective, data_dir, trust)
        loop.go(wanted, workers, max_minutes, trial_minutes)
        engine.close()
        return _conclude(loop, base, program, tensorboard, console)


@contextlib.contextmanager
def _nothing_left_of_no_search(folder: Path) -> Iterator[None]:
    """Take a new folder away again where the search could not begin."""
    new = not folder.exists()
    try:
        yield
    finally:
        if new and not (folder / files.SEARCH).is_file():
            shutil.rmtree(folder, ignore_errors=True)


def _within(recipe: Recipe, search: Mapping[str, Any]) -> Recipe:
    """Return the recipe with a sequence length that is searched: its own may be longer than the data."""
    wanted = {**recipe.search, **search}.get("sequence_length")
    if not isinstance(wanted, tuple | list) or recipe.sequence_length is None:
        return recipe
    inside = recipe.sequence_length in wanted or (
        isinstance(wanted, tuple) and min(wanted) <= recipe.sequence_length <= max(wanted)
    )
    return recipe if inside else dataclasses.replace(recipe, sequence_length=int(max(wanted)))


@contextlib.contextmanager
def _engine(workers: int, folder: Path, ray_address: str | None) -> Iterator[Engine]:
    engine: Engine
    if ray_address is None:
        engine = Local(workers, str(own_path(folder, f"{files.TRIALS}/{files.PROCESSES}")))
    else:
        from rnnzoo.search.ray_engine import OnRay

        engine = OnRay(ray_address)
    try:
        yield engine
    finally:
        engine.close()


def _conclude(loop: Loop, base: Recipe, program: Sequence[str], tensorboard: bool, console: Console) -> Found:
    """Save table and pictures, say what won, and train it again."""
    all_trials = list(loop.store.trials.values())
    best = best_of(all_trials, loop.objective)
    folder = loop.store.folder
    shares = save_all(folder, all_trials, loop.space, loop.objective, console)
    if tensorboard:
        from rnnzoo.search.board import write_board

        write_board(loop.store, loop.space, loop.objective)
        console.print(f"tensorboard --logdir {folder / files.BOARD}")
    if best is None:
        last = next((f"; the last one: {t.reason}" for t in reversed(all_trials) if t.reason), "")
        raise UserError(f"No trial has finished, so there is no best one{last}. Received: {len(all_trials)} trials")
    recipe = apply(loop.recipe, loop.space, best.values).check()
    line = command(recipe, base, program)
    console.print(
        f"Best: trial {best.id} with {loop.objective} {short(best.score)}, on {best.device}; trained again by\n{line}"
    )
    place = own_path(folder, files.BEST)
    other = (place / CONFIG).is_file() and not _same(Run(place).config, recipe)
    run = train(recipe, place, restart=other, trust=loop.trust, data_dir=loop._data_dir, console=console)
    return Found(folder, all_trials, run, line, shares)


def _same(config: Mapping[str, Any], recipe: Recipe) -> bool:
    """Tell whether a run's config is of this recipe."""
    return Recipe.from_config(config, own=type(recipe.data)).identity() == recipe.identity()


def best_of(trials: Sequence[Trial], objective: str) -> Trial | None:
    """Return the finished trial with the best score, the first of equals."""
    from rnnzoo.tasks import more_is_better

    done = [trial for trial in trials if trial.state == DONE]
    sign = -1 if more_is_better(objective) else 1
    return min(done, key=lambda trial: sign * (trial.score or 0.0), default=None)
