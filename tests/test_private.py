"""What `rnnzoo.private` stands for of TensorFlow, Keras, tyro and tf2onnx is there, and does what we rely on.

Where one fails, a release has moved or changed that part: mend its function in `rnnzoo/private`.
"""

import importlib
import inspect
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import rnnzoo
from rnnzoo import cli, private
from rnnzoo.errors import UserError
from rnnzoo.private.keras import cudnn_gru, cudnn_lstm, make_metrics, mask_of, replace_clipping, run_through
from rnnzoo.private.tensorflow import dynamic_slice, dynamic_update_slice


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("tensorflow.lite.python.schema_py_generated", "ModelT"),
        ("tensorflow.lite.python.schema_py_generated", "BufferT"),
        ("tensorflow.lite.python.schema_py_generated", "MetadataT"),
        ("tensorflow.compiler.tf2xla.python.xla", "dynamic_slice"),
        ("tensorflow.compiler.tf2xla.python.xla", "dynamic_update_slice"),
        ("keras.src.backend", "get_keras_mask"),
        ("keras.src.backend", "lstm"),
        ("keras.src.backend", "gru"),
        ("tyro._errors", "on_parse_error"),
        ("tf2onnx.handler", "tf_op"),
        ("tf2onnx.utils", "make_name"),
        ("tf2onnx.utils", "map_onnx_to_numpy_type"),
    ],
)
def test_it_is_where_it_was(module, name):
    pytest.importorskip(module.partition(".")[0])
    assert callable(private.find(module, name))


@pytest.mark.parametrize(("module", "name"), [("keras.src.backend", "nonesuch"), ("keras.src.nonesuch", "gru")])
def test_what_has_moved_is_named(module, name):
    with pytest.raises(UserError, match=rf"Received: keras {keras.__version__} without {module}\.{name}$"):
        private.find(module, name)


def test_an_optimizer_without_its_clipping_is_named():
    with pytest.raises(UserError, match=r"without keras\.optimizers\.Optimizer\._clip_gradients$"):
        replace_clipping(object(), lambda clip: clip)


def test_a_model_without_metrics_of_its_compilation_is_named():
    with pytest.raises(UserError, match=r"without keras\.Model\._compile_metrics$"):
        make_metrics(object(), None)


def test_slices_start_anywhere_and_compile_once():
    traced = []

    @tf.function(jit_compile=True, reduce_retracing=True)
    def moved_on(array, start):
        traced.append(array.shape)
        piece = dynamic_slice(array, [start, 0], [1, 3])
        return dynamic_update_slice(array, -piece, [start + 1, 0])

    array = np.arange(12, dtype="float32").reshape(4, 3)
    for start in (0, 2):
        expected = array.copy()
        expected[start + 1] = -array[start]
        np.testing.assert_array_equal(moved_on(tf.constant(array), tf.constant(start)), expected)
    assert len(traced) == 1


def test_the_mask_that_a_layer_hangs_on_its_output():
    ids = np.array([[3, 4, 0], [5, 0, 0]])
    vectors = rnnzoo.layers.Embedding(8, 2)(ids)
    np.testing.assert_array_equal(mask_of(vectors), [[True, True, False], [True, False, False]])
    assert mask_of(keras.ops.zeros((2, 3))) is None


def test_an_optimizer_clips_by_what_replaces_its_clipping():
    """Gradients of global norm 5 are clipped to 1, and `apply` takes what the replacement gives."""
    weights = [keras.Variable(np.zeros(2, "float32")), keras.Variable(np.zeros(1, "float32"))]
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=1.0)
    seen = []

    def wrap(clip):
        def twice(gradients):
            seen.append([np.array(gradient) for gradient in clip(gradients)])
            return [2 * gradient for gradient in clip(gradients)]

        return twice

    replace_clipping(optimizer, wrap)
    optimizer.apply([tf.constant([3.0, 0.0]), tf.constant([4.0])], weights)
    (clipped,) = seen
    np.testing.assert_allclose(np.concatenate(clipped), [0.6, 0.0, 0.8], rtol=1e-6)
    np.testing.assert_allclose(np.concatenate([np.array(w) for w in weights]), [-1.2, 0.0, -1.6], rtol=1e-6)


OPTIONS = ("kernel", "recurrent_kernel", "bias", "activation", "recurrent_activation", "return_sequences")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize(
    ("kind", "given", "more"),
    [("lstm", ("x", "h", "c", "mask"), ()), ("gru", ("x", "h", "mask"), ("reset_after",))],
)
def test_cudnn_takes_its_arguments(backend, kind, given, more):
    pytest.importorskip(backend)
    function = getattr(importlib.import_module(f"keras.src.backend.{backend}.rnn"), kind)
    inspect.signature(function).bind(*given, **dict.fromkeys((*OPTIONS, *more)))
    places = list(inspect.signature(function).parameters)[: len(given)]
    states = ["initial_state_h", "initial_state_c"] if kind == "lstm" else ["initial_state"]
    assert places == ["inputs", *states, "mask"]


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_cudnn_gives_the_last_output_all_outputs_and_the_states(kind):
    """The numbers are those of Keras's layer by its own loop; the second row has two steps of padding."""
    if not tf.config.list_logical_devices("GPU"):
        pytest.skip("cuDNN needs a GPU")
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    mask = np.arange(5) < np.array([[5], [3]])
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[kind](
        4, use_cudnn=False, return_state=True, return_sequences=True
    )
    expected, *states = layer(x, mask=mask)
    cell, zeros = layer.cell, tf.zeros((2, 4))
    options = {name: getattr(cell, name) for name in OPTIONS[:-1]} | {"return_sequences": True}
    if kind == "lstm":
        last, outputs, found = cudnn_lstm(x, zeros, zeros, tf.constant(mask), **options)
    else:
        last, outputs, found = cudnn_gru(x, zeros, tf.constant(mask), reset_after=True, **options)
    np.testing.assert_allclose(np.where(mask[..., None], outputs - expected, 0), 0, atol=1e-5)
    np.testing.assert_allclose(last, expected[:, -1], atol=1e-5)
    assert len(found) == len(states)
    for one, other in zip(found, states, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_nothing_else_in_the_package_touches_a_private_name():
    package = Path(rnnzoo.__file__).parent
    touched = re.compile(
        r"\bkeras\.src|\btensorflow\.(compiler|python)\b|\btyro\._|\b(optimizer|layer|model)\._[a-z]|\._keras_(mask|hist)"
    )
    found = {
        f"{path.relative_to(package)}: {match[0]}"
        for path in package.rglob("*.py")
        if "private" not in path.relative_to(package).parts
        for match in touched.finditer(path.read_text(encoding="utf-8"))
    }
    assert not found, f"route these through rnnzoo.private: {', '.join(sorted(found))}"


def test_a_release_of_tyro_without_the_hook_prints_its_box(monkeypatch, capsys):
    monkeypatch.delattr("tyro._errors.on_parse_error")
    with pytest.raises(SystemExit) as stopped:
        cli.entry_point(["describe", "lstm", "--briefly"])
    assert stopped.value.code == 2
    assert "--briefly" in capsys.readouterr().err


def test_a_graph_is_run_with_other_operations():
    x = keras.Input((2,))
    model = keras.Model(x, keras.layers.Dense(2, name="last")(keras.layers.Dense(2, name="first")(x)))
    seen = []

    def doubled(layer):
        seen.append(layer.name)
        return lambda x: 2 * x

    np.testing.assert_array_equal(run_through(model, np.ones((1, 2)), doubled), [[4, 4]])
    assert seen == ["first", "last"]


def test_a_model_without_its_graph_is_named():
    with pytest.raises(UserError, match=r"without keras\.Function\._run_through_graph$"):
        run_through(object(), [], None)
