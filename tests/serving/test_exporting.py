"""Exported models answer as the model does."""

import warnings

import numpy as np
import pytest
from refusals import refused

from rnnzoo import cli


@pytest.mark.parametrize(("form", "sizes"), [("tf_saved_model", []), ("litert", ["--sequence-length", "4"])])
def test_export_answers_the_same(finished, tmp_path, capsys, form, sizes):
    import tensorflow as tf

    path = tmp_path / "exported"
    cli.entry_point(["export", str(finished.folder), "--format", form, "--output", str(path), *sizes])
    assert str(path) in capsys.readouterr().out
    x = np.random.default_rng(5).normal(size=(1, 4, 2)).astype("float32")
    if form == "litert":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter will move
            interpreter = tf.lite.Interpreter(str(path))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    else:
        loaded = tf.saved_model.load(str(path))
        found = np.asarray(loaded.serve(x))
    np.testing.assert_allclose(found, finished.model.predict_on_batch(x), atol=1e-5)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_export_needs_sizes(finished, capsys):
    assert "--sequence-length" in refused(
        capsys, cli.entry_point, ["export", str(finished.folder), "--format", "litert"]
    )
