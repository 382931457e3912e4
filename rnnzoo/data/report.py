"""What was read is said: before training, and in `results.json`; with a note where data look degenerate."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnzoo.data.ragged import lengths
from rnnzoo.data.series.table import Table
from rnnzoo.data.series.times import shown
from rnnzoo.data.text.vocabulary import UNKNOWN

MOST = 12
"""Classes that are listed by name."""
COMPARED = 200_000
"""Examples, at most, among which those of train and test are compared."""
MOSTLY = 0.9
"""A column that grows by the same in so large a share of the steps counts something: rows, days, years."""


def report(data: Any, parts: Mapping[str, tuple[Any, Any]], read: Mapping[str, Any]) -> dict[str, Any]:
    """Describe parts as they were encoded, `(x, y)` by name.

    Args:
        data: Fitted.
        parts: By name.
        read: What the reader tells: `rows`, `left_out`, `recognised`.

    Returns:
        As JSON holds it.
    """
    found: dict[str, Any] = {
        **{name: value for name, value in read.items() if value},
        "examples": {name: len(x) for name, (x, _) in parts.items()},
    }
    x, y = parts["train"]
    steps = lengths(x)
    found["steps"] = {"mean": round(float(np.mean(steps)), 1), "longest": int(np.max(steps, initial=0))}
    found |= _answers(data, y)
    if "vocabulary_size" in data.inputs and "validation" in parts and hasattr(data, "vocabulary"):
        found["unknown_in_validation"] = round(_unknown(parts["validation"][0]), 4)
    if notes := [*read.get("notes", ()), *_notes(data, parts, found)]:
        found["notes"] = notes
    return found


def _answers(data: Any, y: Any) -> dict[str, Any]:
    classes = getattr(data, "classes", None)
    if classes is None:
        if not (isinstance(y, np.ndarray) and y.dtype.kind == "f"):
            return {}
        values = data.answer_scaler.inverse(y.astype("float64")) if hasattr(data, "answer_scaler") else y
        low, high = float(values.min()), float(values.max())
        digits = 5 - math.floor(math.log10(high - low)) if 0 < high - low < math.inf else 6
        return {"target": {"from": round(low, digits), "to": round(high, digits)}}  # float32 had no more
    if isinstance(y, np.ndarray) and y.ndim == 2:  # several classes at once
        counts = y.sum(axis=0).astype(int)
    else:
        counts = np.bincount(y if isinstance(y, np.ndarray) else np.concatenate(y), minlength=len(classes))
    return {"classes": dict(zip(classes, counts.tolist(), strict=True))}


def _unknown(x: Sequence[np.ndarray]) -> float:
    """Return the share of unknown tokens; beside words may stand their characters."""
    tokens = unknown = 0
    for row in x:
        ids = row[:, 0] if row.ndim == 2 else row
        tokens, unknown = tokens + len(ids), unknown + int((ids == UNKNOWN).sum())
    return unknown / max(tokens, 1)


def _notes(data: Any, parts: Mapping[str, tuple[Any, Any]], found: Mapping[str, Any]) -> list[str]:
    """Say where data are not what a person would take them for."""
    notes = []
    steps = lengths(parts["train"][0])
    if "vocabulary_size" in data.inputs and np.mean(steps <= 1) > 0.9:
        notes.append(
            "nearly every sentence has one word: a table with a word a row needs --sentence COLUMN"
            if hasattr(data, "sentence")
            else "nearly every text has one token: a language without spaces needs --tokens characters"
        )
    rare = [name for name, count in found.get("classes", {}).items() if count < 2]
    if rare:
        notes.append(f"too rare to be learnt, with one example of train or none: {_list(rare)}")
    alike: dict[str, list[str]] = {}
    for name in map(str, found.get("classes", {})):
        alike.setdefault(" ".join(unicodedata.normalize("NFKC", name).casefold().split()), []).append(name)
    notes += [f"written in several ways, but learnt as classes of their own: {_list(names)}"
              for names in alike.values() if len(names) > 1]  # fmt: skip
    for name in ("validation", "test"):
        if name in parts and len(parts["train"][0]) + len(parts[name][0]) <= COMPARED:
            known = {hash(row.tobytes()) for row in parts["train"][0]}  # the rows themselves would fill the memory
            same = sum(hash(row.tobytes()) in known for row in parts[name][0])
            if same:
                notes.append(f"{same:,} of {len(parts[name][0]):,} examples of {name} are in train too")
    return notes


def of_series(tables: Sequence[Table], outputs: int, ahead: Sequence[str], static: Sequence[str]) -> dict[str, Any]:
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


def notes_on_series(trains: Sequence[np.ndarray], columns: Sequence[str]) -> list[str]:
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


def of_text(parts: Mapping[str, np.ndarray], kind: str, known: int) -> dict[str, Any]:
    """Describe a text that is to be continued, as JSON holds it.

    Args:
        parts: Token ids by part.
        kind: `words` or `characters`.
        known: Of how many kinds the vocabulary has them.
    """
    return {
        "tokens": {part: len(ids) for part, ids in parts.items()},
        "kind": kind,
        "known": known,
        "unknown": {part: round(float(np.mean(ids == UNKNOWN)), 4) for part, ids in parts.items()},
    }


def lines(name: str, found: Mapping[str, Any]) -> list[str]:
    """Return a report as a person reads it, in two or three lines and one a note.

    Args:
        name: Of the data set.
        found: From `report`.
    """
    if not found:
        return []
    if "series" in found:
        return _series_lines(name, found)
    if "tokens" in found:
        return _text_lines(name, found)
    examples = ", ".join(f"{part} {count:,}" for part, count in found["examples"].items())
    first = [f"{name}: {examples}"]
    if found.get("left_out"):
        first.append("left out " + ", ".join(f"{count:,} with {why}" for why, count in found["left_out"].items()))
    if found.get("recognised"):
        first.append(", ".join(found["recognised"]))
    second = []
    if classes := found.get("classes"):
        second.append(f"{len(classes)} classes: " + _list([f"{label} {count:,}" for label, count in classes.items()]))
    if target := found.get("target"):
        second.append(f"target from {target['from']:.10g} to {target['to']:.10g}")
    second.append(f"{found['steps']['mean']:,} steps an example, {found['steps']['longest']:,} at most")
    if "unknown_in_validation" in found:
        second.append(f"{found['unknown_in_validation']:.1%} of validation unknown")
    return ["; ".join(first), "; ".join(second), *(f"note: {note}" for note in found.get("notes", ()))]


def _text_lines(name: str, found: Mapping[str, Any]) -> list[str]:
    tokens = ", ".join(f"{part} {count:,}" for part, count in found["tokens"].items())
    unknown = ", ".join(f"{share:.1%} of {part}" for part, share in found["unknown"].items())
    return [f"{name}: {tokens} {found['kind']}; {found['known']:,} different ones are known; unknown are {unknown}"]


def _series_lines(name: str, found: Mapping[str, Any]) -> list[str]:
    fewest, most = found["steps"]["fewest"], found["steps"]["most"]
    steps = f"{most:,} steps" if fewest == most else f"{fewest:,} to {most:,} steps"
    size = steps if found["series"] == 1 else f"{found['series']:,} series of {steps}"
    when = f"from {found['from']} to {found['to']}" if "from" in found else "each row is a step, without times"
    said = {"forecast": "forecasts", "beside": "reads beside it", "known_ahead": "known ahead",
            "static": "of each series"}  # fmt: skip
    kinds = [f"{word} {_list(found[kind])}" for kind, word in said.items() if found.get(kind)]
    return [f"{name}: {size}, {when}", "; ".join(kinds)]


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
