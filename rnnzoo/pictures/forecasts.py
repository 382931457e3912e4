"""Pictures of forecasts and of backtests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from rnnzoo.data.series.times import local

COLUMNS = 3
"""So many targets are drawn."""
ROWS = 12
"""So many series are drawn."""


def windows(
    past: np.ndarray,
    truth: np.ndarray,
    forecast: np.ndarray,
    naive: np.ndarray,
    beside: str,
    names: Sequence[str],
    band: np.ndarray | None,
    split: str,
    times: np.ndarray | None = None,
    series: Sequence[str] = (),
) -> Figure:
    """Forecast against truth with the history before, a row a window, a column a target, in the units of the data.

    Args:
        past: `(windows, lookback, targets)`.
        truth: `(windows, horizon, targets)`.
        forecast: The same.
        naive: The same, of the naive forecast that is drawn beside.
        beside: What that is called.
        names: Of the targets; the last ones are drawn.
        band: The 10 % and 90 % quantiles, `(2, windows, horizon, targets)`, or None.
        split: For the title.
        times: Of all steps of each window, `(windows, lookback + horizon)`, or None.
        series: The name of each window's series.
    """
    shown = list(range(len(names)))[-COLUMNS:]
    figure = Figure(figsize=(max(7, 5 * len(shown)), 2.4 * len(past) + 0.3), layout="constrained")
    grid = figure.subplots(len(past), len(shown), squeeze=False)
    horizon = truth.shape[1]
    before, after = np.arange(-min(past.shape[1], 3 * horizon), 0), np.arange(-1, horizon)
    for row, line in enumerate(grid):
        of_past = before if times is None else times[row, past.shape[1] + before]
        ahead = after if times is None else times[row, past.shape[1] + after]
        for axes, column in zip(line, shown, strict=True):
            last = past[row, -1, column]  # lines begin there: between history and forecast is no gap
            axes.plot(of_past, past[row, before, column], color="gray", label="history")
            axes.plot(ahead, [last, *naive[row, :, column]], color="tab:blue", lw=1, ls=":", label=beside)
            axes.plot(ahead, [last, *truth[row, :, column]], color="black", label="truth")
            axes.plot(ahead, [last, *forecast[row, :, column]], color="tab:red", label="forecast")
            if band is not None:
                low, high = band[:, row, :, column]
                axes.fill_between(ahead[1:], low, high, color="tab:red", alpha=0.2, lw=0, label="10 % to 90 %")
            axes.set_ylabel(names[column], fontsize=9)
            axes.set_title(f"{series[row] if series else ''}  {split}, window {row + 1}".strip(), fontsize=9)
            axes.grid(alpha=0.3)
            if times is not None:
                dates(axes)
    _legend(figure, grid[0][0], 5)
    for axes in grid[-1] if times is None else ():
        axes.set_xlabel("steps from the forecast's begin")
    return figure


def _legend(figure: Figure, axes: Any, columns: int) -> None:
    """Name the lines above the panels, off the data."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=columns, fontsize=8)


def dates(axes: Any) -> None:
    """Put short dates under an axis of times."""
    axes.xaxis.set_major_locator(locator := AutoDateLocator(maxticks=7))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set_fontsize(8)
    axes.tick_params(axis="x", labelsize=8)


def by_step(errors: Any, split: str) -> Figure:
    """Mean squared and absolute error of each step ahead."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(1, len(errors.mse_by_step) + 1)
    marker = "o" if len(steps) == 1 else ""
    axes.plot(steps, errors.mse_by_step, marker=marker, label="squared")
    axes.plot(steps, errors.mae_by_step, marker=marker, label="absolute")
    axes.set(xlabel="steps ahead", ylabel="mean error, scaled", title=f"error by horizon step, {split}", ylim=(0, None))
    axes.grid(alpha=0.3)
    _legend(figure, axes, 2)
    return figure


def distribution(errors: Any, split: str) -> Figure:
    """How the errors are distributed."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    sample = errors.sample
    spread = np.ptp(sample) > 1e-6 * max(1e-30, np.abs(sample).max())
    axes.hist(sample, bins=60 if spread else 1)
    axes.set(xlabel="forecast - truth, scaled", ylabel="count", title=f"errors, {split}: mean {sample.mean():.3g}")
    return figure


def fed_back(truth: np.ndarray, found: np.ndarray, names: list[str]) -> Figure:
    """A path of answers fed back beside the truth, both `(steps, targets)` in the units of the data."""
    figure = Figure(figsize=(8, 2.5 * len(names)), layout="constrained")
    panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    for axes, name, line, answer in zip(panels, names, truth.T, found.T, strict=True):
        axes.plot(line, color="black", label="truth")
        axes.plot(answer, color="tab:red", label="answers fed back")
        axes.set(ylabel=name, xlabel="steps")
        axes.grid(alpha=0.3)
    _legend(figure, panels[0], 2)
    return figure


def beside_naive(model: str, judgement: Any, split: str) -> Figure:
    """Root mean squared error of a model beside that of naive forecasts."""
    scores, others = judgement.scores, judgement.answers["naive"]
    figure = Figure(figsize=(6, 1 + 0.4 * (1 + len(others))), layout="constrained")
    axes = figure.subplots()
    names = [model, *others]
    bars = axes.barh(names[::-1], [row["rmse"] for row in (scores, *others.values())][::-1])
    bars[-1].set_color("tab:red")
    axes.set(xlabel="rmse, scaled", title=f"beside naive forecasts, {split}")
    return figure


def ahead(
    answers: Sequence[dict[str, Any]],
    tables: Sequence[Any],
    targets: Sequence[str],
    period: int = 1,
    timezone: str | None = None,
) -> Figure:
    """History, forecast and intervals of new histories, with dates where known.

    A row a series, a column a target; of one series the targets stand below each other.

    Args:
        answers: Of `Run.predict`.
        tables: The histories, `rnnzoo.data.series.table.Table`.
        targets: Names; the last ones are drawn.
        period: Steps of the season, whose last one is drawn beside; 1: there is none.
        timezone: Of the clock that the answers' times are shown by; the tables' are UTC then.
    """
    answers, tables, targets = answers[:ROWS], tables[:ROWS], list(targets)[-COLUMNS:]
    rows, columns = (len(targets), 1) if len(answers) == 1 else (len(answers), len(targets))
    figure = Figure(figsize=(7 * columns, 2.6 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).reshape(len(answers), len(targets))
    for line, answer, table in zip(grid, answers, tables, strict=True):
        for axes, name in zip(line, targets, strict=True):
            y = np.array(answer[name])
            whole = table.values[:, table.columns.index(name)]
            past = whole[-min(len(table), 5 * len(y) + 20) :]
            before: Any = np.arange(-len(past), 0)
            after: Any = np.arange(len(y))
            if table.times is not None and "time" in answer:
                before, after = local(table.times[-len(past) :], timezone), np.array(answer["time"], "datetime64[us]")
                dates(axes)
            steps = np.concatenate([before[-1:], after])
            axes.plot(before, past, color="gray", label="history")
            if 1 < period <= len(whole):
                again = whole[len(whole) - period + np.arange(len(y)) % period]
                axes.plot(steps, [past[-1], *again], color="tab:blue", lw=1, ls=":", label="last season")
            axes.plot(steps, [past[-1], *y], color="tab:red", label="forecast", marker="." if len(y) == 1 else "")
            for level, shade in ((95, 0.12), (80, 0.25)):
                if (low := answer.get(f"{name}_low_{level}")) is not None:
                    high, label = answer[f"{name}_high_{level}"], f"{level} %"
                    axes.fill_between(after, low, high, color="tab:red", alpha=shade, lw=0, label=label)
            for word in (word for word in answer if word.startswith(f"{name}_quantile_")):
                axes.plot(after, answer[word], color="tab:red", lw=0.8, ls=":", label=word.removeprefix(f"{name}_"))
            axes.set_ylabel(name, fontsize=9)
            axes.set_title(answer.get("series", ""), fontsize=9)
            axes.grid(alpha=0.3)
    _legend(figure, grid[0][0], 5)
    return figure


def backtest(found: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]) -> Figure:
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
