"""Forecasts of new histories: with times and intervals, and further than the model was trained for."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnzoo.errors import InvalidValue
from rnnzoo.inference.quantiles import levels_of, median
from rnnzoo.inference.sampling import likelihood_of, sample
from rnnzoo.tasks.judging import conformal
from rnnzoo.tasks.judging.conformal import movement
from rnnzoo.tasks.judging.feeding_back import feed_back

PATHS = 200
"""Drawn from a likelihood for the interval of a forecast."""


def forecast(run: Any, raw: Sequence[Any], steps: int | None = None) -> list[dict[str, Any]]:
    """Forecast each history.

    Args:
        run: A trained run.
        raw: Histories as the data object takes them.
        steps: How far; by default the horizon. What lies behind it is read from own answers.

    Returns:
        For each: `series` and `time` where they are known, a list for each target; where intervals are known
        `<target>_low_80`, `<target>_high_80` and the like: of a likelihood's draws, else conformal; of a model with
        quantiles `<target>_quantile_10` and the like; a `note` where own answers were read.

    Raises:
        ValueError: Histories that cannot be read; a model that reads more than it answers, asked beyond its horizon.
    """
    if not len(raw):
        raise InvalidValue("There is nothing to predict. Received: no input")
    data = run.data
    horizon, outputs = data.horizon, data.inputs["outputs"]
    steps = steps or horizon
    if steps > horizon and data.inputs["features"] != outputs:
        raise InvalidValue(
            f"Beyond its horizon of {horizon} steps a model must answer all that it reads, to read its own answers. "
            f"Received: steps={steps}, {data.inputs['features']} features, {outputs} of them answered"
        )
    quantiles: Any = None
    if steps > horizon:
        y = feed_back(run.model, np.stack(data.encode(raw)), steps)
    else:
        answer = run.outputs(raw)
        y = median(run.model, answer)[:, :steps]
        quantiles = answer[:, :, :steps] if levels_of(run.model) else None
    found = data.answers(raw, y)
    bands = _bands(run, raw, y)
    for level, (low, high) in bands.items():
        for answer, below, above in zip(found, data.answers(raw, low), data.answers(raw, high), strict=True):
            for name in data.targets:
                answer[f"{name}_low_{level}"] = below[name]
                answer[f"{name}_high_{level}"] = above[name]
    for place, q in enumerate(levels_of(run.model) if quantiles is not None else ()):
        if q != 0.5:
            for answer, values in zip(found, data.answers(raw, quantiles[:, place]), strict=True):
                answer |= {f"{name}_quantile_{100 * q:g}": values[name] for name in data.targets}
    if steps > horizon:
        for answer in found:
            answer["note"] = f"behind step {horizon} the model reads its own answers; intervals there are too narrow"
    return found


def _bands(run: Any, raw: Sequence[Any], y: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return lower and upper ends of intervals, scaled, by level: of the likelihood's draws, else conformal."""
    steps = y.shape[1]
    if likelihood_of(run.model) is not None and steps <= run.data.horizon:
        paths = sample(run.model, np.stack(run.data.encode(raw)), PATHS)[:, :, :steps]
        quantiles = {80: (0.1, 0.9), 95: (0.025, 0.975)}
        return {level: tuple(np.quantile(paths, ends, axis=1)) for level, ends in quantiles.items()}
    if not (state := _intervals(run)):
        return {}
    moved = movement(np.stack(run.data.encode(raw)), y.shape[-1], state["floor"])
    names = list(run.data.scalers.names)
    rows = [names.index(table.name) if table.name in names else 0 for table in run.data.histories(raw)]
    found = {}
    for level, widths in state["next"].items():
        widths = np.array(widths)
        # Behind the horizon each further step is as unsure as the last one that was measured.
        width = widths[np.minimum(rows, len(widths) - 1)][:, np.minimum(np.arange(steps), widths.shape[1] - 1)] * moved
        found[int(level)] = (y - width, y + width)
    return found


def _intervals(run: Any) -> dict[str, Any]:
    """Return what a run's intervals are made from; of one trained before there was any, from its validation part."""
    if run.data.intervals() or not run.finished:
        return run.data.intervals()
    from rnnzoo.errors import UserError

    try:
        parts = run.recipe.load().parts
    except (UserError, OSError):
        return {}  # the data are not here any more
    if "validation" not in parts:
        return {}
    return conformal.of_model(run.model, parts)


def table(answers: Sequence[dict[str, Any]]) -> Any:
    """Return forecasts as one `pandas.DataFrame`: series, time or step, each target with its intervals."""
    import pandas as pd

    rows = []
    for number, answer in enumerate(answers):
        lists = {name: value for name, value in answer.items() if isinstance(value, list)}
        steps = len(next(iter(lists.values())))
        first = (
            {"series": [answer.get("series", str(number))] * steps} if len(answers) > 1 or "series" in answer else {}
        )
        at = {} if "time" in lists else {"step": list(range(1, steps + 1))}
        rows.append(pd.DataFrame(first | at | lists))
    return pd.concat(rows, ignore_index=True)
