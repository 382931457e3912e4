"""Recipes, models and command lines of any settings."""

import dataclasses
import inspect
import io
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import strategies as st

import rnnzoo
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification
from rnnzoo.training import fit

NUMBERS = [0, 1, 2, -1, 3.5, 1e300, float("inf"), float("nan"), 2**31, 2**64, 10**30]
JUNK = st.one_of(
    st.sampled_from([None, True, False, *NUMBERS]),
    st.sampled_from(["", "x", "lstm", "mean", "cosine", "balanced", "3", "a/b", "\0", "é" * 300, "../x"]),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["units", "dropout", "x"]), st.sampled_from([1, 0.5, "x", None, 10**30])),
    st.builds(object),
)
FIELDS = [field.name for field in dataclasses.fields(Recipe) if field.name != "data"]
DATA = SequenceClassification("rnnzoo.data.embedded:digits")
OF_DATA = [field.name for field in dataclasses.fields(SequenceClassification) if field.init]


@pytest.mark.usefixtures("speed")
def test_recipes(campaign):
    case = st.tuples(
        st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=2),
        st.dictionaries(st.sampled_from(OF_DATA), JUNK, max_size=1),
    )

    def check(outcomes, case):
        settings, of_data = case
        data = SequenceClassification(**{"source": "rnnzoo.data.embedded:digits"} | of_data)
        base = {"name": "a", "task": "classification", "data": data, "model": "mlp"}
        recipe = outcomes.of(lambda: Recipe(**base | settings).check())
        if recipe is not None and not isinstance(data.source, dict | list):
            again = Recipe.from_config(recipe.to_config(), trust=True)
            assert again.identity() == recipe.identity()

    campaign(case, check, quick=150, slow=20_000)


WORDS = [name for name in inspect.signature(rnnzoo.build).parameters if name != "hyperparameters"] + [
    "units",
    "dropout",
]


@pytest.mark.usefixtures("speed")
def test_models(campaign):
    small = st.one_of(st.sampled_from([None, True, 0, 1, 2, -1, 3.5, float("inf"), float("nan")]), st.text(max_size=3))
    case = st.dictionaries(st.sampled_from(WORDS), small, min_size=1, max_size=2)

    def check(outcomes, case):
        outcomes.of(
            lambda: rnnzoo.build(**{"name": "mlp", "units": 2, "vocabulary_size": 5, "embedding_dim": 2} | case)
        )

    campaign(case, check, quick=25, slow=5_000)


OPTIONS = ["--epochs", "--set", "--learning-rate", "--run", "--seed", "--limit", "--schedule", "--weights", "--scale"]
VALUES = st.one_of(
    st.sampled_from(["1", "0", "-1", "x", "units=3", "units", "=", "units=1e9", "inf", "nan", "cosine", "a" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


@pytest.mark.usefixtures("speed")
def test_command_lines(campaign, tmp_path, monkeypatch):
    """All but the training itself, which would take its time."""
    monkeypatch.setattr(fit, "_train", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    recipe = Recipe("tiny", "classification", DATA, "mlp", {"units": 2})
    pairs = st.lists(st.tuples(st.sampled_from(OPTIONS), VALUES), max_size=3)
    case = st.one_of(
        pairs.map(lambda found: (recipe, ["train", *(word for pair in found for word in pair)])),
        st.lists(VALUES, max_size=3).map(lambda words: (None, ["summary", *words])),
        st.lists(VALUES, min_size=1, max_size=3).map(lambda words: (None, ["predict", *words])),
        st.lists(VALUES, max_size=1).map(lambda words: (None, ["runs", *words])),
        st.lists(VALUES, max_size=2).map(lambda words: (None, ["describe", *words])),
        st.lists(VALUES, max_size=3).map(lambda words: (None, words)),
    )

    def check(outcomes, case):
        of, words = case
        error, code = io.StringIO(), None
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(error):
                cli.main(of, words) if of else cli.entry_point(words)
            outcomes.answers += 1
        except SystemExit as end:
            outcomes.sentences, code = outcomes.sentences + 1, end.code
        said = error.getvalue()
        assert code in (0, 2, None)
        assert (said.startswith("error: ") and said.count("\n") == 1) or code != 2, said

    campaign(case, check, quick=60, slow=10_000)
