"""Every hyper-parameter of every model does something."""

import numpy as np
import pytest
from marks import others_slow

import rnnzoo
from rnnzoo import describe, layers, list_models
from rnnzoo.testing.cases import BATCH, FEATURES, WORDS, answer_sizes, kinds, rows, small


@pytest.fixture(scope="module")
def plain():
    """One model per name, without any dropout, and an input: `plain(name)`."""
    models = {}

    def get(name):
        if name not in models:
            models[name] = _plain(name)
        return models[name], _input(name)

    return get


@pytest.fixture
def uncompiled():
    """Keras's own loops: what a dial changes does not depend on the path, and these compile nothing."""
    with layers.use("general"):
        yield


DROPOUTS = ("dropout", "recurrent_dropout", "weight_dropout")


def _plain(name, **changes):
    none = {word: 0.0 for word in DROPOUTS if word in describe(name).hyperparameters}
    task = describe(name).tasks[0]
    inputs = WORDS if task == "translation" else {"features": FEATURES}
    sizes = answer_sizes(task)
    return rnnzoo.build(name, task, **inputs, **sizes, seed=0, **small(name, **none | changes))


def _input(name):
    if "pairs" in kinds(name):
        return rows("pairs", BATCH)
    return np.random.default_rng(0).normal(size=(3, 5, FEATURES)).astype("float32")


DIALS = [(name, word) for name in list_models() for word in describe(name).hyperparameters]
SHARED = (
    "units", "num_layers", "dropout", "recurrent_dropout", "l2", "pooling", "bidirectional", "scheduled_sampling",
)  # fmt: skip
ALIKE = (
    "min_lstm", "sru", "ind_rnn", "lru", "hawk", "mamba", "xlstm", "mogrifier_lstm", "lmu", "cfc", "gru_d",
    "stacked_rnn", "stacked_lstm", "stacked_gru", "stacked_bilstm", "stacked_bigru", "birnn", "bigru", "cnn_lstm",
    "gru_bahdanau", "bigru_bahdanau", "bilstm_scaled_dot", "seq2seq_rnn", "seq2seq_lstm", "gru", "layernorm_lstm",
    "peephole_lstm", "qrnn", "lstm_bahdanau", "bilstm_bahdanau", "seq2seq_gru", "seq2seq_dot",
)  # fmt: skip
"""They get the shared dials from the functions that other models are made by as well, which are tested by default."""
QUICK = [(name, word) for name, word in DIALS if not (name in ALIKE and word in SHARED)]


@pytest.mark.parametrize(("name", "word"), others_slow(DIALS, QUICK, "-".join, spread=True))
@pytest.mark.usefixtures("uncompiled")
def test_every_hyperparameter_does_something(plain, name, word):
    dial, (base, x) = describe(name).hyperparameters[word], plain(name)
    if word == "scheduled_sampling" and describe(name).teacher_forced:  # it acts where the truth is read
        body, many = _plain(name, **{word: 0.5}).get_layer("body"), np.repeat(x, 20, axis=0)
        with body.get_layer("decoder").forced(np.ones((len(many), *base.output_shape[1:]), "float32")):
            assert not np.allclose(body(many, training=True), body(many, training=True))
            np.testing.assert_array_equal(body(many), body(many))
    elif word in (*DROPOUTS, "scheduled_sampling"):
        dropping = _plain(name, **{word: 0.5})
        np.testing.assert_array_equal(dropping(x), dropping(x))  # not outside training
        assert not np.allclose(dropping(x, training=True), dropping(x, training=True))
        np.testing.assert_allclose(base(x, training=True), base(x), atol=1e-6)
    elif word == "l2":
        assert not base.losses
        assert sum(float(loss) for loss in _plain(name, l2=0.1).losses) > 0
    elif word.endswith("_penalty"):
        costs = []
        for value in (0.0, 1.0):
            body = _plain(name, **{word: value})
            body(x, training=True)
            costs.append(sum(map(float, body.losses)))
        assert costs[1] > costs[0]
    elif dial.kind is int:
        bigger = _plain(name, **{word: small(name)[word] + 1})
        assert _differ(base, bigger, x), f"{word} changes neither weights nor answers"
    elif dial.kind is float:
        assert _differ(base, _plain(name, **{word: dial.default / 2}), x), f"{word} changes nothing"
    else:
        others = [choice for choice in dial.choices or (not dial.default,) if choice != dial.default]
        assert others, f"say here what {word} must change"
        for choice in others:
            assert _differ(base, _plain(name, **{word: choice}), x), f"{word}={choice!r} changes nothing"


def _differ(one, other, x):
    return one.count_params() != other.count_params() or not np.allclose(one(x), other(x), atol=1e-5)
