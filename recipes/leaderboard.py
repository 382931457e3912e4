"""Our published runs beside published numbers: recipes/results/published.toml and *.json as `leaderboard.md`.

`python recipes/tables.py` writes it.
"""

import json
import statistics
import tomllib
from collections.abc import Iterator
from typing import Any

from benchmarks.tables import table
from recipes import published
from rnnzoo.tasks import more_is_better
from rnnzoo.training.several.compare import main_metric


def boards() -> str:
    """All boards: our settings of each model that were best on validation, and what others have published."""
    chosen = tomllib.loads((published.RESULTS / "published.toml").read_text(encoding="utf-8"))["board"]
    return "\n\n".join(f"## {b['title']}\n\n{b['protocol']}\n\n{_board(b)}" for b in chosen)


def _board(board: dict) -> str:
    rows = [*_ours(board), *_theirs(board)]
    sign = -1 if more_is_better(board["measure"][1]) else 1
    rows.sort(key=lambda row: sign * row[0])
    head = ("", board["measure"][1].replace("_", " "), "seeds", "parameters", "minutes", "how")
    return table(head, [cells for _, cells in rows])


def _ours(board: dict) -> Iterator[tuple[float, tuple[str, ...]]]:
    """Yield value and cells of the best settings of each model; a file's name without its seed names the settings."""
    part, measure = board["measure"]
    found: dict[str, dict[str, list[dict]]] = {}
    for path in sorted(published.RESULTS.glob("*.json")):
        r = json.loads(path.read_text(encoding="utf-8"))
        if r["recipe"] in board["recipes"] and all(_is(r.get(k), v) for k, v in board.get("where", {}).items()):
            r["file"] = path.name
            found.setdefault(r["model"], {}).setdefault(path.stem.rpartition("-")[0], []).append(r)
    for model, settings in found.items():
        runs = max(settings.values(), key=_worth)
        values = [r["metrics"][part][measure] for r in runs]
        shown = _number(_mean(runs, part, measure))
        if len(values) > 1:
            shown += f" ± {_number(statistics.stdev(values))}"
        links = ", ".join(f"[{r['seed']}]({r['file']})" for r in runs)
        minutes = f"{statistics.mean(r['seconds'] for r in runs) / 60:.1f}"
        cells = f"**`{model}`**", shown, links, f"{runs[0]['parameters']:,}", minutes
        yield _mean(runs, part, measure), (*cells, f"`{published.command(runs[0])}`")


def _worth(runs):
    """By validation, never by test; what was trained on validation too had its settings chosen before."""
    if "validation" not in runs[0]["metrics"]:
        return float("inf")
    name = main_metric(runs[0])
    return _mean(runs, "validation", name) * (1 if more_is_better(name) else -1)


def _theirs(board: dict) -> Iterator[tuple[float, tuple[str, ...]]]:
    for p in board["published"]:
        yield p["value"], (f"{p['name']} ({p['kind']})", _number(p["value"]), "", "", "", f"[published]({p['source']})")


def _is(value: Any, asked: Any) -> bool:
    return value in asked if isinstance(asked, list) else value == asked


def _mean(runs, part, measure):
    return statistics.mean(r["metrics"][part][measure] for r in runs)


def _number(value: float) -> str:
    return f"{value:.4f}" if value >= 1e-3 or value == 0 else f"{value:.1e}"
