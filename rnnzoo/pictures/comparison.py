"""Several models in one picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure


def quality_and_cost(rows: Sequence[Mapping[str, Any]], metric: str) -> Figure:
    """Quality against seconds of training; the area of a dot grows with the parameters."""
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    axes = figure.subplots()
    most = max(row["parameters"] for row in rows)
    for row in rows:
        if row["deviation"] is not None:
            axes.errorbar(row["seconds"], row[metric], yerr=row["deviation"], color="gray", capsize=3)
        axes.scatter(row["seconds"], row[metric], s=30 + 300 * row["parameters"] / most, alpha=0.6)
        axes.annotate(
            row["model"], (row["seconds"], row[metric]), xytext=(6, 6), textcoords="offset points", fontsize=8
        )
    axes.set(xlabel="seconds of training", ylabel=f"{rows[0]['split']} {metric}", xscale="log")
    axes.margins(x=0.35, y=0.1)  # room for the names
    axes.grid(alpha=0.3)
    return figure
