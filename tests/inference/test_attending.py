"""Looking inside: a small run on texts, its words in colour, and its body in another model."""

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import layers
from rnnzoo.data import TextClassification
from rnnzoo.pictures import attention

pytestmark = pytest.mark.draws


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reviews")
    rng = np.random.default_rng(0)
    rows = ["review,stars"]
    for i in range(120):
        words = rng.permutation(["the", "film", "was", "quite", ("bad", "good")[i % 2]])
        rows.append(f"{' '.join(words)},{('neg', 'pos')[i % 2]}")
    (folder / "reviews.csv").write_text("\n".join(rows), encoding="utf-8")
    recipe = rnnzoo.Recipe(
        name="reviews",
        task="classification",
        data=TextClassification(file=str(folder / "reviews.csv"), text="review", label="stars"),
        model="bigru_bahdanau",
        hyperparameters={"units": 8, "dropout": 0.0},
        embedding_dim=8,
        epochs=12,
        batch_size=16,
        learning_rate=0.02,
        patience=None,
    )
    with layers.use("general"):  # compiles in no time
        return rnnzoo.train(recipe, folder / "run", console=Console(quiet=True))


def test_it_answers_texts(run):
    answers = run.predict(["a good film", "a bad film", ""])
    assert [a["label"] for a in answers[:2]] == ["pos", "neg"]
    assert answers[0]["probability"] > 0.9
    assert "note" in answers[2]
    assert "note" not in answers[0]


def test_the_weights_belong_to_the_words(run):
    (found,) = run.explain(["The film was GOOD"])
    assert list(found.tokens) == ["The", "film", "was", "GOOD"]
    np.testing.assert_allclose(found.weights.sum(), 1, atol=1e-5)
    text = attention.in_terminal(found)
    assert text.plain.endswith("The film was GOOD ")
    colours = {text.plain[s.start : s.end]: s.style for s in text.spans}
    assert len({str(c) for c in colours.values()}) > 1, "words of different weight have different colours"
    figure = attention.picture([found])
    assert [t.get_text() for t in figure.axes[0].texts] == [found.title, *found.tokens]


def test_the_report_shows_examples(run):
    assert (run.folder / "plots" / "examples.png").stat().st_size > 5000


def test_a_labelled_file_is_measured(run, tmp_path):
    path = tmp_path / "more.csv"
    path.write_text("review,stars\ngood film,pos\nbad film,neg\nquite bad,pos\n", encoding="utf-8")
    assert run.evaluate(str(path))["accuracy"] == pytest.approx(2 / 3)
    path.write_text("review,stars\ngood film,odd\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a label that train has not; train has neg, pos. Received: odd"):
        run.evaluate(str(path))


def test_embedding_rows_are_matched_by_word(run, tmp_path):
    """Other texts number the words otherwise; each word keeps its vector."""
    path = tmp_path / "other.csv"
    rows = ["zebra was good,pos", "zebra zebra bad,neg"] * 20
    path.write_text("review,stars\n" + "\n".join(rows), encoding="utf-8")
    recipe = rnnzoo.Recipe(
        name="other",
        task="classification",
        data=TextClassification(file=str(path), text="review", label="stars"),
        model="bigru_bahdanau",
        hyperparameters={"units": 8, "dropout": 0.0},
        embedding_dim=8,
        epochs=1,
        batch_size=16,
        weights=str(run.folder),
        trainable_body=False,
    )
    with layers.use("general"):
        other = rnnzoo.train(recipe, tmp_path / "run", console=Console(quiet=True))
    theirs, mine = run.model.get_layer("embedding"), other.model.get_layer("embedding")
    for word in ("good", "bad", "was"):
        a = np.asarray(theirs.embeddings)[run.data.vocabulary.ids[word]]
        b = np.asarray(mine.embeddings)[other.data.vocabulary.ids[word]]
        np.testing.assert_array_equal(a, b)
    for a, b in zip(
        run.model.get_layer("body").get_weights(), other.model.get_layer("body").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("model", [5, None, "bilstm_bahdanau"])
def test_no_model(model):
    for look in (rnnzoo.attention, rnnzoo.features):
        with pytest.raises(TypeError, match=r"^model must be a keras\.Model\. Received: model="):
            look(model)
