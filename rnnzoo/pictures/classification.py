"""Pictures of classes: which are taken for which, and how surely they are told apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Column, Table
from sklearn import metrics as sk
from sklearn.preprocessing import label_binarize

from rnnzoo.tasks.judging.measures import Predictions

MOST_CLASSES = 30
"""More do not fit into a confusion matrix that can be read."""


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
    bars = axes.barh(range(len(names)), [scores[name]["f1"] for name in names])
    axes.set_yticks(range(len(names)), names)
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
