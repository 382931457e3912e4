"""Perplexity against its definition."""

import numpy as np

from rnnzoo import layers


def test_perplexity():
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=(2, 3, 5, 7)).astype("float32"), rng.integers(0, 7, (2, 3, 5))
    weights = rng.choice([0.0, 1.0, 2.0], size=(2, 3, 5)).astype("float32")
    metric = layers.Perplexity()
    for batch in range(2):  # two batches of one epoch
        metric.update_state(labels[batch], logits[batch], sample_weight=weights[batch])
    shifted = logits.astype("float64")
    probabilities = np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)
    chosen = np.take_along_axis(probabilities, labels[..., None], axis=-1)[..., 0]
    expected = np.exp(-(np.log(chosen) * weights).sum() / weights.sum())
    np.testing.assert_allclose(float(metric.result()), expected, rtol=1e-5)
    metric.reset_state()
    metric.update_state(labels[0], np.zeros_like(logits[0]))
    np.testing.assert_allclose(float(metric.result()), 7, rtol=1e-5)  # no idea: as many as there are words


def test_perplexity_leaves_out_what_is_masked():
    """Through `build`: the mask of the tokens, without any weights given."""
    import rnnzoo

    model = rnnzoo.build("gru", "language_modeling", vocabulary_size=9, units=4, seed=0, dropout=0.0)
    model.run_eagerly = True
    x = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]], "int32")
    y = np.array([[2, 3, 4, 0, 0], [5, 6, 7, 8, 1]], "int32")
    logits = np.asarray(model(x)).astype("float64")
    chosen = np.take_along_axis(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), y[..., None], -1)[..., 0]
    expected = np.exp(-np.log(chosen[x > 0]).mean())
    found = model.test_on_batch(x, y, return_dict=True)["perplexity"]
    np.testing.assert_allclose(float(found), expected, rtol=1e-4)
