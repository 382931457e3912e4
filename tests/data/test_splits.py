"""Splits, scaling and length of sequences."""

import numpy as np
import pytest
from ragged_arrays import padded, ragged

from rnnzoo.data import SequenceClassification


def test_splits_are_stratified_and_disjoint():
    x = np.arange(200, dtype="float32").reshape(200, 1, 1)
    y = np.repeat([0, 1], [160, 40])
    splits = SequenceClassification((x, y)).load()
    members = {name: {float(s[0, 0]) for s in part.x} for name, part in splits.parts.items()}
    assert {name: len(ids) for name, ids in members.items()} == {"train": 144, "validation": 16, "test": 40}
    assert len(set.union(*members.values())) == 200
    for part in splits.parts.values():
        assert np.mean(part.y) == pytest.approx(0.2, abs=0.02)


def test_split_seed_alone_decides_the_splits():
    x, y = ragged()

    def tested(split_seed, **settings):
        splits = SequenceClassification((x, y), split_seed=split_seed).load(**settings)
        return [s.tobytes() for s in splits.parts["test"].x]

    assert tested(0) == tested(0, seed=5, batch_size=3)
    assert tested(0) != tested(1)


@pytest.mark.parametrize("split_seed", range(5))
def test_rare_classes_stay_in_train(split_seed):
    """Drawn for the test, a class would be unknown there."""
    x, _ = ragged()
    y = np.concatenate([np.arange(20), np.zeros(40, int)])  # 19 classes of one example each
    splits = SequenceClassification((x, y), split_seed=split_seed).load()
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 43, "validation": 5, "test": 12}
    assert set(splits.parts["train"].y) == set(range(20))
    examples = [s.tobytes() for part in splits.parts.values() for s in part.x]
    assert len(set(examples)) == 60


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_scaler_is_fitted_on_train_alone(kind):
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (40, 7, 2)), rng.normal(100, 50, (20, 7, 2))
    data = {"x_train": train, "y_train": np.arange(40) % 2, "x_test": test, "y_test": np.arange(20) % 2}
    splits = SequenceClassification(data, scale=kind, validation=0).load()
    flat = train.astype("float32").reshape(-1, 2).astype("float64")
    shift, scale = (flat.mean(0), flat.std(0)) if kind == "standard" else (flat.min(0), flat.max(0) - flat.min(0))
    for name, raw in (("train", train), ("test", test)):
        np.testing.assert_allclose(np.stack(splits.parts[name].x), (raw - shift) / scale, rtol=1e-4, atol=1e-5)


def test_padding_does_not_count_for_the_scaler():
    x, y = ragged()
    full, _ = padded(x, 99.0)
    data = SequenceClassification((full, y), scale="standard", pad_value=99.0, test=0, validation=0)
    steps = np.concatenate(data.load().parts["train"].x)
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(steps.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{}, {"pad_value": 0.0, "scale": "standard"}, {"pad_value": 1.0, "scale": "minmax"}]
)
def test_no_real_step_looks_like_padding(settings):
    """Scaling may turn a real step into the very number that marked padding before: here 5 into 0, and 6 into 1."""
    x = [np.full((2 + i % 4, 1), 4.0 + i % 3) for i in range(36)]
    data = SequenceClassification((x, np.arange(36) % 2), test=0, validation=0, **settings)
    train = data.load().parts["train"]
    assert "pad_value" in data.inputs
    assert train.pad_value == data.inputs["pad_value"]
    assert not any((s == data.inputs["pad_value"]).all(axis=1).any() for s in train.x)


@pytest.mark.parametrize(
    ("keep", "expected"), [("head", [1, 2, 3, 4, 5]), ("tail", [5, 6, 7, 8, 9]), ("both", [1, 2, 3, 8, 9])]
)
def test_truncate(keep, expected):
    x = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2]] * 10
    data = SequenceClassification((x, [0, 1] * 10), truncate=keep)
    splits = data.load(sequence_length=5)
    assert {tuple(s) for part in splits.parts.values() for s in part.x} == {tuple(expected), (1, 2)}
    assert data.encode(["[1, 2, 3, 4, 5, 6, 7, 8, 9]"])[0].tolist() == expected  # the same when predicting


def test_limit():
    x, y = ragged(300)
    splits = SequenceClassification((x, y), scale="none").load(limit=20)
    assert {len(part) for part in splits.parts.values()} == {20}
    whole = SequenceClassification((x, y), scale="none").load()
    for name, part in splits.parts.items():  # a sample of the same part
        assert {s.tobytes() for s in part.x} <= {s.tobytes() for s in whole.parts[name].x}
        assert len(set(part.y.tolist())) > 1
