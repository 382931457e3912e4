"""Sequences, settings and inputs that are refused, each in one sentence."""

import numpy as np
import pytest
from ragged_arrays import ragged
from refusals import one_sentence

from rnnzoo.data import SequenceClassification, SequenceRegression

ONES = np.ones((9, 5, 2), "float32")


LABELS = np.arange(9) % 3


IDS = np.tile(np.arange(1, 6), (9, 1))


LEFT = np.where(np.arange(5) < np.arange(9)[:, None] % 3, 0, IDS)


BAD = {
    "words as numbers": ({"x": [["a", "b"]] * 9, "y": LABELS}, "must hold numbers"),
    "objects": ({"x": [[None, 1.0]] * 9, "y": LABELS}, "must hold numbers"),
    "complex numbers": ({"x": ONES * 1j, "y": LABELS}, "must hold numbers"),
    "no array": ({"x": 5, "y": LABELS}, "array or a list"),
    "rank 1": ({"x": ONES[:, 0, 0], "y": LABELS}, "shape"),
    "rank 4": ({"x": ONES[..., None], "y": LABELS}, "shape"),
    "mixed ranks": ({"x": [ONES[0], ONES[0, :, 0]] * 4, "y": LABELS[:8]}, "shape"),
    "other widths": ({"x": [ONES[0], ONES[0, :, :1]] * 4, "y": LABELS[:8]}, "same features"),
    "no width": ({"x": ONES[:, :, :0], "y": LABELS}, "no step"),
    "no step": ({"x": [[], []], "y": [0, 1]}, "no step"),
    "empty": ({"x": [], "y": []}, "empty data set"),
    "NaN": ({"x": np.where(np.arange(9)[:, None, None] == 4, np.nan, ONES), "y": LABELS}, "finite"),
    "infinity": ({"x": np.full((9, 5, 2), np.inf), "y": LABELS}, "finite"),
    "too big for float32": ({"x": np.full((9, 5, 2), 1e300), "y": LABELS}, "finite"),
    "left-padded": ({"x": LEFT, "y": LABELS}, "left"),
    "negative ids": ({"x": -IDS, "y": LABELS}, "Token ids"),
    "ids beyond int32": ({"x": IDS * 2**31, "y": LABELS}, "Token ids"),
    "rows": ({"x": ONES, "y": LABELS[:4]}, "as many rows"),
    "no rows": ({"x": ONES, "y": 3}, "one answer a sequence"),
    "ragged y": ({"x": ONES, "y": [[1], [1, 2]] * 4 + [[1]]}, "unequal length"),
    "no y": ({"x": ONES}, "x and y"),
    "no train": ({"x_test": ONES, "y_test": LABELS}, "x_train"),
    "unknown part": ({"x": ONES, "y": LABELS, "x_holdout": ONES, "y_holdout": LABELS}, "x_holdout"),
    "lengths of others": ({"x": ONES, "y": LABELS, "lengths": [1, 2]}, "lengths"),
    "negative lengths": ({"x": ONES, "y": LABELS, "lengths": np.full(9, -1)}, "lengths"),
    "too long lengths": ({"x": ONES, "y": LABELS, "lengths": np.full(9, 6)}, "lengths"),
    "one class": ({"x": ONES, "y": np.zeros(9, int)}, "only 0"),
    "float labels": ({"x": ONES, "y": LABELS.astype(float)}, "whole numbers or words"),
    "one-hot labels": ({"x": ONES, "y": np.eye(3, dtype=int)[LABELS]}, "whole numbers or words"),
    "missing labels": ({"x": ONES, "y": np.array([None, "a", "b"] * 3, object)}, "whole numbers or words"),
    "test has a new label": (
        {"x_train": ONES, "y_train": LABELS, "x_test": ONES, "y_test": LABELS + 1},
        "test has a label that train has not",
    ),
    "validation has a new label": (
        {"x_train": ONES, "y_train": LABELS, "x_validation": ONES, "y_validation": LABELS + 1},
        "validation has a label that train has not",
    ),
    "test has a new id": ({"x_train": IDS, "y_train": LABELS, "x_test": IDS + 4, "y_test": LABELS}, "vocabulary_size"),
    "test has other features": (
        {"x_train": ONES, "y_train": LABELS, "x_test": ONES[..., :1], "y_test": LABELS},
        "2 features",
    ),
    "test is of another kind": (
        {"x_train": IDS, "y_train": LABELS, "x_test": ONES, "y_test": LABELS},
        "token ids",
    ),
    "test is empty": ({"x_train": ONES, "y_train": LABELS, "x_test": [], "y_test": []}, "empty data set"),
    "too few to split": ({"x": ONES[:1], "y": LABELS[:1]}, "Too few"),
}


@pytest.mark.parametrize("bad", BAD)
def test_refused(bad):
    source, match = BAD[bad]
    one_sentence(lambda: SequenceClassification(source).load(), match)


@pytest.mark.parametrize(
    "setting", [{"test": 1.5}, {"validation": -0.1}, {"truncate": "middle"}, {"scale": "log"}, {"split_seed": -1}]
)
def test_refused_settings(setting):
    ((name, value),) = setting.items()
    one_sentence(
        lambda: SequenceClassification((ONES, LABELS), **setting).load(), f"{name}.*Received: {name}={value!r}"
    )


@pytest.mark.parametrize("y", [np.full(9, np.nan), np.array(["a"] * 9), np.ones((9, 2, 2)), np.full(9, 1e300)])
def test_refused_values(y):
    one_sentence(lambda: SequenceRegression((ONES, y)).load(), "finite numbers")


def test_refused_test_values():
    parts = {"x_train": ONES, "y_train": np.ones(9), "x_test": ONES, "y_test": np.ones((9, 2))}
    one_sentence(lambda: SequenceRegression(parts).load(), "1 values a row")


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("nowhere.npz", "no such file"),
        ("no_such_module:f", "no_such_module"),
        ("rnnzoo.data.embedded:nonesuch", "nonesuch"),
        (42, "source"),
    ],
)
def test_refused_sources(source, match):
    one_sentence(lambda: SequenceClassification(source).load(), match)


def test_refused_files(tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"PK no zip at all")
    one_sentence(lambda: SequenceClassification(str(path)).load(), r"\.npz")
    x, y = ragged()
    np.savez(path, x=np.array(x, dtype=object), y=y)  # pickles are not opened
    one_sentence(lambda: SequenceClassification(str(path)).load(), "lengths")


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (["hello"], "JSON"),
        (["5"], "shape"),
        (['{"a": 1}'], "numbers"),
        (["[[1, NaN]]"], "finite"),
        (["[[1, 2, 3]]"], "2 features"),
        ([np.zeros((3, 2, 2))], "shape"),
    ],
)
def test_refused_inputs(raw, match):
    x, y = ragged()
    data = SequenceClassification((x, y))
    data.load()
    one_sentence(lambda: data.encode(raw), match)


def test_nothing_is_known_before_loading():
    one_sentence(lambda: SequenceClassification("digits").inputs, "load")
