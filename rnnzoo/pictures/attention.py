"""Which words a model with attention looked at: in the terminal and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from rich.text import Text

from rnnzoo.data.batches import pad
from rnnzoo.inference.attending import attention

LINE = 100
"""Characters in a line of a picture."""
LONGEST = 40
"""Characters of a token there."""
COLOURS = colormaps["Reds"]
DARK = 0.675
"""From this shade on, letters are white."""


@dataclass(frozen=True)
class Explanation:
    """A sequence's tokens and the attention that each got.

    Args:
        title: What it shows: `pos 0.98`.
        tokens: The words or characters that the model read.
        weights: One a token; they sum to 1.
    """

    title: str
    tokens: Sequence[str]
    weights: np.ndarray

    @property
    def shades(self) -> np.ndarray:
        """The weights from 0 to 1, on one scale for all texts: 0 is an even share or less, 1 is all of the attention.

        In between by the logarithm, so that a word that gets many times its even share stands out of a long text too.
        """
        count = max(2, len(self.weights))
        return np.clip(np.log(np.maximum(self.weights * count, 1e-9)) / np.log(count), 0, 1)


def explain(
    model: Any, ids: Sequence[np.ndarray], tokens: Sequence[Sequence[str]], titles: Sequence[str]
) -> list[Explanation]:
    """Run the model with its attention on a few sequences.

    Args:
        model: With an attention layer, else a ValueError says which have.
        ids: What the model reads, one array a sequence.
        tokens: What a person reads, as many.
        titles: One a sequence.
    """
    seeing = attention(model)
    batch = pad(ids, max(1, *map(len, ids)))
    _, weights = seeing.predict_on_batch(batch)
    return [Explanation(t, w, np.asarray(a)[: len(w)]) for t, w, a in zip(titles, tokens, weights, strict=True)]


def in_terminal(found: Explanation) -> Text:
    """Colour each token by its weight."""
    text = Text(f"{found.title}: ", style="bold")
    for token, shade in zip(found.tokens, found.shades, strict=True):
        red, green, blue = (int(255 * c) for c in COLOURS(shade)[:3])
        text.append(token, style=f"{ink(shade)} on rgb({red},{green},{blue})")
        text.append(" ")
    return text


def ink(shade: float) -> str:
    """The colour of letters that can be read on a ground of this shade."""
    return "white" if shade > DARK else "black"


def picture(explanations: Sequence[Explanation]) -> Figure:
    """Draw each sequence as wrapped text on a ground of its weights."""
    lines: list[list[tuple[int, str, float]]] = []
    for found in explanations:
        lines += [[(0, found.title, -1.0)], []]
        column = 0
        for token, shade in zip(map(_short, found.tokens), found.shades, strict=True):
            if column + len(token) > LINE:
                lines.append([])
                column = 0
            lines[-1].append((column, token, float(shade)))
            column += len(token) + 1
        lines.append([])
    width, height, key = 0.085 * LINE, 0.22 * len(lines), 0.55
    figure = Figure(figsize=(width + 0.4, height + 0.4 + key))
    below = key / (height + 0.4 + key)
    axes = figure.add_axes((0.02, 0.02 + below, 0.96, 0.96 - below))
    scale = figure.add_axes((0.3, 0.55 * below, 0.4, 0.25 * below))
    figure.colorbar(ScalarMappable(cmap=COLOURS), cax=scale, orientation="horizontal", ticks=[])
    for place, words, side in ((-0.02, "even share or less", "right"), (1.02, "all of the attention", "left")):
        scale.text(place, 0.5, words, ha=side, va="center", fontsize=8, transform=scale.transAxes)
    axes.set(xlim=(0, LINE), ylim=(len(lines), -1))
    axes.axis("off")
    for row, line in enumerate(lines):
        for column, token, shade in line:
            ground = {"boxstyle": "square,pad=0.1", "facecolor": COLOURS(shade), "edgecolor": "none"}
            style: dict[str, Any] = {"weight": "bold"} if shade < 0 else {"bbox": ground, "color": ink(shade)}
            axes.text(column, row, token, family="monospace", fontsize=9, va="center", **style)
    return figure


def _short(token: str) -> str:
    return token if len(token) <= LONGEST else token[: LONGEST - 1] + "…"


def looks(model: Any) -> bool:
    """Tell whether a model has an attention layer over its sequence."""
    return any(layer.name == "attention" for layer in getattr(model.get_layer("body"), "layers", ()))


def surest(model: Any, batches: Any, data: Any, predictions: Any) -> Figure:
    """Draw what the model looked at in the two surest right and the two surest wrong answers.

    Args:
        model: With attention.
        batches: The split.
        data: The data object: classes and vocabulary.
        predictions: Of the split, in the order of its batches.
    """
    order = np.concatenate([indices[:real] for indices, real, _ in batches.plan()])
    sureness = predictions.probabilities.max(axis=-1)
    right = predictions.labels == predictions.y
    chosen = [i for kind in (right, ~right) for i in np.argsort(-np.where(kind, sureness, -1))[:2] if kind[i]]
    ids = [batches.x[order[i]] for i in chosen]
    titles = [
        f"{'right' if right[i] else 'wrong'}: {data.classes[predictions.labels[i]]} {sureness[i]:.2f}, "
        f"truly {data.classes[predictions.y[i]]}"
        for i in chosen
    ]
    return picture(explain(model, ids, data.pieces_of(batches.x, [order[i] for i in chosen]), titles))
