"""Learning curves."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from rnnzoo.pictures.figures import Picture


def curves(history: Sequence[Mapping[str, float]], best_epoch: int) -> Figure:
    """Loss and metrics by epoch, training beside validation; the epoch whose weights were kept is marked."""
    names = [name for name in history[0] if name != "epoch" and not name.startswith("val_")]
    figure = Picture(figsize=(4.5 * len(names), 3.5), layout="constrained")
    epochs = [row["epoch"] for row in history]
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        marker = "o" if len(epochs) == 1 else ""
        axes.plot(epochs, [row[name] for row in history], marker=marker, label="training")
        if f"val_{name}" in history[0]:
            values = [row[f"val_{name}"] for row in history]
            axes.plot(epochs, values, marker=marker, label="validation")
            kept = values[best_epoch - 1]
            axes.plot(best_epoch, kept, "k*", label=f"kept: {kept:.4g}")
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
