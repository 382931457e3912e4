"""Where a model looked while it wrote: in the terminal and as heat maps."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from rich.text import Text

from rnnzoo.pictures.attention import COLOURS, ink
from rnnzoo.tasks.judging.translations import Translation

INCHES = 0.22
"""Of a token in a picture."""
WIDEST = 12
"""Inches of a picture: more maps stand below each other."""
LETTERS = 12
"""Of a title in an inch."""
NAMES = {" ": "␣", "\t": "⇥", "\n": "⏎"}
"""What a person can see of tokens that are blank."""


def in_terminal(found: Translation) -> Text:
    """Show a line for each token written: the token, the source coloured by its weights, and the heaviest token."""
    text = Text(f"{found.text}\n", style="bold")
    if found.attention is None:
        return text
    source, target = visible(found.source), visible(found.target)
    space = "" if all(len(token) == 1 for token in source) else " "
    width = max(map(len, target), default=0)
    for token, weights in zip(target, found.attention, strict=True):
        text.append(f"{token:>{width}}  ", style="bold")
        for word, weight in zip(source, weights, strict=True):
            red, green, blue = (int(255 * c) for c in COLOURS(float(weight))[:3])
            text.append(word, style=f"{ink(float(weight))} on rgb({red},{green},{blue})")
            text.append(space)
        if len(source):
            text.append(f"  {source[weights.argmax()]} {weights.max():.2f}")
        text.append("\n")
    return text


def picture(found: Sequence[Translation]) -> Figure:
    """Draw a heat map for each: tokens read from left to right, tokens written from top to bottom."""
    width = max(3.0, INCHES * max(len(one.source) for one in found) + 1)
    columns = max(1, min(len(found), int(WIDEST / width)))
    rows = math.ceil(len(found) / columns)
    height = max(2.0, INCHES * max(len(one.target) for one in found) + 1)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(found) :]:
        axes.axis("off")
    for axes, one in zip(grid, found, strict=False):
        source, target = visible(one.source), visible(one.target)
        if one.attention is not None and one.attention.size:
            axes.imshow(one.attention, cmap="Blues", vmin=0, vmax=1)
        upright = max(map(len, source), default=1) == 1
        axes.set_xticks(range(len(source)), source, rotation=0 if upright else 90)
        axes.set_yticks(range(len(target)), target)
        axes.tick_params(labelsize=8, length=0)
        room = int(LETTERS * width)
        axes.set_title(one.text if len(one.text) <= room else one.text[: room - 3] + "...", fontsize=9)
        axes.set_anchor("N")
    return figure


def visible(tokens: Sequence[str]) -> list[str]:
    """Return the tokens, blank ones as signs."""
    return [NAMES.get(token, token) for token in tokens]
