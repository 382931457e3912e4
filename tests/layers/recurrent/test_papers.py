"""Recurrent layers against NumPy written from the papers' equations, against PyTorch and against stock Keras."""

import keras
import numpy as np
import pytest

from rnnzoo import layers

BATCH, TIME, WIDTH, UNITS = 3, 6, 4, 5


TOLERANCE = 1e-4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Elman (1990): h_t = tanh(W x_t + U h_{t-1} + b).
def elman_step(x, state, kernel, recurrent_kernel, bias):
    (h,) = state
    h = np.tanh(x @ kernel + h @ recurrent_kernel + bias)
    return (h,)


# Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000). Keras lays the gates' kernels side by
# side in the order i, f, g, o.
def lstm_step(x, state, kernel, recurrent_kernel, bias):
    h, c = state
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# Cho et al. (2014), in cuDNN's form (`reset_after`): the reset gate works on U h + b', not on h. Keras's order is
# z, r, n; z keeps the old state, as PyTorch's does (in the paper's first version 1 - z does).
def gru_step(x, state, kernel, recurrent_kernel, bias):
    (h,) = state
    xz, xr, xn = np.split(x @ kernel + bias[0], 3, axis=-1)
    hz, hr, hn = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    n = np.tanh(xn + r * hn)
    return (z * h + (1 - z) * n,)


def layer_norm(x, gamma, beta, epsilon=1e-3):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


# Ba et al. (2016), supplementary material: both products and the cell are normalised; gates in the order f, i, o, g.
def layernorm_lstm_step(x, state, kernel, recurrent_kernel, bias, gx, bx, gh, bh, gc, bc):
    h, c = state
    gates = layer_norm(h @ recurrent_kernel, gh, bh) + layer_norm(x @ kernel, gx, bx) + bias
    f, i, o, g = np.split(gates, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(layer_norm(c, gc, bc)), c


def run(step, x, weights, states, lengths=None):
    """Return every state `(batch, time, units)`; past its length a row's state rests."""
    state = tuple(np.zeros((len(x), UNITS)) for _ in range(states))
    outputs = []
    for t in range(x.shape[1]):
        new = step(x[:, t], state, *weights)
        if lengths is not None:
            real = (t < np.asarray(lengths))[:, None]
            new = tuple(np.where(real, n, s) for n, s in zip(new, state, strict=True))
        state = new
        outputs.append(state[0])
    return np.stack(outputs, axis=1)


CELLS = {
    "SimpleRNN": (elman_step, 1, layers.SimpleRNN),
    "LSTM": (lstm_step, 2, layers.LSTM),
    "GRU": (gru_step, 1, layers.GRU),
}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(BATCH, TIME, WIDTH)).astype("float32")


def fill(layer, x):
    """Build the layer and give it random weights, biases too; return them in float64."""
    layer(x)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    return [w.astype("float64") for w in layer.get_weights()]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("masked", [False, True])
def test_forward_as_the_paper_says(name, masked, x):
    step, states, kind = CELLS[name]
    layer = kind(UNITS, return_sequences=True)
    weights = fill(layer, x)
    lengths = [6, 3, 1] if masked else None
    mask = np.arange(TIME)[None] < np.array(lengths)[:, None] if masked else None
    expected = run(step, x.astype("float64"), weights, states, lengths)
    found = np.asarray(layer(x, mask=mask))
    for row, length in zip(range(BATCH), lengths or [TIME] * BATCH, strict=True):
        np.testing.assert_allclose(found[row, :length], expected[row, :length], atol=TOLERANCE)
    last = kind(UNITS)
    last(x)
    last.set_weights(layer.get_weights())
    np.testing.assert_allclose(last(x, mask=mask), expected[:, -1], atol=TOLERANCE)


def gradients(layer, x, direction):
    """Return the gradients of sum(outputs * direction) by the input and by each weight, on whatever backend runs."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x) * direction)
        return [np.asarray(g) for g in tape.gradient(loss, [x, *(v.value for v in layer.trainable_weights)])]
    if backend == "jax":
        import jax

        def loss(x, weights):
            outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, x)
            return (outputs * direction).sum()

        by_x, by_weights = jax.grad(loss, argnums=(0, 1))(x, [v.value for v in layer.trainable_variables])
        return [np.asarray(by_x), *(np.asarray(g) for g in by_weights)]
    pytest.skip(f"no gradients written for {backend}")
    return []


@pytest.mark.parametrize("name", CELLS)
def test_gradients_as_the_paper_says(name, x):
    """Central differences in float64 of the NumPy equations."""
    step, states, kind = CELLS[name]
    layer = kind(UNITS, return_sequences=True)
    weights = fill(layer, x)
    direction = np.random.default_rng(2).normal(size=(BATCH, TIME, UNITS)).astype("float32")
    arrays = [x.astype("float64"), *weights]
    for i, found in enumerate(gradients(layer, x, direction)):
        expected = np.empty_like(arrays[i])
        for place in np.ndindex(expected.shape):
            sides = []
            for shift in (1e-5, -1e-5):
                moved = [a.copy() for a in arrays]
                moved[i][place] += shift
                sides.append((run(step, moved[0], moved[1:], states) * direction).sum())
            expected[place] = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=TOLERANCE)


def to_torch(name, weights):
    """Return PyTorch's layer with Keras's weights.

    PyTorch keeps kernels transposed and two biases, of which Keras has the sum (GRU: both). Its gates are in the order
    i, f, g, o as Keras's for the LSTM, but r, z, n for the GRU where Keras has z, r, n.
    """
    torch = pytest.importorskip("torch")
    kernel, recurrent_kernel, bias = weights
    if name == "GRU":

        def order(array):
            z, r, n = np.split(array, 3, axis=-1)
            return np.concatenate([r, z, n], axis=-1)

        kernel, recurrent_kernel, bias = order(kernel), order(recurrent_kernel), order(bias)
    biases = bias if name == "GRU" else (bias, np.zeros_like(bias))
    layer = {"SimpleRNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}[name](
        WIDTH, UNITS, batch_first=True
    )
    copies = (kernel.T, recurrent_kernel.T, *biases)
    for parameter, array in zip(layer.parameters(), copies, strict=True):
        parameter.data = torch.tensor(array, dtype=torch.float32).contiguous()
    return torch, layer


@pytest.mark.parametrize("name", CELLS)
def test_forward_and_gradients_as_pytorch(name, x):
    layer = CELLS[name][2](UNITS, return_sequences=True)
    weights = fill(layer, x)
    torch, other = to_torch(name, weights)
    direction = np.random.default_rng(2).normal(size=(BATCH, TIME, UNITS)).astype("float32")

    theirs_x = torch.tensor(x, requires_grad=True)
    outputs, _ = other(theirs_x)
    np.testing.assert_allclose(layer(x), outputs.detach().numpy(), atol=TOLERANCE)
    (outputs * torch.tensor(direction)).sum().backward()

    by_x, by_kernel, by_recurrent, by_bias = gradients(layer, x, direction)
    kernel, recurrent, bias_x, bias_h = (p.grad.numpy() for p in other.parameters())
    if name == "GRU":

        def order(array):  # rows r, z, n -> z, r, n
            r, z, n = np.split(array, 3, axis=0)
            return np.concatenate([z, r, n], axis=0)

        kernel, recurrent, bias = order(kernel), order(recurrent), np.stack([order(bias_x), order(bias_h)])
    else:
        bias = bias_x  # of the sum of two biases, each has the whole gradient
    for mine, theirs in (
        (by_x, theirs_x.grad.numpy()), (by_kernel, kernel.T), (by_recurrent, recurrent.T), (by_bias, bias),
    ):  # fmt: skip
        np.testing.assert_allclose(mine, theirs, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("name", CELLS)
def test_weights_are_those_of_keras(name, x):
    mine, stock = CELLS[name][2](UNITS), getattr(keras.layers, name)(UNITS)
    fill(mine, x)
    stock(x)
    assert [w.shape for w in mine.weights] == [w.shape for w in stock.weights]
    assert [w.name for w in mine.weights] == [w.name for w in stock.weights]
    stock.set_weights(mine.get_weights())
    np.testing.assert_allclose(mine(x), stock(x), atol=1e-6)


def test_bidirectional_is_two_runs_side_by_side(x):
    layer = layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True))
    weights = fill(layer, x)
    lengths = np.array([6, 3, 1])
    found = np.asarray(layer(x, mask=np.arange(TIME)[None] < lengths[:, None]))
    for i, length in enumerate(lengths):
        row = x[i : i + 1, :length].astype("float64")
        forward = run(lstm_step, row, weights[:3], 2)
        backward = run(lstm_step, row[:, ::-1], weights[3:], 2)[:, ::-1]
        expected = np.concatenate([forward, backward], axis=-1)
        np.testing.assert_allclose(found[i, :length], expected[0], atol=TOLERANCE)


def test_layernorm_lstm(x):
    layer = layers.RNN(layers.LayerNormLSTMCell(UNITS, name="cell"), return_sequences=True)
    weights = fill(layer, x)
    by_name = {w.path.split("cell/")[-1]: value for w, value in zip(layer.weights, weights, strict=True)}
    own = [by_name[word] for word in ("kernel", "recurrent_kernel", "bias")]
    norms = [by_name[f"norm_{which}/{part}"] for which in "xhc" for part in ("gamma", "beta")]
    expected = run(layernorm_lstm_step, x.astype("float64"), [*own, *norms], 2)
    np.testing.assert_allclose(layer(x), expected, atol=TOLERANCE)
