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
WORST = 3
"""So many classes are drawn in colour."""
GALLERY = 18
"""So many wrong answers are shown."""


def confusion(p: Predictions, classes: Sequence[str], split: str) -> Figure:
    """True classes by row, predicted ones by column: shares of each row, so that rare classes show, and counts."""
    side = 3 + 0.45 * len(classes)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    matrix = sk.confusion_matrix(p.y, p.labels, labels=range(len(classes)))
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(shown, ax=axes, label="share of the true class", shrink=0.8)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            ink = "white" if shares[row, column] > 0.5 else "black"
            text = f"{shares[row, column]:.2f}".lstrip("0").replace("1.00", "1") + f"\n{count:,}"
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=ink)
    upright = "vertical" if max(map(len, classes)) > 3 else "horizontal"
    axes.set_xticks(range(len(classes)), classes, rotation=upright)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="predicted", ylabel="true")
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
    """ROC and precision-recall of the second of two classes, or of each against the rest; and calibration.

    Beyond some classes the lines are gray, but for the three that are told apart worst. Calibration is that of the
    likeliest class: how often it is right, by how sure the model is; the bars below are how many answers are so sure.
    """
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    truth = label_binarize(p.y, classes=range(len(classes)))
    columns: dict[str, Any] = (
        {classes[1]: (truth[:, 0], p.probabilities[:, 1])}
        if len(classes) == 2
        else {name: (truth[:, i], p.probabilities[:, i]) for i, name in enumerate(classes)}
    )
    columns = {name: pair for name, pair in columns.items() if 0 < pair[0].sum() < len(pair[0])}  # it needs both kinds
    areas = {name: sk.roc_auc_score(*pair) for name, pair in columns.items()}
    worst = sorted(areas, key=areas.__getitem__)[:WORST]
    for name in sorted(columns, key=areas.__getitem__, reverse=True):
        y, scores = columns[name]
        style = {"label": f"{name} (AUC {areas[name]:.4f})"} if name in worst else {"color": "lightgray", "lw": 0.8}
        left.plot(*sk.roc_curve(y, scores)[:2], **style)
        precision, recall, _ = sk.precision_recall_curve(y, scores)
        average = sk.average_precision_score(y, scores)
        style |= {"label": f"{name} (AP {average:.4f})"} if name in worst else {}
        middle.plot(recall, precision, **style)
    left.plot([0, 1], [0, 1], "k--", linewidth=0.8)
    of = "" if len(columns) <= WORST else f": the {WORST} worst of {len(columns)} classes"
    left.set(xlabel="false positive rate", ylabel="true positive rate", title=f"ROC, {split}{of}")
    middle.set(xlabel="recall", ylabel="precision", title="precision and recall", ylim=(0, 1.03))
    for axes in (left, middle):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="lower right" if axes is left else "lower left")
    _calibration(right, p.probabilities.max(axis=-1), p.labels == p.y, 1 / len(classes))
    return figure


def _calibration(axes: Any, sureness: np.ndarray, right: np.ndarray, lowest: float) -> None:
    edges = np.linspace(lowest, 1, 11)
    place = np.clip(np.digitize(sureness, edges) - 1, 0, 9)
    filled = [i for i in range(10) if (place == i).any()]
    counts = np.array([(place == i).sum() for i in range(10)])
    axes.plot([lowest, 1], [lowest, 1], "k--", linewidth=0.8, label="calibrated")
    means = [sureness[place == i].mean() for i in filled], [right[place == i].mean() for i in filled]
    axes.plot(*means, "o-", color="tab:red", label="this model")
    axes.bar(edges[:-1], 0.2 * counts / counts.max(), np.diff(edges), align="edge", color="lightgray", zorder=0)
    off = sum(counts[i] * abs(a - b) for i, a, b in zip(filled, *means, strict=True)) / counts.sum()
    axes.set(
        xlabel="how sure it is", ylabel="share that is right", ylim=(0, 1.03), title=f"calibration: off by {off:.3f}"
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left")


def wrong(p: Predictions, rows: Sequence[np.ndarray], classes: Sequence[str], split: str) -> Figure:
    """The surest wrong answers, as pictures of what was read: a step a row, a feature a column.

    Args:
        p: Of the split.
        rows: What was read, `(time, features)` each, in the order of the predictions.
        classes: Their names.
        split: For the title.
    """
    sureness = p.probabilities.max(axis=-1)
    chosen = [i for i in np.argsort(-sureness) if p.labels[i] != p.y[i]][:GALLERY]
    columns = min(6, max(1, len(chosen)))
    height = -(-max(1, len(chosen)) // columns)
    figure = Figure(figsize=(1.7 * columns, 2.0 * height + 0.5), layout="constrained")
    grid = figure.subplots(height, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, i in zip(grid, chosen, strict=False):
        axes.imshow(rows[i], cmap="gray_r", aspect="equal" if len(rows[i]) < 4 * rows[i].shape[1] else "auto")
        axes.set_title(f"{classes[p.labels[i]]} {sureness[i]:.2f}\ntruly {classes[p.y[i]]}", fontsize=8)
    figure.suptitle(f"the surest wrong answers, {split}", fontsize=10)
    return figure
