"""Pictures: the right curves on the right axes, in files that can be opened."""

import matplotlib.image
import numpy as np
import pytest
from sklearn import metrics as sk

from rnnzoo.pictures import classification
from rnnzoo.pictures.curves import curves, learning_curves, quality_and_cost
from rnnzoo.pictures.figures import save
from rnnzoo.pictures.regression import errors
from rnnzoo.tasks import find
from rnnzoo.tasks.judging.measures import Predictions, by_class
from rnnzoo.tasks.task import Judgement

pytestmark = pytest.mark.draws

HISTORY = [
    {"epoch": 1, "loss": 1.0, "accuracy": 0.3, "val_loss": 0.9, "val_accuracy": 0.4},
    {"epoch": 2, "loss": 0.5, "accuracy": 0.6, "val_loss": 0.7, "val_accuracy": 0.8},
    {"epoch": 3, "loss": 0.2, "accuracy": 0.9, "val_loss": 0.8, "val_accuracy": 0.7},
]


def predictions(classes, n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return Predictions(y, (rng.normal(size=(n, classes)) + np.eye(classes)[y]).astype("float32"))


def is_picture(path):
    """Tell whether something is drawn there."""
    pixels = matplotlib.image.imread(path)
    return min(pixels.shape[:2]) > 100 and pixels[..., :3].std() > 0.01


def lines(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_curves():
    loss, accuracy = curves(HISTORY, 2).axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    assert loss.get_xlabel() == "epoch"
    assert lines(loss) == {
        "training": [[1, 1.0], [2, 0.5], [3, 0.2]],
        "validation": [[1, 0.9], [2, 0.7], [3, 0.8]],
        "kept: 0.7": [[2, 0.7]],
    }
    assert lines(accuracy)["kept: 0.8"] == [[2, 0.8]]
    assert lines(curves(HISTORY, 3).axes[1])["kept: 0.7"] == [[3, 0.7]]  # what was kept, not what was highest


def test_curves_without_validation():
    rows = [{k: v for k, v in row.items() if not k.startswith("val_")} for row in HISTORY]
    for axes in curves(rows, 3).axes:
        assert list(lines(axes)) == ["training"]


def test_one_epoch_is_a_bar_for_each_split():
    loss, accuracy = curves(HISTORY[:1], 1).axes
    assert [bar.get_height() for bar in loss.patches] == [1.0, 0.9]
    assert [text.get_text() for text in accuracy.texts] == ["0.3", "0.4"]


def test_confusion_matrix_counts():
    p = predictions(4)
    axes = classification.confusion(p, ["a", "b", "c", "d"], "test").axes[0]
    labels = p.output.argmax(axis=1)
    expected = [[int(((p.y == i) & (labels == j)).sum()) for j in range(4)] for i in range(4)]
    shown = {text.get_position()[::-1]: text.get_text().split("\n") for text in axes.texts}
    counts = [[int(shown.get((i, j), ("", "0"))[1]) for j in range(4)] for i in range(4)]
    assert counts == expected
    shares = axes.images[0].get_array()
    np.testing.assert_allclose(shares, expected / np.sum(expected, axis=1, keepdims=True))
    assert (axes.images[0].norm.vmin, axes.images[0].norm.vmax) == (0, 1)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c", "d"]
    assert axes.get_ylabel() == "true"


def test_confusion_matrix_keeps_classes_that_do_not_occur():
    p = Predictions(np.array([0, 2]), np.eye(3, dtype="float32")[[0, 2]])
    axes = classification.confusion(p, ["a", "b", "c"], "test").axes[0]
    assert axes.images[0].get_array().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert [text.get_text() for text in axes.texts] == ["1\n1", "1\n1"]


def area(xy):
    x, y = np.transpose(xy)
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def test_roc_of_two_classes_is_that_of_the_second():
    p = predictions(2)
    axes = classification.roc(p, ["no", "yes"], "test").axes[0]
    curve, _chance = axes.get_lines()
    assert "yes" in curve.get_label()
    assert area(curve.get_xydata()) == pytest.approx(sk.roc_auc_score(p.y, p.output[:, 1] - p.output[:, 0]))


def test_roc_of_many_classes_is_one_against_the_rest():
    p = predictions(3)
    axes = classification.roc(p, ["a", "b", "c"], "test").axes[0]
    curves = axes.get_lines()[:-1]
    assert len(curves) == 3
    for curve in curves:
        i = "abc".index(curve.get_label()[0])
        assert area(curve.get_xydata()) == pytest.approx(sk.roc_auc_score(p.y == i, p.probabilities[:, i]))


def test_roc_leaves_out_classes_that_do_not_occur():
    p = Predictions(np.array([0, 2, 0, 2]), np.float32([[1, 0, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]]))
    labels = [line.get_label() for line in classification.roc(p, ["a", "b", "c"], "test").axes[0].get_lines()]
    assert {label[0] for label in labels[:2]} == {"a", "c"}
    assert len(labels) == 3


def test_of_many_classes_the_three_worst_are_named():
    p = predictions(6, n=300)
    left, middle, right = classification.roc(p, list("abcdef"), "test").axes
    worst = sorted(
        "abcdef",
        key=lambda name: sk.roc_auc_score(p.y == "abcdef".index(name), p.probabilities[:, "abcdef".index(name)]),
    )
    for axes in (left, middle):
        named = {line.get_label()[0] for line in axes.get_lines() if line.get_label()[1:2] == " "}
        assert named == set(worst[:3])
    model = next(line for line in right.get_lines() if line.get_label() == "this model")
    sureness, share = model.get_xydata().T
    assert ((share >= 0) & (share <= 1)).all()
    counts = np.array([bar.get_height() for bar in right.patches])
    right_ones = (p.labels == p.y).mean()
    weights = counts[counts > 0] / counts.sum()
    assert (weights * share).sum() == pytest.approx(right_ones)
    assert (weights * sureness).sum() == pytest.approx(p.probabilities.max(axis=-1).mean(), abs=1e-6)


def test_the_surest_wrong_answers_are_shown():
    p = predictions(3)
    rows = [np.full((4, 2), i, "float32") for i in range(len(p.y))]
    figure = classification.wrong(p, rows, "abc", "test")
    wrong = [i for i in np.argsort(-p.probabilities.max(axis=-1)) if p.labels[i] != p.y[i]][: classification.GALLERY]
    assert [axes.images[0].get_array()[0, 0] for axes in figure.axes if axes.images] == wrong


def test_models_are_compared_by_quality_seconds_and_parameters(tmp_path):
    rows = [
        {"model": name, "split": "test", "accuracy": 0.9 - i / 10, "deviation": 0.01, "seeds": [0, 1],
         "seconds": 5.0 + i, "parameters": 1000 * (i + 1)}
        for i, name in enumerate(("lstm", "gru"))
    ]  # fmt: skip
    quality, cost, size = quality_and_cost(rows, "accuracy").axes
    assert [tick.get_text() for tick in quality.get_yticklabels()] == ["lstm", "gru"]
    assert quality.get_lines()[0].get_xdata().tolist() == [0.9, 0.8]
    assert [bar.get_width() for bar in cost.patches] == [5.0, 6.0]
    assert [text.get_text() for text in size.texts] == ["1,000", "2,000"]
    figure = learning_curves({"lstm": [HISTORY, HISTORY], "gru": [HISTORY[:1]]}, "accuracy")
    assert [line.get_ydata()[-1] for line in figure.axes[0].get_lines()] == [0.7, 0.7, 0.4]
    save(figure, tmp_path / "curves.png")
    assert is_picture(tmp_path / "curves.png")


def test_errors():
    rng = np.random.default_rng(0)
    y, output = rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    left, right = errors(Predictions(y, output), "test").axes
    points, diagonal = left.get_lines()
    np.testing.assert_array_equal(points.get_xydata(), np.stack([y.ravel(), output.ravel()], axis=1))
    ends = diagonal.get_xydata()
    assert (ends[:, 0] == ends[:, 1]).all()
    assert sum(bar.get_height() for bar in right.patches) == 100
    assert (left.get_xlabel(), left.get_ylabel()) == ("true", "predicted")


class Named:
    """A data object, as far as pictures ask it."""

    def __init__(self, classes):
        self.classes = [str(i) for i in range(classes)]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("classification", {"confusion.png", "roc.png"}),
        ("tagging", {"confusion.png", "tags.png"}),
        ("regression", {"errors.png"}),
        ("language_modeling", set()),
    ],
)
def test_files(tmp_path, task, expected):
    p = predictions(3)
    if task == "regression":
        p = Predictions(p.output, p.output + 1)
    judgement = Judgement({}, {"tags": by_class(p, "012")} if task == "tagging" else {}, answers=p)
    pictures = find(task).pictures(judgement, None, None, Named(3), "test")
    assert set(pictures) == expected
    for name, draw in pictures.items():
        save(draw(), tmp_path / "plots" / name)
        assert is_picture(tmp_path / "plots" / name)


def test_too_many_classes_get_no_matrix():
    judgement = Judgement({}, answers=predictions(40, n=80))
    assert find("classification").pictures(judgement, None, None, Named(40), "test") == {}
