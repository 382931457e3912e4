"""Pictures of a search."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rnnzoo.rounding import short
from rnnzoo.tasks import more_is_better

COLUMNS = 3


def all_pictures(
    done: Sequence[Any], failed: Sequence[Any], space: Sequence[Any], objective: str, shares: Mapping[str, float]
) -> dict[str, Figure]:
    """Return `hyperparameters`, `time`, `parallel` and `importance`; nothing before a trial has finished.

    Args:
        done: Finished trials (`rnnzoo.search.trials.Trial`).
        failed: Failed ones.
        space: The search's dimensions (`rnnzoo.search.space.Dimension`).
        objective: What trials are judged by.
        shares: The importance of each setting; none: it is not drawn.
    """
    if not done:
        return {}
    return {
        "hyperparameters": hyperparameters(done, failed, space, objective),
        "time": over_time(done, failed, objective),
        "parallel": parallel(done, space, objective),
        **({"importance": importance(shares, objective, len(done))} if shares else {}),
    }


def importance(shares: Mapping[str, float], objective: str, trials: int) -> Figure:
    """A bar for each setting: its share of what the settings explain of the score, the largest on top."""
    figure = Figure(figsize=(6, 1.2 + 0.35 * len(shares)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(shares), [100 * share for share in shares.values()], height=0.6)
    axes.bar_label(bars, fmt="%.0f %%", padding=3)
    axes.invert_yaxis()
    axes.set(xlabel=f"share of what decides {objective}, in % ({trials} trials)", xlim=(0, 112))
    axes.set_xticks(range(0, 101, 20))
    for side in ("right", "top"):
        axes.spines[side].set_visible(False)
    return figure


def hyperparameters(done: Sequence[Any], failed: Sequence[Any], space: Sequence[Any], objective: str) -> Figure:
    """The score against each dial; failed trials are crosses on the lower edge, the best is ringed."""
    rows = -(-len(space) // COLUMNS)
    figure = Figure(figsize=(4 * min(len(space), COLUMNS), 3.2 * rows), layout="constrained")
    panels = figure.subplots(rows, min(len(space), COLUMNS), squeeze=False, sharey=True)
    best = _best(done, objective)
    for panel in panels.flat[len(space) :]:
        panel.axis("off")
    for i, dimension in enumerate(space):
        axes = panels.flat[i]
        has = [trial for trial in done if dimension.name in trial.settings]
        axes.plot([_place(dimension, t) for t in has], [t.score for t in has], "o", alpha=0.6)
        lost = [_place(dimension, t) for t in failed if dimension.name in t.settings]
        if lost:
            axes.plot(lost, np.zeros(len(lost)), "rx", transform=axes.get_xaxis_transform(), clip_on=False)
        if dimension.name in best.settings:
            axes.plot(_place(dimension, best), best.score, "o", markersize=13, fillstyle="none", color="k")
        axes.set(xlabel=dimension.name, ylabel=objective if i % COLUMNS == 0 else "")
        axes.grid(alpha=0.3)
        if dimension.choices:
            axes.set_xticks(range(len(dimension.choices)), list(map(str, dimension.choices)), rotation=20)
            continue
        axes.set_xscale("log" if dimension.log else "linear")
        ticks = dimension.points()
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_xticks([], minor=True)
        low, high = dimension.low, dimension.high
        edge = (high / low) ** 0.05 if dimension.log else 0.05 * (high - low)
        axes.set_xlim(*((low / edge, high * edge) if dimension.log else (low - edge, high + edge)))
    return figure


def over_time(done: Sequence[Any], failed: Sequence[Any], objective: str) -> Figure:
    """Scores in the order in which trials ended, and the best so far."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    ordered = sorted(done, key=lambda trial: trial.ended or 0)
    minutes = [trial.at / 60 for trial in ordered]
    scores = np.array([trial.score for trial in ordered], float)
    best = (np.maximum if more_is_better(objective) else np.minimum).accumulate(scores)
    axes.plot(minutes, scores, "o", alpha=0.6, label="trial")
    axes.step(minutes, best, where="post", color="k", label="best so far")
    lost = [trial.at / 60 for trial in failed]
    if lost:
        axes.plot(lost, np.zeros(len(lost)), "rx", transform=axes.get_xaxis_transform(), clip_on=False, label="failed")
    axes.set(xlabel="minutes of the search", ylabel=objective)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def parallel(done: Sequence[Any], space: Sequence[Any], objective: str) -> Figure:
    """One line for each trial through all its values to its score; the better, the brighter."""
    figure = Figure(figsize=(1.6 * (len(space) + 2), 4.5), layout="constrained")
    axes = figure.subplots()
    scores = np.array([trial.score for trial in done], float)
    span = np.ptp(scores) or 1.0
    heights = (scores - scores.min()) / span
    goodness = heights if more_is_better(objective) else 1 - heights
    for i in np.argsort(goodness):
        trial = done[i]
        points = [(x, _share(d, trial.settings[d.name])) for x, d in enumerate(space) if d.name in trial.settings]
        points.append((len(space), heights[i]))
        axes.plot(*zip(*points, strict=True), color=colormaps["viridis"](goodness[i]), alpha=0.8, linewidth=1.5)
    for x, d in enumerate(space):
        ends = [(_share(d, value), str(value)) for value in d.choices] or [(0, f"{d.low:g}"), (1, f"{d.high:g}")]
        _axis(axes, x, ends)
    _axis(axes, len(space), [(0, f"{short(scores.min())}"), (1, f"{short(scores.max())}")])
    axes.set_xticks(range(len(space) + 1), [*(d.name for d in space), objective], rotation=15)
    colours = colormaps["viridis" if more_is_better(objective) else "viridis_r"]
    scale = ScalarMappable(Normalize(scores.min(), scores.min() + span), colours)
    figure.colorbar(scale, ax=axes, label=objective, pad=0.02)
    axes.set(yticks=[], xlim=(-0.2, len(space) + 0.6), ylim=(-0.05, 1.05))
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return figure


def _axis(axes: Any, x: int, ends: Sequence[tuple[float, str]]) -> None:
    axes.axvline(x, color="gray", linewidth=0.8)
    for y, text in ends:
        axes.text(x + 0.04, y, text, fontsize=7, va="center", bbox={"color": "white", "alpha": 0.6, "pad": 0.5})


def _best(done: Sequence[Any], objective: str) -> Any:
    return (max if more_is_better(objective) else min)(done, key=lambda trial: trial.score or 0.0)


def _place(dimension: Any, trial: Any) -> Any:
    value = trial.settings[dimension.name]
    return dimension.choices.index(value) if dimension.choices else value


def _share(dimension: Any, value: Any) -> float:
    """Return where a value lies in its range, 0 to 1."""
    if dimension.choices:
        return dimension.choices.index(value) / max(1, len(dimension.choices) - 1)
    if dimension.log:
        return float(np.log(value / dimension.low) / np.log(dimension.high / dimension.low))
    return (value - dimension.low) / (dimension.high - dimension.low)
