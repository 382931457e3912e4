"""Sampled softmax against TensorFlow's, against the whole softmax, in models, runs and files."""

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers

SIZES = {"vocabulary_size": 30, "embedding_dim": 4, "units": 8, "dropout": 0.0, "seed": 0}
CORPUS = [" ".join(f"w{(i * i + i // 7) % 11}" for i in range(400))]


@pytest.fixture(autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


def numbers(x):
    return keras.ops.convert_to_numpy(x)


def test_it_is_tensorflows_for_the_same_samples():
    """With its correction by expected counts, and samples that hit the answer left out."""
    import tensorflow as tf

    rng, size = np.random.default_rng(0), 50
    h, vectors = rng.normal(size=(3, 4, 6)).astype("float32"), rng.normal(size=(size, 6)).astype("float32")
    y = rng.integers(1, size, (3, 4))
    layer = layers.SampledSoftmax(8)
    sampled = rng.permutation(np.arange(1, size))[:8].astype("int32")  # TensorFlow leaves out one hit of equal samples
    y[0, :2] = sampled[:2]
    share = np.log((np.arange(1, size) + 1) / np.arange(1, size)) / np.log(size)
    assert share.sum() == pytest.approx(1)

    def expected(tokens):
        return (8 * share[tokens - 1]).astype("float32")

    reference = tf.nn.sampled_softmax_loss(
        vectors, np.zeros(size, "float32"), y.reshape(-1, 1), h.reshape(-1, 6), 8, size,
        sampled_values=(sampled.astype("int64"), expected(y.reshape(-1, 1)), expected(sampled)),
    )  # fmt: skip
    found = numbers(layer.loss(y, h, vectors, keras.ops.convert_to_tensor(sampled)))
    np.testing.assert_allclose(found.ravel(), reference, rtol=1e-4)


def test_samples_are_drawn_by_zipfs_law_and_never_padding():
    layer, size = layers.SampledSoftmax(100_000, seed=0), 40
    drawn = numbers(layer.draw(size))
    assert drawn.min() == 1
    assert drawn.max() == size - 1
    expected = np.log((np.arange(1, size) + 1) / np.arange(1, size)) / np.log(size)
    np.testing.assert_allclose(np.bincount(drawn)[1:] / 100_000, expected, atol=0.005)
    assert (numbers(layer.draw(size)) != drawn).any()


def test_the_mean_of_many_samples_comes_close_to_the_whole_softmax():
    rng = np.random.default_rng(1)
    h, vectors = rng.normal(size=(1, 5, 6)).astype("float32"), rng.normal(size=(20, 6)).astype("float32")
    y = rng.integers(1, 20, (1, 5))
    layer = layers.SampledSoftmax(20_000, seed=1)
    found = numbers(layer.loss(y, h, vectors, layer.draw(20)))
    scores = h @ vectors[1:].T
    others = np.where(np.arange(1, 20) == y[..., None], 0, np.exp(scores)).sum(-1)
    true = np.take_along_axis(scores, y[..., None] - 1, axis=-1)[..., 0]
    # its own answer has the weight exp(s) / (K Q): with Q divided out the sum is K times the others'
    size = 20_000 * np.log1p(1 / y) / np.log(20)
    expected = -np.log(np.exp(true) / size / (np.exp(true) / size + others))
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_a_model_trains_by_samples_and_answers_with_the_whole_vocabulary(tmp_path):
    sizes = {**SIZES, "embedding_dim": 16}
    model = rnnzoo.build("lstm", "language_modeling", tie_weights=True, samples=20, **sizes)
    plain = rnnzoo.build("lstm", "language_modeling", tie_weights=True, **sizes)
    tokens = np.tile(np.arange(2, 22, dtype="int32"), (8, 2))
    np.testing.assert_allclose(numbers(model(tokens)), numbers(plain(tokens)), atol=1e-6)
    x, y = tokens[:, :-1], tokens[:, 1:]
    x, y = np.pad(x, ((0, 0), (0, 3))), np.pad(y, ((0, 0), (0, 3)), constant_values=-100)  # padding is nobody's answer
    before = model.evaluate(x, y, verbose=0, return_dict=True)
    assert model(x, training=True).shape == (8, x.shape[1], 16)
    model.optimizer.learning_rate.assign(0.05)
    history = model.fit(x, y, epochs=60, verbose=0).history
    assert set(history) == {"loss"}
    after = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(after) == {"loss", "perplexity", "accuracy"}
    assert after["loss"] < 1.0 < 3.0 < before["loss"]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numbers(loaded(x)), numbers(model(x)), atol=1e-6)
    assert np.isfinite(loaded.train_on_batch(x, y))


def test_weights_of_steps_count_as_in_keras():
    """A step of weight 0 changes nothing; the mean is over the real steps."""
    model = rnnzoo.build("gru", "language_modeling", tie_weights=True, samples=29 * 40, **SIZES)
    x = np.array([[2, 3, 4, 5], [6, 7, 0, 0]], "int32")
    y = np.array([[3, 4, 5, 6], [7, 8, 0, 0]], "int32")
    h, layer = model(x, training=True), model.get_layer("sampled_softmax")
    sampled = layer.draw(30)
    layer.draw = lambda size: sampled
    each = numbers(layer.loss(y, h, model.get_layer("embedding").embeddings, sampled))
    real = x > 0
    found = model.compute_loss(x, y, h, training=True)
    assert float(found) == pytest.approx((each * real).sum() / real.sum(), rel=1e-5)
    weight = np.array([[1, 0, 2, 1], [1, 1, 1, 1]], "float32")
    found = model.compute_loss(x, y, h, weight, training=True)
    assert float(found) == pytest.approx((each * real * weight).sum() / real.sum(), rel=1e-5)


@pytest.mark.parametrize("stateful", [False, True])
def test_a_run_goes_on_exactly_and_lends_its_body(tmp_path, stateful):
    class Stop(Exception):
        pass

    def stop(epoch, metrics):
        assert "accuracy" not in metrics
        if epoch == 1:
            raise Stop

    recipe = rnnzoo.Recipe(
        name="words", task="language_modeling", model="lstm", batch_size=4, sequence_length=10, epochs=2,
        hyperparameters={"units": 5, "tie_weights": True, "samples": 4, "dropout": 0.1}, embedding_dim=3,
        data=rnnzoo.data.LanguageModeling(CORPUS, tokens="words", stateful=stateful),
    )  # fmt: skip
    whole = rnnzoo.train(recipe, tmp_path / "whole")
    with pytest.raises(Stop):
        rnnzoo.train(recipe, tmp_path / "run", on_epoch_end=stop)
    going_on = rnnzoo.train(recipe, tmp_path / "run")
    for one, other in zip(whole.model.weights, going_on.model.weights, strict=True):
        np.testing.assert_array_equal(numbers(one), numbers(other))
    heir = rnnzoo.build(
        "lstm", weights=str(tmp_path / "whole"), vocabulary_size=13, outputs=2, pooling="concat", word_dropout=0.2
    )
    for one, other in zip(heir.get_layer("body").weights, whole.model.get_layer("body").weights, strict=True):
        np.testing.assert_array_equal(numbers(one), numbers(other))


def test_wrong_calls():
    with pytest.raises(ValueError, match=r"set tie_weights too. Received: samples=5, tie_weights=False"):
        rnnzoo.build("lstm", "language_modeling", samples=5)
    with pytest.raises(ValueError, match="splits belong to a TFDS --dataset"):
        rnnzoo.data.LanguageModeling(CORPUS, splits="train").load()
