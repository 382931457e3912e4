"""Pictures of values: predicted against true ones."""

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.tasks.judging.measures import Predictions


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
