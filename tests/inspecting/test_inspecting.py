"""Looking inside: gradients through time against finite differences, on TensorFlow and JAX; states, gates, reach."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from refusals import one_sentence
from rich.console import Console

import rnnzoo
from rnnzoo import cli, layers
from rnnzoo.inspecting.watching import watching

pytestmark = pytest.mark.draws

TOKENS = np.array([[5, 9, 2, 7], [4, 8, 0, 0]], "int32")
SERIES = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
MODELS = ["simple_rnn", "lstm", "gru", "bilstm", "bigru_bahdanau"]
OTHERS = ["stacked_gru", "layernorm_lstm", "awd_lstm", "min_gru", "qrnn", "lru", "han"]


def built(name, x=TOKENS, **kwargs):
    sizes = {"vocabulary_size": 12, "embedding_dim": 4} if x.ndim == 2 else {"features": 3}
    units = {} if name == "mlp" else {"units": 4}
    return rnnzoo.build(name, dropout=0.0, seed=1, **sizes, **units, **kwargs)


def differences(model, x, y, name, shape, step=1e-2, count=2):
    """The loss's derivative by a few entries of what is added to a state, by central differences."""
    rng = np.random.default_rng(0)

    def loss(added):
        with watching(model, {name: added}):
            output = model(x, training=False)
        logits = np.asarray(keras.ops.convert_to_numpy(output), "float64")
        picked = np.take_along_axis(logits, y[:, None], axis=-1)[:, 0]
        return np.sum(np.log(np.exp(logits).sum(-1)) - picked)

    for _ in range(count):
        at = tuple(rng.integers(0, size) for size in shape)
        change = np.zeros(shape, "float32")
        change[at] = step
        yield at, (loss(change) - loss(-change)) / (2 * step)


def check_gradients(models=MODELS):
    """Those of every state, for each model; called in a process of JAX too."""
    for name in models:
        model, y = built(name), np.array([1, 0])
        seen = rnnzoo.inspect(model, TOKENS, y)
        for state, gradient in seen.state_gradients.items():
            scale = np.abs(gradient).max()
            for at, expected in differences(model, seen.x, y, state, gradient.shape):
                assert abs(gradient[at] - expected) < 1e-3 * max(abs(expected), 0.1 * scale), (name, state, at)


def test_gradients_through_time_equal_finite_differences():
    check_gradients()


@pytest.mark.slow
def test_gradients_through_time_equal_finite_differences_on_jax():
    env = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODELS + OTHERS)
def test_watching_changes_no_answer(name):
    model = built(name)
    expected = np.asarray(model(TOKENS))
    seen = rnnzoo.inspect(model, TOKENS)
    np.testing.assert_allclose(seen.output, expected, atol=1e-5)
    assert all(h.shape[:2] == TOKENS.shape or name == "han" for h in seen.states.values())
    assert sum(map(np.count_nonzero, seen.gradients.values()))
    np.testing.assert_array_equal(np.asarray(model(TOKENS)), expected)  # and nothing of it stays behind


def test_gates_are_those_of_the_equations():
    seen = rnnzoo.inspect(built("lstm"), TOKENS)
    gate, h, c = seen.gates, seen.states["lstm_0"], seen.states["lstm_0/cell"]
    before = np.concatenate([np.zeros_like(c[:, :1]), c[:, :-1]], axis=1)
    real = np.arange(4) < np.array([[4], [2]])
    now = gate["lstm_0/forget"] * before + gate["lstm_0/input"] * gate["lstm_0/candidate"]
    np.testing.assert_allclose(c[real], now[real], atol=1e-6)
    np.testing.assert_allclose(h[real], (gate["lstm_0/output"] * np.tanh(c))[real], atol=1e-6)
    seen = rnnzoo.inspect(built("gru"), TOKENS)
    assert set(seen.gates) == {"gru_0/update", "gru_0/reset"}
    assert all((values > 0).all() and (values < 1).all() for values in seen.gates.values())


@pytest.mark.parametrize("x", [SERIES, TOKENS], ids=["features", "tokens"])
def test_importance_adds_up_to_what_scaling_the_input_does(x):
    """The derivative of the answer by a factor on all of the input; of tokens, on their vectors."""
    model = built("lstm", x[:1], outputs=1, task="regression")
    seen = rnnzoo.inspect(model, x[:1])

    def scaled(factor):
        if x.ndim == 3:
            return float(np.asarray(model(factor * x[:1]))[0, 0])
        with watching(model) as watch:
            model(x[:1])
        with watching(model, {"embedding": (factor - 1) * np.asarray(watch.embedded)}):
            return float(np.asarray(model(x[:1]))[0, 0])

    np.testing.assert_allclose(seen.importance.sum(), (scaled(1.01) - scaled(0.99)) / 0.02, rtol=1e-3)


def test_occlusion_and_reach_measure_what_a_change_does():
    model = built("lstm")
    seen = rnnzoo.inspect(model, TOKENS)
    changed = TOKENS.copy()
    changed[0, 1] = 1
    other = model.predict(changed, verbose=0)[0]
    best = seen.output[0].argmax()
    np.testing.assert_allclose(seen.occlusion[0, 1], seen.output[0, best] - other[best], atol=1e-6)
    np.testing.assert_allclose(seen.reach[0, 2], np.linalg.norm(other - seen.output[0]), atol=1e-6)
    assert not seen.occlusion[1, 2:].any()
    loss = rnnzoo.inspect(model, TOKENS, np.array([best, 0]))
    before, after = (np.log(np.exp(logits).sum()) - logits[best] for logits in (seen.output[0], other))
    np.testing.assert_allclose(loss.occlusion[0, 1], after - before, atol=1e-5)


def test_an_lstm_hands_more_of_the_gradient_back_over_a_hundred_steps():
    """With its forget gates open, as training opens them; the gradient of a simple network meets a matrix each step."""
    x = np.random.default_rng(0).normal(size=(4, 100, 3)).astype("float32")
    share = {}
    for name, state in (("simple_rnn", "simplernn_0"), ("lstm", "lstm_0/cell")):
        model = built(name, x)
        if name == "lstm":
            layer = model.get_layer("body").layers[1]
            kernel, recurrent, bias = layer.get_weights()
            bias[4:8] = np.log(100)
            layer.set_weights([kernel, recurrent, bias])
        curve = rnnzoo.inspect(model, x, np.array([0, 1, 0, 1])).gradients[state]
        share[name] = (curve[:, 0] / curve[:, -1]).mean()
    assert share["lstm"] > 1000 * share["simple_rnn"]
    assert share["lstm"] > 0.01


def test_a_runs_model_is_looked_into_on_the_command_line(recipe, tmp_path, capsys):
    quiet = {"console": Console(quiet=True)}
    folders = [str(tmp_path / name) for name in ("gru", "simple_rnn")]
    with layers.use("general"):  # compiles in no time
        for folder in folders:
            rnnzoo.train(recipe(model=Path(folder).name, epochs=1), folder, **quiet)
    words = [
        folders[0],
        "[[0.1, 2.0], [1.5, 0.3], [1.0, 1.0]]",
        "--beside",
        folders[1],
        "--output",
        str(tmp_path / "seen"),
    ]
    cli.entry_point(["inspect", *words])
    assert capsys.readouterr().out.count("left out") == 3
    pictures = {path.name: path.stat().st_size for path in (tmp_path / "seen").iterdir()}
    assert set(pictures) == {"gradients.png", "reach.png", "states.png", "worth.png"}
    assert min(pictures.values()) > 5_000


@pytest.fixture(scope="module")
def pairs():
    return rnnzoo.build(
        "seq2seq_gru", "translation", vocabulary_size=9, outputs=8, units=6, embedding_dim=4, dropout=0.0, seed=1
    )


def log_p(model, source, target):
    """Of each token of one target, its end included; 2 is the end, and what stands before the first token."""
    logits = np.asarray(model([np.array([source]), np.array([[2, *target]])], training=False), "float64")[0]
    return (logits - np.log(np.exp(logits).sum(-1, keepdims=True)))[np.arange(len(target) + 1), [*target, 2]]


def test_of_pairs_what_each_source_token_is_worth_for_each_written(pairs):
    sources, targets = [[5, 7, 3], [4, 8]], [[3, 6], [5, 4, 7]]
    seen = rnnzoo.inspect(pairs, sources, targets)
    for i, (source, target) in enumerate(zip(sources, targets, strict=True)):
        whole = log_p(pairs, source, target)
        np.testing.assert_allclose(seen.scores[i, : len(whole)], whole, atol=1e-5)
        for t in range(len(source)):
            without = log_p(pairs, [*source[:t], 1, *source[t + 1 :]], target)
            np.testing.assert_allclose(seen.by_token[i, : len(whole), t], whole - without, atol=1e-5)
    assert not seen.by_token[1, :, 2:].any()
    np.testing.assert_allclose(seen.occlusion, seen.by_token.sum(1))


def test_of_pairs_importance_adds_up_to_what_scaling_the_vectors_does(pairs):
    source, target = [[5, 7, 3]], [[3, 6]]
    embedding, whole = pairs.get_layer("embedding"), {}
    kept = embedding.get_weights()
    for factor in (0.99, 1.01):
        embedding.set_weights([factor * kept[0]])
        whole[factor] = log_p(pairs, source[0], target[0]).sum()
    embedding.set_weights(kept)
    expected = (whole[1.01] - whole[0.99]) / 0.02
    np.testing.assert_allclose(rnnzoo.inspect(pairs, source, target).importance.sum(), expected, rtol=2e-3)


def test_of_pairs_what_is_looked_at_is_what_the_model_writes(pairs):
    seen = rnnzoo.inspect(pairs, [[5, 7, 3]])
    (ids,) = rnnzoo.decode(pairs, [[5, 7, 3]]).tokens
    assert seen.y[0].tolist() == [*ids, 2][:100]
    for target, said in (([[3], [4]], "one target for each source"), ([[9]], "knows the ids 1 to 7")):
        with pytest.raises(ValueError, match=said):
            rnnzoo.inspect(pairs, [[5, 7, 3]], target)
    tagger = rnnzoo.build("gru", "tagging", vocabulary_size=9, outputs=3, units=4, characters=5)
    with pytest.raises(TypeError, match="no-characters"):
        rnnzoo.inspect(tagger, TOKENS)


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("lstm", {"x": [[]]}, "at least one step"),
        ("lstm", {"x": [1, 2]}, "at least one step"),
        ("lstm", {"x": 5}, "x must be numbers"),
        ("lstm", {"x": [["a"]]}, "x must be numbers"),
        ("lstm", {"x": SERIES}, "reads sequences"),
        ("lstm", {"x": TOKENS, "y": 5}, "y must be numbers"),
        ("lstm", {"x": TOKENS, "y": ["a"] * len(TOKENS)}, "y must be numbers"),
        ("lstm", {"x": TOKENS, "y": [0]}, "one answer for each sequence"),
        (None, {"x": TOKENS}, "keras.Model"),
    ],
)
def test_what_cannot_be_looked_into_is_refused(model, given, said):
    one_sentence(lambda: rnnzoo.inspect(model and built(model), **given), said)
    with pytest.raises(ValueError, match="carries no state"):
        _ = rnnzoo.inspect(built("mlp"), TOKENS).gradients


if __name__ == "__main__":
    check_gradients(MODELS[1:2] + MODELS[3:4])
