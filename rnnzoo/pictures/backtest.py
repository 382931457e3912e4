"""A backtest in one picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.pictures.forecasts import dates


def picture(found: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]) -> Figure:
    """Above the folds with their forecasts, those that do not overlap; below the error of each fold, naive ones beside.

    Args:
        found: Of `rnnzoo.training.several.backtest.backtest`.
        drawn: For each fold `at`, where forecasts begin, `forecast` `(windows, horizon)`, `truth_at`, `truth`
            `(steps,)` and `name`, in the units of the data; `times` of the truth, or None.
    """
    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2))
    for number, fold in enumerate(drawn):
        rows = fold["truth_at"] + np.arange(len(fold["truth"]))
        steps = rows if fold["times"] is None else fold["times"]
        above.plot(steps, fold["truth"], color="black", lw=1, label="truth" if number == 0 else None)
        above.axvline(steps[0], color="gray", ls=":", lw=1)
        for begin, values in zip(fold["at"], fold["forecast"], strict=True):
            at = steps[begin - fold["truth_at"] :][: len(values)]
            label = "forecasts" if number == 0 and begin == fold["at"][0] else None
            above.plot(at, values, color="tab:red", lw=1, marker="." if len(at) == 1 else "", label=label)
    how = ("sliding" if found["sliding"] else "expanding", "trained anew" if found["refit"] else "trained once")
    above.set(title=f"{found['model']}: {how[0]} origin, {how[1]}", ylabel=drawn[0]["name"])
    if drawn[0]["times"] is None:
        above.set_xlabel("row")
    else:
        dates(above)
    figure.legend(*above.get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8)
    places, folds = np.arange(len(drawn)), found["folds"]
    names = [None, *found["mean"]["naive"]]
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        heights = [(fold["scores"] if name is None else fold["naive"][name])["rmse"] for fold in folds]
        below.bar(
            places + (i - (len(names) - 1) / 2) * width, heights, width, label=name or found["model"],
            color="tab:red" if name is None else None, alpha=1 if name is None else 0.5,
        )  # fmt: skip
    labels = [f"{fold['fold']}\n{fold['end'][:10]}" if "end" in fold else str(fold["fold"]) for fold in folds]
    below.set_xticks(places, labels)
    below.set(ylabel="rmse, scaled", xlabel="fold, and its last step")
    below.margins(y=0.25)  # room for the names
    below.legend(fontsize=8, ncols=len(names), loc="upper center")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    return figure
