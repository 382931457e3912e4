"""Attention: with and without, additive against dot."""

from lessons.page import Page
from lessons.results import linked, read


def lesson(page: Page, small: bool) -> None:
    """Write the page; the trainings are published runs."""
    from rnnzoo.pictures.figures import Picture

    runs = {
        "dates": {"none": "dates-seq2seq_gru-0", "additive": "dates-seq2seq_bahdanau-0"},
        "SCAN, random split": {
            "none": "scan-simple-seq2seq_gru-0", "additive": "scan-simple-seq2seq_bahdanau-0",
            "multiplicative": "scan-simple-seq2seq_luong-0", "scaled dot": "scan-simple-seq2seq_dot-0",
        },
        "SCAN, longer commands": {
            "none": "scan-length-seq2seq_gru-0", "additive": "scan-length-seq2seq_bahdanau-0",
            "multiplicative": "scan-length-seq2seq_luong-0", "scaled dot": "scan-length-seq2seq_dot-0",
        },
    }  # fmt: skip
    quality = {
        data: {kind: read(name)["metrics"]["test"]["exact_match"] for kind, name in kinds.items()}
        for data, kinds in runs.items()
    }
    page.say("""
        # Attention, with and without

        Without attention, the last state of the encoder is all that the decoder knows of the source. With it, the decoder looks back at
        every state for every token that it writes. How much of the test split is answered without a fault, one seed:
    """)
    page.table(
        ("data", "attention", "exact match", "parameters", "seconds", "run"),
        [
            (
                data,
                kind,
                f"{quality[data][kind]:.4f}",
                f"{read(n)['parameters']:,}",
                f"{read(n)['seconds']:.0f}",
                linked(n),
            )
            for data, kinds in runs.items()
            for kind, n in kinds.items()
        ],
    )
    figure = Picture(figsize=(8, 3.6), layout="constrained")
    panels = figure.subplots(1, len(quality), sharey=True, width_ratios=[len(kinds) for kinds in quality.values()])
    for axes, (data, kinds) in zip(panels, quality.items(), strict=True):
        bars = axes.bar([*kinds], [*kinds.values()], color=["tab:gray", *["tab:blue"] * 3][: len(kinds)], width=0.6)
        axes.bar_label(bars, fmt="%.3f", fontsize=8)
        axes.set(title=data, ylim=(0, 1.1))
        axes.tick_params(axis="x", rotation=25, labelsize=8)
    page.picture("quality", figure, "exact match with and without attention on three tasks")
    longer, worst = "SCAN, longer commands", min(quality["SCAN, random split"].values())

    def claim(data, kind):
        return page.claim(f"{data}, attention {kind}: exact match", quality[data][kind], ".4f")

    page.say(f"""
        **Dates** (`søndag den 5. marts 2023` to `2023-03-05`): {claim("dates", "none")} without, {claim("dates", "additive")} with. The answer is copied
        from places of the source, and attention is a pointer to them: `predict --explain` draws it.

        **SCAN, random split**: all of them solve it, the last of them {page.claim("SCAN, random split, the last of all: exact match", worst, ".4f")} of it. Where short sources hold little, one state is enough.

        **SCAN, longer commands** than in training: {claim(longer, "none")} without, {claim(longer, "additive")} additive, {claim(longer, "multiplicative")} multiplicative,
        {claim(longer, "scaled dot")} scaled dot. Attention alone does not teach a network to count further than it has seen.
    """)
    page.command(
        "python recipes/dates.py compare --models seq2seq_gru,seq2seq_bahdanau",
        'python recipes/dates.py predict runs/dates-seq2seq_bahdanau-0 "søndag den 5. marts 2023" --explain',
    )
    page.say("""
        Additive scores are `v·tanh(W s + U h)`, dot scores `s·h`: a product of matrices is cheaper, and on wide states it must be scaled by
        their width. See the [models](../models/sequence_to_sequence.md).
    """)
