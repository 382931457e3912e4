"""LMU, CfC, GRU-D and the reservoir against NumPy written from the papers' equations, and against public packages."""

import keras
import numpy as np
import pytest
from scipy import integrate

import rnnzoo
from rnnzoo import layers

TIME, FEATURES, UNITS = 6, 3, 4
LENGTHS = np.array([6, 2, 4])
X = np.random.default_rng(0).normal(size=(len(LENGTHS), TIME, FEATURES)).astype("float32")
X[..., -1] = np.abs(X[..., -1])  # the time between steps, for those that read it
MASK = np.arange(TIME) < LENGTHS[:, None]
HOLES = X.copy()
HOLES[..., :2][np.random.default_rng(1).random((len(LENGTHS), TIME, 2)) < 0.5] = np.nan


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Voelker et al. (2019), equations 4, 6 and 7; the memory's own equation 1 is solved by SciPy, the input being held.
def lmu(x, w, order=5, window=3.0):
    i = np.arange(order)
    a = np.array([[(2 * r + 1) * (-1.0 if r < c else (-1.0) ** (r - c + 1)) for c in i] for r in i]) / window
    b = (2 * i + 1) * (-1.0) ** i / window
    h, m, found = np.zeros(UNITS), np.zeros(order), []
    for x_t in x:
        u = float((x_t @ w["input_encoder"] + h @ w["hidden_encoder"] + m @ w["memory_encoder"])[0])
        m = integrate.solve_ivp(lambda _, m, u=u: a @ m + b * u, (0, 1), m, rtol=1e-10, atol=1e-12).y[:, -1]
        h = np.tanh(x_t @ w["kernel"] + h @ w["recurrent_kernel"] + m @ w["memory_kernel"])
        found.append(h)
    return found


# Hasani et al. (2022), equation 10, with the heads of the authors' code.
def cfc(x, w):
    h, found = np.zeros(UNITS), []
    for x_t in x:
        seen = 1.7159 * np.tanh(0.666 * (np.concatenate([x_t[:-1], h]) @ w["backbone_kernel"] + w["backbone_bias"]))
        g, new, a, b = np.split(seen @ w["heads_kernel"] + w["heads_bias"], 4)
        share = sigmoid(a * x_t[-1] + b)
        h = (1 - share) * np.tanh(g) + share * np.tanh(new)
        found.append(h)
    return found


# Che et al. (2018): the time since a value was seen, and equations 10 to 16.
def gru_d(x, w):
    h, last, delta, before, found = np.zeros(UNITS), np.zeros(2), np.zeros(2), None, []
    for x_t in x:
        value, gap, m = x_t[:2], x_t[2], ~np.isnan(x_t[:2])
        if before is not None:
            delta = gap + np.where(before, 0, delta)
        gamma_x = np.exp(-np.maximum(0, w["value_decay"] * delta + w["value_decay_bias"]))
        gamma_h = np.exp(-np.maximum(0, delta @ w["state_decay"] + w["state_decay_bias"]))
        last = np.where(m, value, last)
        value = np.where(m, value, gamma_x * last)
        h = gamma_h * h
        z, r, new = np.split(value @ w["kernel"] + m @ w["mask_kernel"] + w["bias"], 3)
        u_z, u_r = np.split(h @ w["recurrent_kernel"], 2)
        z, r = sigmoid(z + u_z), sigmoid(r + u_r)
        h = (1 - z) * h + z * np.tanh(new + (r * h) @ w["candidate_kernel"])
        before = m
        found.append(h)
    return found


# Jaeger et al. (2007), equation 2.
def reservoir(x, w):
    h, found = np.zeros(UNITS), []
    for x_t in x:
        h = 0.4 * h + 0.6 * np.tanh(x_t @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"])
        found.append(h)
    return found


CELLS = {
    lmu: (layers.LMUCell, {"memory_size": 5, "window": 3}, X),
    cfc: (layers.CfCCell, {"backbone_units": 5, "time_feature": True}, X),
    gru_d: (layers.GRUDCell, {"time_feature": True}, HOLES),
    reservoir: (layers.ReservoirCell, {"leaking_rate": 0.6}, X),
}


def made(step, **more):
    cell_class, options, _ = CELLS[step]
    layer = layers.RNN(cell_class(UNITS, **options | more), return_sequences=True, zero_output_for_mask=True)
    layer.build(X.shape)
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("step", CELLS)
def test_the_papers_equations(step):
    layer, x = made(step), CELLS[step][2]
    weights = {w.name: np.asarray(w, "float64") for w in layer.weights}
    found = np.asarray(layer(x, mask=keras.ops.convert_to_tensor(MASK)))
    for row, length in enumerate(LENGTHS):
        np.testing.assert_allclose(found[row, :length], step(x[row, :length].astype("float64"), weights), atol=1e-5)
        np.testing.assert_array_equal(found[row, length:], 0)
    config = layer.cell.get_config()
    assert type(layer.cell).from_config(config).get_config() == config


def test_the_memory_is_the_window_as_legendre_polynomials():
    """What was `window * d` steps ago is Σ P_i(2 d - 1) m_i (equation 3)."""
    layer = layers.RNN(layers.LMUCell(1, memory_size=8, window=40), return_state=True)
    layer.build((None, None, 1))
    names = [w.name for w in layer.weights]
    layer.set_weights(
        [np.ones(w.shape) * (name == "input_encoder") for w, name in zip(layer.weights, names, strict=True)]
    )
    wave = np.sin(2 * np.pi * np.arange(200) / 80).astype("float32")
    memory = np.asarray(layer(wave[None, :, None])[2])[0]
    for back in (0, 10, 20, 40):
        value = np.polynomial.legendre.legval(2 * back / 40 - 1, memory)
        np.testing.assert_allclose(value, wave[199 - back], atol=0.06)


def test_missing_values_have_finite_gradients():
    import tensorflow as tf

    layer = made(gru_d)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant(HOLES)))
    for gradient in tape.gradient(loss, layer.trainable_variables):
        assert np.isfinite(np.asarray(gradient)).all()


def test_the_spectral_radius():
    layer = layers.RNN(layers.ReservoirCell(50, spectral_radius=0.8, input_scale=0.2))
    layer.build((None, None, 2))
    weights = {w.name: np.asarray(w) for w in layer.weights}
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(weights["recurrent_kernel"])).max(), 0.8, rtol=1e-4)
    assert np.abs(weights["kernel"]).max() <= 0.2
    assert not layer.trainable_variables


def test_refusals():
    with pytest.raises(ValueError, match=r"above 0 and at most 1. Received.*leaking_rate=2"):
        layers.ReservoirCell(2, leaking_rate=2)
    with pytest.raises(ValueError, match=r"at least 1. Received: memory_size=0"):
        layers.LMUCell(2, memory_size=0)
    with pytest.raises(rnnzoo.errors.InvalidValue, match=r"nothing to read. Received: 1 feature"):
        rnnzoo.build("cfc", "regression", features=1, time_feature=True)


def test_cfc_is_that_of_ncps():
    module = pytest.importorskip("ncps.torch.cfc_cell")
    import torch

    layer = made(cfc)
    w = {w.name: np.asarray(w) for w in layer.weights}
    theirs = module.CfCCell(FEATURES - 1, UNITS, backbone_units=5)
    heads = dict(zip(("ff1", "ff2", "time_a", "time_b"), np.hsplit(w["heads_kernel"], 4), strict=True))
    biases = dict(zip(heads, np.split(w["heads_bias"], 4), strict=True))
    values = {"backbone.0.weight": w["backbone_kernel"].T, "backbone.0.bias": w["backbone_bias"]}
    values |= {f"{name}.weight": part.T for name, part in heads.items()}
    values |= {f"{name}.bias": part for name, part in biases.items()}
    theirs.load_state_dict({name: torch.tensor(np.ascontiguousarray(value)) for name, value in values.items()})
    h, found = torch.zeros(len(X), UNITS), []
    for t in range(TIME):
        h, _ = theirs(torch.tensor(X[:, t, :-1]), h, torch.tensor(X[:, t, -1:]))
        found.append(h.detach().numpy())
    np.testing.assert_allclose(layer(X), np.stack(found, axis=1), atol=1e-5)
