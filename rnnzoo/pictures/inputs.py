"""Pictures of what a model reads: how long its sequences are, and some of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.data.series.windows import Windows

BINS = 40
SHOWN = 12
"""So many sequences are drawn."""
COLUMNS = 6
AN_IMAGE = 4
"""Features of a step, from which on a sequence is drawn as an image: a row a step."""


def pictures(parts: Mapping[str, Any], data: Any) -> dict[str, Callable[[], Figure]]:
    """Return what draws `input_lengths.png`, where lengths differ, and `inputs.png`, where numbers are read.

    Args:
        parts: `Batches` by name; of windows of a series nothing is drawn here.
        data: The data object: classes.
    """
    train = parts["train"]
    if isinstance(train.x, Windows):
        return {}
    drawn: dict[str, Callable[[], Figure]] = {}
    if np.ptp(train.lengths, axis=0).any():
        drawn["input_lengths.png"] = lambda: lengths({name: batches.lengths for name, batches in parts.items()})
    if np.ndim(train.x[0]) == 2 and np.issubdtype(train.x[0].dtype, np.floating):
        drawn["inputs.png"] = lambda: samples(train.x, train.y, getattr(data, "classes", None))
    return drawn


def lengths(found: Mapping[str, np.ndarray]) -> Figure:
    """How long the sequences of each part are, as the model reads them; a panel for source and target each.

    Args:
        found: Steps, `(examples, sequences)`, by the name of the part; `train` is the first.
    """
    train = next(iter(found.values()))
    names = ("source", "target") if train.shape[1] == 2 else ("",)
    figure = Figure(figsize=(6.5 * len(names), 3.6), layout="constrained")
    for column, (axes, name) in enumerate(zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True)):
        longest = max(part[:, column].max() for part in found.values())
        bins = np.linspace(0.5, longest + 0.5, min(BINS, int(longest)) + 1)
        for i, (part, steps) in enumerate(found.items()):
            share = np.full(len(steps), 1 / len(steps))
            how: dict[str, Any] = {"alpha": 0.35} if i == 0 else {"histtype": "step", "lw": 1.4}
            axes.hist(steps[:, column], bins, weights=share, color=f"C{i}", label=f"{part}: {len(steps):,}", **how)
        middle, most, top = np.quantile(train[:, column], (0.5, 0.95, 1.0), method="higher")
        axes.set_title(f"{name} train: half up to {middle} steps, 95 % up to {most}, all up to {top}", fontsize=9)
        axes.set(xlabel="steps that are read", ylabel="share of the sequences")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8)
    return figure


def samples(x: Sequence[np.ndarray], y: np.ndarray, classes: Sequence[str] | None) -> Figure:
    """Some sequences of train: of every class in turn, or from the lowest value to the highest.

    Args:
        x: `(time, features)` each; few features are drawn as lines, more as an image with a row a step.
        y: The answers.
        classes: Their names; None: the answers are values.
    """
    chosen = _in_turn(y) if classes is not None else np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable")
    if classes is None:
        chosen = chosen[np.unique(np.linspace(0, len(chosen) - 1, SHOWN).astype(int))]
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    image = x[0].shape[1] >= AN_IMAGE
    figure = Figure(figsize=((1.7 if image else 2.4) * columns, 2.0 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(chosen) :]:
        axes.axis("off")
    for axes, i in zip(grid, chosen, strict=False):
        if image:
            axes.imshow(x[i], cmap="gray_r", aspect="equal" if len(x[i]) < 4 * x[i].shape[1] else "auto")
            axes.set(xticks=[], yticks=[])
        else:
            axes.plot(x[i], lw=1)
            axes.tick_params(labelsize=7)
        axes.set_title(str(classes[int(y[i])]) if classes is not None else _value(y[i]), fontsize=8)
    figure.suptitle("what it reads: a step a row" if image else "what it reads: a line a feature, by step", fontsize=10)
    return figure


def _in_turn(y: np.ndarray) -> np.ndarray:
    """Return the first example of every class, then the second, and so on."""
    order = np.argsort(y, kind="stable")
    begins = np.flatnonzero(np.diff(y[order], prepend=-1))
    rank = np.arange(len(y)) - np.repeat(begins, np.diff([*begins, len(y)]))
    return order[np.lexsort((y[order], rank))][:SHOWN]


def _value(y: Any) -> str:
    return " ".join(f"{value:.3g}" for value in np.ravel(y)[:3])
