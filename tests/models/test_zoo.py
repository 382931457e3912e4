"""Every model, for every task that it claims."""

import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zoo_cases
from zoo_cases import FEATURES, KINDS, cases, in_turn, label, rows, saved_cases, small

import rnnzoo
from rnnzoo import describe, layers, list_models
from rnnzoo.errors import InvalidValue
from rnnzoo.registry import STEP_TASKS, SUMMARY_TASKS, TASKS

NAMES = list_models()
TOLERANCE = 1e-5


def _quick(cases):
    """Leave out what differs from another case by its head alone: a head that sees no time axis, or one more."""
    groups = itertools.product(KINDS, (SUMMARY_TASKS, STEP_TASKS, ("translation",)))
    return [case for kind, tasks in groups for case in in_turn([c for c in cases if c[1] in tasks and c[2] == kind])]


def _quick_and_slow(cases):
    quick = {*_quick(cases)}
    return [pytest.param(case, id=label(case), marks=() if case in quick else pytest.mark.slow) for case in cases]


ON_PADDING, SAVED = _quick_and_slow(cases()), _quick_and_slow(saved_cases())
ON_JAX = in_turn(_quick(saved_cases()))


def _process(backend, *arguments):
    done = subprocess.run(
        [sys.executable, zoo_cases.__file__, *map(str, arguments)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module", autouse=True)
def workshop(tmp_path_factory):
    """Start what takes long with the first test of this file, beside the tests that do not need it."""
    folder = tmp_path_factory.mktemp("zoo")
    for backend in ("tensorflow", "jax"):
        (folder / backend).mkdir()

    def build_and_load_on_jax():
        _process("jax", "build", folder / "jax", *map(label, ON_JAX))
        with np.load(folder / "jax" / "predictions.npz") as built:
            return dict(built), _load(folder / "jax", "jax", ON_JAX)

    with ThreadPoolExecutor(2) as pool:
        yield {"folder": folder / "tensorflow", "pool": pool, "jax": pool.submit(build_and_load_on_jax)}


@pytest.fixture(scope="module")
def trained(workshop, request):
    """Predictions of every case that is to be tested, trained here, and the paths of weights that did not move."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {item.callspec.params.get("case") for item in items}
    tested = [case for case in saved_cases() if case in asked or case in ON_JAX]
    found = {label(case): zoo_cases.train_and_save(case, workshop["folder"]) for case in tested}
    workshop["loaded"] = workshop["pool"].submit(_load, workshop["folder"], "tensorflow", tested)
    workshop["loaded by jax"] = workshop["pool"].submit(_load, workshop["folder"], "jax", ON_JAX)
    return found


def _load(folder, backend, cases):
    """Return the predictions of the files in `folder`, loaded in a fresh process."""
    out = folder / f"loaded by {backend}.npz"
    _process(backend, "load", folder, out, *map(label, cases))
    with np.load(out) as found:
        return dict(found)


def _number(value):
    assert value.dtype.kind == "f", str(value)  # a word is the error of the other process
    return value


# Training and saving. ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SAVED)
def test_a_training_step_moves_every_weight(trained, case):
    predictions, still = trained[label(case)]
    assert np.isfinite(predictions).all()
    relu = ("dense_", "convolution")  # on three rows a whole layer of ReLUs may sleep
    assert not [path for path in still if not any(word in path for word in relu)]


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


@pytest.mark.parametrize("case", ON_PADDING)
def test_padding_never_changes_an_answer_and_an_interior_0_does(case):
    _, task, kind = case
    last = _assert_blind_to_padding(zoo_cases.build(*case), task, kind)
    if case[0] == "repeat_last":
        return  # it looks at no step but the last
    # Were an interior 0 skipped, the first two rows would have one answer; were its value lost, rows one and three.
    assert np.abs(last[0] - last[1]).max() > 5e-5
    assert np.abs(last[0] - last[2]).max() > 5e-5


@pytest.mark.parametrize("name", [name for name in NAMES if "pooling" in describe(name).hyperparameters])
def test_mean_and_maximum_are_blind_to_padding(name):
    _assert_blind_to_padding(zoo_cases.build(name, "regression", "floats", pooling="mean_max"), "regression", "floats")


# The future. -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list_models(task="tagging"))
def test_the_future_moves_the_past_only_where_it_may(name):
    model = rnnzoo.build(name, "tagging", features=FEATURES, seed=0, **small(name))
    x = np.random.default_rng(0).normal(size=(2, 6, FEATURES)).astype("float32")
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


# Hyper-parameters. -------------------------------------------------------------------------------------------------


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
    inputs = zoo_cases.WORDS if task == "translation" else {"features": FEATURES}
    sizes = zoo_cases.answer_sizes(task)
    return rnnzoo.build(name, task, **inputs, **sizes, seed=0, **small(name, **none | changes))


def _input(name):
    if "pairs" in zoo_cases.kinds(name):
        return rows("pairs", zoo_cases.BATCH)
    return np.random.default_rng(0).normal(size=(3, 5, FEATURES)).astype("float32")


@pytest.mark.parametrize(("name", "word"), [(name, word) for name in NAMES for word in describe(name).hyperparameters])
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
    else:
        others = [choice for choice in dial.choices or (not dial.default,) if choice != dial.default]
        assert others, f"say here what {word} must change"
        for choice in others:
            assert _differ(base, _plain(name, **{word: choice}), x), f"{word}={choice!r} changes nothing"


def _differ(one, other, x):
    return one.count_params() != other.count_params() or not np.allclose(one(x), other(x), atol=1e-5)


# Loading elsewhere: last, for their processes run beside all tests above. ---------------------------------------------


@pytest.mark.parametrize("case", ON_JAX, ids=label)
def test_on_jax_a_saved_model_answers_the_same_in_a_fresh_process(workshop, case):
    built, loaded = workshop["jax"].result()
    assert np.isfinite(built[label(case)]).all()
    np.testing.assert_allclose(_number(loaded[label(case)]), built[label(case)], atol=1e-6, rtol=0)


@pytest.mark.parametrize("case", SAVED)
def test_a_saved_model_answers_the_same_in_a_fresh_process(trained, workshop, case):
    loaded = workshop["loaded"].result()[label(case)]
    np.testing.assert_allclose(_number(loaded), trained[label(case)][0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("case", ON_JAX, ids=label)
def test_a_model_saved_under_tensorflow_answers_the_same_under_jax(trained, workshop, case):
    loaded = workshop["loaded by jax"].result()[label(case)]
    np.testing.assert_allclose(_number(loaded), trained[label(case)][0], atol=TOLERANCE, rtol=0)


@pytest.mark.slow
def test_on_jax_every_case(tmp_path):
    """Every task of every model, where the tests above take one task each."""
    every, of_tensorflow = saved_cases(), tmp_path / "tensorflow"
    of_tensorflow.mkdir()
    trained = {label(case): zoo_cases.train_and_save(case, of_tensorflow) for case in every}
    _process("jax", "build", tmp_path, *map(label, every))
    loaded = _load(tmp_path, "jax", every)
    with np.load(tmp_path / "predictions.npz") as built:
        for word in map(label, every):
            np.testing.assert_allclose(_number(loaded[word]), built[word], atol=1e-6, rtol=0, err_msg=word)
    for word, found in _load(of_tensorflow, "jax", every).items():
        np.testing.assert_allclose(_number(found), trained[word][0], atol=TOLERANCE, rtol=0, err_msg=word)


def test_every_model_and_task_is_tried():
    saved = saved_cases()
    assert {(name, kind) for name, _, kind in saved} == {(n, kind) for n in NAMES for kind in zoo_cases.kinds(n)}
    assert {(name, task) for name, task, _ in saved} == {(name, t) for name in NAMES for t in describe(name).tasks}
    assert {name for name, _, _ in ON_JAX} == set(NAMES)
    assert {task for _, task, _ in ON_JAX} == set(TASKS)
    assert (len(ON_PADDING), len(SAVED)) == (len(cases()), len(saved))
    assert {name for name, _, _ in _quick(saved)} == set(NAMES)
