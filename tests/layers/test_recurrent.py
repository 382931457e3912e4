"""The fast recurrent layers give Keras's numbers: outputs to 1e-6, gradients to 1e-5 of their largest entry."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rnnzoo.layers
from rnnzoo.layers.recurrent import paths

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow for gradients")

KINDS = ["SimpleRNN", "GRU", "LSTM"]
FEATURES, UNITS = 3, 5


def pair(kind, batch, time, bidirectional=False, **options):
    """Return the same layer from Keras and from us, with equal weights."""
    both = []
    for library in (keras.layers, rnnzoo.layers):
        layer = getattr(library, kind)(UNITS, bias_initializer="normal", **options)
        layer = library.Bidirectional(layer) if bidirectional else layer
        layer.build((batch, time, FEATURES))
        both.append(layer)
    both[1].set_weights(both[0].get_weights())
    return both


def results(layer, x, lengths=None, state=None, training=True):
    """Return the outputs (a list) and the gradients of a weighted sum of them by input, weights and initial state."""
    x = tf.constant(x)
    state = None if state is None else [tf.constant(s) for s in state]
    mask = None if lengths is None else tf.sequence_mask(lengths, x.shape[1])
    with tf.GradientTape() as tape:
        tape.watch([x, *(state or [])])
        outputs = layer(x, mask=mask, initial_state=state, training=training)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        loss = tf.add_n(
            [tf.reduce_sum(y * np.cos(np.arange(y.shape.num_elements())).reshape(y.shape)) for y in outputs]
        )
    wanted = [x, *(w.value for w in layer.trainable_variables), *(state or [])]
    gradients = tape.gradient(loss, wanted, unconnected_gradients="zero")
    return [y.numpy() for y in outputs], [g.numpy() for g in gradients]


def assert_equal(ours, theirs):
    for y, expected in zip(ours[0], theirs[0], strict=True):
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)
    for g, expected in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(g, expected, rtol=0, atol=1e-5 * max(1.0, np.abs(expected).max()))


def data(rng, kind, batch, time, bidirectional, with_state):
    x = rng.normal(size=(batch, time, FEATURES)).astype("float32")
    states = (2 if kind == "LSTM" else 1) * (2 if bidirectional else 1)
    return x, [rng.normal(size=(batch, UNITS)).astype("float32") for _ in range(states)] if with_state else None


PADDINGS = {
    "none": lambda rng, batch, time: None,
    "ragged": lambda rng, batch, time: rng.integers(1, time + 1, batch),
    "single steps": lambda rng, batch, time: np.ones(batch, int),
    "one full row": lambda rng, batch, time: np.array([time] + [1] * (batch - 1)),
}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(KINDS),
    batch=st.integers(1, 67),
    time=st.integers(1, 300),
    padding=st.sampled_from(sorted(PADDINGS)),
    direction=st.sampled_from(["forward", "backward", "both"]),
    return_sequences=st.booleans(),
    return_state=st.booleans(),
    with_state=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_shape(kind, batch, time, padding, direction, return_sequences, return_state, with_state, seed):
    rng = np.random.default_rng(seed)
    both = direction == "both"
    theirs, ours = pair(
        kind,
        batch,
        time,
        both,
        return_sequences=return_sequences,
        return_state=return_state,
        **({} if both else {"go_backwards": direction == "backward"}),
    )
    x, state = data(rng, kind, batch, time, both, with_state)
    lengths = PADDINGS[padding](rng, batch, time)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padding", ["none", "ragged"])
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_every_kind(kind, padding, direction, return_sequences):
    rng = np.random.default_rng(1)
    both = direction == "both"
    options = {} if both else {"go_backwards": direction == "backward"}
    theirs, ours = pair(kind, 5, 4, both, return_sequences=return_sequences, return_state=True, **options)
    x, state = data(rng, kind, 5, 4, both, True)
    lengths = PADDINGS[padding](rng, 5, 4)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padding", ["none", "ragged"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_long_sequence_is_cut_into_stretches(monkeypatch, kind, padding, backwards):
    monkeypatch.setattr("rnnzoo.layers.recurrent.compiled.bptt.LONGEST", 7)
    rng = np.random.default_rng(1)
    theirs, ours = pair(kind, 6, 20, return_sequences=True, return_state=True, go_backwards=backwards)
    x, state = data(rng, kind, 6, 20, False, True)
    lengths = PADDINGS[padding](rng, 6, 20)
    assert_equal(results(ours, x, lengths, state), results(theirs, x, lengths, state))


@pytest.mark.parametrize("kind", KINDS)
def test_without_training_outputs_and_gradients_are_the_same(kind):
    theirs, ours = pair(kind, 5, 4, return_sequences=True, use_bias=False)
    x, _ = data(np.random.default_rng(2), kind, 5, 4, False, False)
    assert_equal(results(ours, x, training=False), results(theirs, x, training=False))


@pytest.mark.parametrize("path", ["auto", "general"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_padding_gives_the_initial_state(kind, path):
    _, ours = pair(kind, 5, 4, return_state=True)
    x, state = data(np.random.default_rng(3), kind, 5, 4, False, True)
    with rnnzoo.layers.use(path):
        outputs, gradients = results(ours, x, np.array([4, 0, 2, 0, 1]), state)
    np.testing.assert_array_equal(outputs[0][[1, 3]], state[0][[1, 3]])
    for output, initial in zip(outputs[1:], state, strict=True):
        np.testing.assert_array_equal(output[[1, 3]], initial[[1, 3]])
    assert not gradients[0][[1, 3]].any()


def test_an_interior_false_is_a_real_step():
    _, ours = pair("GRU", 1, 4)
    x, _ = data(np.random.default_rng(3), "GRU", 1, 4, False, False)
    holes = ours(x, mask=np.array([[True, False, True, False]]))
    np.testing.assert_array_equal(holes, ours(x, mask=np.array([[True, True, True, False]])))


@pytest.mark.parametrize("kind", KINDS)
def test_stateful_carries_over(kind):
    theirs, ours = pair(kind, 4, 6, stateful=True, return_sequences=True)
    x, _ = data(np.random.default_rng(4), kind, 4, 6, False, False)
    for lengths in (None, np.array([6, 1, 3, 2]), None):
        assert_equal(results(ours, x, lengths), results(theirs, x, lengths))
    ours.reset_state()
    theirs.reset_state()
    assert_equal(results(ours, x), results(theirs, x))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_draws_the_same_masks(kind):
    theirs, ours = pair(kind, 4, 6, dropout=0.5, seed=7)
    x, _ = data(np.random.default_rng(5), kind, 4, 6, False, False)
    for training in (True, True, False):
        assert_equal(results(ours, x, training=training), results(theirs, x, training=training))


@pytest.mark.parametrize(
    "options",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"recurrent_dropout": 0.3, "seed": 1},
        {"unroll": True},
        {"reset_after": False},
        {"implementation": 1, "dropout": 0.3, "seed": 1, "use_cudnn": False},
        {"dtype": "mixed_bfloat16"},
    ],
    ids=str,
)
def test_what_the_fast_path_cannot_do_takes_the_general_one(options):
    theirs, ours = pair("GRU", 4, 6, **options)
    x, _ = data(np.random.default_rng(6), "GRU", 4, 6, False, False)
    assert ours.path == "general"
    lengths = np.array([6, 1, 3, 2])
    assert_equal(results(ours, x, lengths), results(theirs, x, lengths))


def test_zero_output_for_mask():
    for sequences in (True, False):
        theirs, ours = pair("LSTM", 4, 6, return_sequences=sequences, zero_output_for_mask=True)
        x, _ = data(np.random.default_rng(7), "LSTM", 4, 6, False, False)
        lengths = np.array([6, 1, 3, 2])
        assert_equal(results(ours, x, lengths), results(theirs, x, lengths))


def test_a_second_derivative_is_refused():
    _, ours = pair("LSTM", 2, 3)
    x = tf.ones((2, 3, FEATURES))

    def second():
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(ours(x) ** 2)
            slope = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return outer.gradient(slope, x)

    with pytest.raises(NotImplementedError, match=r"no second derivative.*Received"):
        second()
    with pytest.raises(NotImplementedError, match=r"no second derivative.*Received"):
        tf.function(second)()
    with rnnzoo.layers.use("general"):
        assert second() is not None


def model(library, kind="LSTM", dropout=0.0):
    recurrent = getattr(library, kind)
    return keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            library.Bidirectional(recurrent(UNITS, return_sequences=True, dropout=dropout)),
            recurrent(UNITS, go_backwards=True),
            keras.layers.Dense(1),
        ]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_weight_files_load_both_ways(kind, tmp_path):
    theirs, ours = model(keras.layers, kind), model(rnnzoo.layers, kind)
    x = np.random.default_rng(8).normal(size=(3, 4, FEATURES)).astype("float32")
    file = tmp_path / "a.weights.h5"
    for source, target in ((theirs, ours), (model(rnnzoo.layers, kind), theirs)):
        source.save_weights(file)
        target.load_weights(file)
        np.testing.assert_allclose(source(x), target(x), atol=1e-6)
    assert [(w.name, w.shape) for w in theirs.weights] == [(w.name, w.shape) for w in ours.weights]


def test_the_configuration_round_trip_loses_nothing(tmp_path):
    lstm = rnnzoo.layers.LSTM(4, use_cudnn=False, dropout=0.1, seed=3, zero_output_for_mask=True, return_state=True)
    gru = rnnzoo.layers.GRU(4, use_cudnn=False, reset_after=False, kernel_regularizer="l2", go_backwards=True)
    simple = rnnzoo.layers.SimpleRNN(4, seed=9, unroll=True, activity_regularizer="l1")
    both = rnnzoo.layers.Bidirectional(rnnzoo.layers.GRU(4, use_cudnn=False, return_sequences=True), merge_mode="sum")
    for layer in (lstm, gru, simple, both):
        config = layer.get_config()
        again = type(layer).from_config(config)
        assert again.get_config() == config
    assert lstm.from_config(lstm.get_config()).use_cudnn is False
    assert both.from_config(both.get_config()).backward_layer.use_cudnn is False
    whole = model(rnnzoo.layers)
    whole.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.layers[0], rnnzoo.layers.Bidirectional)
    assert isinstance(again.layers[0].forward_layer, rnnzoo.layers.LSTM)
    x = np.ones((2, 3, FEATURES), "float32")
    np.testing.assert_array_equal(whole(x), again(x))


def test_the_same_training_twice_is_equal_bit_for_bit():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(40, 12, FEATURES)).astype("float32")
    y = rng.normal(size=(40, 1)).astype("float32")

    def train():
        keras.utils.set_random_seed(0)
        trained = model(rnnzoo.layers, dropout=0.2)
        trained.compile("adam", "mse")
        trained.fit(x, y, batch_size=16, epochs=2, verbose=0)
        return trained.get_weights()

    for once, again in zip(train(), train(), strict=True):
        np.testing.assert_array_equal(once, again)


def test_fit_follows_keras_with_an_odd_last_batch():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(22, 9, FEATURES)).astype("float32")
    y = rng.normal(size=(22, 1)).astype("float32")
    losses = []
    for library in (keras.layers, rnnzoo.layers):
        keras.utils.set_random_seed(1)
        trained = model(library)
        trained.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
        losses.append(trained.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def situation(**changes):
    return paths.Situation(**{"backend": "tensorflow", "device": "cpu", "kind": "lstm", **changes})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "bptt"),
        ({"kind": "simple_rnn"}, "bptt"),
        ({"use_cudnn": False}, "bptt"),
        ({"use_cudnn": True}, "general"),
        ({"dtype": "bfloat16"}, "general"),
        ({"activation": "relu"}, "general"),
        ({"kind": "gru", "reset_after": False}, "general"),
        ({"device": "gpu", "padded": True}, "cudnn"),
        ({"device": "gpu", "padded": True, "needs_state": True}, "cudnn"),
        ({"device": "gpu", "dtype": "float16"}, "cudnn"),
        ({"device": "gpu", "kind": "gru", "padded": True}, "cudnn"),
        ({"device": "gpu", "kind": "simple_rnn"}, "general"),
        ({"device": "gpu", "use_cudnn": False}, "general"),
        ({"device": "gpu", "recurrent_dropout": 0.1}, "general"),
        ({"device": "gpu", "use_bias": False}, "general"),
        ({"device": "tpu"}, "scan"),
        ({"backend": "jax"}, "scan"),
        ({"backend": "jax", "device": "gpu", "padded": True}, "cudnn"),
        ({"backend": "jax", "device": "gpu", "padded": True, "needs_state": True}, "scan"),
        ({"backend": "jax", "device": "gpu", "needs_state": True}, "cudnn"),
        ({"backend": "jax", "device": "gpu", "kind": "gru"}, "scan"),
        ({"backend": "jax", "device": "tpu"}, "scan"),
        ({"backend": "torch"}, "general"),
        ({"backend": "torch", "device": "gpu", "padded": True}, "cudnn"),
    ],
    ids=str,
)
def test_the_path_on_a_pretended_device(changes, path):
    assert paths.choose(situation(**changes)) == path
    with rnnzoo.layers.use("general"):
        assert paths.choose(situation(**changes)) == "general"


def test_a_layer_tells_its_path(monkeypatch):
    layer = rnnzoo.layers.LSTM(4)
    assert layer.path == "bptt"
    monkeypatch.setattr(paths, "device", lambda: "gpu")
    assert layer.path == "cudnn"
    assert rnnzoo.layers.LSTM(4, activation="relu").path == "general"


def test_a_forced_path_ends_with_its_block():
    layer = rnnzoo.layers.LSTM(4)
    with rnnzoo.layers.use("general"):
        assert layer.path == "general"
    rnnzoo.layers.use("general")
    assert layer.path == "general"
    rnnzoo.layers.use("auto")
    assert layer.path == "bptt"
    with pytest.raises(ValueError, match="Received: path='fast'"):
        rnnzoo.layers.use("fast")


OTHER_BACKEND = textwrap.dedent(
    """
    import sys
    import numpy as np
    import keras
    import rnnzoo.layers

    assert "tensorflow" not in sys.modules
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 7, 3)).astype("float32")
    mask = np.arange(7) < np.array([7, 1, 3, 5, 7])[:, None]
    for kind in ("SimpleRNN", "GRU", "LSTM"):
        both = []
        for library in (keras.layers, rnnzoo.layers):
            layer = library.Bidirectional(getattr(library, kind)(4, return_sequences=True))
            layer.build(x.shape)
            both.append(layer)
        both[1].set_weights(both[0].get_weights())
        for m in (None, mask):
            a, b = (keras.ops.convert_to_numpy(layer(x, mask=m)) for layer in both)
            np.testing.assert_allclose(a, b, atol=1e-6)
        model = keras.Sequential([getattr(rnnzoo.layers, kind)(4), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        assert np.isfinite(model.train_on_batch(x, x[:, 0, :1]))
        print(kind, model.layers[0].path)
    """
)


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "path"), [("jax", "scan"), ("torch", "general")])
def test_other_backends(backend, path):
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", OTHER_BACKEND], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [word for kind in KINDS for word in (kind, path)]
