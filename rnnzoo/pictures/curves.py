"""Learning curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

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
