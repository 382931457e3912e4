"""Backpropagation through time by hand, and its truncation."""

import numpy as np

from lessons.page import Page


def forward(x, W, U, b):
    """Return every state h_0 .. h_T of h_t = tanh(x_t W + h_{t-1} U + b); x is (time, batch, features)."""
    h = [np.zeros((x.shape[1], len(U)))]
    for x_t in x:
        h.append(np.tanh(x_t @ W + h[-1] @ U + b))
    return h


def backward(x, h, W, U, dh_last, steps_back=None):
    """Return the gradients of a loss that reads the last state, given its gradient with respect to that state."""
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dx, dh = np.zeros_like(x), dh_last
    first = 0 if steps_back is None else max(0, len(x) - steps_back)
    for t in reversed(range(first, len(x))):
        da = dh * (1 - h[t + 1] ** 2)  # through the tanh
        dW += x[t].T @ da
        dU += h[t].T @ da
        db += da.sum(axis=0)
        dx[t] = da @ W.T
        dh = da @ U.T  # to the state before
    return dW, dU, db, dx


def by_the_zoo(x, W, U, b, v):
    """The same gradients by the zoo's layer and automatic differentiation; the loss is the sum of h_T v."""
    import keras

    import rnnzoo
    from rnnzoo.inspecting.differentiating import gradients

    layer = rnnzoo.layers.SimpleRNN(len(U))
    layer.build((None, *x.shape[::2]))
    rest = [variable.value for variable in layer.non_trainable_variables]

    def loss(at):
        states, _ = layer.stateless_call([at["W"], at["U"], at["b"]], rest, at["x"])
        return keras.ops.sum(keras.ops.matmul(states, v.astype("float32")))

    found = gradients(
        loss, {n: a.astype("float32") for n, a in zip("WUbx", (W, U, b, np.swapaxes(x, 0, 1)), strict=True)}
    )
    return [found["W"], found["U"], found["b"], np.swapaxes(found["x"], 0, 1)]


def lesson(page: Page, small: bool) -> None:
    """Write the page."""
    rng = np.random.default_rng(0)
    time, batch, features, units = (8, 2, 3, 4) if small else (30, 8, 3, 16)
    x = rng.normal(size=(time, batch, features))
    W, b, v = rng.normal(0, 0.5, (features, units)), rng.normal(0, 0.1, units), rng.normal(size=(units, 1))
    U = np.linalg.qr(rng.normal(size=(units, units)))[0]
    h = forward(x, W, U, b)
    dh_last = np.repeat(v.T, batch, axis=0)
    ours, zoo = backward(x, h, W, U, dh_last), by_the_zoo(x, W, U, b, v)
    off = {n: np.abs(a - z).max() / np.abs(a).max() for n, a, z in zip(("W", "U", "b", "x"), ours, zoo, strict=True)}
    page.say("""
        # Backpropagation through time, by hand

        A recurrent network is a deep one whose layers share their weights. So its gradient is that of a deep network: from
        the last step back to the first, and each step adds its share to the same weights.
    """)
    page.code(forward, backward)
    page.say(f"""
        That is all of it. The zoo's `SimpleRNN` gives the same numbers, on {time} steps of {batch} sequences with {units} units:
    """)
    page.table(
        ("gradient of", "largest difference, share of the largest gradient"),
        [(f"`{n}`", page.claim(f"difference of the gradient of `{n}`", d, ".1e")) for n, d in off.items()],
    )
    assert max(off.values()) < 1e-6
    truncated = {k: backward(x, h, W, U, dh_last, steps_back=k)[1] for k in range(1, time + 1)}
    error = {k: np.linalg.norm(g - ours[1]) / np.linalg.norm(ours[1]) for k, g in truncated.items()}
    half = next(k for k, e in error.items() if e < 0.1)
    page.say(f"""
        ## Truncated

        A language model reads a text without an end, and nobody goes back to its beginning. Truncated backpropagation through
        time stops after k steps; the state itself is carried on. What is lost are the paths that are longer than k. With the network
        above, the gradient of `U` is within 10 % of the whole one after {page.claim("steps back for 90 % of the gradient of `U`", half)} of {time} steps:
    """)
    page.picture("truncated", _error(error), "error of the truncated gradient by the number of steps")
    page.say("""
        In the zoo, windows of a text are such pieces, and the state is carried from one to the next, unless told otherwise:
    """)
    page.command("python recipes/shakespeare.py train --no-stateful")


def _error(error):
    from rnnzoo.pictures.figures import Picture

    figure = Picture(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([*error], [*error.values()], marker=".")
    axes.set(xlabel="steps that the gradient goes back", ylabel="relative error of ∂loss/∂U", ylim=(0, None))
    axes.grid(alpha=0.3)
    return figure
