"""Mamba and xLSTM against NumPy written from the papers' equations, and against public packages."""

import keras
import numpy as np
import pytest
from marks import others_slow

from rnnzoo import layers

TIME, FEATURES, UNITS, HEADS, MEMORY = 7, 4, 6, 2, 3
HEAD = UNITS // HEADS
LENGTHS = np.array([7, 2, 0, 5], "int32")
X = np.random.default_rng(0).normal(size=(len(LENGTHS), TIME, FEATURES)).astype("float32")
MASK = keras.ops.convert_to_tensor(np.arange(TIME) < LENGTHS[:, None])
OPTIONS = {"Mamba": {"memory_size": MEMORY}, "MLSTM": {"num_heads": HEADS}, "SLSTM": {"num_heads": HEADS}}


@pytest.fixture(autouse=True)
def several_chunks(monkeypatch):
    monkeypatch.setattr("rnnzoo.layers.recurrent.modern.extended.CHUNK", 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def convolved(x, t, w):
    """SiLU of the convolution over four steps; nothing was before the first."""
    return silu(sum(w["taps"][3 - k] * x[t - k] for k in range(4) if t >= k) + w["taps_bias"])


def group_norm(h, scale):
    h = h.reshape(HEADS, HEAD)
    return ((h - h.mean(1, keepdims=True)) / np.sqrt(h.var(1, keepdims=True) + 1e-5)).reshape(-1) * scale


# Gu and Dao (2023): algorithm 2 with (2a), (2b) and (4), in the block of figure 3.
def mamba(x, w):
    h, found, a = np.zeros((UNITS, MEMORY)), [], -np.exp(w["decay"].reshape(UNITS, MEMORY))
    for t in range(len(x)):
        u = convolved(x @ w["input_kernel"], t, w)
        delta, b, c = np.split(u @ w["selection_kernel"], [1, 1 + MEMORY])
        delta = np.log1p(np.exp(delta @ w["step_kernel"] + w["step_bias"]))
        h = np.exp(delta[:, None] * a) * h + delta[:, None] * b * u[:, None]
        found.append((h @ c + w["skip"] * u) * silu(x[t] @ w["branch_kernel"]))
    return found


# Beck et al. (2024), equations 19 to 27 without any stabiliser, in the block of figure 11.
def mlstm(x, w):
    c, n, found, up = np.zeros((HEADS, HEAD, HEAD)), np.zeros((HEADS, HEAD)), [], x @ w["input_kernel"]
    for t in range(len(x)):
        u = convolved(up, t, w)
        q, k = np.split(u @ w["query_key_kernel"], 2)
        v = up[t] @ w["value_kernel"]
        i, f = np.split(np.concatenate([q, k, v]) @ w["gate_kernel"] + w["gate_bias"], 2)
        i, f = np.exp(i), sigmoid(f)
        q, k, v = q.reshape(HEADS, HEAD), k.reshape(HEADS, HEAD) / np.sqrt(HEAD), v.reshape(HEADS, HEAD)
        c = f[:, None, None] * c + i[:, None, None] * v[:, :, None] * k[:, None, :]
        n = f[:, None] * n + i[:, None] * k
        h = np.einsum("hvk,hk->hv", c, q) / np.maximum(np.abs(np.sum(n * q, 1)), 1)[:, None]
        found.append((group_norm(h, w["scale"]) + w["skip"] * u) * silu(x[t] @ w["branch_kernel"]))
    return found


# Equations 8 to 14 without any stabiliser, behind the convolution of figure 10.
def slstm(x, w):
    h, c, n, found = np.zeros(UNITS), np.zeros(UNITS), np.zeros(UNITS), []
    for t in range(len(x)):
        seen = np.concatenate([convolved(x, t, w) @ w["gate_kernel"], x[t] @ w["kernel"]]) + w["bias"]
        r = [np.concatenate([h.reshape(HEADS, HEAD)[k] @ w["recurrent_kernel"][g, k] for k in range(HEADS)])
             for g in range(4)]  # fmt: skip
        i, f, z, o = np.split(seen + np.concatenate(r), 4)
        c, n = sigmoid(f) * c + np.exp(i) * np.tanh(z), sigmoid(f) * n + np.exp(i)
        h = sigmoid(o) * c / n
        found.append(group_norm(h, w["scale"]))
    return found


REFERENCES = {"Mamba": mamba, "MLSTM": mlstm, "SLSTM": slstm}


def made(kind, units=UNITS, features=FEATURES, **options):
    layer = getattr(layers, kind)(units, return_sequences=True, zero_output_for_mask=True, **OPTIONS[kind] | options)
    layer.build((None, None, features))
    rng = np.random.default_rng(3)
    layer.set_weights([rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()])
    return layer


def by_name(layer):
    return {w.name: np.asarray(w, "float64") for w in layer.weights}


@pytest.mark.parametrize("kind", REFERENCES)
def test_the_papers_equations(kind):
    layer = made(kind)
    found = np.asarray(layer(X, mask=MASK))
    for row, length in enumerate(LENGTHS):
        expected = REFERENCES[kind](X[row, :length].astype("float64"), by_name(layer))
        np.testing.assert_allclose(found[row, :length], np.reshape(expected, (length, UNITS)), atol=2e-5)
        np.testing.assert_array_equal(found[row, length:], 0)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's graphs know no length")
@pytest.mark.parametrize("kind", REFERENCES)
def test_a_graph_of_any_length_gives_the_same(kind):
    import tensorflow as tf

    layer = made(kind)
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None, FEATURES])])
    for steps in (TIME, 2):
        np.testing.assert_allclose(graph(X[:, :steps]), layer(X[:, :steps]), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", ["MLSTM", "SLSTM"])
def test_gates_without_a_largest_value_overflow_nothing(kind):
    """i~ of 60 and more: exp(i~) squared is no float32."""
    layer = made(kind)
    word = "gate_bias" if kind == "MLSTM" else "bias"
    bias = next(w for w in layer.weights if w.name == word)
    bias.assign(np.asarray(bias) + np.where(np.arange(bias.shape[0]) < (HEADS if kind == "MLSTM" else UNITS), 60, 0))
    expected = [REFERENCES[kind](x.astype("float64"), by_name(layer)) for x in X]
    np.testing.assert_allclose(layer(X), expected, atol=2e-5)


def outputs_states_and_gradients(layer, compiled, **arguments):
    import tensorflow as tf

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = layer(x, **arguments)
            loss = sum(tf.reduce_sum(tf.square(part) * (k + 1)) for k, part in enumerate(found))
        return [*found, *tape.gradient(loss, [x, *layer.trainable_variables])]

    x = tf.convert_to_tensor(X)
    return [np.asarray(v) for v in (tf.function(run) if compiled else run)(x)]


@pytest.mark.parametrize("backwards", others_slow([False, True], [True]))
def test_slstm_compiled_is_keras_loop_with_its_gradients(backwards):
    """The other layers are in `test_linear.py`; this one is compiled in TensorFlow's graphs alone."""
    layer = made("SLSTM", return_state=True, go_backwards=backwards)
    rng = np.random.default_rng(5)
    states = [np.abs(rng.normal(size=(len(X), size))).astype("float32") for size in layer.state_size]
    arguments = {"initial_state": states, "mask": MASK}
    compiled = outputs_states_and_gradients(layer, True, **arguments)
    for mine, other in zip(compiled, outputs_states_and_gradients(layer, False, **arguments), strict=True):
        np.testing.assert_allclose(mine, other, atol=2e-5, rtol=1e-4)


def test_units_are_whole_heads():
    with pytest.raises(ValueError, match=r"units must be a multiple of num_heads. Received: units=5, num_heads=2"):
        layers.MLSTM(5, num_heads=2)


# Public packages, weights copied over. -----------------------------------------------------------------------------


def copied(module, values):
    """Give a PyTorch module's parameters these values."""
    import torch

    own = dict(module.named_parameters())
    assert own.keys() == values.keys()
    with torch.no_grad():
        for name, value in values.items():
            own[name].copy_(torch.tensor(np.ascontiguousarray(value), dtype=torch.float32).reshape(own[name].shape))


def test_mamba_is_that_of_mambapy():
    mambapy = pytest.importorskip("mambapy.mamba")
    import torch

    layer = made("Mamba", units=2 * FEATURES)
    w = by_name(layer)
    config = mambapy.MambaConfig(d_model=FEATURES, n_layers=1, d_state=MEMORY, expand_factor=2, pscan=False)
    block = mambapy.MambaBlock(config)
    copied(block, {
        "A_log": w["decay"], "D": w["skip"], "in_proj.weight": np.hstack([w["input_kernel"], w["branch_kernel"]]).T,
        "conv1d.weight": w["taps"].T, "conv1d.bias": w["taps_bias"], "x_proj.weight": w["selection_kernel"].T,
        "dt_proj.weight": w["step_kernel"].T, "dt_proj.bias": w["step_bias"], "out_proj.weight": np.eye(FEATURES, 8),
    })  # fmt: skip
    block.out_proj = torch.nn.Identity()
    np.testing.assert_allclose(layer(X), block(torch.tensor(X)).detach().numpy(), atol=1e-5, rtol=1e-5)


def blocks_of(matrix, size):
    """The blocks on the diagonal, transposed as PyTorch keeps them; the rest of the matrix must be 0."""
    count = len(matrix) // size
    return np.stack([matrix[k * size : (k + 1) * size, k * size : (k + 1) * size].T for k in range(count)])


def block_diagonal(weight, size):
    rows = np.arange(weight.shape[0])[:, None] // size
    return np.where(rows == np.arange(weight.shape[1]) // size, weight, 0)


def test_mlstm_is_that_of_the_authors():
    module = pytest.importorskip("xlstm.blocks.mlstm.layer")
    import torch

    width = 8
    layer = made("MLSTM", units=width)
    weights = {w.name: w for w in layer.weights}
    for word in ("query_key_kernel", "value_kernel"):  # theirs are blocks of 4
        value = np.asarray(weights[word])
        weights[word].assign(np.hstack([block_diagonal(part, 4) for part in np.hsplit(value, value.shape[1] // width)]))
    w = by_name(layer)
    config = module.mLSTMLayerConfig(embedding_dim=FEATURES, context_length=TIME, num_heads=HEADS, proj_factor=2.0)
    config._inner_embedding_dim = width
    theirs = module.mLSTMLayer(config)
    (q, k), (i, f) = np.hsplit(w["query_key_kernel"], 2), np.hsplit(w["gate_kernel"], 2)
    b_i, b_f = np.split(w["gate_bias"], 2)
    copied(theirs, {
        "learnable_skip": w["skip"], "proj_up.weight": np.hstack([w["input_kernel"], w["branch_kernel"]]).T,
        "q_proj.weight": blocks_of(q, 4), "k_proj.weight": blocks_of(k, 4),
        "v_proj.weight": blocks_of(w["value_kernel"], 4), "conv1d.conv.weight": w["taps"].T,
        "conv1d.conv.bias": w["taps_bias"], "mlstm_cell.igate.weight": i.T, "mlstm_cell.igate.bias": b_i,
        "mlstm_cell.fgate.weight": f.T, "mlstm_cell.fgate.bias": b_f, "mlstm_cell.outnorm.weight": w["scale"] - 1,
        "proj_down.weight": np.eye(FEATURES, width),
    })  # fmt: skip
    theirs.proj_down = torch.nn.Identity()
    np.testing.assert_allclose(layer(X), theirs(torch.tensor(X)).detach().numpy(), atol=2e-5)


def test_layers_whose_states_are_equally_wide_share_no_program_of_other_widths():
    """TensorFlow forgets a width that differed in two calls of one program; these matrices all have 12 numbers."""
    for units, heads in [(4, 2), (6, 6), (3, 1), (4, 2)]:
        x = X[..., :3]
        layer = layers.MLSTM(units, num_heads=heads, return_sequences=True)
        found = np.asarray(layer(x))
        with layers.use("general"):
            np.testing.assert_allclose(found, np.asarray(layer(x)), atol=1e-5)
