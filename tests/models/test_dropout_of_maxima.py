"""Dropout scales up what it leaves: before a maximum that would make the summary larger in training than ever after."""

import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers

TOKENS = np.random.default_rng(0).integers(2, 50, (64, 12))


@pytest.mark.parametrize("pooling", ["last", "max", "concat"])
@pytest.mark.parametrize("name", ["lstm", "sru", "peephole_lstm"])
def test_a_summary_is_as_large_in_training_as_after(name, pooling):
    with layers.use("general"):
        sizes = {"vocabulary_size": 50, "embedding_dim": 4, "units": 16, "num_layers": 1}
        model = rnnzoo.build(name, pooling=pooling, dropout=0.5, seed=0, **sizes)
        x = np.abs(np.asarray(model.get_layer("embedding")(TOKENS))) * 20
        body = model.get_layer("body")
        whole = np.asarray(body(x))
        dropped = np.mean([np.asarray(body(x, training=True)) for _ in range(10)], axis=0)
    assert np.abs(whole).mean() > 0.01
    assert dropped.mean() == pytest.approx(whole.mean(), abs=0.05 * float(np.abs(whole).mean()))
