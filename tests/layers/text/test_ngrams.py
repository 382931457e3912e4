"""Scores of n-grams beside a network: against sums by hand and scikit-learn, blind to padding, in models and files."""

import functools
import itertools
from typing import ClassVar

import keras
import numpy as np
import pytest

import rnnzoo
from rnnzoo import layers, tasks
from rnnzoo.data.text.ngram_scores import start_scores
from rnnzoo.layers.text.ngrams import places
from rnnzoo.serving.exporting import export
from rnnzoo.tasks.classification import Classification

TOKENS = np.array([[3, 2, 5, 3, 2], [4, 0, 3, 0, 0], [2, 0, 0, 0, 0]], "int32")
ANSWER = np.array([[1.0, -2.0], [0.5, 0.25], [0.0, 3.0]], "float32")
SMALL = {"vocabulary_size": 9, "embedding_dim": 4, "units": 4, "seed": 0}


@pytest.fixture(autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


@pytest.fixture
def few_rows(monkeypatch):
    """Tables that are made in no time."""
    monkeypatch.setattr(layers, "NGrams", functools.partial(layers.NGrams, buckets=5000))


def numbers(x):
    return keras.ops.convert_to_numpy(x)


def with_scores(known, longest=3, buckets=5000):
    """Return a layer whose table holds the n-grams `known`: {(3, 2): (0.5, 1.0)}."""
    layer = layers.NGrams(longest, buckets)
    layer.build(ANSWER.shape, TOKENS.shape)
    scores, marks = np.zeros((buckets, 2), "float32"), np.zeros(buckets, "int32")
    for gram, score in known.items():
        row, mark = places([np.array(token) for token in gram], buckets)
        assert marks[row] == 0
        scores[row], marks[row] = score, mark
    layer.scores.assign(scores)
    layer.marks.assign(marks)
    layer.bias.assign([0.125, -1.0])
    layer.own.assign(0.75)
    layer.share.assign(0.25)
    layer.typical.assign(20.0)
    return layer


def test_the_sum_of_the_n_grams_scores_is_added_by_length_but_not_in_training():
    """`(4, 0, 3)` holds an interior 0, which is a token; what reaches into the padding is no n-gram."""
    layer = with_scores({(3,): (1, 2), (3, 2): (4, 8), (2, 5, 3): (16, 32), (4, 0, 3): (64, 128), (2, 0): (256, 512)})
    sums = np.array([[2 * 1 + 2 * 4 + 16, 2 * 2 + 2 * 8 + 32], [1 + 64, 2 + 128], [0, 0]])
    by_length = 0.25 * np.sqrt(20 / np.array([[5], [3], [1]]))
    expected = 0.75 * ANSWER + by_length * (sums + np.array([0.125, -1.0]))
    longer = np.pad(TOKENS, ((0, 0), (0, 7)))
    for tokens in (TOKENS, longer):
        np.testing.assert_allclose(numbers(layer(ANSWER, tokens)), expected, rtol=1e-6)
    np.testing.assert_allclose(numbers(layer(ANSWER[2:], TOKENS[2:, :1])), expected[2:], rtol=1e-6)  # shorter than 3
    np.testing.assert_array_equal(numbers(layer(ANSWER, TOKENS, training=True)), ANSWER)


def test_hashes_of_int32_are_those_of_python():
    """The largest ids too: nothing overflows."""
    rng = np.random.default_rng(0)
    grams = rng.integers(0, 2**31 - 1, (4, 500)).astype("int32")
    for n, buckets in itertools.product((1, 2, 4), (7, 2**21)):
        row, mark = (numbers(x) for x in places([keras.ops.convert_to_tensor(g) for g in grams[:n]], buckets))
        for k in range(500):
            expected = places([int(g[k]) for g in grams[:n]], buckets)
            assert (row[k], mark[k]) == expected
        assert row.min() >= 0
        assert row.max() < buckets
        assert mark.min() >= 1


def test_few_n_grams_share_a_row_and_next_to_none_a_mark():
    """As many as of dice: n-grams of all pairs of 800 words."""
    left, right = (x.ravel() for x in np.meshgrid(np.arange(800), np.arange(800)))
    row, mark = places([left, right], 2**19)
    filled = len(np.unique(row)) / 2**19
    assert filled == pytest.approx(1 - np.exp(-(800**2) / 2**19), abs=0.02)
    pairs = len(left) - len(np.unique(row * 50_000 + mark))
    assert pairs < 3 * 800**2 * (800**2 / 2**19) / 45_119


def test_fitted_scores_are_scikit_learns_of_counted_n_grams():
    """NB-weighted logistic regression by scikit-learn's own vectorizer, of texts of the same tokens."""
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 120)
    rows = [rng.choice(np.arange(2, 8), rng.integers(1, 12), p=p) for p in np.eye(6)[[0, 5]][y] * 0.4 + 0.1]
    layer = layers.NGrams(2, 2**14, share=0.8)
    layer.build((None, 2), (None, None))
    start_scores(layer, rows, y)

    def text(rows):
        return [" ".join(map(str, row)) for row in rows]

    counter = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", min_df=3)
    counts = counter.fit_transform(text(rows)).astype("float64")
    there = counts.sign()
    p, q = (1 + np.asarray(there[y == side].sum(axis=0)).ravel() for side in (1, 0))
    ratio = sparse.diags(np.log((p / p.sum()) / (q / q.sum())))
    reference = LogisticRegression(C=0.3, solver="liblinear", dual=True, max_iter=10_000, tol=1e-8)
    reference.fit(counts @ ratio, y)

    def said(row):
        found = numbers(layer(np.zeros((1, 2), "float32"), row[None].astype("int32")))[0]
        assert found[0] == pytest.approx(-found[1], abs=1e-6)
        return (found[1] - found[0]) / (0.8 * np.sqrt(np.mean([len(row) for row in rows]) / len(row)))

    new = [rng.integers(2, 9, n) for n in (1, 4, 9)]
    expected = reference.decision_function(counter.transform(text(new)) @ ratio)
    np.testing.assert_allclose([said(row) for row in new], expected, atol=0.02)


@pytest.mark.parametrize("y", [np.array([0, 1, 2, 2]), np.array([[1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 0, 1]])])
def test_classes_and_labels_of_any_number(y):
    """A label that all have is sure; three classes have a score each; what is seen twice is in no table."""
    rows = [np.array(row) for row in ([2, 3], [4, 4, 5], [6, 7, 8], [6])]
    layer = layers.NGrams(2, 500)
    layer.build((None, 3), (None, None))
    start_scores(layer, rows, y)
    assert not numbers(layer.marks).any()
    bias = numbers(layer.bias)
    assert np.isfinite(bias).all()
    assert (bias[0] > 1) == (y.ndim == 2)


def test_sequences_without_a_token_count_as_others():
    """More of them than are looked through at once."""
    rng = np.random.default_rng(0)
    rows, y = [rng.integers(2, 5, 4) for _ in range(60)], rng.integers(0, 2, 60)
    layers_of = [layers.NGrams(2, 5000) for _ in range(2)]
    for layer, empty in zip(layers_of, (0, 100), strict=True):
        layer.build((None, 2), (None, None))
        known = start_scores(layer, rows + [np.zeros(0, "int32")] * empty, np.concatenate([y, np.arange(empty) % 2]))
        assert known == 3 + 3 * 3  # words, and pairs of them
    np.testing.assert_array_equal(*(numbers(layer.marks) for layer in layers_of))
    assert numbers(layers_of[1].typical) == 4 * 60 / 160


def alone(model):
    """The answer of body and head, without n-grams."""
    return model.get_layer("head")(model.get_layer("body")(model.get_layer("embedding")(TOKENS)))


def test_a_layer_of_a_file_of_before_adds_to_the_whole_answer():
    """Then the share was trained, its config had folds, and its file no `own`."""
    now = with_scores({(3,): (1, 2)})
    config = {word: value for word, value in now.get_config().items() if word != "share"}
    layer = layers.NGrams.from_config({**config, "folds": 5})
    layer.build(ANSWER.shape, TOKENS.shape)
    kept = ("share", "typical", "marks", "scores", "bias")
    layer.load_own_variables({name: numbers(getattr(now, name)) for name in kept})
    expected = ANSWER + numbers(now(0 * ANSWER, TOKENS))
    np.testing.assert_allclose(numbers(layer(ANSWER, TOKENS)), expected, rtol=1e-6)


def test_in_a_model(tmp_path, few_rows):
    """Without scores nothing changes; with them it answers by both, comes back from its file, and is rebuilt."""
    model = rnnzoo.build("bigru", ngrams=3, dropout=0.0, **SMALL)
    plain = rnnzoo.build("bigru", dropout=0.0, **SMALL)
    expected = numbers(plain(TOKENS))
    np.testing.assert_allclose(numbers(model(TOKENS)), expected, atol=1e-6)
    assert len(model.trainable_variables) == len(plain.trainable_variables)
    y = np.array([0, 1, 1])
    start_scores(model.get_layer("ngrams"), [TOKENS[0]] * 3 + [TOKENS[1, :3]] * 3, np.repeat([0, 1], 3))
    found = numbers(model(TOKENS))
    assert (np.argmax(found[:2], axis=-1) == [0, 1]).all()
    assert np.abs(found - expected).max() > 0.1
    longer = np.pad(TOKENS, ((0, 0), (0, 4)))
    np.testing.assert_allclose(numbers(model(longer)), found, atol=1e-5)
    model.run_eagerly = True
    first = model.train_on_batch(TOKENS, y, return_dict=True)["loss"]
    assert np.isfinite(first)
    found = numbers(model(TOKENS))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numbers(loaded(TOKENS)), found, atol=1e-6)
    np.testing.assert_allclose(numbers(loaded(TOKENS, training=True)), numbers(alone(loaded)), atol=1e-6)
    rebuilt = rnnzoo.rebuild(model, batch_size=3)
    np.testing.assert_allclose(numbers(rebuilt(TOKENS)), found, atol=1e-6)


def test_what_looks_inside_sees_past_it(few_rows):
    model = rnnzoo.build("han", ngrams=2, **SMALL)
    start_scores(model.get_layer("ngrams"), [TOKENS[0]] * 3 + [TOKENS[1, :3]] * 3, np.repeat([0, 1], 3))
    answer, weights = (numbers(x) for x in rnnzoo.attention(model)(TOKENS))
    np.testing.assert_allclose(answer, numbers(model(TOKENS)), atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert rnnzoo.features(model)(TOKENS).shape[0] == 3
    assert rnnzoo.inspect(model, TOKENS).occlusion.shape == TOKENS.shape


def around(words, t, longest):
    """What `StepNGrams` reads of a step, in words: n-grams with where they lie, prefixes and suffixes."""
    found = []
    for n in range(1, longest + 1):
        for first in range(-longest, longest - n + 2):
            inside = [words[t + first + i][0] if 0 <= t + first + i < len(words) else 0 for i in range(n)]
            found.append(f"{n} at {first}: {inside}")
    letters = words[t][1]
    for n in range(1, 6):
        found.append(f"begins {[*letters, *[0] * 5][:n]}")
        found.append(f"ends {[*[0] * 5, *letters][-n:]}")
    return found


def sentence(rng, length):
    """Words with letters that hang together, and tags that letters and neighbours tell."""
    ids = rng.integers(2, 9, length)
    letters = [[int(i), *rng.integers(1, 4, rng.integers(0, 7)).tolist()] for i in ids]
    tags = [(letters[t][-1] + (ids[t - 1] > 4 if t else 0)) % 3 for t in range(length)]
    return list(zip(ids.tolist(), letters, strict=True)), np.array(tags, "int32")


def row_of(words, length=9):
    """A sentence as the data object encodes it: `(time, 1 + length)`."""
    return np.array([[word, *letters, *[0] * (length - len(letters))] for word, letters in words], "int32")


def test_fitted_scores_of_steps_are_scikit_learns():
    """Of features spelled out in words, weighted by naive Bayes, one tag against the others; blind to padding."""
    from scipy import sparse
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    sentences, tags = zip(*(sentence(rng, n) for n in rng.integers(1, 12, 90)), strict=True)
    layer = layers.StepNGrams(2, 2**17, share=0.8)
    layer.build((None, None, 3), (None, None), (None, None, None))
    start_scores(layer, [row_of(words) for words in sentences], tags)

    def features(words):
        return [dict.fromkeys(around(words, t, 2), 1.0) for t in range(len(words))]

    dicts, y = [one for words in sentences for one in features(words)], np.concatenate(tags)
    vectorizer = DictVectorizer().fit(dicts)
    counts = vectorizer.transform(dicts)
    vectorizer.restrict(np.asarray(counts.sum(axis=0)).ravel() >= 3)
    counts = vectorizer.transform(dicts)
    said = []
    new = [sentence(rng, n)[0] for n in (1, 4, 11)]
    for tag in range(3):
        p, q = (1 + np.asarray(counts[(y == tag) == side].sum(axis=0)).ravel() for side in (True, False))
        ratio = sparse.diags(np.log((p / p.sum()) / (q / q.sum())))
        reference = LogisticRegression(C=0.3, solver="liblinear", dual=True, max_iter=10_000, tol=1e-8)
        reference.fit(counts @ ratio, y == tag)
        said.append([reference.decision_function(vectorizer.transform(features(words)) @ ratio) for words in new])
    for i, words in enumerate(new):
        x = row_of(words)[None]
        answer = rng.normal(size=(1, len(words), 3)).astype("float32")
        expected = 0.2 * answer[0] + 0.8 * np.stack([said[tag][i] for tag in range(3)], axis=-1)
        got = numbers(layer(answer, x[..., 0], x[..., 1:]))[0]
        np.testing.assert_allclose(got, expected, atol=0.02)
        longer, answers = np.pad(x, ((0, 0), (0, 3), (0, 2))), np.pad(answer, ((0, 0), (0, 3), (0, 0)))
        np.testing.assert_allclose(numbers(layer(answers, longer[..., 0], longer[..., 1:]))[0, :-3], got, atol=1e-6)
        np.testing.assert_array_equal(numbers(layer(answer, x[..., 0], x[..., 1:], training=True)), answer)


@pytest.mark.parametrize("crf", [False, True])
def test_taggers_with_them_learn_keep_and_mask(crf, tmp_path):
    """In training the network's answer alone; in answering both; padded steps stay padded, with or without letters."""
    rng = np.random.default_rng(0)
    sentences, tags = zip(*(sentence(rng, n) for n in rng.integers(3, 6, 40)), strict=True)
    rows = [row_of(words) for words in sentences]
    sizes = {**SMALL, "task": "tagging", "outputs": 3, "crf": crf, "dropout": 0.0}
    x = np.stack([np.pad(row, ((0, 7 - len(row)), (0, 0))) for row in rows[:8]])
    y = np.stack([np.pad(row, (0, 7 - len(row))) for row in tags[:8]])
    inputs = [x[..., 0], x[..., 1:]]
    model = rnnzoo.build("bigru", characters=10, ngrams=2, **sizes)
    plain = rnnzoo.build("bigru", characters=10, **sizes)
    np.testing.assert_allclose(numbers(model(inputs)), numbers(plain(inputs)), atol=1e-6)
    start_scores(model.get_layer("ngrams"), rows, tags)
    mask = x[..., 0] > 0
    answer = model(inputs)
    np.testing.assert_array_equal(numbers(answer._keras_mask), mask)
    found = numbers(answer)
    hits = (found.argmax(axis=-1) == y)[mask].mean()
    assert hits > (numbers(plain(inputs)).argmax(axis=-1) == y)[mask].mean()
    assert hits > 0.6
    for one in (model, plain):
        one.run_eagerly = True
    losses = [one.train_on_batch(inputs, y, sample_weight=mask.astype("float32")) for one in (model, plain)]
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-5)
    found = numbers(model(inputs))
    model.save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 1e6 < 4 * numbers(model.get_layer("ngrams").scores).size
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numbers(loaded(inputs)), found, atol=1e-6)
    words = rnnzoo.build("bigru", ngrams=1, **sizes)
    start_scores(words.get_layer("ngrams"), [row[:, 0] for row in rows], tags)
    assert np.isfinite(numbers(words(inputs[0]))).all()


def test_a_task_of_others_need_not_have_them(monkeypatch):
    """A subclass whose only hyper-parameters are its own."""

    class Own(Classification):
        name = "own_classes"
        own: ClassVar = {}

    monkeypatch.setattr(tasks, "_tasks", dict(tasks._tasks))
    tasks.register(Own())
    assert rnnzoo.build("gru", task="own_classes", outputs=3, **SMALL).output_shape == (None, 3)
    with pytest.raises(ValueError, match="has no hyper-parameter 'ngrams'"):
        rnnzoo.build("gru", task="own_classes", outputs=3, ngrams=2, **SMALL)


def test_a_table_of_many_tags_has_fewer_rows():
    """Of the letters of a language, say; 34 MB are enough."""
    sizes = [rnnzoo.build("gru", task="tagging", outputs=n, ngrams=1, **SMALL).get_layer("ngrams") for n in (17, 300)]
    assert [layer.scores.shape for layer in sizes] == [(2**18, 17), (2**23 // 300, 300)]


def test_a_tagger_that_looks_around_is_not_streamed():
    model = rnnzoo.build("gru", task="tagging", outputs=3, ngrams=1, **SMALL)
    with pytest.raises(ValueError, match=r"every layer reads step after step is streamed. Received: ngrams"):
        rnnzoo.stream(model)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the converters
def test_a_tagger_answers_is_settled_loaded_and_exported(tmp_path):
    """The last letter and the word before tell the tag."""
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(300):
        before = ""
        for place in range(1, rng.integers(3, 8)):
            word = "".join(rng.choice(list("abcdefgh"), 4)) + rng.choice(["s", "ed", "ly"])
            tag = "X" if before.endswith("ly") else {"s": "N", "d": "V", "y": "A"}[word[-1]]
            lines.append(f"{place}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_")
            before = word
        lines.append("")
    (tmp_path / "all.conllu").write_text("\n".join(lines) + "\n")
    recipe = rnnzoo.Recipe(
        name="said",
        task="tagging",
        data=rnnzoo.data.Tagging(file=str(tmp_path / "all.conllu")),
        model="lstm",
        hyperparameters={"units": 2, "ngrams": 1, "character_units": 2},
        embedding_dim=2,
        epochs=1,
    )
    run = rnnzoo.train(recipe, tmp_path / "run")
    assert run.results["metrics"]["test"]["accuracy"] > 0.65
    assert numbers(run.model.get_layer("ngrams").share) > 0.5  # settled: the network knows nothing after one epoch
    asked = [["qqed", "qqs", "qqly"], ["abs"]]
    assert rnnzoo.load(tmp_path / "run").predict(asked) == run.predict(asked)
    assert run.predict(asked)[0]["tags"] == ["V", "N", "A"]
    for format in ("tf_saved_model", "onnx"):
        _, error = export(run, format)
        assert error < 1e-4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the converters
def test_a_run_answers_is_loaded_and_exported(tmp_path):
    """`not good` is bad: no single word tells."""
    rng = np.random.default_rng(0)
    said = {"pos": ("quite good", "not bad", "not dull"), "neg": ("quite bad", "not good", "quite dull")}
    labels = ["pos", "neg"] * 60
    texts = [
        f"{rng.choice(['oh', 'well'])} it is {rng.choice(said[label])} {rng.choice(['too', 'ever'])}"
        for label in labels
    ]
    recipe = rnnzoo.Recipe(
        name="said",
        task="classification",
        data=rnnzoo.data.TextClassification((texts, labels)),
        model="mlp",
        hyperparameters={"units": 2, "ngrams": 2},
        embedding_dim=2,
        epochs=1,
    )
    run = rnnzoo.train(recipe, tmp_path / "run")
    asked = ["it is not good", "it is not dull at all"]
    assert [answer["label"] for answer in run.predict(asked)] == ["neg", "pos"]
    assert rnnzoo.load(tmp_path / "run").predict(asked) == run.predict(asked)
    for format in ("tf_saved_model", "onnx", "litert"):
        _, error = export(run, format, sequence_length=9 if format == "litert" else None)
        assert error < 1e-4


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (
            {"ngrams": 2, "features": 3},
            "made of tokens, not of numbers: leave them out. Received: ngrams=2, features=3",
        ),
        ({"ngrams": 8}, "ngrams must be a whole number >= 0 and < 8"),
        ({"ngrams": 2, "ngram_share": 1.0}, "ngram_share must be a number >= 0 and < 1"),
        ({"ngrams": 2, "features": 3, "task": "tagging"}, "made of tokens, not of numbers: leave them out"),
        ({"ngrams": 2, "task": "language_modeling"}, "has no hyper-parameter 'ngrams'"),
    ],
)
def test_wrong_calls(arguments, hint):
    with pytest.raises(ValueError, match=hint):
        rnnzoo.build("lstm", **arguments)
    with pytest.raises(ValueError, match=r"longest must be a whole number >= 1. Received: longest=0"):
        layers.NGrams(0)
