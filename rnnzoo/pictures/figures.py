"""What all pictures share: files that appear whole, and text that is taken as it is."""

import warnings
from pathlib import Path

from matplotlib.figure import Figure

from rnnzoo.files import own_file, whole_file


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file, whole. Letters that the font lacks are drawn as boxes, without a word."""
    with whole_file(path, suffix=".png") as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(temporary, dpi=120)


def save_own(figure: Figure, folder: Path, name: str) -> None:
    """Write a PNG file of a folder, whole: no link leads it out. See `save`."""
    with own_file(folder, name, suffix=".png") as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(temporary, dpi=120)


def safe(text: str) -> str:
    """Return a text that matplotlib draws as it is: a lone $ would begin mathematics."""
    return text.replace("$", r"\$")
