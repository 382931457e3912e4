"""`decode`: greedy and beam search against brute force, alone and in batches, in this process and in others."""

import functools
import itertools
import json
import os

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import others_slow

import rnnzoo
from rnnzoo import layers
from rnnzoo.errors import InvalidType, InvalidValue

END, LENGTH = 2, 4
NAMES = {
    "seq2seq_rnn": {"bidirectional": True},
    "seq2seq_lstm": {"num_layers": 2},
    "seq2seq_gru": {},
    "seq2seq_bahdanau": {"num_layers": 2},
    "seq2seq_luong": {"input_feeding": True},
    "seq2seq_dot": {},
}
QUICK = ("seq2seq_lstm", "seq2seq_bahdanau")
EACH = others_slow(NAMES, QUICK)
SOURCES = st.lists(st.lists(st.integers(1, 8), min_size=1, max_size=6), min_size=1, max_size=4)
SEEDS = st.integers(0, 2**31)


def made(name, outputs=5):
    return rnnzoo.build(
        name, "translation", vocabulary_size=9, outputs=outputs, embedding_dim=3, units=4, seed=0, **NAMES[name]
    )


@pytest.fixture(scope="module")
def model():
    """`model(name, seed)`: one model per name, with other large weights for each seed."""
    models = {}

    def get(name, seed, outputs=5):
        found = models.setdefault((name, outputs), None) or made(name, outputs)
        models[name, outputs] = found
        rng = np.random.default_rng(seed)
        found.set_weights([rng.normal(0, 1.2, w.shape).astype("float32") for w in found.get_weights()])
        return found

    return get


@functools.cache
def teacher_forced(model):
    """Return the model as one graph for sources and targets of every length."""
    tokens = tf.TensorSpec((None, None), tf.int32)
    return tf.function(lambda source, target: model((source, target)), input_signature=(tokens, tokens))


def log_p(model, source, targets):
    """Return log p of each token of the targets `(n, time)`, by teacher forcing and Keras's own loops, float64."""
    fed = np.concatenate([np.full((len(targets), 1), END), targets[:, :-1]], axis=1).astype("int32")
    with layers.use("general"):
        logits = teacher_forced(model)(np.tile(np.array([source], "int32"), (len(targets), 1)), fed)
    logits = np.asarray(logits, "float64")
    logits -= logits.max(-1, keepdims=True)
    found = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return np.take_along_axis(found, targets[..., None], axis=2)[..., 0]


def greedy(model, source, length):
    """Take the likeliest token, but never padding, until the end."""
    written, total = [], 0.0
    while len(written) < length:
        choices = np.array([[*written, token] for token in range(1, 5)])
        found = log_p(model, source, choices)[:, -1]
        written.append(int(found.argmax()) + 1)
        total += found.max()
        if written[-1] == END:
            return written[:-1], total
    return written, total


def everything(length, outputs=5):
    """Return every whole target: it ends with the end token, or it is as long as it may be."""
    found = []
    for n in range(1, length + 1):
        for target in itertools.product(range(1, outputs), repeat=n):
            if END not in target[:-1] and (target[-1] == END or n == length):
                found.append(target)
    return found


def exhaustive(model, source, length, alpha):
    """Return the target with the best log p / lp, with its log p and lead over the second best."""
    targets = everything(length)
    padded = np.array([[*t, *[END] * (length - len(t))] for t in targets])
    each = log_p(model, source, padded)
    total = np.array([row[: len(t)].sum() for row, t in zip(each, targets, strict=True)])
    score = total / ((5 + np.array([len(t) for t in targets])) / 6) ** alpha
    second, best = np.argsort(score)[-2:]
    return [token for token in targets[best] if token != END], total[best], score[best] - score[second]


@pytest.mark.parametrize("name", EACH)
@settings(deadline=None, max_examples=4)
@given(seed=SEEDS, sources=SOURCES)
def test_a_beam_of_one_is_greedy_search(model, name, seed, sources):
    it = model(name, seed)
    found = rnnzoo.decode(it, sources, beam=1, max_length=6)
    for source, tokens, score in zip(sources, found.tokens, found.scores, strict=True):
        expected, total = greedy(it, source, 6)
        assert tokens.tolist() == expected
        np.testing.assert_allclose(score, total, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@settings(deadline=None, max_examples=5)
@given(seed=SEEDS, sources=SOURCES)
def test_a_beam_of_all_targets_finds_the_best(model, alpha, seed, sources):
    it = model("seq2seq_bahdanau", seed)
    beam = len(everything(LENGTH))
    found = rnnzoo.decode(it, sources, beam=beam, max_length=LENGTH, length_penalty=alpha)
    for source, tokens, score in zip(sources, found.tokens, found.scores, strict=True):
        expected, total, lead = exhaustive(it, source, LENGTH, alpha)
        if lead > 1e-5:  # else rounding decides
            assert tokens.tolist() == expected
        np.testing.assert_allclose(score, total, atol=1e-3 if lead > 1e-5 else np.inf)


@settings(deadline=None, max_examples=5)
@given(seed=SEEDS, source=st.lists(st.integers(1, 8), min_size=1, max_size=6))
def test_a_beam_never_finds_better_than_the_best(model, seed, source):
    it = model("seq2seq_luong", seed)
    _, total, _ = exhaustive(it, source, LENGTH, 0.0)
    for beam in (1, 2, 3):
        (score,) = rnnzoo.decode(it, [source], beam=beam, max_length=LENGTH, length_penalty=0.0).scores
        assert score <= total + 1e-4


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("name", EACH)
def test_a_batch_is_decoded_as_one_at_a_time(model, name, beam):
    it, rng = model(name, 5), np.random.default_rng(0)
    sources = [rng.integers(1, 9, n) for n in (3, 1, 6, 2, 11, 5)]
    together = rnnzoo.decode(it, sources, beam=beam, max_length=9)
    padded = np.zeros((6, 17), "int64")
    for row, source in zip(padded, sources, strict=True):
        row[: len(source)] = source
    as_array = rnnzoo.decode(it, padded, beam=beam, max_length=9)
    for i, source in enumerate(sources):
        alone = rnnzoo.decode(it, [source], beam=beam, max_length=9)
        for many in (together, as_array):
            np.testing.assert_array_equal(alone.tokens[0], many.tokens[i])
            np.testing.assert_allclose(alone.scores[0], many.scores[i], atol=1e-4)
            if many.attention is not None:
                np.testing.assert_allclose(alone.attention[0], many.attention[i], atol=1e-5)


def test_what_comes_back(model):
    it = model("seq2seq_bahdanau", 1)
    sources = [[3, 4, 0, 5], [6], [7, 8, 1]]
    found = rnnzoo.decode(it, sources, beam=2, max_length=7)
    assert len(found.tokens) == len(found.attention) == 3
    assert found.scores.shape == (3,)
    assert (found.scores < 0).all()
    for source, tokens, weights in zip(sources, found.tokens, found.attention, strict=True):
        assert tokens.dtype == "int32"
        assert not {0, END} & set(tokens.tolist())
        assert weights.shape == (min(len(tokens) + 1, 7), len(source))
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)
    # The weights are those of teacher forcing on what was written.
    fed = np.array([[END, *found.tokens[0]][: len(found.attention[0])]], "int32")
    _, expected = rnnzoo.attention(it)((np.array([sources[0]], "int32"), fed))
    np.testing.assert_allclose(found.attention[0], np.asarray(expected)[0], atol=1e-5)
    assert rnnzoo.decode(model("seq2seq_gru", 1), sources).attention is None
    empty = rnnzoo.decode(it, [])
    assert empty.tokens == []
    assert empty.scores.shape == (0,)


def test_more_sources_than_are_decoded_at_once(model):
    it, rng = model("seq2seq_gru", 2), np.random.default_rng(0)
    sources = [rng.integers(1, 9, rng.integers(1, 7)) for _ in range(700)]
    found = rnnzoo.decode(it, sources, max_length=5)
    assert len(found.tokens) == 700
    for i in (0, 350, 699):
        np.testing.assert_array_equal(found.tokens[i], rnnzoo.decode(it, [sources[i]], max_length=5).tokens[0])


def test_new_weights_give_new_answers(model):
    """The compiled search reads the model's weights as they are."""
    sources = [[3, 4, 5]] * 2
    scores = [rnnzoo.decode(model("seq2seq_lstm", seed), sources).scores[0] for seed in (0, 1, 0)]
    assert scores[0] == scores[2] != scores[1]


ELSEWHERE = """
import json, sys
import keras
import rnnzoo

model = keras.models.load_model(sys.argv[1])
for beam in (1, 3):
    found = rnnzoo.decode(model, json.loads(sys.argv[2]), beam=beam, max_length=7)
    print("FOUND", json.dumps([[t.tolist() for t in found.tokens], found.scores.tolist()]))
"""


@pytest.mark.parametrize("where", others_slow([*itertools.product(NAMES, ("tensorflow", "jax"))], [], "-".join))
def test_a_saved_model_decodes_the_same_in_a_fresh_process(model, tmp_path, python, where):
    name, backend = where
    it, sources = model(name, 3), [[3, 4, 0, 5], [6], [7, 8, 1]]
    it.save(tmp_path / "model.keras")
    done = python(
        ELSEWHERE, tmp_path / "model.keras", json.dumps(sources), KERAS_BACKEND=backend, PYTHONPATH=os.getcwd()
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    for beam, (tokens, scores) in zip((1, 3), lines, strict=True):
        here = rnnzoo.decode(it, sources, beam=beam, max_length=7)
        assert [t.tolist() for t in here.tokens] == tokens
        np.testing.assert_allclose(here.scores, scores, atol=1e-4)


@pytest.mark.parametrize(
    ("source", "options", "error", "words"),
    [
        ("a sentence", {}, InvalidType, "source must be ids .* Received: 'a sentence'$"),
        ([["a", "b"]], {}, InvalidType, r"source must be ids .* Received: \['a', 'b'\]$"),
        ([[1.5]], {}, InvalidType, r"source must be ids .* Received: \[1.5\]$"),
        ([3, 4], {}, InvalidType, "source must be ids .* Received: 3$"),
        ([[3], []], {}, InvalidValue, r"at least one token that is not padding \(0\). Received: \[\]$"),
        ([[0, 0]], {}, InvalidValue, r"at least one token that is not padding \(0\). Received: \[0, 0\]$"),
        ([[3, 9]], {}, InvalidValue, "knows the ids 0 to 8 of the source. Received: 9$"),
        ([[-1, 3]], {}, InvalidValue, "knows the ids 0 to 8 of the source. Received: -1$"),
        ([[3]], {"beam": 0}, InvalidValue, "beam must be a whole number >= 1. Received: beam=0$"),
        ([[3]], {"beam": 2.0}, InvalidType, "beam must be a whole number >= 1. Received: beam=2.0$"),
        ([[3]], {"max_length": 0}, InvalidValue, "max_length must be a whole number >= 1"),
        ([[3]], {"length_penalty": -1}, InvalidValue, "length_penalty must be a number >= 0"),
    ],
)
def test_wrong_calls(model, source, options, error, words):
    with pytest.raises(error, match=words):
        rnnzoo.decode(model("seq2seq_gru", 0), source, **options)


def test_only_translation_models_are_decoded():
    for other in (rnnzoo.build("lstm", vocabulary_size=9, units=2), None, "seq2seq_gru"):
        with pytest.raises(InvalidValue, match=r"Only a model of task translation is decoded.*Received: '?\w+'?$"):
            rnnzoo.decode(other, [[3]])


def test_rebuilt_for_a_batch_size_alone(model):
    it, sources = model("seq2seq_bahdanau", 0), [[3, 4, 5], [6, 7]]
    fixed = rnnzoo.rebuild(it, batch_size=2)
    pairs = np.array([[3, 4, 5], [6, 7, 0]], "int32"), np.array([[2, 3], [2, 4]], "int32")
    assert fixed.output_shape == (2, None, 5)
    np.testing.assert_allclose(fixed(pairs), it(pairs), atol=1e-6)
    for here, there in zip(*(rnnzoo.decode(each, sources, max_length=5).tokens for each in (it, fixed)), strict=True):
        np.testing.assert_array_equal(here, there)
    for wrong in ({"stateful": True, "batch_size": 2}, {"sequence_length": 3}, {"unroll": True, "sequence_length": 3}):
        with pytest.raises(InvalidValue, match=r"only batch_size is fixed; rnnzoo.decode .*Received: stateful="):
            rnnzoo.rebuild(it, **wrong)
