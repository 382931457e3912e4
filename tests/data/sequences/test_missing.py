"""Missing values: read by models that say so, refused for all others."""

import numpy as np
import pytest
from refusals import one_sentence, refused

from rnnzoo.cli import entry_point
from rnnzoo.data import SequenceClassification
from rnnzoo.errors import InvalidValue


@pytest.fixture
def holes(tmp_path):
    """Sequences of two classes, half of whose values are missing."""
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    x = rng.normal(3.0 * y[:, None, None] + 10, 1.0, (80, 5, 2)).astype("float32")
    x[rng.random(x.shape) < 0.5] = np.nan
    np.savez(tmp_path / "holes.npz", x=x, y=y)
    return str(tmp_path / "holes.npz")


def test_missing_values_are_scaled_around_and_learnt_from(fit, holes):
    data = SequenceClassification(holes, scale="standard", missing=True)
    run = fit(data=data, model="gru_d", epochs=8, learning_rate=0.03, schedule="cosine")
    assert run.results["metrics"]["test"]["accuracy"] > 0.8
    answers = run.predict([[[np.nan, 13.5], [13.0, np.nan]], [[9.5, np.nan], [np.nan, np.nan]]])
    assert [str(answer["label"]) for answer in answers] == ["1", "0"]
    scaled = np.concatenate(run.data.encode(np.load(holes)["x"]))
    np.testing.assert_allclose(np.nanmean(scaled), 0, atol=0.2)


def test_they_are_refused_where_nothing_reads_them(fit, holes, tmp_path):
    with pytest.raises(
        InvalidValue, match=r"or set missing=True. Received: NaN in sequence \d+, step \d+, feature \d, "
    ):
        fit(data=SequenceClassification(holes), model="gru_d")
    with pytest.raises(InvalidValue, match=r"read by gru_d; fill them for other models. Received: 'gru'$"):
        fit(data=SequenceClassification(holes, missing=True), model="gru")
    x = np.load(holes)["x"]
    x[:, :, 1] = np.nan
    np.savez(tmp_path / "never.npz", x=x, y=np.arange(80) % 2)
    with pytest.raises(InvalidValue, match=r"needs a value in train. Received: none of feature 1$"):
        fit(data=SequenceClassification(str(tmp_path / "never.npz"), missing=True), model="gru_d")


def test_padding_may_be_anything_where_lengths_are_given(tmp_path):
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(40, 6, 2)), rng.integers(1, 7, 40)
    beyond = np.arange(6) >= lengths[:, None]
    plain = SequenceClassification({"x": np.where(beyond[..., None], 0, x), "y": np.arange(40) % 2, "lengths": lengths})
    filled = SequenceClassification(
        {"x": np.where(beyond[..., None], np.nan, x), "y": np.arange(40) % 2, "lengths": lengths}
    )
    expected, found = (data.load(batch_size=8).parts["train"].x for data in (plain, filled))
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)
    ids = np.where(beyond, -1, rng.integers(1, 9, (40, 6)))
    tokens = SequenceClassification({"x": ids, "y": np.arange(40) % 2, "lengths": lengths})
    assert min(row.min() for row in tokens.load(batch_size=8).parts["train"].x) >= 1


def test_a_file_with_missing_values_and_lengths_is_answered(fit, tmp_path, capsys):
    rng = np.random.default_rng(0)
    x, lengths = rng.normal(size=(60, 5, 2)), rng.integers(1, 6, 60)
    x[::3, 0, 0] = np.nan
    path = str(tmp_path / "holes.npz")
    np.savez(path, x=x, y=np.arange(60) % 2, lengths=lengths)
    run = fit(data=SequenceClassification(path, missing=True), model="gru_d", epochs=1)
    rows, _ = run.data.labelled(path)
    assert [len(row) for row in rows] == lengths.tolist()
    entry_point(["predict", str(run.folder), "--file", path])
    assert len(capsys.readouterr().out.splitlines()) == 60
    flat = str(tmp_path / "flat.npz")
    np.savez(flat, x=np.arange(4.0), lengths=[1] * 4)
    assert "must have the shape" in refused(capsys, entry_point, ["predict", str(run.folder), "--file", flat])


def test_what_is_not_finite_is_named(fit, tmp_path):
    x = np.zeros((40, 5, 2))
    x[30, 4, 1] = np.inf
    one_sentence(
        lambda: fit(data=SequenceClassification({"x": x, "y": np.arange(40) % 2}), model="gru"),
        r"Received: inf in sequence 30, step 4, feature 1, counted from 0$",
    )
