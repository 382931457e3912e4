"""What a network counts beside n-grams, found on held-out sequences: against scikit-learn, kept in the run's file."""

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

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


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_two_classes_as_scikit_learn_fits_them(class_weight):
    """Logistic regression of the difference of the network's logits, of the n-grams', and of a constant."""
    model, layer = model_of(2)
    rows = rows_of(8000)
    network, found, scale = opinions(model, layer, rows)
    net, grams = (np.diff(one, axis=1)[:, 0] for one in (network, scale * found))
    y = (0.3 * net + 1.2 * grams - 0.8 > np.random.default_rng(2).logistic(size=len(rows))).astype("int64")
    settle_shares(model, layer, held_out(rows, y), class_weight)
    plain = LogisticRegression(C=1e6, class_weight=class_weight, tol=1e-8, max_iter=1000, fit_intercept=False)
    own, share, constant = plain.fit(np.stack([net, grams, scale[:, 0]], axis=1), y).coef_[0]
    bias = numbers(layer.bias)
    got = [numbers(layer.own), numbers(layer.share), numbers(layer.share) * (bias[1] - bias[0])]
    np.testing.assert_allclose(got, [own, share, constant], rtol=0.04)
    assert abs(own - 0.3) < 0.1
    expected = own * net + share * grams + constant * scale[:, 0]
    answer = model.predict(np.stack(rows), verbose=0)
    np.testing.assert_allclose(answer[:, 1] - answer[:, 0], expected, atol=0.1)


def test_one_label_as_scikit_learn_fits_it():
    model, layer = model_of(1)
    rows = rows_of(5000)
    network, found, scale = opinions(model, layer, rows)
    x = np.concatenate([network, scale * found, scale], axis=1)
    y = (x @ [0.5, 0.4, 1.0] > np.random.default_rng(3).logistic(size=len(rows))).astype("float32")
    settle_shares(model, layer, held_out(rows, y[:, None]))
    expected = LogisticRegression(C=1e6, tol=1e-8, fit_intercept=False).fit(x, y).coef_[0]
    share = numbers(layer.share)
    np.testing.assert_allclose(
        [numbers(layer.own), share, share * numbers(layer.bias)[0]], expected, rtol=0.08
    )  # near a prior


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
    assert rnnzoo.train(recipe, tmp_path / "run").predict(["it is good too"]) == before  # finished already
    longer = rnnzoo.train(rnnzoo.Recipe(**{**vars(recipe), "epochs": 2}), tmp_path / "run")
    once = rnnzoo.train(rnnzoo.Recipe(**{**vars(recipe), "epochs": 2}), tmp_path / "once")
    assert longer.predict(["it is good too"]) == once.predict(["it is good too"])
