"""Pictures of what a model reads: how long its sequences are, and some of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

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
        longest = getattr(data, "fitted", {}).get("sequence_length")
        drawn["input_lengths.png"] = lambda: lengths({name: part.lengths for name, part in parts.items()}, longest)
    if np.ndim(train.x[0]) == 2 and np.issubdtype(train.x[0].dtype, np.floating):
        drawn["inputs.png"] = lambda: samples(train.x, train.y, getattr(data, "classes", None))
    return drawn


def lengths(found: Mapping[str, np.ndarray], longest: int | None = None) -> Figure:
    """How long the sequences of each part are, as the model reads them; a panel for source and target each.

    Args:
        found: Steps, `(examples, sequences)`, by the name of the part; `train` is the first.
        longest: Where longer ones are cut; None: they are not.
    """
    train = next(iter(found.values()))
    names = ("source", "target") if train.shape[1] == 2 else ("",)
    figure = Figure(figsize=(6.5 * len(names), 3.8))
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    figure.subplots_adjust(0.05 + 0.05 / len(names) ** 2, 0.13, 0.98, 0.82)
    for column, (axes, name) in enumerate(zip(panels, names, strict=True)):
        end = int(max(part[:, column].max() for part in found.values()))
        bins = np.linspace(0.5, end + 0.5, min(BINS, end) + 1)
        for i, (part, steps) in enumerate(found.items()):
            share = np.full(len(steps), 1 / len(steps))
            how: dict[str, Any] = {"alpha": 0.35} if i == 0 else {"histtype": "step", "lw": 1.4}
            axes.hist(steps[:, column], bins, weights=share, color=f"C{i}", label=f"{part}: {len(steps):,}", **how)
        middle, most, top = np.quantile(train[:, column], (0.5, 0.95, 1.0), method="higher")
        cut = f"{np.mean(train[:, column] >= longest):.0%} cut at {top}" if longest == top else f"all up to {top}"
        title = f"{name} train: half up to {middle} steps, 95 % up to {most}, {cut}".strip()
        axes.set_title(title, fontsize=9)
        axes.set(xlabel="steps that are read", ylabel="share of the sequences")
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="upper center", ncols=3, fontsize=8)
    return figure


def samples(x: Sequence[np.ndarray], y: np.ndarray, classes: Sequence[str] | None) -> Figure:
    """Some sequences of train: of every class in turn, or from the lowest value to the highest.

    All are drawn on one pair of axes, which takes a tenth of the time that axes of their own would.

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
    low, high = min(x[i].min() for i in chosen), max(x[i].max() for i in chosen)
    figure = Figure(figsize=(1.7 * columns + 0.3, 1.9 * rows + 0.4))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96 - 0.35 / (1.9 * rows + 0.4)))
    axes.axis("off")
    for place, i in enumerate(chosen):
        top, left = 1.3 * (place // columns), 1.2 * (place % columns)
        if image:
            axes.imshow(x[i], cmap="gray_r", vmin=low, vmax=high, extent=(left, left + 1, top + 1, top), aspect="auto")
        else:
            steps = np.linspace(left, left + 1, len(x[i]))
            axes.plot(steps, top + 1 - (x[i] - low) / max(high - low, 1e-9), lw=1)
            axes.set_prop_cycle(None)  # each feature keeps its colour
        axes.add_patch(Rectangle((left, top), 1, 1, fill=False, color="lightgray", lw=0.8))
        name = str(classes[int(y[i])]) if classes is not None else _value(y[i])
        axes.text(left + 0.5, top - 0.04, name, ha="center", fontsize=8)
    axes.set(xlim=(-0.05, 1.2 * columns - 0.15), ylim=(1.3 * rows - 0.25, -0.2))
    how = "a step a row" if image else "a line a feature, by step"
    figure.suptitle(f"what it reads: {how}, values from {low:.3g} to {high:.3g}", fontsize=9)
    return figure


def _in_turn(y: np.ndarray) -> np.ndarray:
    """Return the first example of every class, then the second, and so on."""
    order = np.argsort(y, kind="stable")
    begins = np.flatnonzero(np.diff(y[order], prepend=-1))
    rank = np.arange(len(y)) - np.repeat(begins, np.diff([*begins, len(y)]))
    return order[np.lexsort((y[order], rank))][:SHOWN]


def _value(y: Any) -> str:
    return " ".join(f"{value:.3g}" for value in np.ravel(y)[:3])
