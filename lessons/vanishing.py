"""Gradients that vanish and explode, and what gates and clipping do about it."""

import numpy as np

from lessons.page import Page

SHOWN = {"simple_rnn": "simplernn_0", "gru": "gru_0", "lstm": "lstm_0/cell"}


def norms(name, x, y, gain=None, open_for=None):
    """Return the norm of ∂loss/∂state after each step, the mean over the batch: `(time,)`."""
    import rnnzoo

    model = rnnzoo.build(name, features=x.shape[-1], units=32, dropout=0.0, seed=0)
    layer = model.get_layer("body").layers[1]
    kernel, recurrent, bias = layer.get_weights()
    if gain is not None:
        recurrent = gain * recurrent
    if open_for is not None:
        bias[32:64] = np.log(open_for)  # of the forget gate: it keeps 1 - 1 / (1 + open_for) of the cell at every step
    layer.set_weights([kernel, recurrent, bias])
    return rnnzoo.inspect(model, x, y).gradients[SHOWN[name]].mean(axis=0)


def lesson(page: Page, small: bool) -> None:
    """Write the page."""
    from rnnzoo.pictures.inside import through_time

    steps = 12 if small else 100
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, steps, 3)).astype("float32"), rng.integers(0, 2, 8)
    found = {name: norms(name, x, y) for name in SHOWN}
    found["lstm, forget gate open"] = norms("lstm", x, y, open_for=steps)
    left = {name: curve[0] / curve[-1] for name, curve in found.items()}
    page.say(f"""
        # Vanishing and exploding gradients

        What a loss at the end asks of the state k steps before it is a product of k factors: at every step the gradient is multiplied
        by the recurrent matrix and by the slope of the activation. Factors below 1 make it vanish, factors above 1 make it explode.

        Networks with 32 units, fresh from `rnnzoo.build`, read {steps} steps of noise. `rnnzoo.inspect` measures the norm of the
        gradient of the loss with respect to the state at every step:
    """)
    page.picture("gates", through_time(found), f"the gradient that is left, over {steps} steps")
    page.say("At the first step there is left of it:")
    page.table(
        ("model", "share of the gradient"),
        [(f"`{n}`", page.claim(f"`{n}`, gradient left at the first step", s, ".1e")) for n, s in left.items()],
    )
    page.say(f"""
        The simple network loses it: its state is multiplied by a matrix and squashed at every step, and no weight of it can let the state alone. The LSTM's
        line is that of its cell, along which the gradient is multiplied by the forget gate alone. **A fresh LSTM loses it too**, if later: the
        gate stands at σ(1) = {page.claim("forget gate of a fresh LSTM", 1 / (1 + np.exp(-1)), ".2f")}. But the gate is a dial. With a bias of
        log {steps} it keeps {page.claim("share of the cell that an open gate keeps", 1 - 1 / (1 + steps), ".1%")} of the cell at every step,
        and the gradient reaches the first step whole: {page.claim("gradient at the first step with the gate open, times that of the last", left["lstm, forget gate open"], ".1f")} times that of the last one, for the cell acts on all
        later gates as well. Training opens those gates whose cells the answer needs; whoever knows that dependencies are long can open them
        before ([Tallec and Ollivier, 2018](https://arxiv.org/abs/1804.11188)).
    """)
    gains = (0.7, 1.0, 1.5, 3.0)
    exploded = {f"recurrent matrix × {gain:g}": norms("simple_rnn", x, y, gain) for gain in gains}
    last = exploded[f"recurrent matrix × {gains[-1]:g}"]
    page.say("""
        ## Exploding

        The recurrent matrix begins orthogonal: it turns the state and keeps its length, and only the slope of tanh shrinks it. With
        larger matrices the product grows, until the units saturate:
    """)
    page.picture("exploding", through_time(exploded), "the gradient by the size of the recurrent matrix")
    page.say(f"""
        With the largest one, the gradient {steps - 1} steps back is {page.claim("gradient at the first step, recurrent matrix × 3, times that of the last", last[0] / last[-1], ".1e")} times that of the last step.

        ## Clipping

        A gradient that is too long is made shorter, its direction kept: all of them together are scaled so that their norm is at most 1.
        In the zoo every model is built so, and `clip` says at which norm:
    """)
    clipped = clip([last[0] * np.ones(4), np.ones(2)], 1.0)
    page.code(clip)
    page.say(f"""
        Two gradients with a norm of {page.claim("norm before clipping", np.sqrt(4 * last[0] ** 2 + 2), ".3g")} together have one of
        {page.claim("norm after clipping", np.sqrt(sum((g**2).sum() for g in clipped)), ".3g")} afterwards. Clipping cures explosions; against vanishing it does nothing.
    """)


def clip(gradients, norm):
    """Scale all gradients together, so that their norm is at most `norm`."""
    whole = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, norm / whole) for g in gradients]
