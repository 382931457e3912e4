"""What a notebook holds: each form of it becomes data, and a run keeps a copy."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from refusals import one_sentence
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe
from rnnzoo.data import (
    LanguageModeling,
    SequenceClassification,
    SequenceRegression,
    SeriesForecasting,
    Tagging,
    TextClassification,
)

QUIET = Console(quiet=True)
TEXTS, LABELS = ["a good film", "a bad film", "so good", "so bad"] * 8, ["p", "n"] * 16
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 5, 2)).astype("float32"), np.arange(40) % 2
RAGGED = [row[: 2 + i % 4] for i, row in enumerate(X)]


class ClassLabel:
    names = ("n", "p")


class Dataset:
    """What rnnzoo uses of `datasets.Dataset`."""

    def __init__(self, features=None, **columns):
        self.columns, self.features = columns, features or {}
        self.column_names = list(columns)

    def to_pandas(self):
        return pd.DataFrame({name: list(column) for name, column in self.columns.items()})


def tiny(data, task="classification", model="mlp", **changes):
    tokens = {"embedding_dim": 2} if isinstance(data, TextClassification | Tagging | LanguageModeling) else {}
    small = {"hyperparameters": {"units": 2}, "epochs": 1, **tokens}
    return Recipe(name="tiny", task=task, data=data, model=model, **small | changes)


def as_tf(x, y):
    return tf.data.Dataset.from_tensor_slices((x, y))


FRAME = pd.DataFrame({"text": TEXTS, "label": LABELS})
NUMBERS = [int(label == "p") for label in LABELS]
OF_TEXTS = {
    "a pair": (TEXTS, LABELS),
    "columns": {"text": TEXTS, "label": LABELS},
    "tf.data": as_tf(TEXTS, LABELS),
    "tf.data in batches": as_tf(TEXTS, LABELS).batch(5),
    "tf.data by name": tf.data.Dataset.from_tensor_slices({"text": TEXTS, "label": LABELS}),
    "Hugging Face": Dataset({"label": ClassLabel()}, text=TEXTS, label=NUMBERS),
}
OF_SEQUENCES = {
    "a mapping": {"x": X, "y": Y},
    "tf.data": as_tf(X, Y),
    "tf.data in batches": as_tf(X, Y).batch(7),
    "Hugging Face": Dataset(x=X.tolist(), label=Y),
}


@pytest.mark.parametrize("form", OF_TEXTS)
def test_texts_in_every_form_are_those_of_a_frame(form):
    whole, data = TextClassification(FRAME), TextClassification(OF_TEXTS[form])
    parts, same = data.read(), whole.read()
    assert data.fitted == whole.fitted
    for name, (x, y) in parts.items():
        assert [row.tolist() for row in x] == [row.tolist() for row in same[name][0]]
        assert y.tolist() == same[name][1].tolist()


@pytest.mark.parametrize("form", OF_SEQUENCES)
def test_sequences_in_every_form_are_those_of_a_pair(form):
    parts, same = SequenceClassification(OF_SEQUENCES[form]).read(), SequenceClassification((X, Y)).read()
    for name, (x, y) in parts.items():
        np.testing.assert_array_equal(x, same[name][0])
        np.testing.assert_array_equal(y, same[name][1])


def series():
    times = pd.date_range("2026-01-01", periods=90, freq="h")
    return pd.DataFrame({"load": np.sin(np.arange(90)), "heat": RNG.normal(size=90)}, index=times)


RUNS = {
    "texts": (lambda: TextClassification((TEXTS, LABELS)), {}, "data.parquet"),
    "arrays": (lambda: SequenceClassification((X, Y)), {}, "arrays.npz"),
    "unequal rows": (lambda: SequenceRegression((RAGGED, RNG.normal(size=40))), {"task": "regression"}, "arrays.npz"),
    "parts of Hugging Face": (
        lambda: SequenceClassification({"train": Dataset(x=X.tolist(), y=Y), "test": Dataset(x=X[:9], y=Y[:9])}),
        {}, "arrays.npz"),
    "a text": (lambda: LanguageModeling(["a text of words, \u2028 again", "and another one"] * 9, validation=0.2),
               {"task": "language_modeling", "model": "gru"}, "data.txt"),
    "a series": (lambda: SeriesForecasting(dataset=series(), horizon=3, target="load"),
                 {"task": "forecasting", "model": "mlp", "sequence_length": 6}, "data.parquet"),
}  # fmt: skip


@pytest.mark.parametrize("kind", RUNS)
def test_a_run_keeps_what_was_in_memory(tmp_path, monkeypatch, kind):
    make, settings, file = RUNS[kind]
    run = rnnzoo.train(tiny(make(), **settings), tmp_path / "run", console=QUIET)
    assert (run.folder / file).is_file()
    monkeypatch.chdir(run.folder)
    assert rnnzoo.load(run.folder).evaluate() == pytest.approx(list(run.results["metrics"].values())[-1], abs=1e-4)
    in_memory = make()
    in_memory.load(sequence_length=settings.get("sequence_length"))
    assert in_memory.fitted["inputs"] == run.data.fitted["inputs"]


@pytest.mark.slow
def test_a_search_keeps_it_too(tmp_path):
    recipe = tiny(SequenceClassification((X, Y)))
    found = rnnzoo.tune(recipe, trials=1, output=tmp_path / "tune", console=QUIET)
    assert found.best.data.inputs["features"] == 2
    assert (tmp_path / "tune" / "arrays.npz").is_file()
    assert rnnzoo.load(tmp_path / "tune" / "best").evaluate()
    rnnzoo.tune(recipe, trials=1, output=tmp_path / "tune", console=QUIET)  # goes on
    rnnzoo.tune(recipe, trials=1, output=tmp_path / "tune", restart=True, console=QUIET)


def test_a_run_is_measured_on_what_is_in_memory(tmp_path):
    run = rnnzoo.train(tiny(TextClassification(FRAME)), tmp_path / "run", console=QUIET)
    assert run.evaluate((TEXTS, LABELS)) == run.evaluate(FRAME)
    other = rnnzoo.train(tiny(SequenceClassification((X, Y))), tmp_path / "other", console=QUIET)
    assert other.evaluate((X, Y)) == other.evaluate(as_tf(X, Y))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TextClassification({"train": Dataset(text=TEXTS, label=LABELS)}), r"dataset\['train'\].*parts train"),
        (lambda: TextClassification((TEXTS, LABELS[1:])), "equally long lists.*Received: tuple"),
        (lambda: TextClassification(7), "Data in memory are a DataFrame.*Received: int"),
        (lambda: LanguageModeling([1, 2]), "a list of texts. Received: list"),
        (lambda: SequenceClassification(Dataset(a=X.tolist(), b=Y, c=Y)).load(), "Received: no x in a, b, c"),
    ],
)  # fmt: skip
def test_what_is_none_of_these_is_refused(make, said):
    one_sentence(make, said)
