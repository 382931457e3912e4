"""Scores that are products with the tokens' own vectors."""

import keras
import numpy as np
import pytest

import rnnzoo


def tied(**settings):
    sizes = {"vocabulary_size": 9, "embedding_dim": 5, "units": 4, "dropout": 0.0}
    return rnnzoo.build("gru", "language_modeling", tie_weights=True, seed=0, **sizes, **settings)


def test_tied_scores_are_products_with_the_tokens_vectors(tmp_path):
    model, tokens = tied(), np.array([[1, 4, 8, 2], [3, 5, 0, 0]], "int32")
    head = model.get_layer("head")
    states = np.asarray(model.get_layer("body")(model.get_layer("embedding")(tokens)))
    kernel, bias = head.get_weights()
    vectors = np.asarray(model.get_layer("embedding").embeddings)
    found = model.predict_on_batch(tokens)
    np.testing.assert_allclose(found[0], ((states @ kernel + bias) @ vectors.T)[0], atol=1e-6)
    assert sum(w.shape == (9, 5) for w in model.weights) == 1
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras").predict_on_batch(tokens), found)


def test_tied_vectors_learn_from_both_sides():
    """A token that is only ever an answer moves, and so does one that is only read."""
    model = tied(optimizer="sgd")
    model.run_eagerly = True
    before = np.array(model.get_layer("embedding").embeddings)
    model.train_on_batch(np.array([[1, 2, 3]], "int32"), np.array([[4, 5, 6]]))
    moved = np.abs(np.asarray(model.get_layer("embedding").embeddings) - before).max(axis=1)
    assert (moved > 0).all()
    plain = rnnzoo.build("gru", "language_modeling", vocabulary_size=9, embedding_dim=5, units=4, optimizer="sgd")
    plain.run_eagerly = True
    before = np.array(plain.get_layer("embedding").embeddings)
    plain.train_on_batch(np.array([[1, 2, 3]], "int32"), np.array([[4, 5, 6]]))
    moved = np.abs(np.asarray(plain.get_layer("embedding").embeddings) - before).max(axis=1)
    assert (moved[[4, 5, 6]] == 0).all()


def test_tied_weights_belong_to_language_modelling():
    with pytest.raises(ValueError, match=r"no hyper-parameter 'tie_weights'.*Received: "):
        rnnzoo.build("gru", "tagging", vocabulary_size=9, tie_weights=True)
