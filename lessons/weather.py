"""A simple recurrent network on a weather series: hidden sizes against sequence lengths."""

import numpy as np

from lessons.page import Page


def temperatures(days, seed=0):
    """Daily temperatures in °C: a year's wave, and weather that lasts some days."""
    rng = np.random.default_rng(seed)
    weather = np.zeros(days)
    for t in range(1, days):
        weather[t] = 0.8 * weather[t - 1] + rng.normal(0, 2)
    return 10 + 9 * np.sin(2 * np.pi * (np.arange(days) - 110) / 365.25) + weather


def windows(series, length):
    """Return the days before, `(windows, length, 1)`, and the day to forecast, `(windows, 1)`."""
    x = np.lib.stride_tricks.sliding_window_view(series, length)[:-1]
    return x[..., None].astype("float32"), series[length:, None].astype("float32")


def error(series, units, length, epochs):
    """Train on the first 70 %, and return the mean absolute error on the last 15 %, in °C."""
    import rnnzoo

    mean, deviation, cut = series[: int(0.7 * len(series))].mean(), series.std(), int(0.7 * len(series))
    x, y = windows((series - mean) / deviation, length)
    test = int(0.85 * len(series)) - length
    model = rnnzoo.build("simple_rnn", "regression", features=1, units=units, dropout=0.0, learning_rate=3e-3, seed=0)
    model.fit(x[: cut - length], y[: cut - length], epochs=epochs, batch_size=64, verbose=0)
    return float(np.abs(model.predict(x[test:], verbose=0, batch_size=512) - y[test:]).mean() * deviation)


def lesson(page: Page, small: bool) -> None:
    """Write the page."""
    from rnnzoo.pictures.figures import Picture

    days, epochs = (200, 1) if small else (3650, 15)
    sizes, lengths = ((2, 4), (3, 5)) if small else ((4, 16, 64), (3, 10, 30))
    series = temperatures(days)
    cut = int(0.85 * days)
    naive = float(np.abs(np.diff(series))[cut - 1 :].mean())
    found = {(u, n): error(series, u, n, epochs) for u in sizes for n in lengths}
    (units, length), best = min(found.items(), key=lambda pair: pair[1])
    page.say("""
        # A simple recurrent network on a weather series

        Ten years of daily temperatures, made by a formula so that anyone can make them again: a year's wave, and weather of which 0.8
        lasts to the next day. The task is tomorrow's temperature from the days before; the last 15 % are the test.
    """)
    page.code(temperatures, windows)
    page.say(f"Mean absolute error in °C, by hidden size and by sequence length, after {epochs} epochs each:")
    rows = [(f"{u} units", *(f"{found[u, n]:.3f}" for n in lengths)) for u in sizes]
    page.table(("", *(f"{n} days" for n in lengths)), rows)
    figure = Picture(figsize=(5.5, 3.2), layout="constrained")
    axes = figure.subplots()
    for u in sizes:
        axes.plot(lengths, [found[u, n] for n in lengths], marker="o", label=f"{u} units")
    axes.axhline(naive, color="black", ls=":", label="as today")
    axes.set(xlabel="days that it reads", ylabel="mean absolute error, °C", xticks=lengths)
    axes.grid(alpha=0.3)
    axes.legend()
    narrow = sorted(found[sizes[0], n] for n in lengths)
    wide = sorted(found[u, n] for u in sizes[1:] for n in lengths)
    page.picture("sizes", figure, "error by hidden size and sequence length")
    page.say(f"""
        "Tomorrow as today" is off by {naive:.3f} °C, the best network ({units} units, {length} days) by {best:.3f}; nothing can be better than
        the weather's own surprise, {2 * np.sqrt(2 / np.pi):.3f}. With {sizes[0]} units the errors lie between {narrow[0]:.3f} and {narrow[-1]:.3f}, from
        {sizes[1]} units on between {wide[0]:.3f} and {wide[-1]:.3f}: the next day depends on few numbers, and what lies behind is more to learn from
        the same data. Longer sequences tell the season; the last days tell most.
    """)
    page.command(
        "python recipes/series.py train --file weather.csv --time day --horizon 7 --lookback 30 --model simple_rnn"
    )
