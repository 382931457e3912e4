"""Every model: its answers, a training step, padding and the future. One case a model; others are slow."""

import numpy as np
import pytest
import zoo_cases
from marks import others_slow
from zoo_cases import cases, distinct, in_turn, label

import rnnzoo
from rnnzoo import describe, layers, list_models
from rnnzoo.errors import InvalidValue
from rnnzoo.testing import checks
from rnnzoo.testing.cases import FEATURES, KINDS, WORDS, answer_sizes, build, kinds, small

NAMES = list_models()
ONE = {*in_turn(cases())}
ALL = distinct(sorted(ONE), cases())
CASES = others_slow(ALL, ONE, label)
TWINS = (
    "birnn", "bigru", "stacked_rnn", "stacked_lstm", "stacked_gru", "stacked_bilstm", "stacked_bigru", "cnn_lstm",
    "gru_bahdanau", "lstm_bahdanau", "bigru_bahdanau", "bilstm_scaled_dot", "seq2seq_rnn", "seq2seq_lstm",
    "seq2seq_dot",
)  # fmt: skip
"""Bodies of the same layers as another's, in other numbers or directions."""
POOLING = [name for name in NAMES if "pooling" in describe(name).hyperparameters]


def test_every_model_task_and_kind_of_input_is_tried():
    assert {name for name, _, _ in ONE} == set(NAMES)
    assert {task for _, task, _ in ONE} == {task for name in NAMES for task in describe(name).tasks}
    assert {kind for _, _, kind in ONE} == set(KINDS)
    assert {(name, task) for name, task, _ in cases()} == {(name, t) for name in NAMES for t in describe(name).tasks}
    assert {(name, kind) for name, _, kind in ALL} == {(n, kind) for n in NAMES for kind in kinds(n)}


# Padding. ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", others_slow(ALL, [case for case in ONE if case[0] not in TWINS], label))
def test_padding_never_changes_an_answer_and_an_interior_0_does(case):
    _, task, kind = case
    checks.padding(zoo_cases.fresh(case), task, kind)


@pytest.mark.parametrize("task", ["tagging", "language_modeling"])
def test_labels_of_padded_steps_say_nothing(task):
    tokens = np.array([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]], "int32")
    model = rnnzoo.build("tcn", task, vocabulary_size=9, filters=3, num_layers=1, embedding_dim=2, dropout=0.0, seed=0)
    model.compile("sgd", model.loss, weighted_metrics=["accuracy"], run_eagerly=True)
    weights, found = model.get_weights(), []
    for behind in (0, -100, 999):
        model.set_weights(weights)
        labels = np.where(tokens, tokens % 2, behind)
        logs = [f(tokens, labels, return_dict=True) for f in (model.train_on_batch, model.test_on_batch)]
        found.append([log[name] for log in logs for name in ("loss", "accuracy")])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-6)


@pytest.mark.parametrize("name", others_slow(POOLING, ("gru", "bilstm")))
def test_mean_and_maximum_are_blind_to_padding(name):
    checks.padding(build(name, "regression", "floats", pooling="mean_max"), "regression", "floats")


# Answers and training. ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_answers_have_the_shape_of_the_task_and_a_training_step_moves_every_weight(case):
    with layers.use("general"):  # compiles in no time; the gradients of compiled loops are tested with the layers
        _, still = zoo_cases.trained(case)
    idle = ("dense_", "convolution", "value_decay")  # on three rows a layer of ReLUs may sleep; no value is missing
    assert not [path for path in still if not any(word in path for word in idle)]


OWN = (
    "cfc", "deepar", "echo_state", "gru", "gru_d", "han", "hawk", "lmu", "lru", "lstm", "lstnet", "mamba", "min_gru",
    "mogrifier_lstm", "peephole_lstm", "qrnn", "segrnn", "seq2seq_luong", "sru", "xlstm",
)  # fmt: skip
"""Models with layers that make weights of their own."""


@pytest.mark.parametrize("name", others_slow(NAMES, OWN))
def test_no_two_random_weights_begin_alike(name):
    """An initializer of Keras gives the same numbers whenever it is called: each weight, each block has its own."""
    task = describe(name).tasks[0]
    inputs = WORDS if task == "translation" else {"features": FEATURES}
    few = "num_heads" in describe(name).hyperparameters or name == "segrnn"  # 1 and -1 alone are orthogonal 1 × 1
    wide = {"units": 16} if few else {}
    with layers.use("general"):  # compiles nothing
        drawn = [
            rnnzoo.build(name, task, **inputs, **answer_sizes(task), seed=seed, **small(name, **wide)).get_weights()
            for seed in (0, 1)
        ]
    values = np.concatenate([np.zeros(0), *(a[a != b] for a, b in zip(*drawn, strict=True))])  # no constants
    assert len(values) - len(np.unique(values)) <= 3  # by chance


LOOKING = (
    "bilstm", "cfc", "cnn_lstm", "echo_state", "gru_d", "hawk", "lmu", "lstm", "min_gru", "qrnn", "tcn",
    "xlstm",
)  # fmt: skip
"""One a kind of looking back."""

# The future. -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", others_slow(list_models(task="tagging"), LOOKING))
def test_the_future_moves_the_past_only_where_it_may(name):
    moved = checks.looks_ahead(name)
    assert moved <= 1e-6 if describe(name).causal else moved > 1e-4


@pytest.mark.parametrize("name", [name for name in NAMES if not describe(name).causal])
def test_no_language_model_that_sees_the_future(name):
    with pytest.raises(InvalidValue, match=rf"{name} cannot do language_modeling.*Received: task='language_modeling'$"):
        rnnzoo.build(name, "language_modeling", vocabulary_size=11)
