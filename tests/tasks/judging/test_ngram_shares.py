"""What a network counts beside n-grams, found on held-out sequences: against SciPy, kept in the run's file."""

import keras
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

import rnnzoo
from rnnzoo import layers
from rnnzoo.data.batches import Batches
from rnnzoo.tasks.judging.ngram_shares import settle_shares

WORDS = 40


def numbers(x):
    return keras.ops.convert_to_numpy(x).astype("float64")


def model_of(outputs, seed=0):
    """Return a model without training whose n-grams of one word have scores, and `(by length, found)` of tokens."""
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(WORDS, outputs, embeddings_initializer=keras.initializers.RandomNormal(seed=seed))(
        tokens
    )
    network = keras.layers.GlobalAveragePooling1D()(x)
    layer = layers.NGrams(1, buckets=5000, share=0.5, name="ngrams")
    model = keras.Model(tokens, layer(keras.ops.multiply(network, 40.0), tokens))
    rng = np.random.default_rng(seed)
    row, mark = layers.text.ngrams.places([np.arange(WORDS)], 5000)
    scores, marks = np.zeros((5000, outputs), "float32"), np.zeros(5000, "int32")
    scores[row], marks[row] = rng.normal(0, 0.3, (WORDS, outputs)), mark
    layer.scores.assign(scores)
    layer.marks.assign(marks)
    layer.typical.assign(9.0)
    layer.own.assign(0.5)
    layer.share.assign(0.5)
    return model, layer


def opinions(model, layer, rows):
    """The network's answers and what the n-grams say, by hand: (n, outputs), (n, outputs), (n, 1)."""
    table, scores = numbers(model.layers[1].embeddings), numbers(layer.scores)
    row, _ = layers.text.ngrams.places([np.arange(WORDS)], 5000)
    network = np.array([40 * table[tokens].mean(axis=0) for tokens in rows])
    found = np.array([scores[row[tokens]].sum(axis=0) for tokens in rows])
    return network, found, np.array([[np.sqrt(9 / len(tokens))] for tokens in rows])


def held_out(rows, y):
    return Batches(rows, y, buckets=[12], batch_size=64)


def rows_of(count, seed=1):
    """Sequences of one length, as a bucket's: a plain mean needs no mask."""
    return list(np.random.default_rng(seed).integers(1, WORDS, (count, 12)).astype("int32"))


def likeliest(loss, outputs):
    """Own, share and bias by SciPy alone, from `loss(own, share, bias)`, with the same normal distribution."""
    first = np.array([0.5, 0.5, *[0.0] * outputs])

    def whole(values):
        return loss(values[0], values[1], values[2:]) + np.sum((values - first) ** 2) / 2

    return minimize(whole, first, method="L-BFGS-B", bounds=[(0, None)] * 2 + [(None, None)] * outputs).x


def found_by(layer):
    return [float(numbers(layer.own)), float(numbers(layer.share)), *numbers(layer.bias)]


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("outputs", [2, 3])
def test_classes_are_weighed_as_scipy_does(outputs, class_weight):
    """By scikit-learn's own log loss and weights."""
    model, layer = model_of(outputs)
    rows = rows_of(800)
    network, found, scale = opinions(model, layer, rows)
    p = softmax(0.2 * network + 0.9 * scale * (found + np.arange(outputs) / 2), axis=1)
    y = np.array([np.random.default_rng([4, i]).choice(outputs, p=each) for i, each in enumerate(p)])
    weight = None if class_weight is None else compute_sample_weight(class_weight, y)
    settle_shares(model, layer, held_out(rows, y), class_weight)

    def loss(own, share, bias):
        answer = softmax(own * network + share * scale * (bias + found), axis=1)
        return log_loss(y, answer, normalize=False, sample_weight=weight)

    expected = likeliest(loss, outputs)
    np.testing.assert_allclose(found_by(layer), expected, atol=2e-3)
    answer = expected[0] * network + expected[1] * scale * (expected[2:] + found)
    np.testing.assert_allclose(model.predict(np.stack(rows), verbose=0), answer, atol=0.02)


def test_a_label_is_weighed_as_scipy_does():
    model, layer = model_of(1)
    rows = rows_of(800)
    network, found, scale = opinions(model, layer, rows)
    x = np.concatenate([network, scale * found, scale], axis=1)
    y = (x @ [0.5, 0.4, 1.0] > np.random.default_rng(3).logistic(size=len(rows))).astype("float32")
    settle_shares(model, layer, held_out(rows, y[:, None]))

    def loss(own, share, bias):
        return log_loss(y, expit(own * network + share * scale * (bias + found)), normalize=False)

    np.testing.assert_allclose(found_by(layer), likeliest(loss, 1), atol=2e-3)


def test_steps_are_weighed_as_scipy_does():
    """Each real step as a sequence of its own; padded ones count for nothing."""
    tokens = keras.Input((None,), dtype="int32")
    network = layers.Embedding(WORDS, 3, embeddings_initializer=keras.initializers.RandomNormal(seed=1))(tokens)
    layer = layers.StepNGrams(1, buckets=5000, name="ngrams")
    model = keras.Model(tokens, layer(keras.ops.multiply(network, 40.0), tokens))
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, WORDS, n).astype("int32") for n in rng.integers(1, 12, 150)]
    scores = rng.normal(0, 1, (5000, 3)).astype("float32")
    layer.scores.assign(scores)
    marks = np.zeros(5000, "int32")  # every word at its own place is known, and nothing else
    row, mark = layers.text.ngrams.places([1, np.arange(WORDS)], 5000)
    marks[row] = mark
    layer.marks.assign(marks)
    layer.own.assign(0.5)
    layer.share.assign(0.5)
    words = np.concatenate(rows)
    heard, found = 40 * numbers(model.layers[1].embeddings)[words], scores[row[words]]
    p = softmax(0.02 * heard + 0.8 * found, axis=1)
    y = np.array([rng.choice(3, p=each) for each in p], "int32")
    steps = np.split(y, np.cumsum([len(row) for row in rows])[:-1])
    settle_shares(model, layer, Batches(rows, steps, buckets=[5, 12], batch_size=32))

    def loss(own, share, bias):
        return log_loss(y, softmax(own * heard + share * (bias + found), axis=1), normalize=False)

    np.testing.assert_allclose(found_by(layer), likeliest(loss, 3), atol=2e-3)


def test_three_classes_are_answered_better():
    """Less cross-entropy than any of the shares 0, 0.1, ..., 1 has, on other sequences too."""
    model, layer = model_of(3)
    rows, others = rows_of(2000), rows_of(2000, seed=7)

    def truth(rows, seed):
        network, found, scale = opinions(model, layer, rows)
        p = softmax(0.2 * network + 0.9 * scale * (found + np.array([0.0, 0.5, 1.0])), axis=1)
        return np.array([np.random.default_rng([seed, i]).choice(3, p=each) for i, each in enumerate(p)])

    y, y_others = truth(rows, 4), truth(others, 5)

    def loss():
        return log_loss(y_others, softmax(model.predict(np.stack(others), verbose=0).astype("float64"), axis=1))

    def shared(share):
        layer.own.assign(1 - share)
        layer.share.assign(share)
        return loss()

    least = min(shared(share) for share in np.linspace(0, 1, 11))
    settle_shares(model, layer, held_out(rows, y))
    assert loss() < least - 0.01


def test_few_sequences_move_little_and_no_share_is_below_0():
    """Of two sequences both are right whatever the shares; against the truth an opinion counts nothing."""
    model, layer = model_of(2)
    rows = rows_of(2)
    network, found, scale = opinions(model, layer, rows)
    settle_shares(model, layer, held_out(rows, np.argmax(network + scale * found, axis=1)))
    np.testing.assert_allclose([numbers(layer.own), numbers(layer.share)], 0.5, atol=1)
    assert np.abs(numbers(layer.bias)).max() < 1
    rows = rows_of(500)
    network, *_ = opinions(model, layer, rows)
    settle_shares(model, layer, held_out(rows, np.argmin(network, axis=1)))
    assert numbers(layer.own) == 0


def test_a_run_keeps_what_it_found(tmp_path):
    """The words say all, and the network, of no training to speak of, says nothing."""
    rng = np.random.default_rng(0)
    labels = list(rng.permutation(["pos", "neg"] * 100))
    texts = [f"it is {'good' if label == 'pos' else 'bad'} {rng.choice(['too', 'ever'])}" for label in labels]
    recipe = rnnzoo.Recipe(
        name="said",
        task="classification",
        data=rnnzoo.data.TextClassification((texts, labels), validation=0.3),
        model="mlp",
        hyperparameters={"units": 2, "ngrams": 1, "ngram_share": 0.3},
        embedding_dim=2,
        epochs=1,
        learning_rate=1e-5,
    )
    run = rnnzoo.train(recipe, tmp_path / "run")
    layer = run.model.get_layer("ngrams")
    assert numbers(layer.share) > 1  # it is right, and surer than its scores were
    watched = float((tmp_path / "run" / "history.csv").read_text().splitlines()[1].split(",")[2])
    assert run.results["metrics"]["validation"]["loss"] < 0.5 * watched
    before = run.predict(["it is good too"])
    (packed,) = rnnzoo.load(rnnzoo.pack(run, tmp_path / "small.rnnzoo", compact=True)).predict(["it is good too"])
    assert packed["probability"] == pytest.approx(
        before[0]["probability"], abs=0.02
    )  # of a scalar too it makes 16 bits
    assert rnnzoo.train(recipe, tmp_path / "run").predict(["it is good too"]) == before  # finished already
    longer = rnnzoo.train(rnnzoo.Recipe(**{**vars(recipe), "epochs": 2}), tmp_path / "run")
    once = rnnzoo.train(rnnzoo.Recipe(**{**vars(recipe), "epochs": 2}), tmp_path / "once")
    assert longer.predict(["it is good too"]) == once.predict(["it is good too"])
