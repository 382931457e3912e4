"""Pictures of whole answers: where the model looked, how well it does by length, and examples."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.pictures.alignment import picture
from rnnzoo.tasks.judging.translations import Translation

HEAT_MAPS = 6
READABLE = 40
"""Tokens of a source or an answer whose heat map can still be read."""
EXAMPLES = 5
"""Right answers, and wrong ones, that are shown."""
BARS = 12
LINE = 110
"""Characters in a line of a picture."""


def pictures(
    lengths: np.ndarray, found: Sequence[Translation], faultless: Sequence[str], split: str
) -> dict[str, Callable[[], Figure]]:
    """Return what draws `lengths.png`, `examples.png` and, of a model with attention, `alignment.png`.

    Args:
        lengths: Tokens of each true answer, without the end.
        found: What was written, in the order of the pairs.
        faultless: What it should be.
        split: What the pairs are of: `test`.
    """
    of = "tokens of the true answer"
    if np.ptp(lengths) < 2:  # dates: all answers are as long, the sources are not
        lengths, of = np.array([len(one.source) for one in found]), "tokens of the source"
    right = np.array([one.text == other for one, other in zip(found, faultless, strict=True)])
    drawn: dict[str, Callable[[], Figure]] = {
        "lengths.png": lambda: by_length(lengths, right, split, of=of),
        "examples.png": lambda: examples(found, faultless, right),
    }
    if chosen := _for_heat_maps(found, right):
        drawn["alignment.png"] = lambda: picture([found[i] for i in chosen])
    return drawn


def by_length(lengths: np.ndarray, right: np.ndarray, split: str, of: str = "tokens of the true answer") -> Figure:
    """Share of faultless answers by length, with the 95 % interval of each share, and how many there are of each.

    Args:
        lengths: One for each answer.
        right: Whether each answer is faultless.
        split: For the title.
        of: What the lengths are.
    """
    edges = np.unique(np.linspace(lengths.min(), lengths.max() + 1, BARS + 1).astype(int))
    place = np.searchsorted(edges, lengths, side="right") - 1
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    bars = [i for i in range(len(edges) - 1) if (place == i).any()]
    shares = [right[place == i].mean() for i in bars]
    counts = np.array([(place == i).sum() for i in bars])
    spans = [f"{a}" if b - a == 1 else f"{a}–{b - 1}" for a, b in (edges[i : i + 2] for i in bars)]
    names = [f"{span}\n{count:,}" for span, count in zip(spans, counts, strict=True)]
    axes.bar(
        names,
        shares,
        width=min(0.8, 0.12 * len(bars)),
        yerr=_wilson(np.array(shares), counts),
        capsize=3,
        ecolor="gray",
    )
    axes.set(
        xlabel=f"{of}; below, how many there are", ylabel="exact match", ylim=(0, 1.05), xlim=(-0.6, len(bars) - 0.4)
    )
    axes.set_title(f"{split}: {right.mean():.4f} of {len(right):,} answers are faultless")
    axes.grid(alpha=0.3, axis="y")
    return figure


def _wilson(shares: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Distances of the ends of Wilson's 95 % interval from each share, `(2, bars)`."""
    z = 1.96
    middle = (shares + z**2 / (2 * counts)) / (1 + z**2 / counts)
    half = z / (1 + z**2 / counts) * np.sqrt(shares * (1 - shares) / counts + (z / (2 * counts)) ** 2)
    return np.maximum([shares - middle + half, middle + half - shares], 0)


def examples(found: Sequence[Translation], faultless: Sequence[str], right: np.ndarray) -> Figure:
    """The surest right and wrong answers as text, with their probability: what was read and written, and the truth."""
    scores = np.array([one.score for one in found])
    lines: list[tuple[str, str]] = []
    for kind, title in ((right, "right"), (~right, "wrong")):
        for i in [i for i in np.argsort(-np.where(kind, scores, -np.inf))[:EXAMPLES] if kind[i]]:
            joint = "" if all(len(token) <= 1 for token in found[i].source) else " "
            lines += [(f"{title}, {np.exp(scores[i]):.3g}", "bold"), (f"read     {joint.join(found[i].source)}", "")]
            lines.append((f"written  {found[i].text}", "green" if right[i] else "red"))
            lines += [] if right[i] else [(f"truth    {faultless[i]}", "")]
            lines.append(("", ""))
    widest = min(LINE, max(len(text) for text, _ in lines))
    figure = Figure(figsize=(0.085 * widest + 0.4, 0.22 * len(lines) + 0.4))
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    axes.set(xlim=(0, 1), ylim=(len(lines), -1))
    axes.axis("off")
    for row, (text, style) in enumerate(lines):
        shown = text if len(text) <= LINE else text[: LINE - 3] + "..."
        weight, colour = ("bold", "black") if style == "bold" else ("normal", style or "black")
        axes.text(0, row, shown, family="monospace", fontsize=9, va="center", weight=weight, color=colour)
    return figure


def _for_heat_maps(found: Sequence[Translation], right: np.ndarray) -> list[int]:
    """Return a few answers from the shortest source to the longest that can be read, two wrong ones among them."""
    fit = [
        i for i, one in enumerate(found)
        if one.attention is not None and 0 < len(one.source) <= READABLE and 0 < len(one.target) <= READABLE
    ]  # fmt: skip
    fit.sort(key=lambda i: len(found[i].source))

    def spread(rows, count):
        return [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))] if rows else []

    wrong = spread([i for i in fit if not right[i]], 2)
    return spread([i for i in fit if right[i]], HEAT_MAPS - len(wrong)) + wrong
