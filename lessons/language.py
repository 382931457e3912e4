"""An LSTM language model against a simple recurrent network, and its gates."""

import math

import numpy as np

from lessons.page import Page
from lessons.results import linked, read

MODELS = ("simple_rnn", "gru", "lstm")


def brackets(count, seed=0):
    """Texts in which every bracket is closed again: `(a(bb)a)`, as tokens 1 `(`, 2 `)`, 3 `a`, 4 `b`."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, 25), "int32")
    for row in rows:
        depth = 0
        for t in range(24):
            opens = depth < 3 and rng.random() < 0.3
            closes = depth > 0 and rng.random() < 0.35
            row[t] = 1 if opens else 2 if closes else 3 + depth % 2  # the letter tells the depth: odd or even
            depth += int(opens) - int(closes and not opens)
        row[24] = 3 + depth % 2
    return rows


def lesson(page: Page, small: bool) -> None:
    """Write the page; the gates are those of a small model that is trained here."""
    import rnnzoo
    from rnnzoo.pictures.inside import heat_maps

    runs = {model: read(f"shakespeare-{model}-0") for model in MODELS}
    loss = {model: run["metrics"]["validation"]["loss"] for model, run in runs.items()}
    page.say("""
        # An LSTM language model against a simple recurrent network

        Shakespeare letter by letter: what comes next? Ten epochs each, the loss in nats a letter on the validation split, and the perplexity,
        the number of letters among which the model is as good as guessing:
    """)
    page.table(
        ("run", "loss", "perplexity", "parameters", "seconds"),
        [
            (
                linked(f"shakespeare-{m}-0"),
                f"{loss[m]:.4f}",
                f"{math.exp(loss[m]):.2f}",
                f"{r['parameters']:,}",
                f"{r['seconds']:.0f}",
            )
            for m, r in runs.items()
        ],
    )
    page.say(f"""
        The LSTM is {page.claim("loss of the simple network less that of the LSTM, nats a letter", loss["simple_rnn"] - loss["lstm"], ".2f")} nats a letter better than the simple network: of
        {page.claim("perplexity of the simple network", math.exp(loss["simple_rnn"]), ".1f")} letters, {page.claim("perplexity of the LSTM", math.exp(loss["lstm"]), ".1f")} are left. It has more weights too; the next section looks at what it does with them.
    """)
    page.command(
        "python recipes/shakespeare.py train --model simple_rnn",
        "python recipes/shakespeare.py train",
        'python recipes/shakespeare.py generate runs/shakespeare-lstm-0 --prompt "ROMEO:" --characters 500',
    )
    rows = brackets(64 if small else 2000)
    model = rnnzoo.build(
        "lstm", "language_modeling", vocabulary_size=5, units=8, dropout=0.0, learning_rate=0.02, seed=1
    )
    model.fit(rows[:, :-1], rows[:, 1:], epochs=1 if small else 12, batch_size=64, verbose=0)
    busiest = int((rows[:50] < 3).sum(axis=1).argmax())
    seen = rnnzoo.inspect(model, rows[busiest : busiest + 1, :-1])
    letters = [" ()ab"[token] for token in rows[busiest, :-1]]
    shown = {**{name: v[0] for name, v in seen.states.items()}, **{name: v[0] for name, v in seen.gates.items()}}
    many = rnnzoo.inspect(model, rows[:100, :-1])
    depth = np.cumsum(np.where(rows[:100, :-1] == 1, 1, 0) - np.where(rows[:100, :-1] == 2, 1, 0), axis=1).ravel()
    follows = {
        name: np.abs([np.corrcoef(depth, many.states[name][..., unit].ravel())[0, 1] for unit in range(8)])
        for name in ("lstm_0", "lstm_0/cell")
    }
    best = {name: int(np.nanargmax(found)) for name, found in follows.items()}
    page.say("""
        ## Its gates

        A small LSTM of 8 units reads texts whose brackets are always closed, and whose letters tell the depth: `a` outside and two deep, `b`
        one and three deep. To know the next letter it has to count:
    """)
    page.code(brackets)
    page.picture("gates", heat_maps(shown, letters), "states and gates of an LSTM over a text with brackets")
    page.say(f"""
        Each row is a unit, each column a token. How well is the depth to be read off a single one? Over a hundred texts, the cell of unit {best["lstm_0/cell"]} follows the depth with a correlation of
        {page.claim("correlation of a cell with the depth", follows["lstm_0/cell"].max(), ".2f")}, the state of unit {best["lstm_0"]} with one of
        {page.claim("correlation of a state with the depth", follows["lstm_0"].max(), ".2f")} (signs aside). `rnnzoo inspect RUN TEXT` draws the same of any run.
    """)
