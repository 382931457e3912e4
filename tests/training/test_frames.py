"""A DataFrame as data: a run keeps a copy, and knows when its data have changed."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from refusals import one_sentence
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, layers
from rnnzoo.data import MultilabelTexts, Tagging, TextClassification, TextPairs

TEXTS = pd.DataFrame({"text": ["a good film", "a bad film", "so good", "so bad"] * 8, "label": ["p", "n"] * 16})


def tiny(data, task="classification", model="mlp", **changes):
    small = {"hyperparameters": {"units": 2}, "embedding_dim": 2, "epochs": 1}
    return Recipe(name="tiny", task=task, data=data, model=model, **small | changes)


def train(recipe, run, **options):
    with layers.use("general"):  # compiles in no time
        return rnnzoo.train(recipe, run, console=Console(quiet=True), **options)


def test_a_frame_is_trained_measured_resumed_and_refused_when_it_changed(tmp_path, monkeypatch):
    run = train(tiny(TextClassification(TEXTS)), tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")  # evaluate works from anywhere
    assert run.evaluate() == rnnzoo.load(tmp_path / "run").evaluate()
    assert run.results["dataset"] == "data.parquet"
    more = train(tiny(TextClassification(TEXTS.copy()), epochs=2), tmp_path / "run")
    assert more.results["epochs"] == 2
    other = TextClassification(TEXTS.assign(text="other words here"))
    one_sentence(lambda: train(tiny(other, epochs=3), tmp_path / "run"), "data have changed")
    assert train(tiny(other, epochs=3), tmp_path / "run", new_data=True).results["epochs"] == 3
    again = train(tiny(TextClassification(TEXTS)), tmp_path / "run", restart=True)
    assert again.results["epochs"] == 1
    assert again.evaluate() == run.evaluate()


@pytest.mark.parametrize(
    ("data", "task", "model"),
    [
        (MultilabelTexts(pd.DataFrame({"text": TEXTS.text, "labels": [["a"], ["a", "b"]] * 16})), "multilabel", "mlp"),
        (Tagging(pd.DataFrame({"words": ["a cat", "b"] * 9, "tags": ["X Y", "X"] * 9})), "tagging", "gru"),
        pytest.param(
            TextPairs(pd.DataFrame({"source": ["a b", "b"] * 9, "target": ["c", "d"] * 9})),
            "translation",
            "seq2seq_gru",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_every_kind_of_table_is_a_frame_too(tmp_path, data, task, model):
    assert data.name == "DataFrame"
    recipe = tiny(data, task, model)
    run = train(recipe, tmp_path / "run")
    assert run.data.inputs == rnnzoo.load(tmp_path / "run").data.inputs


def test_a_file_that_changed_is_named_and_measured_with_what_was_fitted(tmp_path):
    path = Path(tmp_path, "reviews.csv")
    TEXTS.to_csv(path, index=False)
    recipe = tiny(TextClassification(file=str(path)))
    run = train(recipe, tmp_path / "run")
    vocabulary = run.data.vocabulary.tokens
    more = pd.DataFrame({"text": ["zebra zebra zebra film"] * 20, "label": ["p", "n"] * 10})
    pd.concat([more, TEXTS]).to_csv(path, index=False)
    found = rnnzoo.load(tmp_path / "run")
    assert "reviews.csv=" in found.changed_data()
    found.evaluate()
    assert found.data.vocabulary.tokens == vocabulary
    longer = dataclasses.replace(recipe, epochs=2)
    one_sentence(lambda: train(longer, tmp_path / "run"), "The data have changed since the run began.*--new-data")
    TEXTS.to_csv(path, index=False)
    assert found.changed_data() is None
    assert found.evaluate() == run.evaluate()
    train(longer, tmp_path / "run")


def test_a_run_finds_its_file_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    TEXTS.to_csv("reviews.csv", index=False)
    run = train(tiny(TextClassification(file="reviews.csv")), tmp_path / "run")
    before = run.evaluate()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = rnnzoo.load("../run")
    assert found.changed_data() is None
    assert found.evaluate() == before
