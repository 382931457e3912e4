"""A simple recurrent network on a weather series: hidden sizes against sequence lengths."""

import numpy as np

from lessons.page import Page

SURPRISE = 2 * np.sqrt(2 / np.pi)
"""The mean size of a normal surprise with a deviation of 2 °C."""


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


def error(series, units, length, epochs, seed):
    """Train on the first 70 %, and return the mean absolute error on the last 15 %, in °C."""
    import keras

    import rnnzoo

    cut = int(0.7 * len(series))
    mean, deviation = series[:cut].mean(), series[:cut].std()
    x, y = windows((series - mean) / deviation, length)
    test = int(0.85 * len(series)) - length
    model = rnnzoo.build(
        "simple_rnn", "regression", features=1, units=units, dropout=0.0, learning_rate=3e-3, seed=seed
    )
    keras.utils.set_random_seed(seed)  # of the order of training
    model.fit(x[: cut - length], y[: cut - length], epochs=epochs, batch_size=64, verbose=0)
    return float(np.abs(model.predict(x[test:], verbose=0, batch_size=512) - y[test:]).mean() * deviation)


def lesson(page: Page, small: bool) -> None:
    """Write the page."""
    from rnnzoo.pictures.figures import Picture

    days, epochs, seeds = (200, 1, range(2)) if small else (3650, 15, range(3))
    sizes, lengths = ((2, 4), (3, 5)) if small else ((4, 16, 64), (3, 10, 30))
    series = temperatures(days)
    cut = int(0.85 * days)
    naive = float(np.abs(np.diff(series))[cut - 1 :].mean())
    every = {(u, n): [error(series, u, n, epochs, seed) for seed in seeds] for u in sizes for n in lengths}
    found = {key: float(np.mean(values)) for key, values in every.items()}
    spread = float(np.mean([np.std(values, ddof=1) for values in every.values()]))
    (units, length), best = min(found.items(), key=lambda pair: pair[1])
    page.say("""
        # A simple recurrent network on a weather series

        Ten years of daily temperatures, made by a formula so that anyone can make them again: a year's wave, and weather of which
        four fifths last to the next day. The task is tomorrow's temperature from the days before; the last 15 % are the test.
    """)
    page.code(temperatures, windows)
    page.say(f"""
        Mean absolute error on the test days in °C, by hidden size and by sequence length, after {epochs} epochs each; the mean of
        {len(seeds)} seeds, whose errors differ with a deviation of {page.claim("deviation between seeds, °C", spread, ".3f")} °C:
    """)
    rows = [(f"{u} units", *(f"{found[u, n]:.3f}" for n in lengths)) for u in sizes]
    page.table(("", *(f"{n} days" for n in lengths)), rows)
    figure = Picture(figsize=(5.5, 3.2), layout="constrained")
    axes = figure.subplots()
    for u in sizes:
        bars = [np.std(every[u, n], ddof=1) for n in lengths]
        axes.errorbar(lengths, [found[u, n] for n in lengths], yerr=bars, marker="o", capsize=3, label=f"{u} units")
    axes.axhline(naive, color="black", ls=":", label="as today")
    axes.axhline(SURPRISE, color="gray", ls="--", lw=1, label="the weather's surprise")
    axes.set(xlabel="days that it reads", ylabel="mean absolute error, °C", xticks=lengths)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    by_size = {u: float(np.mean([found[u, n] for n in lengths])) for u in sizes}
    by_length = {n: float(np.mean([found[u, n] for u in sizes])) for n in lengths}
    page.picture("sizes", figure, "error by hidden size and sequence length")
    page.say(f"""
        "Tomorrow as today" is off by {page.claim("tomorrow as today, °C", naive, ".3f")} °C, the best network ({units} units, {length} days)
        by {page.claim("the best network, °C", best, ".3f")}. In the long run nothing can be better than the weather's own surprise,
        {page.claim("the weather's own surprise, °C", SURPRISE, ".3f")}: the mean size of what is new each day.

        **Hidden sizes.** Over all lengths {page.claim(f"{sizes[0]} units, all lengths, °C", by_size[sizes[0]], ".3f")} with {sizes[0]} units
        and {page.claim(f"{sizes[-1]} units, all lengths, °C", by_size[sizes[-1]], ".3f")} with {sizes[-1]}.
        **Sequence lengths.** Over all sizes {page.claim(f"{lengths[0]} days, all sizes, °C", by_length[lengths[0]], ".3f")} with
        {lengths[0]} days and {page.claim(f"{lengths[-1]} days, all sizes, °C", by_length[lengths[-1]], ".3f")} with {lengths[-1]}. Tomorrow
        depends on today and on the season, which a few numbers hold: most of what can be known is in the last days. The season can
        be read off a longer past, which a network must learn to do from the same data.

        On a series of your own, with dates, splits and naive forecasts beside:
    """)
    page.command(
        "python recipes/series.py train --file weather.csv --time day --horizon 7 --lookback 30 --model simple_rnn"
    )
