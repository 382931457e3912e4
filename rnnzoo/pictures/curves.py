"""Learning curves, of one run and of several models, and what models are worth side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnzoo.pictures.figures import Picture


def curves(history: Sequence[Mapping[str, float]], best_epoch: int) -> Figure:
    """Loss and metrics by epoch, training beside validation; the epoch whose weights were kept is marked."""
    names = [name for name in history[0] if name != "epoch" and not name.startswith("val_")]
    figure = Picture(figsize=(4.5 * len(names), 3.5), layout="constrained")
    epochs = [row["epoch"] for row in history]
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        if len(epochs) == 1:
            _bars(axes, name, history[0])
            continue
        axes.plot(epochs, [row[name] for row in history], label="training")
        if f"val_{name}" in history[0]:
            values = [row[f"val_{name}"] for row in history]
            axes.plot(epochs, values, label="validation")
            kept = values[best_epoch - 1]
            axes.plot(best_epoch, kept, "k*", label=f"kept: {kept:.4g}")
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def _bars(axes: Any, name: str, row: Mapping[str, float]) -> None:
    """One epoch has no curve: its numbers side by side."""
    values = {"training": row[name]} | ({"validation": row[f"val_{name}"]} if f"val_{name}" in row else {})
    axes.bar_label(axes.bar([*values], [*values.values()], width=0.5, color=["C0", "C1"]), fmt="%.4g", padding=2)
    axes.set(title=f"{name}, one epoch", xlim=(-0.6, 1.6))
    axes.margins(y=0.15)


def quality_and_cost(rows: Sequence[Mapping[str, Any]], metric: str) -> Figure:
    """A line a model, best first: quality with its deviation over seeds, seconds of training, parameters.

    Args:
        rows: Of `compare`: `model`, `split`, the metric, `deviation`, `seconds` and `parameters`.
        metric: What the models are judged by.
    """
    figure = Picture(figsize=(9.5, 1.4 + 0.42 * len(rows)), layout="constrained")
    quality, cost, size = figure.subplots(1, 3, sharey=True, width_ratios=(2.2, 1, 1))
    places = np.arange(len(rows))
    spread = [row["deviation"] or 0.0 for row in rows]
    values = [row[metric] for row in rows]
    quality.errorbar(values, places, xerr=spread, fmt="o", capsize=4, color="tab:blue")
    quality.set_yticks(places, [row["model"] for row in rows])
    quality.set_ylim(len(rows) - 0.4, -0.6)
    seeds = {len(row["seeds"]) for row in rows}
    of = f", mean and deviation of {max(seeds)} seeds" if max(seeds) > 1 else ""
    quality.set_title(f"{rows[0]['split']} {metric}{of}", fontsize=10)
    quality.margins(x=0.15)
    quality.grid(alpha=0.3)
    for axes, name, style in ((cost, "seconds", "{:,.0f}"), (size, "parameters", "{:,.0f}")):
        numbers = [row[name] for row in rows]
        labels = [(style if number >= 10 else "{:.1f}").format(number) for number in numbers]
        axes.bar_label(axes.barh(places, numbers, height=0.55, color="tab:gray"), labels, padding=3, fontsize=8)
        axes.set_title("seconds of training" if name == "seconds" else name, fontsize=10)
        axes.set(xlim=(0, 1.45 * max(max(numbers), 1e-9)), xticks=[])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


def learning_curves(histories: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], name: str) -> Figure:
    """One measure of the validation split by epoch, a colour a model, a line a seed.

    Args:
        histories: Rows of `history.csv` of each run, by model.
        name: Of the measure.
    """
    figure = Picture(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for i, (model, runs) in enumerate(histories.items()):
        for k, rows in enumerate(runs):
            key = f"val_{name}" if f"val_{name}" in rows[0] else name
            epochs, values = [row["epoch"] for row in rows], [row[key] for row in rows]
            marker = "o" if len(rows) == 1 else ""
            axes.plot(epochs, values, marker=marker, color=f"C{i % 10}", alpha=0.8, label=model if not k else None)
    axes.set(xlabel="epoch", ylabel=name, title=f"validation {name} by epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    return figure
