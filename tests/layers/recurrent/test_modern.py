"""The modern recurrent layers against NumPy written from the papers' equations, a public package, and JAX.

`python test_modern.py FILE LAYER...` writes what layers give on `KERAS_BACKEND`.
"""

import importlib
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers

TIME, FEATURES, UNITS = 6, 4, 3
LENGTHS = np.array([6, 2, 0, 5], "int32")
X = np.random.default_rng(0).normal(size=(len(LENGTHS), TIME, FEATURES)).astype("float32")
MASK = np.arange(TIME) < LENGTHS[:, None]
KINDS = ["MinGRU", "MinLSTM", "QRNN", "SRU", "IndRNN", "LRU", "Hawk"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def g(x):
    return np.where(x >= 0, x + 0.5, sigmoid(x))


def before(x, t, k):
    """The step k before step t; nothing was before the first."""
    return x[t - k] if t >= k else np.zeros_like(x[0])


# Feng et al. (2024), section 3.1.3, with g of appendix B; the gates lie side by side: z, h.
def min_gru(x, w):
    h, found = np.zeros(UNITS), []
    for x_t in x:
        z, new = np.split(x_t @ w["kernel"] + w["bias"], 2)
        h = (1 - sigmoid(z)) * h + sigmoid(z) * g(new)
        found.append(h)
    return found


# Section 3.2.4: f, i, h.
def min_lstm(x, w):
    h, found = np.zeros(UNITS), []
    for x_t in x:
        f, i, new = np.split(x_t @ w["kernel"] + w["bias"], 3)
        f, i = sigmoid(f), sigmoid(i)
        h = f / (f + i) * h + i / (f + i) * g(new)
        found.append(h)
    return found


# Bradbury et al. (2016), equations 1 and 4, a filter of width 2.
def qrnn(x, w):
    c, found = np.zeros(UNITS), []
    for t in range(TIME):
        seen = np.concatenate([before(x, t, 1), x[t]])
        z, f = np.split(seen @ w["kernel"] + w["bias"], 2)
        o = sigmoid(seen @ w["output_gate_kernel"] + w["output_gate_bias"])
        c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(z)
        found.append(o * c)
    return found


# Lei et al. (2018), equations 1 to 4: W, W_f, W_r side by side, then the projection of the highway.
def sru(x, w):
    c, found = np.zeros(UNITS), []
    b_f, b_r = np.split(w["bias"], 2)
    for x_t in x:
        new, f, r, highway = np.split(x_t @ w["kernel"], 4)
        f, r = sigmoid(f + w["forget_vector"] * c + b_f), sigmoid(r + w["reset_vector"] * c + b_r)
        c = f * c + (1 - f) * new
        found.append(r * c + (1 - r) * highway * np.sqrt(3))
    return found


# Li et al. (2018), equation 2.
def ind_rnn(x, w):
    h, found = np.zeros(UNITS), []
    for x_t in x:
        h = np.maximum(x_t @ w["kernel"] + w["recurrent_vector"] * h + w["bias"], 0)
        found.append(h)
    return found


# Orvieto et al. (2023), section 3: λ = exp(-exp(ν) + i exp(θ)), and γ of equation 7.
def lru(x, w):
    h, found = np.zeros(UNITS, complex), []
    eigenvalues = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    real, imaginary = np.split(w["input_kernel"], 2, axis=1)
    out_real, out_imaginary = np.split(w["output_kernel"], 2)
    for x_t in x:
        h = eigenvalues * h + np.exp(w["gamma"]) * (x_t @ (real + 1j * imaginary))
        found.append((h @ (out_real - 1j * out_imaginary)).real + x_t @ w["skip_kernel"])
    return found


# De et al. (2024), equations 1 to 4 behind a convolution over four steps, beside a GeLU branch.
def hawk(x, w):
    h, found = np.zeros(UNITS), []
    for t in range(TIME):
        u = sum(w["taps"][3 - k] * (before(x, t, k) @ w["input_kernel"]) for k in range(4))
        heads = len(w["gate_kernel"]) * 2 // w["gate_kernel"].shape[1]  # blocks on the diagonal
        blocks = zip(np.split(u, heads), np.split(w["gate_kernel"], heads), strict=True)
        gates = [np.split(part @ block, 2) for part, block in blocks]
        r, i = np.split(sigmoid(np.concatenate([*zip(*gates, strict=True)], axis=None) + w["gate_bias"]), 2)
        a = sigmoid(w["decay"]) ** (8 * r)
        h = a * h + np.sqrt(1 - a**2) * (i * u)
        branch = x[t] @ w["branch_kernel"]
        gelu = 0.5 * branch * (1 + np.tanh(np.sqrt(2 / np.pi) * (branch + 0.044715 * branch**3)))
        found.append(gelu * h)
    return found


REFERENCES = dict(zip(KINDS, [min_gru, min_lstm, qrnn, sru, ind_rnn, lru, hawk], strict=True))


def made(kind, **options):
    layer = getattr(layers, kind)(UNITS, return_sequences=True, zero_output_for_mask=True, **options)
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(3)
    layer.set_weights([rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize(("kind", "options"), [*((kind, {}) for kind in KINDS), ("Hawk", {"num_heads": 3})], ids=str)
def test_the_papers_equations(kind, options):
    layer = made(kind, **options)
    weights = {w.name: np.asarray(w, "float64") for w in layer.weights}
    found = np.asarray(layer(X, mask=keras.ops.convert_to_tensor(MASK)))
    for row, length in enumerate(LENGTHS):
        expected = REFERENCES[kind](X[row].astype("float64"), weights)[:length]
        np.testing.assert_allclose(found[row, :length], np.reshape(expected, (length, UNITS)), atol=1e-5)
        np.testing.assert_array_equal(found[row, length:], 0)


@pytest.mark.parametrize("kind", ["MinGRU", "MinLSTM"])
def test_the_public_package(kind):
    """`minGRU-pytorch`, whole sequences: its minLSTM takes a logarithm of a carried state, so none is carried."""
    pytest.importorskip("minGRU_pytorch")
    import torch

    layer = made(kind)
    word = kind.replace("Min", "min")
    theirs = getattr(importlib.import_module(f"minGRU_pytorch.{word}"), word)(
        FEATURES, expansion_factor=UNITS / FEATURES
    )
    *gates, hidden = np.split(layer.get_weights()[0], 2 if kind == "MinGRU" else 3, axis=1)
    order = [hidden, *gates]  # h, z or h, f, i
    layer.set_weights([layer.get_weights()[0], 0 * layer.get_weights()[1]])
    with torch.no_grad():
        projection = next(p for name, p in theirs.named_parameters() if "to_hidden" in name)
        projection.copy_(torch.tensor(np.concatenate(order, axis=1).T))
        if hasattr(theirs, "to_out") and not isinstance(theirs.to_out, torch.nn.Identity):
            theirs.to_out = torch.nn.Identity()
        expected = theirs(torch.tensor(X)).numpy()
    np.testing.assert_allclose(layer(X), expected, atol=1e-5)


def test_the_ring():
    """|λ| is uniform in area between the radii, and the state of noise has the noise's variance."""
    keras.utils.set_random_seed(0)
    layer = layers.LRU(400, min_radius=0.5, max_radius=0.9)
    layer.build((None, None, 3))
    real, imaginary = (np.asarray(part) for part in layer.cell.constants())
    radius = np.hypot(real, imaginary)
    assert 0.5 <= radius.min() < radius.max() <= 0.9
    np.testing.assert_allclose(np.mean(radius**2), (0.5**2 + 0.9**2) / 2, rtol=0.05)
    np.testing.assert_allclose(np.exp(np.asarray(layer.cell.gamma)) ** 2, 1 - radius**2, rtol=1e-4)


def test_the_state_begins_as_slow_as_the_paper_says():
    layer = layers.Hawk(200)
    layer.build((None, None, 3))
    slowest = np.exp(np.asarray(layer.cell.constants()[0]))  # a^c
    assert 0.9 <= slowest.min() < 0.91
    assert 0.99 < slowest.max() <= 0.9991


def test_a_bidirectional_body_is_no_language_model():
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"must not look at later steps.*bidirectional=True$"):
        rnnzoo.build("min_gru", "language_modeling", vocabulary_size=9, bidirectional=True)


@pytest.mark.parametrize("name", ["min_gru", "qrnn"])
def test_a_bidirectional_body_is_blind_to_padding(name):
    model = rnnzoo.build(name, vocabulary_size=9, units=3, embedding_dim=2, num_layers=2, bidirectional=True, seed=0)
    tokens = np.array([[1, 2, 3, 4], [5, 6, 0, 0]], "int32")
    padded = model(np.pad(tokens, ((0, 0), (0, 5))))
    np.testing.assert_allclose(padded, model(tokens), atol=1e-5)
    np.testing.assert_allclose(padded[1:], model(tokens[1:, :2]), atol=1e-5)


def values(kinds):
    """Return the outputs of every layer, padded, and the gradient of x of their sum of squares; two go backwards."""
    found = {}
    heads = {"MLSTM": {"num_heads": 1}, "SLSTM": {"num_heads": 1}}
    for kind in kinds:
        for backwards in (False, True) if kind in ("LRU", "QRNN") else (False,):
            layer = made(kind, go_backwards=backwards, **heads.get(kind, {}))

            def loss(x, layer=layer):
                y = layer(x, mask=keras.ops.convert_to_tensor(MASK))
                return keras.ops.sum(keras.ops.square(y)), y

            if keras.backend.backend() == "jax":
                import jax

                assert layer.path == ("general" if kind == "SLSTM" else "scan")
                gradient, y = jax.jit(jax.grad(loss, has_aux=True))(X)
            else:
                import tensorflow as tf

                x = tf.convert_to_tensor(X)
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    total, y = loss(x)
                gradient = tape.gradient(total, x)
            found |= {f"{kind} {backwards}": np.asarray(y), f"{kind} {backwards} gradient": np.asarray(gradient)}
    return found


OTHERS = ["MinLSTM", "SRU", "IndRNN", "Mamba", "MLSTM", "SLSTM"]


@pytest.mark.parametrize("kinds", [["MinGRU", "QRNN", "LRU", "Hawk"], pytest.param(OTHERS, marks=pytest.mark.slow)])
def test_jax_gives_the_same_numbers(tmp_path, kinds):
    from elsewhere import environment  # where pytest is

    command = [sys.executable, __file__, str(tmp_path / "jax.npz"), *kinds]
    done = subprocess.run(command, env=environment("jax"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(tmp_path / "jax.npz") as by_jax:
        for name, expected in values(kinds).items():
            np.testing.assert_allclose(by_jax[name], expected, atol=1e-4, rtol=1e-4, err_msg=name)


if __name__ == "__main__":
    np.savez(Path(sys.argv[1]), **values(sys.argv[2:]))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="of TensorFlow's graphs")
@pytest.mark.parametrize("name", ["Hawk", "Mamba", "MLSTM", "SLSTM"])
def test_a_graph_for_any_batch_answers_few_rows(name):
    """Cut into halves, one row may be all that there is: what looks back over steps must not meet none."""
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    layer = getattr(layers, name)(8, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(5, 9, 6)).astype("float32")
    with layers.use("general"):
        expected = np.asarray(layer(x))
    answer = tf.function(layer, input_signature=[tf.TensorSpec([None, None, 6])])
    for rows in (5, 1, 2):
        np.testing.assert_allclose(answer(x[:rows]), expected[:rows], atol=1e-4)
