"""What commands print."""

from typing import Any


def print_out(thing: Any, soft_wrap: bool = False) -> None:
    """Print a table, or plain text as it is; with `soft_wrap` also coloured text, however wide."""
    from rich.console import Console

    Console(highlight=False, markup=False, soft_wrap=soft_wrap or isinstance(thing, str)).print(thing)
