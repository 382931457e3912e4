"""Models of the fast recurrent layers: Keras's weight files, configurations and training; other backends."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import rnnzoo.layers

KINDS = ["SimpleRNN", "GRU", "LSTM"]
FEATURES, UNITS = 3, 5


def model(library, kind="LSTM"):
    recurrent = getattr(library, kind)
    return keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            library.Bidirectional(recurrent(UNITS, return_sequences=True)),
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

    both, gru = rnnzoo.layers.Bidirectional, rnnzoo.layers.GRU

    def train():
        keras.utils.set_random_seed(0)
        trained = keras.Sequential(
            [keras.Input((None, FEATURES)), both(gru(UNITS, dropout=0.2)), keras.layers.Dense(1)]
        )
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
