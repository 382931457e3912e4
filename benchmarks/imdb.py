"""`python -m benchmarks.imdb`: accuracy on IMDB's test reviews against seconds of training.

Three contenders, one after the other, each in a fresh process: rnnzoo's recipe; the model of Keras's own IMDB example
(https://keras.io/examples/nlp/bidirectional_lstm_imdb), trained as there; and the same model in PyTorch. The clock
starts before all 50,000 reviews are read, and stops while those for testing are judged: reading, vocabulary, encoding,
compilation and training count; the libraries' imports do not.
"""

import argparse
import dataclasses
import importlib
import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from rnnzoo.errors import UserError
from rnnzoo.files import write_text
from rnnzoo.pictures import figures

GOAL = 0.87
WORDS, STEPS, BATCH = 20_000, 200, 32
"""Of Keras's example."""


class Clock:
    """Seconds of training; `judge` stops it while it looks at the test reviews."""

    def __init__(self):
        self.started, self.rows = time.perf_counter(), []

    def judge(self, accuracy: Callable[[], float]) -> None:
        """Note an epoch's end and the accuracy then."""
        paused = time.perf_counter()
        row = {"epoch": len(self.rows) + 1, "seconds": paused - self.started, "accuracy": accuracy()}
        self.rows.append(row)
        print(json.dumps(row), flush=True)
        self.started += time.perf_counter() - paused


def train_rnnzoo(epochs: int) -> None:
    """`recipes/imdb.py` without its validation split, vectors of its own, word dropout and files.

    Learning rate and average are for a short training. They were chosen by the accuracy on a fifth of train held out:
    `python recipes/imdb.py train --validation 0.2 --epochs 1 --embedding random --word-dropout 0 --learning-rate 0.002
    --average 0.2 --seed 0`, and other rates, averages and seeds.
    """
    from rnnzoo.tasks import find
    from rnnzoo.training.beginning import starting

    clock = Clock()
    recipe = runpy.run_path(str(Path(__file__).parents[1] / "recipes" / "imdb.py"))["recipe"]
    data = dataclasses.replace(recipe.data, validation=0.0)
    short = {"embedding": "random", "word_dropout": 0.0, "learning_rate": 2e-3, "average": 0.2}
    recipe = dataclasses.replace(recipe, data=data, **short)
    splits = recipe.load()
    model = starting.model_of(recipe, splits)
    for epoch in range(epochs):
        model.fit(splits.parts["train"].dataset(epoch), verbose=0, shuffle=False)  # ends with the averaged weights
        clock.judge(lambda: find("classification").evaluate(model, splits.parts["test"].arrays())["accuracy"])


def _example_reviews() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return, for train and test, ids of the last 200 words, padded on the left, and labels: as Keras's example."""
    from keras.utils import pad_sequences

    from rnnzoo.data.text.vocabulary import Lexicon, Vocabulary
    from rnnzoo.data.tfds.texts import open_texts

    lexicon, rows, labels = Lexicon("words"), {}, {}
    found = open_texts("imdb_reviews", None, None, None)
    for part in ("train", "test"):
        texts, answers = zip(*found[part], strict=True)
        rows[part], labels[part] = lexicon.read(texts), np.array([a == "pos" for a in answers], "float32")
    ids = Vocabulary(lexicon.most_frequent(rows["train"], WORDS - 2), "words").from_lexicon(lexicon)
    return {part: (pad_sequences([ids[row] for row in rows[part]], STEPS), labels[part]) for part in rows}


def train_keras(epochs: int) -> None:
    """Keras's example: two bidirectional LSTMs of 64 units on 128 values a word."""
    import keras

    clock = Clock()
    reviews = _example_reviews()
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(WORDS, 128),
            keras.layers.Bidirectional(keras.layers.LSTM(64, return_sequences=True)),
            keras.layers.Bidirectional(keras.layers.LSTM(64)),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    for _ in range(epochs):
        model.fit(*reviews["train"], batch_size=BATCH, verbose=0)
        clock.judge(lambda: model.evaluate(*reviews["test"], batch_size=256, verbose=0)[1])


def train_pytorch(epochs: int) -> None:
    """The same model in PyTorch, denormals flushed."""
    import torch
    from torch import nn

    clock = Clock()
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    reviews = _example_reviews()
    x, y = (torch.as_tensor(a) for a in reviews["train"])

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(WORDS, 128)
            self.lstm = nn.LSTM(128, 64, num_layers=2, bidirectional=True, batch_first=True)
            self.dense = nn.Linear(128, 1)

        def forward(self, ids):
            _, (h, _) = self.lstm(self.embedding(ids))
            return self.dense(torch.cat([h[-2], h[-1]], 1))[:, 0]

    model = Model()
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.BCEWithLogitsLoss()

    def accuracy():
        x, y = reviews["test"]
        with torch.inference_mode():
            answers = [model(torch.as_tensor(rows)) > 0 for rows in np.array_split(x, 100)]
        return float((torch.cat(answers).numpy() == (y > 0)).mean())

    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
        clock.judge(accuracy)


CONTENDERS = {"rnnzoo": train_rnnzoo, "keras": train_keras, "pytorch": train_pytorch}


def measure(name: str, epochs: int) -> list[dict[str, Any]]:
    """Train one contender in a process of its own; return seconds and accuracy after each epoch."""
    command = [sys.executable, "-m", "benchmarks.imdb", "--contender", name, "--epochs", str(epochs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        rows = []
        for line in process.stdout or ():
            row = json.loads(line)
            rows.append(row)
            print(f"{name:8} epoch {row['epoch']}  {row['seconds']:6.1f} s  {row['accuracy']:.4f}", flush=True)
    if process.returncode:
        raise SystemExit(process.returncode)  # it has said why
    return rows


def show(curves: dict[str, list[dict[str, Any]]]) -> None:
    """Print what each epoch cost and gave, and when the goal was met."""
    table = Table("contender", "seconds : accuracy after each epoch", f"seconds to {GOAL:.0%}", box=None)
    for name, rows in curves.items():
        met = next((f"{row['seconds']:.0f}" for row in rows if row["accuracy"] >= GOAL), "not met")
        table.add_row(name, "   ".join(f"{row['seconds']:.0f} : {row['accuracy']:.4f}" for row in rows), met)
    Console(width=120).print(table)


def picture(curves: dict[str, list[dict[str, Any]]]) -> Figure:
    """Draw accuracy against seconds."""
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, rows in curves.items():
        axes.plot([r["seconds"] for r in rows], [r["accuracy"] for r in rows], marker="o", label=name)
    axes.axhline(GOAL, color="gray", linewidth=0.8, linestyle="--")
    axes.set(xlabel="seconds from raw reviews", ylabel="accuracy on the test reviews", xlim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help="names, separated by commas")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/imdb.json"))
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.contender:
        for library in ("keras", "tensorflow_datasets"):
            importlib.import_module(library)  # before the clock starts
        try:
            CONTENDERS[options.contender](options.epochs)
        except UserError as error:
            parser.error(str(error))
        return
    names = options.contenders.split(",")
    if unknown := [name for name in names if name not in CONTENDERS]:
        parser.error(f"contenders are {', '.join(CONTENDERS)}. Received: {', '.join(unknown)}")
    curves = {name: measure(name, options.epochs) for name in names}
    write_text(options.output, json.dumps({**machine(), "curves": curves}, indent=1) + "\n")
    figures.save(picture(curves), options.output.with_suffix(".png"))
    show(curves)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
