"""What a model cannot read is one sentence, from whichever method of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusals import one_sentence

import rnnzoo
from rnnzoo import layers
from rnnzoo.layers import whole

GOOD, LABELS = np.array([[1, 2, 3], [4, 5, 0]], "int32"), np.array([0, 1])
WIDE = {"units": 3, "embedding_dim": 2, "seed": 0}


@pytest.fixture(scope="module", autouse=True)
def uncompiled():
    """Keras's own loops: they compile in no time."""
    with layers.use("general"):
        yield


@pytest.fixture(scope="module")
def reader():
    model = rnnzoo.build("lstm", vocabulary_size=9, **WIDE)
    model.predict(GOOD, verbose=0)  # traced, as it is by the second call
    return model


@pytest.fixture(scope="module")
def series():
    return rnnzoo.build("lstm", features=2, pad_value=0.0, units=3, seed=0)


def ways(model, x):
    """Every method that takes data."""
    y = np.zeros(len(x), "int32")
    return {
        "call": lambda: model(x),
        "predict": lambda: model.predict(x, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "fit": lambda: model.fit(x, y, verbose=0),
        "validation": lambda: model.fit(GOOD, LABELS, validation_data=(x, y), verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "test_on_batch": lambda: model.test_on_batch(x, y),
        "predict_on_batch": lambda: model.predict_on_batch(x),
    }


def fitted(form):
    """Return how often a first step was traced, what it said of itself, and the weights behind it."""
    traced = []

    def loss(y, logits):
        traced.append(form)
        return keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)

    model = rnnzoo.build("mlp", vocabulary_size=9, loss=loss, **WIDE)
    if form == "train_on_batch":
        said = model.train_on_batch(GOOD, LABELS, return_dict=True)
    else:
        data = [tf.data.Dataset.from_tensors((GOOD, LABELS))] if form == "data set" else [GOOD, LABELS]
        said = model.fit(*data, shuffle=False, verbose=0).history
    return len(traced), said, model.get_weights()


@pytest.mark.parametrize("form", ["arrays", "data set", "train_on_batch"])
def test_a_first_step_is_traced_once_and_is_what_it_was(form, monkeypatch):
    count, said, weights = fitted(form)
    assert count == 1
    monkeypatch.setattr(whole, "_trace_once", lambda *_: None)
    before, said_before, weights_before = fitted(form)
    assert before == 2  # else this is Keras's own by now
    assert said == said_before
    assert "accuracy" in said
    for one, other in zip(weights, weights_before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([[1, 9, 2]], r"token id must be >= 0 and < vocabulary_size=9\. Received: id 9$"),
        ([[1, -1, 2]], r"token id must be >= 0 and < vocabulary_size=9\. Received: id -1$"),
        (np.zeros((2, 0)), r"at least 1 step\. Received: .*\(2, 0\)$"),
        (np.zeros((0, 3)), r"at least 1 row.* Received: .*\(0, 3\)$"),
    ],
)
def test_ids_and_empty_batches(reader, x, said):
    for call in ways(reader, np.array(x, "int32")).values():
        one_sentence(call, said)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros((2, 0, 2)), r"at least 1 step\. Received: .*\(2, 0, 2\)$"),
        (np.zeros((0, 3, 2)), r"at least 1 row.* Received: .*\(0, 3, 2\)$"),
    ],
)
def test_empty_batches_of_numbers(series, x, said):
    for name in ("call", "predict", "predict_on_batch"):
        one_sentence(ways(series, x.astype("float32"))[name], said)


def test_other_arrays(reader, series):
    one_sentence(lambda: series.predict(np.ones((1, 3, 5))), r"reads \(batch, any, 2\)\. Received: .*\(1, 3, 5\)$")
    one_sentence(lambda: series.predict(np.ones(3)), r"reads \(batch, any, 2\)\. Received: .*\(3,\)$")
    one_sentence(lambda: reader.predict(np.array([["a"]])), r"must be numbers\. Received: tokens of <U1$")
    one_sentence(lambda: reader.predict(np.array([[1.5]])), r"must be a whole number\. Received: 1\.5$")
    one_sentence(lambda: reader.predict(None), r"arrays or a data set\. Received: None$")
    np.testing.assert_array_equal(reader.predict(GOOD.astype("float64"), verbose=0), reader.predict(GOOD, verbose=0))
    assert series.predict(np.ones((2, 3, 2)), verbose=0).shape == (2, 2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="data sets of TensorFlow")
def test_data_sets(reader):
    import tensorflow as tf

    def data(*arrays):
        return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(1)

    wrong = np.array([[1, 2], [3, -4]], "int32")
    for call in (
        lambda: reader.predict(data(wrong), verbose=0),
        lambda: reader.fit(data(wrong, LABELS), shuffle=False, verbose=0),
        lambda: reader.fit(data(GOOD, LABELS), validation_data=data(wrong, LABELS), shuffle=False, verbose=0),
    ):
        one_sentence(call, r"vocabulary_size=9\. Received: id -4$")
    one_sentence(lambda: reader.predict(data(np.zeros((2, 0), "int32")), verbose=0), r"at least 1 step")
    pairs = ((x, y) for x, y in [(wrong, LABELS)])
    one_sentence(
        lambda: reader.fit(pairs, steps_per_epoch=1, shuffle=False, verbose=0), r"vocabulary_size=9\. Received"
    )
    one_sentence(
        lambda: reader.fit(GOOD, np.array([0, 7]), verbose=0),
        r"label must be >= 0 and < outputs=2\. Received: label 7$",
    )
    rows = tf.ragged.constant([[1, 2, 3], [4]], dtype=tf.int32)
    for call in (lambda: reader(rows), lambda: reader.predict(rows), lambda: reader.fit(rows, LABELS)):
        one_sentence(call, r"must be padded on the right: x\.to_tensor\(\)\. Received: a RaggedTensor$")


def test_target_and_characters():
    translator = rnnzoo.build("seq2seq_gru", "translation", vocabulary_size=9, outputs=8, **WIDE)
    source, target = np.array([[1, 2]], "int32"), np.array([[2, 8]], "int32")
    for call in (lambda: translator((source, target)), lambda: translator.predict((source, target), verbose=0)):
        one_sentence(call, r"vocabulary_size=8\. Received: id 8$")
    one_sentence(lambda: translator.predict((source, target[:, :0]), verbose=0), r"at least 1 step")
    tagger = rnnzoo.build("lstm", "tagging", vocabulary_size=9, outputs=3, characters=6, **WIDE)
    letters = np.array([[[1, 2], [6, 0]]], "int32")
    for call in (lambda: tagger((source, letters)), lambda: tagger.predict((source, letters), verbose=0)):
        one_sentence(call, r"vocabulary_size=6\. Received: id 6$")


@pytest.mark.parametrize("task", ["classification", "tagging", "forecasting"])
def test_saved_and_loaded(task, tmp_path):
    sizes = {"features": 2} if task == "forecasting" else {"vocabulary_size": 9, "embedding_dim": 2}
    model = rnnzoo.build("gru", task, **sizes, **({"horizon": 2} if task == "forecasting" else {}), units=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded).__mro__[1] is rnnzoo.layers.Model or type(loaded) is rnnzoo.layers.Model
    one_sentence(lambda: loaded.predict(np.zeros((0, 3, 2) if task == "forecasting" else (0, 3))), "at least 1 row")
