"""Vectors by positive pointwise mutual information: against a dense computation by the book, and what they are for."""

import json

import numpy as np
import pytest

import rnnzoo
from rnnzoo import Recipe
from rnnzoo.data import SequenceClassification, TextClassification
from rnnzoo.data.embedded import digits
from rnnzoo.data.text.word_vectors import SMOOTHING, WINDOW, ppmi_vectors


def by_the_book(rows, size):
    """Levy, Goldberg and Dagan (2015), pair by pair: the matrix whose best approximation the vectors span."""
    counts = np.zeros((size, size))
    for row in rows:
        for i, word in enumerate(row):
            for j, context in enumerate(row):
                if i != j and abs(i - j) <= WINDOW and word > 1 and context > 1:
                    counts[word, context] += (WINDOW + 1 - abs(i - j)) / WINDOW
    p_word = counts.sum(1) / counts.sum()
    p_context = counts.sum(1) ** SMOOTHING / (counts.sum(1) ** SMOOTHING).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(np.maximum(np.log(counts / counts.sum() / np.outer(p_word, p_context)), 0), posinf=0)


def test_they_span_what_the_paper_says():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 12, rng.integers(1, 20)).astype("int32") for _ in range(30)]
    vectors = ppmi_vectors(rows, 12, 10)
    u, singular, _ = np.linalg.svd(by_the_book(rows, 12))
    expected = (u[:, :10] * np.sqrt(singular[:10]))[2:]
    expected -= expected.mean(0)
    expected *= 0.1 / expected.std()
    # Singular vectors are known up to their sign, so the inner products are compared.
    np.testing.assert_allclose(vectors[2:] @ vectors[2:].T, expected @ expected.T, atol=1e-4)
    assert not vectors[:2].any()


def test_words_of_like_company_are_alike():
    """Tokens 2 and 3 stand among the same neighbours, 4 among others."""
    rng = np.random.default_rng(1)
    friends = {2: (5, 6, 7), 3: (5, 6, 7), 4: (8, 9, 10)}
    rows = [np.array([word, *rng.permutation(friends[word])], "int32") for word in (2, 3, 4) * 30]
    v = ppmi_vectors(rows, 11, 4)
    assert v[2] @ v[3] > 0 > v[2] @ v[4]


@pytest.mark.parametrize(
    "rows", [[np.zeros(0, "int32")], [np.array([1, 1, 5], "int32")]], ids=["nothing", "one known token"]
)
def test_without_company_they_are_zero(rows):
    assert not ppmi_vectors(rows, 9, 4).any()


def test_wider_than_the_vocabulary():
    vectors = ppmi_vectors([np.array([2, 3, 4, 2, 3], "int32")], 5, 8)
    assert vectors.shape == (5, 8)
    assert not vectors[:, 3:].any()


def test_a_run_starts_from_them(tmp_path):
    """With a learning rate of nearly nothing a run ends with the vectors that it began with."""
    rng = np.random.default_rng(0)
    words = {"a": ["sun", "sea", "sand"], "b": ["ice", "snow", "fog"]}
    lines = [json.dumps({"text": " ".join(rng.choice(words[k], 6)), "label": k}) for k in rng.choice(["a", "b"], 80)]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    data = TextClassification(file=str(tmp_path / "texts.jsonl"))
    settings = {"embedding_dim": 4, "epochs": 1, "learning_rate": 1e-9, "hyperparameters": {"units": 3}}
    recipe = Recipe(name="texts", task="classification", data=data, model="mlp", embedding="ppmi", **settings)
    run = rnnzoo.train(recipe, tmp_path / "run")
    rows = data.load(batch_size=32).parts["train"].x
    expected = ppmi_vectors(rows, data.inputs["vocabulary_size"], 4)
    np.testing.assert_allclose(run.model.get_layer("embedding").embeddings, expected, atol=1e-5)
    assert expected.std() > 0.05


@pytest.mark.parametrize("setting", [{"embedding": "ppmi"}, {"embedding_dim": 30}, {"word_dropout": 0.1}])
def test_numbers_have_no_token_vectors(fit_numbers, setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"{name} belongs to tokens.* Received: {name}={setting[name]!r}"):
        fit_numbers(**setting)


@pytest.fixture
def fit_numbers(tmp_path):
    np.savez(tmp_path / "digits.npz", **digits())

    def train(**settings):
        data = SequenceClassification(str(tmp_path / "digits.npz"))
        recipe = Recipe(name="numbers", task="classification", data=data, model="mlp", limit=50, **settings)
        return rnnzoo.train(recipe, tmp_path / "run")

    return train
