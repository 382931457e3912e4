"""A GPU gives the processor's numbers: `KERAS_BACKEND=jax pytest tests/test_gpu.py`, or torch, or tensorflow.

Without a GPU all is skipped. `python test_gpu.py FILE CASE...` writes the same numbers; the tests run it without the
GPU.
"""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import zoo_cases

from rnnzoo import describe, layers
from rnnzoo.layers.recurrent import paths
from rnnzoo.testing import cases as tiny

pytestmark = [
    pytest.mark.skipif(paths.device() != "gpu", reason="needs a GPU"),
    pytest.mark.filterwarnings("default"),  # of drivers and kernels
]

BACKEND = keras.backend.backend()
TIME, FEATURES, UNITS, ROWS = 70, 5, 8, 6
LENGTHS = np.array([70, 1, 33, 0, 69, 2])
MASKS = {
    "none": None,
    "ragged": np.arange(TIME) < LENGTHS[:, None],
    "holes": np.random.default_rng(5).random((ROWS, TIME)) < 0.6,
}
CLASSIC = ["SimpleRNN", "GRU", "LSTM"]
OTHERS = ["MinGRU", "MinLSTM", "QRNN", "SRU", "IndRNN", "LRU", "Hawk", "Mamba", "MLSTM", "SLSTM"]
OTHERS += ["LayerNormLSTMCell", "PeepholeLSTMCell", "MogrifierLSTMCell", "LMUCell"]
OPTIONS = {"MLSTM": {"num_heads": 2}, "SLSTM": {"num_heads": 2}}
LAYERS = [
    *((kind, mask, way) for kind in CLASSIC for mask in MASKS for way in ("forward", "backward", "both", "state")),
    *((kind, mask, "forward") for kind in OTHERS for mask in ("none", "ragged")),
]
os.environ["NVIDIA_TF32_OVERRIDE"] = "0"  # products in full float32, not rounded to TF32
if BACKEND == "jax":
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")


def of_layer(kind, mask, way):
    """Return a layer's outputs and the gradients, by its input and weights, of a weighted sum of them."""
    options = dict(OPTIONS.get(kind, {}))
    options |= {"return_sequences": True, "return_state": way == "state", "go_backwards": way == "backward"}
    make = getattr(layers, kind)
    layer = layers.RNN(make(UNITS), **options) if kind.endswith("Cell") else make(UNITS, **options)
    layer = layers.Bidirectional(layer) if way == "both" else layer
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(3)
    layer.set_weights([rng.normal(0, 0.4, w.shape).astype("float32") for w in layer.get_weights()])
    x = rng.normal(size=(ROWS, TIME, FEATURES)).astype("float32")
    state = [rng.normal(size=(ROWS, UNITS)).astype("float32") for _ in layer.state_size] if way == "state" else None
    real = None if MASKS[mask] is None else keras.ops.convert_to_tensor(MASKS[mask])

    def outputs(call, x):
        found = call(x, mask=real, initial_state=state) if state else call(x, mask=real)
        found = found if isinstance(found, (list, tuple)) else [found]
        if real is not None:  # what stands at padded steps is nobody's
            found = [keras.ops.where(real[:, :, None], found[0], 0.0), *found[1:]]
        weights = [np.cos(np.arange(np.prod(y.shape))).reshape(y.shape) for y in found]
        return sum(
            keras.ops.sum(y * keras.ops.convert_to_tensor(w, "float32")) for y, w in zip(found, weights, strict=True)
        ), found

    found, gradients = _differentiated(layer, outputs, x)
    return [*map(_array, found), *map(_array, gradients)]


def _differentiated(layer, outputs, x):
    if BACKEND == "jax":
        import jax

        still = [v.value for v in layer.non_trainable_variables]

        def loss(x, weights):
            return outputs(lambda x, **options: layer.stateless_call(weights, still, x, **options)[0], x)

        weights = [v.value for v in layer.trainable_variables]
        (_, found), (by_x, by_weights) = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))(x, weights)
        return found, [by_x, *by_weights]
    if BACKEND == "torch":
        x = keras.ops.convert_to_tensor(x).requires_grad_(True)
        total, found = outputs(layer, x)
        total.backward()
        return found, [x.grad, *(v.value.grad for v in layer.trainable_variables)]
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total, found = outputs(layer, x)
    return found, tape.gradient(total, [x, *(v.value for v in layer.trainable_variables)])


def of_model(name, task, kind):
    """Return a model's answers, and its weights after a step of gradient descent."""
    still = {word: 0.0 for word in describe(name).hyperparameters if "dropout" in word}  # draws differ by device
    model = tiny.build(name, task, kind, **still)
    answers = tiny.predict(model, kind)
    if not model.trainable_weights:
        return [answers]
    model.compile(keras.optimizers.SGD(0.1), loss=model.loss)
    model.train_on_batch(tiny.rows(kind, tiny.BATCH), tiny.answers_by_task(kind)[task])
    return [answers, *(np.asarray(w) for w in model.get_weights())]


def _array(x):
    return np.asarray(keras.ops.convert_to_numpy(x), "float32")


def compute(case):
    return of_model(*case[1:]) if case[0] == "model" else of_layer(*case[1:])


def without_gpu(cases, folder):
    """Return what a process without the GPU computes, by case."""
    words, file = ["-".join(case) for case in cases], folder / "cpu.npz"
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run([sys.executable, __file__, file, *words], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(file) as saved:
        return {
            case: [saved[f"{word}/{i}"] for i in range(int(saved[word]))]
            for case, word in zip(cases, words, strict=True)
        }


def assert_near(found, expected, tolerance=1e-4):
    for i, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        largest = max(1.0, np.abs(theirs).max(initial=0))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * largest, err_msg=f"number {i}")


@pytest.fixture(scope="module")
def layers_on_the_cpu(tmp_path_factory):
    return without_gpu([("layer", *case) for case in LAYERS], tmp_path_factory.mktemp("cpu"))


@pytest.mark.parametrize("case", LAYERS, ids="-".join)
def test_layers(case, layers_on_the_cpu):
    assert_near(of_layer(*case), layers_on_the_cpu["layer", *case])


@pytest.mark.parametrize("case", zoo_cases.in_turn(zoo_cases.cases()), ids="-".join)
def test_models(case, tmp_path):
    case = ("model", *case)
    assert_near(compute(case), without_gpu([case], tmp_path)[case])


@pytest.mark.parametrize(
    ("kind", "options", "path"),
    [
        ("LSTM", {}, "scan" if BACKEND == "jax" else "cudnn"),
        ("LSTM", {"return_state": True}, {"jax": "scan", "tensorflow": "cudnn", "torch": "general"}[BACKEND]),
        ("GRU", {}, "scan" if BACKEND == "jax" else "cudnn"),
        ("SimpleRNN", {}, "scan" if BACKEND == "jax" else "general"),
        ("MinGRU", {}, {"jax": "associative", "tensorflow": "compiled", "torch": "general"}[BACKEND]),  # steps unknown
        ("IndRNN", {}, "scan" if BACKEND == "jax" else "general"),
    ],
)
def test_paths(kind, options, path):
    assert getattr(layers, kind)(3, **options).path == path


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(kind, dtype):
    x = np.random.default_rng(0).normal(size=(ROWS, TIME, FEATURES)).astype("float32")
    full = getattr(layers, kind)(UNITS)
    expected = _array(full(x, mask=keras.ops.convert_to_tensor(MASKS["ragged"])))
    half = getattr(layers, kind)(UNITS, dtype=dtype)
    half.build(x.shape)
    half.set_weights(full.get_weights())
    found = _array(half(x, mask=keras.ops.convert_to_tensor(MASKS["ragged"])))
    np.testing.assert_allclose(found, expected, atol=0.03)


if __name__ == "__main__":
    saved = {}
    for word in sys.argv[2:]:
        arrays = compute(tuple(word.split("-")))
        saved |= {word: len(arrays), **{f"{word}/{i}": array for i, array in enumerate(arrays)}}
    np.savez(Path(sys.argv[1]), **saved)
