"""Pictures of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Column, Table
from sklearn import metrics as sk
from sklearn.preprocessing import label_binarize

from rnnzoo.files import whole_file
from rnnzoo.tasks.judging.measures import Predictions, by_class

MOST_CLASSES = 30
"""More do not fit into a confusion matrix that can be read."""


def plot_run(
    folder: Path,
    history: Sequence[Mapping[str, float]],
    best_epoch: int,
    split: str,
    predictions: Predictions | None,
    task: str,
    classes: Sequence[str] | None,
) -> None:
    """Save `curves.png` and, by task, `confusion.png` with `roc.png` or `tags.png`, or `errors.png`.

    Args:
        folder: Where to.
        history: One row of metrics an epoch.
        best_epoch: The epoch whose weights were kept.
        split: What the predictions are of: `test`.
        predictions: The model's answers to it, or None.
        task: Decides what is drawn.
        classes: Names of the classes.
    """
    save(curves(history, best_epoch), folder / "curves.png")
    if predictions is None:
        return
    if task in ("classification", "tagging"):
        names = list(classes or map(str, range(predictions.output.shape[-1])))
        if len(names) <= MOST_CLASSES:
            save(confusion(predictions, names, split), folder / "confusion.png")
        if task == "tagging" and len(names) <= MOST_CLASSES:
            save(f1_by_class(by_class(predictions, names), split), folder / "tags.png")
        if task == "classification" and len(names) <= MOST_CLASSES:
            save(roc(predictions, names, split), folder / "roc.png")
    else:
        save(errors(predictions, split), folder / "errors.png")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file, whole."""
    with whole_file(path, suffix=".png") as temporary:
        figure.savefig(temporary, dpi=120)


def curves(history: Sequence[Mapping[str, float]], best_epoch: int) -> Figure:
    """Loss and metrics by epoch, training beside validation; the epoch whose weights were kept is marked."""
    names = [name for name in history[0] if name != "epoch" and not name.startswith("val_")]
    figure = Figure(figsize=(4.5 * len(names), 3.5), layout="constrained")
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


def confusion(p: Predictions, classes: Sequence[str], split: str) -> Figure:
    """True classes by row, predicted ones by column, as counts."""
    side = 3 + 0.45 * len(classes)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    matrix = sk.confusion_matrix(p.y, p.labels, labels=range(len(classes)))
    display = sk.ConfusionMatrixDisplay(matrix, display_labels=classes)
    display.plot(ax=axes, cmap="Blues", xticks_rotation="vertical" if max(map(len, classes)) > 3 else "horizontal")
    axes.set_title(f"{split} accuracy {np.mean(p.y == p.labels):.4f}")
    return figure


def f1_by_class(scores: Mapping[str, Mapping[str, float]], split: str) -> Figure:
    """A bar for each class, the most frequent on top; beside it how many true examples it has."""
    names = sorted(scores, key=lambda name: scores[name]["count"])
    figure = Figure(figsize=(6.5, 1 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(names, [scores[name]["f1"] for name in names])
    axes.bar_label(bars, [f"{scores[name]['f1']:.3f} of {scores[name]['count']:,}" for name in names], padding=3)
    axes.set(xlabel="F1", xlim=(0, 1.2), title=f"F1 by class, {split}")
    return figure


def table_by_class(scores: Mapping[str, Mapping[str, float]]) -> Table:
    """The same in numbers."""
    table = Table("tag", *(Column(name, justify="right") for name in ("precision", "recall", "f1", "count")), box=None)
    for name, found in scores.items():
        table.add_row(name, *(f"{found[k]:.4f}" for k in ("precision", "recall", "f1")), f"{found['count']:,}")
    return table


def roc(p: Predictions, classes: Sequence[str], split: str) -> Figure:
    """The ROC curve of the second of two classes, or of each class against the rest."""
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    axes = figure.subplots()
    truth = label_binarize(p.y, classes=range(len(classes)))
    columns: dict[str, Any] = (
        {classes[1]: (truth[:, 0], p.probabilities[:, 1])}
        if len(classes) == 2
        else {name: (truth[:, i], p.probabilities[:, i]) for i, name in enumerate(classes)}
    )
    for name, (y, scores) in columns.items():
        if 0 < y.sum() < len(y):  # a curve needs both kinds
            rates = sk.roc_curve(y, scores)[:2]
            axes.plot(*rates, label=f"{name} (AUC {sk.roc_auc_score(y, scores):.4f})")
    axes.plot([0, 1], [0, 1], "k--", linewidth=0.8)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title=f"ROC, {split}")
    axes.legend(fontsize=7, loc="lower right")
    return figure


def errors(p: Predictions, split: str) -> Figure:
    """Predicted against true values, and how the errors are distributed."""
    y, output = p.y.ravel(), p.output.ravel()
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(y, output, ".", markersize=3, alpha=0.4)
    ends = [min(y.min(), output.min()), max(y.max(), output.max())]
    left.plot(ends, ends, "k--", linewidth=0.8)
    left.set(xlabel="true", ylabel="predicted", title=f"predicted against true, {split}")
    differ = np.ptp(output - y) > 1e-5 * np.abs(output - y).max()
    right.hist(output - y, bins=50 if differ else 1)
    right.set(xlabel="predicted - true", ylabel="count", title=f"errors: mean {np.mean(output - y):.3g}")
    return figure
