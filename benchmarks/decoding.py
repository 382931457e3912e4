"""`python -m benchmarks.decoding`: the seconds that translating 100 sentences of 20 words takes.

Untrained models, so that nothing ends early: every answer has 30 tokens. One sentence at a time, and all at once.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from rnnzoo.files import write_text

MODELS = ("seq2seq_gru", "seq2seq_bahdanau", "seq2seq_luong")
SENTENCES, WORDS, ANSWER, VOCABULARY = 100, 20, 30, 2000


def measure(name: str, beam: int, rounds: int) -> dict:
    """Return the median seconds of decoding all sentences together, and of one by itself."""
    import rnnzoo

    model = rnnzoo.build(name, "translation", vocabulary_size=VOCABULARY, outputs=VOCABULARY, units=128, seed=0)
    sources = np.random.default_rng(0).integers(3, VOCABULARY, (SENTENCES, WORDS))

    def seconds(rows: np.ndarray) -> float:
        found = []
        for _ in range(rounds + 1):  # the first compiles
            start = time.perf_counter()
            rnnzoo.decode(model, rows, beam=beam, max_length=ANSWER)
            found.append(time.perf_counter() - start)
        return round(statistics.median(found[1:]), 3)

    return {"model": name, "beam": beam, "all": seconds(sources), "one": seconds(sources[:1])}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/decoding.json"))
    options = parser.parse_args(arguments)
    rows = []
    for name in MODELS:
        for beam in (1, 5):
            rows.append(measure(name, beam, options.rounds))
            print(rows[-1], flush=True)
    write_text(options.output, json.dumps({**machine(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
