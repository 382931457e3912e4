"""What was read of series, for a person to look at before training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnzoo.data.series.table import Table
from rnnzoo.data.series.times import shown

MOSTLY = 0.9
"""A column that grows by the same in so large a share of the steps counts something: rows, days, years."""


def report(tables: Sequence[Table], outputs: int, ahead: Sequence[str], static: Sequence[str]) -> dict[str, Any]:
    """Describe series as JSON holds it: how many steps, from when to when, and which columns are what.

    Args:
        tables: One for each series, the targets first.
        outputs: How many columns are targets.
        ahead: Columns that are known ahead.
        static: Columns that are the same at all steps.
    """
    sizes, columns = [len(table) for table in tables], tables[0].columns
    beside = [name for name in columns[outputs:] if name not in ahead]
    times = [table.times for table in tables if table.times is not None]
    span = {"from": shown(min(t[0] for t in times)), "to": shown(max(t[-1] for t in times))} if times else {}
    kinds = {"beside": beside, "known_ahead": list(ahead), "static": list(static)}
    return {
        "series": len(tables),
        "steps": {"fewest": min(sizes), "most": max(sizes)},
        **span,
        "forecast": list(columns[:outputs]),
        **{kind: names for kind, names in kinds.items() if names},
    }


def notes(trains: Sequence[np.ndarray], columns: Sequence[str]) -> list[str]:
    """Say which targets grow by the same at nearly every step of every series: hardly what is to be forecast.

    Args:
        trains: The targets' train rows of each series, `(steps, targets)`.
        columns: Their names.
    """
    found = []
    for i, name in enumerate(columns):
        changes = [np.diff(train[:, i]) for train in trains if len(train) > 2]
        if changes and all((d > 0).all() and np.isclose(d, np.median(d)).mean() >= MOSTLY for d in changes):
            found.append(name)
    said = "grows by the same at every step, as a count or a time does, and is forecast: --target names what is meant"
    return [f"{name} {said}, --time the time" for name in found]
