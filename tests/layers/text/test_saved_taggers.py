"""Taggers with characters and a CRF: saved, they answer the same in a fresh process of every backend, and train on."""

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers

WORDS = np.array([[3, 2, 1], [4, 0, 0]], "int32")
LETTERS = np.array([[[3, 1, 0, 0], [2, 2, 5, 4], [1, 0, 0, 0]], [[4, 3, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]], "int32")
TAGS = np.array([[0, 1, 2], [2, 0, 0]], "int32")
SMALL = {"vocabulary_size": 9, "characters": 6, "outputs": 3, "embedding_dim": 4, "units": 4, "character_units": 3}
LOAD = """
import json, sys, warnings
warnings.simplefilter("error")
import keras, numpy as np, rnnzoo
data = np.load(sys.argv[2])
x = data["words"], data["letters"]
for kind in ("lstm", "cnn"):
    model = keras.models.load_model(f"{sys.argv[1]}/{kind}.keras")
    with rnnzoo.layers.use("general"):  # compiles in no time
        assert np.abs(np.asarray(keras.ops.convert_to_numpy(model(x))) - data[kind]).max() < 1e-5
        if kind == "lstm":
            assert type(model).__name__ == "CRFModel"
            print(float(model.train_on_batch(x, data["tags"], return_dict=True)["loss"]))
"""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="loads on every backend itself")
@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=pytest.mark.slow)])
def test_a_saved_tagger_loads_and_trains_on(tmp_path, python, backend):
    """One with characters by an LSTM and a CRF, one with characters by a convolution."""
    x, answers, models = (WORDS, LETTERS), {}, {}
    with layers.use("general"):  # compiles in no time
        for kind, crf in (("lstm", True), ("cnn", False)):
            sizes = SMALL | {"character_model": kind, "crf": crf, "dropout": 0.0, "seed": 0}
            model = models[kind] = rnnzoo.build("bigru", "tagging", **sizes)
            rng = np.random.default_rng(0)
            model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
            model.save(tmp_path / f"{kind}.keras")
            answers[kind] = np.asarray(model(x))
        np.savez(tmp_path / "data.npz", words=WORDS, letters=LETTERS, tags=TAGS, **answers)
        done = python(LOAD, tmp_path, tmp_path / "data.npz", KERAS_BACKEND=backend)
        assert done.returncode == 0, done.stderr
        loss = models["lstm"].train_on_batch(x, TAGS, return_dict=True)["loss"]
    assert float(done.stdout) == pytest.approx(float(loss), rel=1e-4)
