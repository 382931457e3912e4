"""Every model: its answers, a training step, padding and the future. One case a model; the others are slow."""

import numpy as np
import pytest
import zoo_cases
from marks import others_slow
from zoo_cases import FEATURES, KINDS, STEP_TASKS, cases, in_turn, label, rows, small

import rnnzoo
from rnnzoo import describe, list_models
from rnnzoo.errors import InvalidValue

NAMES = list_models()
TOLERANCE = 1e-5
ONE = {*in_turn(cases())}
CASES = others_slow(cases(), ONE, label)
POOLING = [name for name in NAMES if "pooling" in describe(name).hyperparameters]


def test_every_model_task_and_kind_of_input_is_tried():
    assert {name for name, _, _ in ONE} == set(NAMES)
    assert {task for _, task, _ in ONE} == {task for name in NAMES for task in describe(name).tasks}
    assert {kind for _, _, kind in ONE} == set(KINDS)
    assert {(name, task) for name, task, _ in cases()} == {(name, t) for name in NAMES for t in describe(name).tasks}
    assert {(name, kind) for name, _, kind in cases()} == {(n, kind) for n in NAMES for kind in zoo_cases.kinds(n)}


# Padding. ----------------------------------------------------------------------------------------------------------

ROWS = [
    [1, 2, 0, 3, 4, 0],  # an interior 0
    [1, 2, 3, 4, 0, 0],  # without that step
    [1, 2, 5, 3, 4, 0],  # with another token there
    [7, 8, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],  # padding alone
]
REAL = [5, 4, 5, 2, 0]


def _assert_blind_to_padding(model, task, kind):
    outputs = np.asarray(model(rows(kind, ROWS)))
    longer = np.asarray(model(rows(kind, np.pad(ROWS, ((0, 0), (0, 50))))))
    assert np.isfinite(outputs).all()
    assert np.isfinite(longer).all()
    if task not in STEP_TASKS:
        np.testing.assert_allclose(longer, outputs, atol=TOLERANCE, rtol=0)
        return outputs
    assert outputs.shape[1] == 6
    assert longer.shape[1] == 56
    for i, steps in enumerate(REAL):
        np.testing.assert_allclose(longer[i, :steps], outputs[i, :steps], atol=TOLERANCE, rtol=0)
    return np.stack([row[max(0, steps - 1)] for row, steps in zip(outputs, REAL, strict=True)])  # the last real step


@pytest.mark.parametrize("case", CASES)
def test_padding_never_changes_an_answer_and_an_interior_0_does(case):
    _, task, kind = case
    last = _assert_blind_to_padding(zoo_cases.fresh(case), task, kind)
    if case[0] == "repeat_last":
        return  # it looks at no step but the last
    # Were an interior 0 skipped, the first two rows would have one answer; were its value lost, rows one and three.
    assert np.abs(last[0] - last[1]).max() > 5e-5
    assert np.abs(last[0] - last[2]).max() > 5e-5


@pytest.mark.parametrize("task", STEP_TASKS)
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
    _assert_blind_to_padding(zoo_cases.build(name, "regression", "floats", pooling="mean_max"), "regression", "floats")


# Answers and training. ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_answers_have_the_shape_of_the_task_and_a_training_step_moves_every_weight(case):
    _, task, kind = case
    model, still = zoo_cases.trained(case)
    predictions = zoo_cases.predict(model, kind)
    assert predictions.shape == zoo_cases.answer_shape(task, kind)
    assert np.isfinite(predictions).all()
    idle = ("dense_", "convolution", "value_decay")  # on three rows a layer of ReLUs may sleep; no value is missing
    assert not [path for path in still if not any(word in path for word in idle)]


# The future. -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list_models(task="tagging"))
def test_the_future_moves_the_past_only_where_it_may(name):
    model = rnnzoo.build(name, "tagging", features=FEATURES, seed=0, **small(name))
    x = np.random.default_rng(0).normal(size=(5, 6, FEATURES)).astype("float32")
    changed = x.copy()
    changed[:, 4:] += 1
    before, after = np.asarray(model(x)), np.asarray(model(changed))
    assert np.abs(after - before)[:, 4:].max() > 1e-4
    moved = np.abs(after - before)[:, :4].max()
    assert moved <= 1e-6 if describe(name).causal else moved > 1e-4


@pytest.mark.parametrize("name", [name for name in NAMES if not describe(name).causal])
def test_no_language_model_that_sees_the_future(name):
    with pytest.raises(InvalidValue, match=rf"{name} cannot do language_modeling.*Received: task='language_modeling'$"):
        rnnzoo.build(name, "language_modeling", vocabulary_size=11)
