"""The estimators keep scikit-learn's conventions, by its own checks, and stand in its pipelines and grids."""

import pickle

import numpy as np
import pytest
from refusals import one_sentence
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import rnnzoo

QUICK = {"model": "mlp", "units": 16, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    kind = np.arange(90) % 3
    return rng.normal(kind[:, None] * 2.0, 0.5, (90, 4)), np.array(["low", "middle", "high"])[kind]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_scikit_learn_s_own_checks(kind):
    made = {"classifier": rnnzoo.RnnzooClassifier, "regressor": rnnzoo.RnnzooRegressor}[kind]
    found = check_estimator(made("simple_rnn", random_state=0), on_fail=None)  # columns are steps: their order counts
    failed = [(one["check_name"], str(one["exception"])[:200]) for one in found if one["status"] == "failed"]
    assert len(found) > 40
    assert not failed


@pytest.mark.parametrize("kind", [rnnzoo.RnnzooClassifier, rnnzoo.RnnzooRegressor, rnnzoo.RnnzooForecaster])
def test_what_was_not_fitted_says_so(kind):
    with pytest.raises(NotFittedError):
        kind().predict(np.zeros((3, 4)))


def test_a_classifier_in_a_pipeline_and_a_grid(rows):
    x, y = rows
    line = make_pipeline(StandardScaler(), rnnzoo.RnnzooClassifier(**QUICK))
    assert cross_val_score(line, x, y, cv=2).mean() > 0.9
    fold = np.arange(60), np.arange(60, 90)
    grid = GridSearchCV(rnnzoo.RnnzooClassifier(**QUICK, epochs=4), {"units": [2, 32]}, cv=[fold]).fit(x, y)
    assert grid.best_params_["units"] == 32
    again = pickle.loads(pickle.dumps(grid.best_estimator_))
    np.testing.assert_array_equal(again.predict(x), grid.predict(x))
    shares = again.predict_proba(x)
    assert shares.shape == (90, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert list(again.classes_) == ["high", "low", "middle"]


def test_clone_and_settings(rows):
    made = rnnzoo.RnnzooClassifier(**QUICK | {"units": 8}, hyperparameters={"l2": 1e-5}, epochs=1)
    twin = clone(made).set_params(units=4).fit(rows[0][..., None], rows[1])
    assert made.get_params()["units"] == 8
    assert not hasattr(made, "model_")
    assert twin.model_.get_layer("body").output_shape == (None, 4)
    same = clone(twin).fit(rows[0][..., None], rows[1])
    np.testing.assert_array_equal(same.predict_proba(rows[0][..., None]), twin.predict_proba(rows[0][..., None]))


def test_texts():
    texts = ["a good and witty film", "good", "a bad, dull film", "bad and dull"] * 8
    made = rnnzoo.RnnzooClassifier(**QUICK, epochs=15).fit(texts, [1, 1, 0, 0] * 8)
    assert list(made.predict(["good film", "dull"])) == [1, 0]
    one_sentence(lambda: made.predict([[1.0, 2.0]]), "features")
    one_sentence(lambda: made.predict("good"), "one text")
    one_sentence(lambda: made.predict(["good", 5]), "Texts")


@pytest.mark.slow
def test_a_regressor():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 5, 2))
    y = 1000 + 50 * x.sum(axis=(1, 2))
    made = rnnzoo.RnnzooRegressor(**QUICK).fit(x, y)
    assert made.score(x, y) > 0.9
    assert made.predict(x).shape == (100,)
    assert made.fit(x, np.stack([y, -y], 1)).predict(x[:3]).shape == (3, 2)
    one_sentence(lambda: made.predict(x[..., :1]), "features")


def test_a_forecaster():
    series = 10 + np.sin(np.arange(300) * 2 * np.pi / 12)
    made = rnnzoo.RnnzooForecaster("nlinear", horizon=6, lookback=24, epochs=30, random_state=0).fit(series)
    expected = 10 + np.sin(np.arange(300, 306) * 2 * np.pi / 12)
    np.testing.assert_allclose(made.predict(), expected, atol=0.1)
    np.testing.assert_allclose(made.predict(series[:100]), 10 + np.sin(np.arange(100, 106) * np.pi / 6), atol=0.1)
    assert -0.01 < made.score(series) <= 0
    two = clone(made).set_params(epochs=1).fit(np.stack([series, -series], 1))
    assert two.predict().shape == (6, 2)
    one_sentence(lambda: made.fit(series[:20]), "lookback")
    one_sentence(lambda: two.predict(series), "columns")
