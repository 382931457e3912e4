"""`build`: wrong calls, shapes, seeds, optimizers, transfer."""

import re

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo.errors import UserError

TINY = {"units": 4}
TOKENS = np.array([[1, 2, 3, 0], [4, 5, 0, 0]], "int32")
FLOATS = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("bilstn",), ValueError, "Did you mean 'bilstm'"),
        ((None,), TypeError, "name must be a string"),
        (("lstm", "clasification"), ValueError, "Did you mean 'classification'"),
        (("mlp", "tagging"), ValueError, "it gives one summary, no answer for every step"),
        (("mlp", "language_modeling"), ValueError, "it gives one summary"),
        (("bilstm", "language_modeling"), ValueError, "it looks at later steps"),
        (("lstm", {"unit": 4}), ValueError, "Did you mean 'units'"),
        (("mlp", {"pooling": "last"}), ValueError, "mlp has no hyper-parameter 'pooling'; it has units"),
        (("lstm", {"units": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"units": 2.5}), TypeError, "a whole number >= 1"),
        (("lstm", {"units": True}), TypeError, "a whole number >= 1"),
        (("lstm", {"units": "64"}), TypeError, "a whole number >= 1"),
        (("lstm", {"num_layers": -1}), ValueError, "a whole number >= 1"),
        (("lstm", {"dropout": 1.5}), ValueError, "a number >= 0 and < 1"),
        (("lstm", {"dropout": 1}), ValueError, "a number >= 0 and < 1"),
        (("lstm", {"recurrent_dropout": float("nan")}), ValueError, "a number >= 0 and < 1"),
        (("lstm", {"l2": -0.1}), ValueError, "a number >= 0"),
        (("lstm", {"pooling": "first"}), ValueError, "'last' | 'mean' | 'max' | 'mean_max' | 'concat'"),
        (("simple_rnn", {"activation": "sigmoid"}), ValueError, "'tanh' | 'relu'"),
        (("lstm", "tagging", {"pooling": "mean"}), ValueError, "tagging needs an answer for every step"),
        (("lstm", {"outputs": 1}), ValueError, "at least 2 classes"),
        (("lstm", "tagging", {"outputs": 1}), ValueError, "at least 2 classes"),
        (("lstm", {"outputs": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"features": 3, "vocabulary_size": 9}), ValueError, "not both"),
        (("lstm", {"features": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"features": (3,)}), TypeError, "a whole number >= 1"),
        (("lstm", {"vocabulary_size": 9, "pad_value": 0.0}), ValueError, "tokens are padded with 0"),
        (("lstm", {"features": 3, "embedding_dim": 8}), ValueError, "belongs to tokens"),
        (("lstm", {"features": 3, "word_dropout": 0.1}), ValueError, "belongs to tokens"),
        (("lstm", {"features": 3, "trainable_embeddings": False}), ValueError, "belongs to tokens"),
        (("lstm", {"features": 3, "pad_value": float("nan")}), ValueError, "a number"),
        (("lstm", {"features": 3, "pad_value": float("inf")}), ValueError, "a number"),
        (("lstm", {"features": 3, "pad_value": "0"}), TypeError, "a number"),
        (("lstm", "forecasting", {"features": 3}), ValueError, "needs horizon="),
        (("lstm", "forecasting", {"features": 3, "horizon": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"features": 3, "horizon": 2}), ValueError, "belongs to task='forecasting'"),
        (("lstm", "language_modeling", {"features": 3}), ValueError, "give vocabulary_size alone"),
        (("lstm", "language_modeling", {"outputs": 3}), ValueError, "give vocabulary_size alone"),
        (("lstm", {"sequence_length": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"embedding_dim": 0}), ValueError, "a whole number >= 1"),
        (("lstm", {"word_dropout": 1.0}), ValueError, "a number >= 0 and < 1"),
        (("lstm", {"seed": -1}), ValueError, "a whole number >= 0"),
        (("lstm", 5), TypeError, "A task's name must be a string"),
        (("lstm", {"units": 2**31}), ValueError, "a whole number >= 1 and < 10,000."),
        (("lstm", {"num_layers": 10**30}), ValueError, "a whole number >= 1 and < 100."),
        (("lstm", {"sequence_length": 9999999999999999999}), ValueError, "and < 10,000,000."),
        (("lstm", {"embedding_dim": 10**9}), ValueError, "and < 10,000."),
        (("lstm", {"embedding_dim": 9999, "vocabulary_size": 9999999}), ValueError, "* embedding_dim must be <"),
        (("lstm", {"features": 9999999}), ValueError, "features * units must be < 268,435,456."),
        (("lstm", "forecasting", {"features": 3, "horizon": 9999999}), ValueError, "* horizon * units must be <"),
        (("lstm", {"l2": float("inf")}), ValueError, "a number >= 0, and finite"),
        (("lstm", {"seed": 2**32}), ValueError, "and < 4,294,967,296."),
        (("lstm", {"features": 3, "trainable_body": "no"}), TypeError, "trainable_body must be True or False"),
        (("lstm", {"features": 3, "learning_rate": float("inf")}), ValueError, "and finite"),
        (("lstm", {"features": 3, "learning_rate": 10**400}), ValueError, "a number of 1329 bits"),
        (("lstm", {"features": 3, "optimizer": "adan"}), ValueError, "Did you mean 'adam'"),
        (("lstm", {"features": 3, "optimizer": None}), TypeError, "a name or a Keras optimizer"),
        (("lstm", {"features": 3, "head": keras.layers.Dense}), TypeError, "a Keras layer or a function"),
        (("lstm", {"features": 3, "head": repr}), TypeError, "head must give a tensor"),
        (("lstm", {"embeddings": [["a", "b"]]}), ValueError, "embeddings are vectors of tokens"),
        (("lstm", {"features": 3, "trainable_embeddings": "x"}), TypeError, "trainable_embeddings must be True or"),
        (("lstm", {"features": 3, "learning_rate": None}), TypeError, "learning_rate must be a number"),
        (("lstm", {"features": 3, "learning_rate": 0}), ValueError, "learning_rate must be a number"),
        (("lstm", {"features": 3, "learning_rate": "fast"}), TypeError, "learning_rate must be a number"),
        (("lstm", {"features": 3, "weights": 3}), TypeError, "a run, a .keras file or a model"),
        (("lstm", {"features": 3, "weights": "nowhere.keras"}), ValueError, "a run or a .keras file"),
    ],
    ids=str,
)
def test_wrong_calls(arguments, error, hint):
    *positional, keywords = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(error) as caught:
        rnnzoo.build(*positional, **keywords)
    message = str(caught.value)
    assert isinstance(caught.value, UserError)  # so that the command line prints it alone
    assert hint in message
    assert "\n" not in message
    assert len(message) < 300
    assert re.search(r" Received: .*[^.]$", message)


@pytest.mark.parametrize(
    ("task", "arguments", "shape"),
    [
        ("classification", {"vocabulary_size": 9}, (2, 2)),
        ("classification", {"features": 3, "outputs": 5}, (2, 5)),
        ("regression", {"vocabulary_size": 9}, (2, 1)),
        ("regression", {"features": 3, "outputs": 4}, (2, 4)),
        ("forecasting", {"features": 3, "horizon": 6}, (2, 6, 3)),
        ("forecasting", {"features": 3, "horizon": 6, "outputs": 1}, (2, 6, 1)),
        ("forecasting", {"vocabulary_size": 9, "horizon": 6}, (2, 6, 1)),
        ("tagging", {"vocabulary_size": 9, "outputs": 5}, (2, 4, 5)),
        ("tagging", {"features": 3}, (2, 4, 2)),
        ("language_modeling", {"vocabulary_size": 9}, (2, 4, 9)),
    ],
)
def test_shapes(task, arguments, shape):
    model = rnnzoo.build("gru", task, **arguments, **TINY)
    x = FLOATS if "features" in arguments else TOKENS
    assert model(x).shape == shape
    assert model.output_shape == (
        None,
        *(None if task in ("tagging", "language_modeling") and i == 0 else n for i, n in enumerate(shape[1:])),
    )
    assert model.name == "gru"
    assert {"body", "head"} <= {layer.name for layer in model.layers}


def test_time_is_free_or_fixed():
    assert rnnzoo.build("gru", features=3, **TINY).input_shape == (None, None, 3)
    assert rnnzoo.build("gru", features=3, sequence_length=7, **TINY).input_shape == (None, 7, 3)
    assert rnnzoo.build("gru", vocabulary_size=9, sequence_length=7, **TINY).input_shape == (None, 7)


def test_the_default_reads_twenty_thousand_words():
    model = rnnzoo.build("bilstm")
    assert model.get_layer("embedding").input_dim == 20_000
    assert model.get_layer("embedding").output_dim == 128
    assert model.output_shape == (None, 2)


def test_numpy_numbers_are_numbers():
    model = rnnzoo.build("lstm", features=np.int64(3), units=np.int32(4), dropout=np.float32(0.5))
    assert model.input_shape == (None, None, 3)


def test_the_same_seed_gives_the_same_weights():
    one, same, other = (rnnzoo.build("gru", vocabulary_size=9, seed=seed, **TINY).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adam", keras.optimizers.Adam), ("sgd", keras.optimizers.SGD), ("rmsprop", keras.optimizers.RMSprop)],
)
def test_optimizers(name, kind):
    optimizer = rnnzoo.build("gru", features=3, optimizer=name, learning_rate=0.5, **TINY).optimizer
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.global_clipnorm == 1.0
    assert optimizer.built


def test_an_optimizer_and_a_schedule_of_ones_own():
    mine = keras.optimizers.Adagrad(0.3)
    assert rnnzoo.build("gru", features=3, optimizer=mine, **TINY).optimizer is mine
    schedule = keras.optimizers.schedules.CosineDecay(0.5, 10)
    assert float(rnnzoo.build("gru", features=3, learning_rate=schedule, **TINY).optimizer.learning_rate) == 0.5


def test_clipping_bounds_a_step():
    """With plain SGD the step's length is learning_rate x the gradient's norm, so at most learning_rate x 1."""
    model = rnnzoo.build("gru", "regression", features=3, optimizer="sgd", learning_rate=1.0, seed=0, **TINY)
    model.run_eagerly = True
    before = model.get_weights()
    model.train_on_batch(FLOATS, np.full((2, 1), 1e4, "float32"))
    step = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(model.get_weights(), before, strict=True)))
    np.testing.assert_allclose(step, 1.0, rtol=1e-3)


def test_the_head_alone_can_be_trained():
    model = rnnzoo.build("gru", vocabulary_size=9, trainable_body=False, seed=0, **TINY)
    model.run_eagerly = True
    assert [v.path for v in model.trainable_variables] == [v.path for v in model.get_layer("head").trainable_variables]
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    model.train_on_batch(TOKENS, np.array([0, 1]))
    for name, old in before.items():
        same = all(np.array_equal(a, b) for a, b in zip(old, model.get_layer(name).get_weights(), strict=True))
        assert same is (name != "head")


def _weights(model, part):
    return model.get_layer(part).get_weights()


def _same(one, other):
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_weights_of_a_model_a_file_and_a_run(tmp_path):
    source = rnnzoo.build("gru", vocabulary_size=9, outputs=3, seed=1, **TINY)
    source.save(tmp_path / "model.keras")
    for given in (source, tmp_path / "model.keras", str(tmp_path / "model.keras"), tmp_path, str(tmp_path)):
        model = rnnzoo.build("gru", vocabulary_size=9, outputs=3, seed=2, weights=given, **TINY)
        assert np.allclose(model(TOKENS), source(TOKENS), atol=1e-6)
        assert _same(model.get_weights(), source.get_weights())


def test_a_head_that_does_not_fit_stays_fresh():
    source = rnnzoo.build("gru", vocabulary_size=9, outputs=3, seed=1, **TINY)
    model = rnnzoo.build("gru", "tagging", vocabulary_size=9, outputs=5, seed=2, weights=source, **TINY)
    fresh = rnnzoo.build("gru", "tagging", vocabulary_size=9, outputs=5, seed=2, **TINY)
    assert _same(_weights(model, "body"), _weights(source, "body"))
    assert _same(_weights(model, "embedding"), _weights(source, "embedding"))
    assert _same(_weights(model, "head"), _weights(fresh, "head"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": 5}, r"do not fit layer body/gru_0/\S+: it has shape \(3, 15\). Received: \(3, 12\)$"),
        ({"embedding_dim": 2}, r"do not fit layer embedding/\S*: it has shape \(9, 2\). Received: \(9, 3\)$"),
        ({"vocabulary_size": 8}, r"do not fit layer embedding/\S*: it has shape \(8, 3\). Received: \(9, 3\)$"),
        ({"num_layers": 2}, r"body here has 6 weights, the given one 3.*Received: "),
    ],
    ids=str,
)
def test_weights_that_do_not_fit_name_the_layer(changes, words):
    sizes = {"vocabulary_size": 9, "embedding_dim": 3, **TINY}
    source = rnnzoo.build("gru", **sizes)
    with pytest.raises(ValueError, match=words):
        rnnzoo.build("gru", weights=source, **sizes | changes)


def test_weights_of_something_else(tmp_path):
    source = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"has no body. Received: "):
        rnnzoo.build("gru", features=3, weights=source, **TINY)
    (tmp_path / "notes.txt").write_text("no weights")
    for path, words in ((tmp_path, "a run or a .keras file"), (tmp_path / "notes.txt", "no run that rnnzoo packed")):
        with pytest.raises(ValueError, match=rf"{words}.*Received: "):
            rnnzoo.build("gru", features=3, weights=path, **TINY)


@pytest.mark.parametrize("name", ["lstm", "cnn_bigru", "layernorm_lstm", "stacked_gru", "mlp"])
def test_mixed_precision_answers_in_float32(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = rnnzoo.build(name, features=3, pad_value=0.0, **TINY)
    finally:
        keras.config.set_dtype_policy(before)
    model.run_eagerly = True
    assert keras.backend.standardize_dtype(model.get_layer("body").output.dtype) == "bfloat16"
    assert model(FLOATS).dtype == "float32"
    assert np.isfinite(model.train_on_batch(FLOATS, np.array([0, 1]), return_dict=True)["loss"])
    assert {v.dtype for v in model.trainable_variables} == {"float32"}


def test_weights_that_do_not_fit_into_memory_are_one_sentence(monkeypatch):
    def full(*_, **__):
        raise MemoryError("Unable to allocate 9.54 GiB")

    monkeypatch.setattr("keras.Model.compile", full)
    with pytest.raises(UserError, match=r"does not fit into memory\. Received: "):
        rnnzoo.build("mlp", features=2, units=2)
