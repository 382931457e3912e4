"""A page of a lesson: text, code, tables and pictures, in the order in which they are added."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rnnzoo.pictures.figures import save


class Page:
    """Markdown and its pictures.

    Args:
        name: Of the file.
    """

    def __init__(self, name: str):
        self.name = name
        self.parts: list[str] = []
        self.pictures: dict[str, Any] = {}
        self.claims: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Add a paragraph, or several."""
        self.parts.append(inspect.cleandoc(text))

    def claim(self, what: str, value: Any, form: str = "") -> str:
        """Return a number as the text says it; the page ends with all of them.

        Args:
            what: It is the number of.
            value: As it was measured.
            form: As `format` takes it.
        """
        self.claims[what] = format(value, form)
        return self.claims[what]

    def end(self, seconds: float, device: str) -> None:
        """Add the numbers that the text claims, and the command that they come from."""
        self.say("## The numbers\n\nWhat this page claims, as the command below found it; it writes the page anew:")
        self.command(f"python -m lessons {self.name}")
        head, rule = "| what | number |", "| --- | ---: |"
        rows = [f"| {what} | {value} |" for what, value in self.claims.items()]
        self.parts.append("\n".join([head, rule, *rows, f"| seconds of the command, {device} | {seconds:.0f} |"]))

    def code(self, *functions: Callable) -> None:
        """Show the source of functions as they were run."""
        self.parts.append(
            "```python\nimport numpy as np\n\n\n" + "\n\n".join(map(inspect.getsource, functions)) + "```"
        )

    def command(self, *lines: str) -> None:
        """Show commands."""
        self.parts.append("```bash\n" + "\n".join(lines) + "\n```")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; all columns but the first are aligned to the right."""
        rule = ["---", *["---:"] * (len(head) - 1)]
        self.parts.append("\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)))

    def picture(self, name: str, figure: Any, words: str) -> None:
        """Add a picture.

        Args:
            name: Of its file.
            figure: Of matplotlib.
            words: What it shows.
        """
        path = f"pictures/{self.name}-{name}.png"
        self.pictures[path] = figure
        self.parts.append(f"![{words}]({path})")

    def write(self, folder: Path) -> Path:
        """Write page and pictures, and return the page's path."""
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        for path, figure in self.pictures.items():
            save(figure, folder / path)
        page = folder / f"{self.name}.md"
        page.write_text("\n\n".join(self.parts) + "\n", encoding="utf-8")
        return page
