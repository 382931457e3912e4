"""What all pictures share: files that appear whole, and text that is taken as it is."""

import functools
import io
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

from rnnzoo.files import own_file, whole_file


class Picture(Figure):
    """A figure that a notebook shows by itself, whatever matplotlib's backend is."""

    def _repr_png_(self) -> bytes:
        as_it_is(self)
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=90)
        return png.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file, whole. Names are text, never markup; letters that the font lacks are drawn as boxes."""
    with whole_file(path, suffix=".png") as temporary:
        _draw(figure, temporary)


def save_own(figure: Figure | Callable[[], Figure], folder: Path, name: str) -> None:
    """Write a PNG file of a folder, whole: no link leads it out. Takes a figure or what makes one; see `save`."""
    with own_file(folder, name, suffix=".png") as temporary:
        _draw(figure, temporary)


def _draw(figure: Figure | Callable[[], Figure], path: str) -> None:
    figure = as_it_is(figure if isinstance(figure, Figure) else figure())
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells of every weight that is not there
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(path, dpi=120)


FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei",
    "Malgun Gothic", "Hiragino Sans", "Arial Unicode MS", "Noto Sans Arabic", "Noto Sans Devanagari",
    "Noto Emoji", "Symbola", "Segoe UI Emoji",
)  # fmt: skip
"""Fonts with letters that matplotlib's own lacks; those that the machine has are taken."""


@functools.cache
def _fallbacks() -> list[str]:
    there = set(font_manager.fontManager.get_font_names())
    return [name for name in FALLBACKS if name in there]


def as_it_is(figure: Figure) -> Figure:
    """Take letters of any script, as far as the machine has fonts, and every $ as a sign, not as mathematics.

    Matplotlib itself writes powers of ten by it: those stay.
    """
    own = {
        text
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        if isinstance(axis.get_major_formatter(), ScalarFormatter | LogFormatter)
        for text in axis.findobj(Text)
        if text is not axis.label
    }
    for text in figure.findobj(Text):
        if text not in own:
            text.set_parse_math(False)
        if any(ord(letter) > 0x24F for letter in text.get_text()) and _fallbacks():
            text.set_fontfamily([*text.get_fontfamily(), *_fallbacks()])
    return figure
