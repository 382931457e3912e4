"""The report of a run: one page that holds all of it, pictures included."""

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rnnzoo.files import own_path
from rnnzoo.rounding import short

REPORT = "report.html"

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1, h2 { font-weight: 500; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #ddd; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { background: #f5f5f5; padding: .8rem; overflow-x: auto; } img { max-width: 100%; height: auto; }
"""


def page(results: Mapping[str, Any], command: str | None, folder: Path, pictures: Sequence[str]) -> str:
    """Return the report as HTML that needs no other file: measures, settings, the command, and every picture.

    Args:
        results: Of `results.json`.
        command: What trains the same again; None where none is known.
        folder: The run.
        pictures: Paths within it.
    """
    title = escape(f"{results['recipe']}: {results['model']}")
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{escape(results['task'])} on {escape(str(results['dataset']))}, {results['parameters']:,} parameters, "
        f"{results['seconds']:,} seconds of training, best of {results['epochs']} epochs: {results['best_epoch']}.</p>",
        f"<pre>{escape(command)}</pre>" if command else "<p>All settings are in <code>config.json</code>.</p>",
        "<h2>Measures</h2>",
        _measures(results["metrics"]),
        "<h2>Settings</h2>",
        _table([(name, value) for name, value in results["hyperparameters"].items()]),
        *(f"<h2>{escape(Path(path).stem)}</h2>{_picture(own_path(folder, path))}" for path in pictures),
        "<h2>Where it comes from</h2>",
        _table([(name, results.get(name)) for name in ("seed", "device", "commit")] + [*results["versions"].items()]),
    ]
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _measures(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for scores in metrics.values() for name in scores))
    head = "".join(f"<th>{escape(split)}</th>" for split in metrics)
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(_number(scores.get(name)) for scores in metrics.values())}</tr>"
        for name in names
    )
    return f"<table><tr><th></th>{head}</tr>{rows}</table>"


def _number(value: Any) -> str:
    return f'<td class="number">{short(value) if isinstance(value, float) else escape(str(value or ""))}</td>'


def _table(rows: Sequence[tuple[str, Any]]) -> str:
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(_said(value))}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _picture(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{escape(path.stem)}" src="data:image/png;base64,{data}">'
