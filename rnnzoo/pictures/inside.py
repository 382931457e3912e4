"""Pictures of what goes on inside a model: gradients through time, states and gates, and what each step is worth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from rnnzoo.pictures.figures import Picture

LABELLED = 60
"""Steps whose tokens can still be read under an axis."""


def through_time(norms: Mapping[str, np.ndarray]) -> Figure:
    """How much of the gradient is left k steps back, for several models or states, as a share of the last step's.

    Args:
        norms: Of the gradient with respect to the state after each step, `(time,)` or `(batch, time)`, by name.
    """
    figure = Picture(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, values in norms.items():
        curve = np.atleast_2d(values).mean(axis=0)[::-1]
        axes.plot(np.arange(len(curve)), curve / max(curve[0], 1e-30), label=name)
    axes.set(
        xlabel="steps back from the last one",
        ylabel="norm of ∂loss/∂state, share of the last step's",
        title="What is left of the gradient, step by step into the past",
        yscale="log",
    )
    axes.set_ylim(bottom=max(axes.get_ylim()[0], 1e-12))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def heat_maps(rows: Mapping[str, np.ndarray], steps: Sequence[str] | None = None) -> Figure:
    """States and gates over the steps: a panel each, a row a unit. Gates run from 0 to 1, others around 0.

    Args:
        rows: `(time, units)` each, by name.
        steps: What stands at each step, such as its token.
    """
    first = next(iter(rows.values()))
    named = steps is not None and len(steps) <= LABELLED
    width = min(16.0, max(6.0, 0.16 * len(first)))
    figure = Picture(figsize=(width, 1.6 * len(rows) + (1.0 if named else 0.5)), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        is_gate = values.min() >= 0 and "/" in name
        span = 1.0 if is_gate else max(1e-9, np.abs(values).max())
        shown = axes.imshow(
            values.T,
            aspect="auto",
            cmap="viridis" if is_gate else "RdBu_r",
            vmin=0 if is_gate else -span,
            vmax=span,
            interpolation="nearest",
        )
        figure.colorbar(shown, ax=axes, pad=0.01)
        axes.set_title(name, fontsize=9, loc="left")
        axes.set(ylabel="unit", xticks=[])
    if named and steps is not None:
        axes.set_xticks(range(len(steps)), steps, rotation=_turned(steps), fontsize=8)
    else:
        axes.set_xticks(np.unique(np.linspace(0, len(first) - 1, 9).astype(int)))
        axes.set_xlabel("step")
    return figure


def _turned(tokens: Sequence[str]) -> int:
    """The degrees by which names under an axis are turned: single letters are not."""
    return 0 if max(map(len, tokens), default=1) == 1 else 90


def worth(found: Mapping[str, np.ndarray], steps: Sequence[str] | None = None) -> Figure:
    """What each step adds to the answer, a panel a measure, a bar a step: upwards for it, downwards against it.

    Args:
        found: `(time,)` each, by the measure's name.
        steps: What stands at each step, such as its token.
    """
    length = len(next(iter(found.values())))
    named = steps is not None and length <= LABELLED
    figure = Picture(figsize=(min(16.0, max(6.0, 0.22 * length)), 2.1 * len(found) + 0.8), layout="constrained")
    panels = figure.subplots(len(found), 1, squeeze=False, sharex=True)[:, 0]
    for axes, (name, values) in zip(panels, found.items(), strict=True):
        axes.bar(np.arange(length), values, color=np.where(values < 0, "tab:red", "tab:blue"))
        axes.axhline(0, color="black", linewidth=0.6)
        axes.set_title(name, fontsize=9, loc="left")
        axes.grid(alpha=0.3, axis="y")
    if named and steps is not None:
        panels[-1].set_xticks(range(length), steps, rotation=_turned(steps), fontsize=8)
    else:
        panels[-1].set_xlabel("step")
    return figure


def sources(found: np.ndarray, written: Sequence[str], read: Sequence[str]) -> Figure:
    """From where each token that was written was taken: what its log-probability loses without each source token.

    Args:
        found: `(written, read)`, in nats.
        written: The tokens from top to bottom.
        read: Those of the source, from left to right.
    """
    width, height = max(4.0, 0.24 * len(read) + 2), max(2.6, 0.24 * len(written) + 1.4)
    figure = Picture(figsize=(min(16.0, width), min(16.0, height)), layout="constrained")
    axes = figure.subplots()
    span = max(1e-9, np.abs(found).max())
    shown = axes.imshow(found, cmap="RdBu", vmin=-span, vmax=span, aspect="auto", interpolation="nearest")
    figure.colorbar(shown, ax=axes, pad=0.01, label="nats that it loses")
    axes.set_xticks(range(len(read)), read, rotation=_turned(read))
    axes.set_yticks(range(len(written)), written)
    axes.tick_params(labelsize=8, length=0)
    axes.set(xlabel="read: a token is made unknown", ylabel="written")
    return figure


def reach(found: Mapping[str, np.ndarray]) -> Figure:
    """How much the last answer changes when the input k steps back does, for several models.

    Args:
        found: `(time,)` or `(batch, time)`, by name; the first is the last step itself.
    """
    figure = Picture(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, values in found.items():
        axes.plot(np.atleast_2d(values).mean(axis=0), marker=".", label=name)
    axes.set(
        xlabel="steps back", ylabel="change of the answer", title="How far back the memory reaches", ylim=(0, None)
    )
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
