"""How a training's progress is shown: a bar in a terminal, a line drawn anew in a notebook, nothing elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from rnnzoo.rounding import short

SECONDS = 0.2
"""Between two drawings in a notebook."""


class Progress:
    """The progress of a training.

    Args:
        console: Where to show it.
        epochs: How many there are.
    """

    def __init__(self, console: Console, epochs: int):
        self._console, self._epochs = console, epochs
        self._place: Any = None

    @contextlib.contextmanager
    def epoch(self, number: int, steps: int) -> Iterator[Callable[[float], None]]:
        """Give the function that is called with the loss after each step of an epoch."""
        text = f"epoch {number}/{self._epochs}"
        if self._console.is_jupyter and not self._console.quiet:
            yield self._in_notebook(text, steps)
            self._draw(text, steps, steps)
            return
        with Bar(console=self._console, transient=True, disable=not self._console.is_terminal) as bar:
            task = bar.add_task(text, total=steps)
            yield lambda loss: bar.update(task, advance=1, description=f"{text}  loss {short(loss)}")

    def _in_notebook(self, text: str, steps: int) -> Callable[[float], None]:
        drawn, step = 0.0, 0

        def show(loss: float) -> None:
            nonlocal drawn, step
            step += 1
            if time.monotonic() - drawn > SECONDS:
                drawn = time.monotonic()
                self._draw(f"{text}, loss {short(loss)}", step, steps)

        return show

    def _draw(self, text: str, step: int, steps: int) -> None:
        from IPython.display import HTML, display

        line = HTML(f'<progress value="{step}" max="{steps}" style="width:20em"></progress> {escape(text)}')
        if self._place is None:
            self._place = display(line, display_id=True)
        else:
            self._place.update(line)
