"""Exported models answer as the model does."""

import json
import shutil
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from marks import others_slow
from refusals import one_sentence, refused
from zoo_cases import build, distinct, saved_cases

import rnnzoo
from rnnzoo import cli
from rnnzoo.serving.exporting import export
from rnnzoo.testing.cases import PAD, VOCABULARY, small

BEFORE = Path(__file__).parents[1] / "fixtures" / "before"
LENGTHS = [6, 1, 3, 5, 2]


def answers(path, x):
    """Run an exported file, row by row if its batch is fixed."""
    import tensorflow as tf

    if path.is_dir():
        loaded = tf.saved_model.load(str(path))  # `serve` does not keep its variables alive
        return np.asarray(loaded.serve(x))
    if path.suffix == ".onnx":
        session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
        return session.run(None, {session.get_inputs()[0].name: x})[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter will move
        interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    found = []
    for row in x:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    return np.concatenate(found)


def padded(kind):
    """Five rows of different lengths."""
    rng, real = np.random.default_rng(5), np.arange(6) < np.array(LENGTHS)[:, None]
    if kind == "tokens":
        return np.where(real, rng.integers(1, VOCABULARY, real.shape), 0).astype("int32")
    return np.where(real[..., None], rng.normal(size=(5, 6, 2)), PAD).astype("float32")


@pytest.mark.parametrize(("form", "sizes"), [("tf_saved_model", []), ("litert", ["--sequence-length", "4"])])
def test_export_answers_the_same(finished, tmp_path, capsys, form, sizes):
    path = tmp_path / "exported.tflite" if form == "litert" else tmp_path / "exported"
    cli.entry_point(["export", str(finished.folder), "--format", form, "--output", str(path), *sizes])
    assert str(path) in capsys.readouterr().out
    x = np.random.default_rng(5).normal(size=(1, 4, 2)).astype("float32")
    np.testing.assert_allclose(answers(path, x), finished.model.predict_on_batch(x), atol=1e-5)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_export_needs_sizes(finished, capsys):
    assert "--sequence-length" in refused(
        capsys, cli.entry_point, ["export", str(finished.folder), "--format", "litert"]
    )


def test_an_export_replaces_nothing_but_exports(finished, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    for form, there in (("tf_saved_model", mine), ("onnx", mine), ("tf_saved_model", mine / "notes.txt")):
        said = refused(
            capsys, cli.entry_point, ["export", str(finished.folder), "--format", form, "--output", str(there)]
        )
        assert "must not replace" in said
    assert (mine / "notes.txt").read_text() == "mine"
    path, _ = export(finished.folder, output=tmp_path / "exported")
    export(finished.folder, output=path)  # its own
    (path / "notes.txt").write_text("mine")
    one_sentence(lambda: export(finished.folder, output=path), "must not replace")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["exported", "mine"]
    one_sentence(lambda: export(finished.folder, output="a\0b"), "a name without a NUL")
    one_sentence(lambda: export(finished.folder, "onyx"), "format must be tf_saved_model or")


def test_the_check_is_made_with_the_run_itself(finished, tmp_path, monkeypatch):
    import rnnzoo.serving.exporting as exporting

    def other(model, **sizes):
        copy = rnnzoo.rebuild(model, **sizes)
        copy.set_weights([w + 0.1 for w in copy.get_weights()])
        return copy

    monkeypatch.setattr(exporting, "rebuild", other)
    one_sentence(lambda: export(finished.folder, output=tmp_path / "exported"), "answers differently by")
    assert not list(tmp_path.iterdir())


def exported(model, path, form):
    """Export by Keras's own method: as the model stands where the format allows it, else as `rnnzoo export` does."""
    if form == "litert":
        model = rnnzoo.rebuild(model, batch_size=1, sequence_length=6, unroll=True)
        model(padded("tokens" if model.inputs[0].dtype == "int32" else "floats")[:1])
    model.export(str(path), format=form, verbose=False)
    return path


INSIDE = ("deepar", "encoder_decoder_gru", "han", "lstnet", "segrnn")
"""Their loops are inside other layers and are not unrolled: LiteRT's interpreter cannot run them."""


ENDINGS = {"tf_saved_model": "saved", "onnx": "model.onnx", "litert": "model.tflite"}


def check(model, kind, form, folder):
    if form == "onnx":
        pytest.importorskip("tf2onnx")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exports by way of TensorFlow")
    x = padded(kind)
    expected = model.predict_on_batch(x)  # by the fast kernels, before it is exported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converters
        path = exported(model, folder / ENDINGS[form], form)
    np.testing.assert_allclose(answers(path, x), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("bilstm", "litert"),
        ("bigru", "onnx"),
        pytest.param("segrnn", "onnx", marks=pytest.mark.slow),
        ("encoder_decoder_gru", "onnx"),
        ("bilstm", "tf_saved_model"),
    ],
)
def test_padded_rows(name, form, tmp_path):
    task, kind = ("forecasting", "floats") if name in INSIDE else ("tagging", "tokens")
    check(build(name, task, kind), kind, form, tmp_path)


@pytest.mark.filterwarnings("ignore")  # of the converter
def test_words_that_onnx_does_not_know_are_written_otherwise_or_refused(tmp_path):
    """GELU and the exponential less 1; a model of Keras's own layers with another word leaves no file behind."""
    pytest.importorskip("tf2onnx")
    x = np.array([[-9.0, -1e-4], [1e-6, 0.5], [2.0, 7.0]], "float32")
    given, path = keras.Input((2,)), tmp_path / "model.onnx"
    for y in (keras.layers.Activation("gelu")(given), keras.ops.expm1(given)):
        model = keras.Model(given, y)
        expected = model(x)
        model.export(str(path), "onnx", verbose=False)
        np.testing.assert_allclose(answers(path, x), expected, rtol=1e-5, atol=1e-6)
        path.unlink()
    model = keras.Model(given, keras.ops.erfinv(keras.ops.tanh(given)))
    one_sentence(lambda: model.export(str(path), format="onnx", verbose=False), "call its predict once before")
    model(x)
    one_sentence(lambda: model.export(str(path), format="onnx", verbose=False), "no word for Erfinv, .*tf_saved_model")
    assert not path.exists()


@pytest.mark.parametrize("name", others_slow(INSIDE, ["segrnn"]))
def test_what_litert_cannot_run_is_refused(name, tmp_path, capsys):
    """On the command line, and nothing is left behind."""
    task, of = ("classification", "digits") if name == "han" else ("forecasting", "series")
    folder = shutil.copytree(BEFORE / of, tmp_path / "run")
    inputs = json.loads((folder / "data.json").read_text())["inputs"]
    rnnzoo.build(name, task, **inputs, **small(name)).save(folder / "model.keras")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model": name, "hyperparameters": {}}))
    before = sorted(path.name for path in folder.iterdir())
    command = ["export", str(folder), "--format", "litert", "--sequence-length", "24"]
    assert "No runtime can answer by litert" in refused(capsys, cli.entry_point, command)
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.slow
@pytest.mark.parametrize("case", distinct((), [c for c in saved_cases() if c[1] != "translation"]), ids="-".join)
def test_every_body(case, tmp_path, subtests):
    """Each as a summary and of each step, and each head once; built once for all formats."""
    model = build(*case)
    for form in ENDINGS:
        with subtests.test(form):
            if form == "litert" and case[0] in INSIDE:
                with pytest.raises(Exception, match="not supported by this interpreter"):
                    check(model, case[2], form, tmp_path)
            else:
                check(model, case[2], form, tmp_path)
