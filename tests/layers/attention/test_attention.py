"""Attention against NumPy written from the papers' equations."""

import numpy as np
import pytest

import rnnzoo

ATTENTIVE = [
    "lstm_bahdanau",
    "gru_bahdanau",
    "bilstm_bahdanau",
    "bigru_bahdanau",
    "bilstm_luong",
    "bilstm_scaled_dot",
    "han",
]
rng = np.random.default_rng(0)
STATES = rng.normal(size=(3, 5, 4)).astype("float32")
QUERY = rng.normal(size=(3, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], "bool")


def expected(scores, states, mask):
    """α = softmax(e) over the real steps, c = Σ α h, row by row."""
    weights = np.zeros_like(scores)
    for row, real in enumerate(mask):
        e = np.exp(scores[row, real] - scores[row, real].max())
        weights[row, real] = e / e.sum()
    return np.einsum("bt,btw->bw", weights, states), weights


def bahdanau(layer):
    w, u, v = (np.asarray(x) for x in layer.get_weights())
    return np.array(
        [[v[:, 0] @ np.tanh(w.T @ s + u.T @ h) for h in states] for s, states in zip(QUERY, STATES, strict=True)]
    )


def luong_dot(layer):
    return np.array([[s @ h for h in states] for s, states in zip(QUERY, STATES, strict=True)])


def luong_general(layer):
    (w,) = layer.get_weights()
    return np.array([[s @ w @ h for h in states] for s, states in zip(QUERY, STATES, strict=True)])


def luong_concat(layer):
    w, v = layer.get_weights()
    both = [[np.concatenate([s, h]) for h in states] for s, states in zip(QUERY, STATES, strict=True)]
    return np.array([[v[:, 0] @ np.tanh(w.T @ x) for x in row] for row in both])


def scaled_dot(layer):
    w_q, w_k = layer.get_weights()
    scores = [[(w_q.T @ s) @ (w_k.T @ h) for h in states] for s, states in zip(QUERY, STATES, strict=True)]
    return np.array(scores) / np.sqrt(w_q.shape[1])


@pytest.mark.parametrize(
    ("name", "arguments", "equation"),
    [
        ("BahdanauAttention", {"units": 6}, bahdanau),
        ("LuongAttention", {"alignment": "dot"}, luong_dot),
        ("LuongAttention", {"alignment": "general"}, luong_general),
        ("LuongAttention", {"alignment": "concat"}, luong_concat),
        ("ScaledDotAttention", {"units": 6}, scaled_dot),
    ],
)
@pytest.mark.parametrize("mask", [np.ones_like(MASK), MASK], ids=["whole", "padded"])
def test_attention_equals_the_papers_equations(name, arguments, equation, mask):
    layer = getattr(rnnzoo.layers, name)(**arguments)
    context, weights = layer(STATES, QUERY, states_mask=mask)
    c, a = expected(equation(layer).astype("float64"), STATES, mask)
    np.testing.assert_allclose(weights, a, atol=1e-5)
    np.testing.assert_allclose(context, c, atol=1e-5)
    # Several queries at once are each answered alone.
    contexts, _ = layer(STATES, np.stack([QUERY, 2 * QUERY], axis=1), states_mask=mask)
    np.testing.assert_allclose(contexts[:, 0], c, atol=1e-5)


def test_hierarchical_attention_equals_the_papers_equations():
    """Equations 5 to 10: words of each sentence, then sentences, with the encoders' states taken from the layer."""
    layer = rnnzoo.layers.HierarchicalAttention(3, sentence_length=4)
    x = rng.normal(size=(1, 7, 5)).astype("float32")  # a sentence of 4 words and one of 3
    document, weights = layer(x)

    def attend(h, attention):
        w, b, context = attention.get_weights()
        e = np.exp(np.tanh(h @ w + b) @ context[:, 0])
        return e / e.sum(), (e / e.sum()) @ h

    words = [np.asarray(layer.word_encoder(x[:, a:b])[0], "float64") for a, b in ((0, 4), (4, 7))]
    alphas, sentences = zip(*(attend(h, layer.word_attention) for h in words), strict=True)
    h = np.asarray(layer.sentence_encoder(np.stack(sentences)[None].astype("float32"))[0], "float64")
    beta, expected_document = attend(h, layer.sentence_attention)
    np.testing.assert_allclose(document[0], expected_document, atol=1e-5)
    np.testing.assert_allclose(
        weights[0], np.concatenate([b * a for b, a in zip(beta, alphas, strict=True)]), atol=1e-5
    )


@pytest.mark.parametrize("name", ATTENTIVE)
def test_weights_sum_to_one_over_real_tokens(name):
    model = rnnzoo.build(name, vocabulary_size=9, units=3, embedding_dim=2, seed=0)
    tokens = np.array([[3, 4, 0, 5, 6, 0, 0], [1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 0]], "int32")
    answer, weights = rnnzoo.attention(model)(tokens)
    np.testing.assert_allclose(answer, model(tokens), atol=1e-6)
    np.testing.assert_allclose(np.sum(weights, axis=1), [1, 1, 0], atol=1e-5)
    assert np.all(np.asarray(weights)[0, 5:] == 0)
    assert np.asarray(weights)[0, 2] > 0, "an interior 0 is a token"


def test_a_model_without_attention_says_which_have():
    with pytest.raises(ValueError, match=r"bilstm_bahdanau.*Received: lstm"):
        rnnzoo.attention(rnnzoo.build("lstm", vocabulary_size=5, units=2))
