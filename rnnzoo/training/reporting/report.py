"""What was trained and measured, in numbers: as text, and as tables for a notebook."""

from collections.abc import Mapping
from typing import Any

from rnnzoo.notebook import html


class Report(str):
    """A text that a notebook shows as tables.

    Args:
        config: A run's settings, as `config.json` holds them.
        results: What it measured, as `results.json` holds it.
    """

    tables: list[tuple[str, list[tuple[Any, ...]], tuple[str, ...]]]

    def __new__(cls, config: Mapping[str, Any], results: Mapping[str, Any]) -> "Report":
        """Write the text."""
        tables = [_measured(results), _trained(results), _settings(config, results)]
        found = super().__new__(cls, "\n\n".join(_text(*table) for table in tables))
        found.tables = tables
        return found

    def _repr_html_(self) -> str:
        return "".join(html.table(*table) for table in self.tables)


def _measured(results: Mapping[str, Any]) -> tuple[str, list[tuple[Any, ...]], tuple[str, ...]]:
    """Return a row for each measure, a column for each part."""
    parts = results["metrics"]
    names = dict.fromkeys(name for scores in parts.values() for name in scores)
    rows = [(name, *(scores.get(name, "") for scores in parts.values())) for name in names]
    title = f"{results['recipe']}: {results['model']} on {results['dataset']}"
    return title, rows, ("measure", *parts)


def _trained(results: Mapping[str, Any]) -> tuple[str, list[tuple[Any, ...]], tuple[str, ...]]:
    best = results.get("best_epoch")
    epochs = f"{results['epochs']}{f', the best {best}' if best else ''}{', stopped early' * results['stopped']}"
    rows = [("task", results["task"]), ("parameters", f"{results['parameters']:,}"), ("epochs", epochs)]
    rows += [("seconds", results["seconds"]), ("seed", results["seed"]), ("device", results.get("device", "unknown"))]
    return "training", rows, ()


def _settings(
    config: Mapping[str, Any], results: Mapping[str, Any]
) -> tuple[str, list[tuple[Any, ...]], tuple[str, ...]]:
    told = {"name", "task", "model", "data", "hyperparameters", "seed"}
    words = {k: v for k, v in config.items() if k not in told and v is not None}
    return "settings", list({**results["hyperparameters"], **words}.items()), ()


def _text(title: str, rows: list[tuple[Any, ...]], header: tuple[str, ...] = ()) -> str:
    """Return a table in columns."""
    cells = [
        [f"{v:.4g}" if isinstance(v, float) else str(v) for v in row] for row in ([header] if header else []) + rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join([title, *lines])
