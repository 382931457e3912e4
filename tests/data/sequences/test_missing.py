"""Missing values: read by models that say so, refused for all others."""

import numpy as np
import pytest

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
    with pytest.raises(InvalidValue, match=r"or set missing=True. Received: NaN or infinity$"):
        fit(data=SequenceClassification(holes), model="gru_d")
    with pytest.raises(InvalidValue, match=r"read by gru_d; fill them for other models. Received: 'gru'$"):
        fit(data=SequenceClassification(holes, missing=True), model="gru")
    x = np.load(holes)["x"]
    x[:, :, 1] = np.nan
    np.savez(tmp_path / "never.npz", x=x, y=np.arange(80) % 2)
    with pytest.raises(InvalidValue, match=r"needs a value in train. Received: none of feature 1$"):
        fit(data=SequenceClassification(str(tmp_path / "never.npz"), missing=True), model="gru_d")
