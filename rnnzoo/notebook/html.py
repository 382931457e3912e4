"""Tables as HTML, for notebooks."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


def table(title: str, rows: Iterable[Sequence[Any]], header: Sequence[str] = ()) -> str:
    """Return a table; every cell is text, never markup.

    Args:
        title: Stands above it.
        rows: Their cells.
        header: Names of the columns.
    """
    head = f"<thead><tr>{''.join(map(_head, header))}</tr></thead>" if header else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><caption><b>{escape(title)}</b></caption>{head}<tbody>{body}</tbody></table>"


def _head(name: str) -> str:
    return f'<th style="text-align:left">{escape(name)}</th>'


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f'<td style="text-align:left">{escape(text)}</td>'
