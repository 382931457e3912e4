"""What stands before the head: the head on it gives the model's own answer, padded or not."""

import numpy as np
import pytest
from refusals import one_sentence

import rnnzoo

TOKENS = np.array([[4, 7, 2, 9, 5], [3, 8, 0, 0, 0]], "int32")
LETTERS = np.where(TOKENS[..., None] > 0, 1 + TOKENS[..., None] % 5 + np.arange(3) % 2, 0).astype("int32")
SERIES = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")


def built(name, task, **sizes):
    words = {} if "features" in sizes else {"vocabulary_size": 11, "embedding_dim": 4}
    return rnnzoo.build(name, task, units=4, seed=0, **words, **sizes)


CASES = {
    "classification": ("bilstm", {}, TOKENS),
    "regression": ("bilstm_bahdanau", {}, TOKENS),
    "forecasting": ("gru", {"features": 3, "horizon": 2}, SERIES),
    "tagging": ("bilstm", {"characters": 9}, (TOKENS, LETTERS)),
    "language_modeling": ("lstm", {}, TOKENS),
}


@pytest.mark.parametrize("task", CASES)
def test_the_head_on_the_features_gives_the_answer(task):
    name, sizes, x = CASES[task]
    model = built(name, task, **sizes)
    what = "states" if task in ("tagging", "language_modeling") else "summary"
    found = rnnzoo.features(model, what)(x)
    answer = model.get_layer("head")(found)
    if task == "forecasting":
        answer = model.get_layer("denormalize")(answer, *model.get_layer("normalize")(x)[1:])
    real = np.asarray(TOKENS > 0) if what == "states" else ...
    np.testing.assert_allclose(np.asarray(answer)[real], np.asarray(model(x))[real], atol=1e-5)


def test_the_states_of_a_classifier_are_what_its_summary_is_made_of():
    model = built("lstm", "classification", pooling="mean")
    states = np.asarray(rnnzoo.features(model, "states")(TOKENS))
    summary = np.asarray(rnnzoo.features(model)(TOKENS))
    assert states.shape == (2, 5, 4)
    np.testing.assert_allclose(summary, [states[0].mean(axis=0), states[1, :2].mean(axis=0)], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "task", "sizes", "what", "message"),
    [
        ("segrnn", "forecasting", {"features": 3, "horizon": 2, "sequence_length": 48}, "summary", "body and head"),
        ("bilstm", "tagging", {}, "summary", "there are states"),
        ("bilstm", "classification", {}, "gates", "summary and states"),
        ("bilstm", "classification", {}, np.ones(2), "what must be a word"),
    ],
)
def test_what_there_is_not_is_refused(name, task, sizes, what, message):
    one_sentence(lambda: rnnzoo.features(built(name, task, **sizes), what), message)


def test_attention_of_a_normalised_forecast():
    model = built("bilstm_bahdanau", "forecasting", features=3, horizon=2)
    answer, weights = rnnzoo.attention(model)(SERIES)
    np.testing.assert_allclose(np.asarray(answer), np.asarray(model(SERIES)), atol=1e-5)
    np.testing.assert_allclose(np.asarray(weights).sum(axis=1), 1, atol=1e-5)
