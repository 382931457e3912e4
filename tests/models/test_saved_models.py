"""Saved models answer the same in a fresh process, on TensorFlow and on JAX.

By default some kinds of layers with every task's head, on TensorFlow; other models, tasks and JAX are slow
(`tests/sharing/test_packs.py` asks JAX for the answers of what TensorFlow saved).
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import zoo_cases
from elsewhere import environment
from marks import others_slow
from zoo_cases import distinct, label, saved_cases

from rnnzoo import describe, layers, list_models

pytestmark = pytest.mark.timeout(3600)  # for all of them at once
MECHANISMS = {
    ("awd_lstm", "language_modeling", "tokens"),
    ("bilstm_luong", "classification", "tokens"),
    ("cfc", "tagging", "tokens"),
    ("deepar", "forecasting", "floats"),
    ("dlinear", "forecasting", "floats"),
    ("echo_state", "tagging", "tokens"),
    ("gru_d", "tagging", "tokens"),
    ("han", "regression", "floats"),
    ("hawk", "tagging", "tokens"),
    ("ind_rnn", "tagging", "tokens"),
    ("layernorm_lstm", "tagging", "tokens"),
    ("lmu", "tagging", "tokens"),
    ("lru", "tagging", "tokens"),
    ("lstnet", "forecasting", "floats"),
    ("mamba", "tagging", "tokens"),
    ("min_gru", "tagging", "tokens"),
    ("min_lstm", "tagging", "tokens"),
    ("mlp", "multilabel", "tokens"),
    ("mogrifier_lstm", "tagging", "tokens"),
    ("peephole_lstm", "tagging", "tokens"),
    ("qrnn", "tagging", "tokens"),
    ("repeat_last", "forecasting", "floats"),
    ("segrnn", "forecasting", "floats"),
    ("seq2seq_bahdanau", "translation", "pairs"),
    ("seq2seq_dot", "translation", "pairs"),
    ("seq2seq_rnn", "translation", "pairs"),
    ("sru", "tagging", "tokens"),
    ("xlstm", "tagging", "tokens"),
}
QUICK = {
    case
    for case in MECHANISMS
    if case[0]
    in (
        "awd_lstm",
        "deepar",
        "mlp",
        "seq2seq_bahdanau",
    )
}

ALL = distinct(sorted(MECHANISMS), saved_cases())


@pytest.fixture(scope="module")
def answers(tmp_path_factory, request):
    """Train and save the cases that are asked for, here and on JAX; load them in a fresh process for each backend.

    Returns `trained[backend]` and `loaded[backend]`: answers by `<backend that trained>/<case>`.
    """
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    here = {item.callspec.params["case"] for item in items}
    there = [label(item.callspec.params["case"]) for item in items if "jax" in item.originalname]
    folder = tmp_path_factory.mktemp("zoo")
    for backend in ("tensorflow", "jax"):
        (folder / backend).mkdir()
    with ThreadPoolExecutor(2) as pool:
        on_jax = pool.submit(_process, "jax", "build", folder / "jax", *there) if there else None
        found = {f"tensorflow/{label(c)}": zoo_cases.train_and_save(c, folder / "tensorflow")[0] for c in sorted(here)}
        by_tensorflow = pool.submit(_load, folder, "tensorflow", list(found))
        if not there:
            return found, {"tensorflow": by_tensorflow.result()}
        on_jax.result()
        both = [f"{backend}/{word}" for word in there for backend in ("tensorflow", "jax")]
        by_jax = pool.submit(_load, folder, "jax", both)
    with np.load(folder / "jax" / "predictions.npz") as built:
        found |= {f"jax/{word}": built[word] for word in there}
    return found, {"tensorflow": by_tensorflow.result(), "jax": by_jax.result()}


def _load(folder, backend, words):
    """Return the predictions of files, loaded in a fresh process."""
    out = folder / f"loaded by {backend}.npz"
    _process(backend, "load", folder, out, *words)
    with np.load(out) as found:
        return dict(found)


def _process(backend, *arguments):
    done = subprocess.run(
        [sys.executable, zoo_cases.__file__, *map(str, arguments)],
        env=environment(backend),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def _assert_same(answers, word, backend, atol):
    trained, loaded = answers
    found = loaded[backend][word]
    assert found.dtype.kind == "f", str(found)  # a word is the error of the other process
    assert np.isfinite(trained[word]).all()
    np.testing.assert_allclose(found, trained[word], atol=atol, rtol=0)


@pytest.mark.parametrize("case", others_slow(ALL, QUICK, label))
def test_a_saved_model_answers_the_same_in_a_fresh_process(answers, case):
    _assert_same(answers, f"tensorflow/{label(case)}", "tensorflow", 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL, ids=label)
def test_on_jax_saved_models_answer_the_same(answers, case):
    """What JAX has saved, and what TensorFlow has saved."""
    _assert_same(answers, f"jax/{label(case)}", "jax", 1e-6)
    _assert_same(answers, f"tensorflow/{label(case)}", "jax", 1e-5)


def test_every_layer_and_every_head_is_among_them():
    kinds = {value for value in vars(layers).values() if isinstance(value, type) and issubclass(value, keras.Layer)}
    saved = {type(layer) for case in MECHANISMS for layer in zoo_cases.fresh(case)._flatten_layers()}
    elsewhere = {layers.Characters, layers.CRF, layers.CRFModel, layers.WordDropout}  # tests/layers/text saves these
    elsewhere |= {layers.NGrams, layers.StepNGrams, layers.SampledSoftmax, layers.SampledModel}
    elsewhere |= {layers.Effects, layers.Quantiles}  # tests/layers/forecasting
    elsewhere |= {layers.MeanAnswer}  # tests/training/test_members.py
    assert kinds - saved == elsewhere
    assert {task for _, task, _ in MECHANISMS} == {task for name in list_models() for task in describe(name).tasks}
    assert QUICK < MECHANISMS < {*ALL} < {*saved_cases()}
