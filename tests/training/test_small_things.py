"""What a newcomer trips over: large files, long names, slow backends, a new length for each text."""

import io

import keras
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe, layers
from rnnzoo.data import Tagging, TextClassification


def test_a_model_file_holds_weights_alone_and_the_checkpoint_goes_on(fit, recipe):
    with layers.use("general"):  # compiles in no time
        run = fit(model="gru", units=64, epochs=1)
        assert fit(model="gru", units=64, epochs=2).results["epochs"] == 2
    weights = 4 * sum(np.prod(w.shape) for w in run.model.weights)
    assert (run.folder / "model.keras").stat().st_size < 1.5 * weights + 40_000
    assert not keras.models.load_model(run.folder / "model.keras").compiled
    model = rnnzoo.load(run.folder).model
    assert model.compiled
    assert model.optimizer.global_clipnorm == 1.0
    x = [np.ones((3, 2), "float32")]
    np.testing.assert_array_equal(run.outputs(x), rnnzoo.load(run.folder).outputs(x))


def named(base=None, **data):
    texts = TextClassification(**data)
    return Recipe(name="text", task="classification", data=texts, model="bilstm", **(base or {}))


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, "text-bilstm-0"),
        ({"base": {"hyperparameters": {"units": 32}, "seed": 3}}, "text-bilstm-units=32-3"),
        ({"file": "some/reviews.csv.gz", "text": "review", "label": "stars"}, r"text-reviews-bilstm-0-[0-9a-f]{6}"),
        ({"dataset": "ag_news_subset"}, r"text-ag_news_subset-bilstm-0"),
        (
            {"base": {"learning_rate": 0.01, "patience": 9, "word_dropout": 0.25, "schedule": "cosine"}},
            r"text-bilstm-[\w=.-]{10,40}-0-[0-9a-f]{6}",
        ),
    ],
)  # fmt: skip
def test_names_of_runs_are_short(changed, name):
    import re

    found = named(**changed).run_name(named())
    assert re.fullmatch(name, found), found


def test_two_files_two_columns_and_two_settings_have_two_names():
    names = {
        named(file="a/x.csv", text="review").run_name(named()),
        named(file="b/x.csv", text="review").run_name(named()),
        named(file="a/x.csv", text="title").run_name(named()),
        named({"epochs": 9}, file="a/x.csv", text="title").run_name(named()),
    }
    assert len(names) == 3  # more epochs extend a run


def test_pytorch_says_that_it_is_slow(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnzoo.training.fit.keras.backend.backend", lambda: "torch")
    monkeypatch.setattr("rnnzoo.training.fit._fit", lambda *_: [].pop())
    said = io.StringIO()
    with pytest.raises(IndexError):
        rnnzoo.train(recipe(), tmp_path / "run", console=Console(file=said, width=200))
    assert "100 times slower" in said.getvalue().splitlines()[0]


@pytest.mark.parametrize("kind", ["texts", "tags"])
def test_single_texts_are_padded_to_few_lengths(kind):
    texts = [" ".join("ab"[: 1 + i % 2] for _ in range(2 + i % 7)) for i in range(40)]
    if kind == "texts":
        data = TextClassification(pd.DataFrame({"text": texts, "label": ["p", "n"] * 20}))
    else:
        tags = [["X", "Y"] * (len(text.split()) // 2) + ["X"] * (len(text.split()) % 2) for text in texts]
        data = Tagging(pd.DataFrame({"words": [text.split() for text in texts], "tags": tags}))
    data.load(sequence_length=100 if kind == "texts" else None)
    lengths = {data.batches(["a " * n]).plan()[0][2] for n in range(1, 101)}
    assert lengths == {16, 24, 32, 48, 64, 96, 100 if kind == "texts" else 128}
    assert data.batches(["a " * 300] * 100).plan()[0][2] == (100 if kind == "texts" else 300)
