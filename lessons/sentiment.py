"""GRU against LSTM on sentiment, and both directions against one."""

import statistics

from lessons.page import Page
from lessons.results import linked, read

MODELS = ("mlp", "simple_rnn", "gru", "lstm", "bigru", "bilstm")


def lesson(page: Page, small: bool) -> None:
    """Write the page; the trainings are published runs."""
    from rnnzoo.pictures.curves import quality_and_cost

    runs = {model: read(f"imdb-{model}-0") for model in MODELS}
    accuracy = {model: run["metrics"]["test"]["accuracy"] for model, run in runs.items()}
    gru, lstm, bilstm = runs["gru"], runs["lstm"], runs["bilstm"]
    embedding = 20_000 * 128
    page.say(f"""
        # Sentiment: GRU against LSTM, one direction against both

        Film reviews, positive or negative: {runs["lstm"]["dataset"]}, one seed, all of the test split. Every row is a run of
        `python recipes/imdb.py train --model NAME` on {lstm["device"]}:
    """)
    page.table(
        ("run", "accuracy", "seconds", "parameters", "without the word vectors"),
        [
            (linked(f"imdb-{m}-0"), f"{accuracy[m]:.4f}", f"{r['seconds']:.0f}", f"{r['parameters']:,}",
             f"{r['parameters'] - embedding:,}")
            for m, r in runs.items()
        ],
    )  # fmt: skip
    rows = [
        {"model": m, "split": "test", "accuracy": accuracy[m], "deviation": None, "seeds": [0], "seconds": r["seconds"],
         "parameters": r["parameters"] - embedding}
        for m, r in sorted(runs.items(), key=lambda pair: -accuracy[pair[0]])
    ]  # fmt: skip
    page.picture("compare", quality_and_cost(rows, "accuracy"), "accuracy, seconds and parameters of six models")
    seeds = [read(f"imdb-bilstm-{seed}")["metrics"]["test"]["accuracy"] for seed in (0, 1, 2)]
    spread = statistics.stdev(seeds)
    of = {m: page.claim(f"test accuracy of `{m}`", accuracy[m], ".4f") for m in MODELS}
    page.say(f"""
        **GRU against LSTM.** {of["gru"]} against {of["lstm"]}: a difference of
        {page.claim("difference of GRU and LSTM", abs(accuracy["gru"] - accuracy["lstm"]), ".4f")}, where three seeds of the bidirectional LSTM alone differ with a deviation of
        {page.claim("deviation of three seeds of `bilstm`", spread, ".4f")}. The GRU takes {page.claim("time of the GRU, share of the LSTM's", gru["seconds"] / lstm["seconds"], ".0%")} of the LSTM's time, and its recurrent part is three quarters
        as large: three blocks of weights instead of four, in memory as on disk.

        **Both directions.** {of["bilstm"]} against {of["lstm"]}, for {page.claim("time of the bidirectional LSTM, times the LSTM's", bilstm["seconds"] / lstm["seconds"], ".2f")} times the
        seconds. Whoever judges a review has all of it: nothing forbids to read it from the end as well.

        **Order.** The `mlp` knows no order at all, and has {of["mlp"]}: most of this task is in the words. The simple recurrent
        network has {of["simple_rnn"]}: its state fades before a review ends, see [gradients](vanishing.md).
    """)
    page.command("python recipes/imdb.py compare --models gru,lstm,bilstm --seeds 0,1,2")
