"""`RnnzooClassifier` and `RnnzooRegressor`: one answer a sequence."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from rnnzoo.data.scaling import Scaler
from rnnzoo.errors import InvalidValue
from rnnzoo.estimators.estimator import Estimator


class RnnzooClassifier(ClassifierMixin, Estimator):
    """A classifier of sequences or texts, by any model of the zoo.

    Attributes:
        classes_: The classes, sorted.

    Example:
        >>> grid = GridSearchCV(rnnzoo.RnnzooClassifier(epochs=5), {"model": ["gru", "bilstm"], "units": [16, 64]})
    """

    task = "classification"

    def fit(self, X: Any, y: Any) -> "RnnzooClassifier":
        """Fit to sequences, `(examples, time[, features])` or texts, and their classes, `(examples,)`."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")  # scikit-learn asks for these words
        x, sizes = self._inputs(X, fit=True)
        y = column_or_1d(check_array(y, ensure_2d=False, dtype=None), warn=True)
        check_classification_targets(y)
        _as_many(x, y)
        self.classes_, ids = np.unique(y, return_inverse=True)
        self._fit(x, ids.astype("int32"), sizes | {"outputs": max(2, len(self.classes_))})
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, `(examples, classes)`."""
        logits = self._outputs(X)[:, : len(self.classes_)].astype("float64")
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each sequence, `(examples,)`."""
        likeliest = self.predict_proba(X).argmax(axis=1)  # which first asks whether it is fitted
        return self.classes_[likeliest]


class RnnzooRegressor(RegressorMixin, Estimator):
    """A regressor of sequences or texts, by any model of the zoo. Targets are standardised while it learns.

    Attributes:
        answer_scaler_: What scales them.
    """

    task = "regression"

    def fit(self, X: Any, y: Any) -> "RnnzooRegressor":
        """Fit to sequences, `(examples, time[, features])` or texts, and their values, `(examples[, values])`."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        x, sizes = self._inputs(X, fit=True)
        y = check_array(y, ensure_2d=False, dtype="float64")
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        _as_many(x, y)
        self.one_value_, y = y.ndim == 1, y.reshape(len(y), -1)
        self.answer_scaler_ = Scaler.fit([y], "standard")
        scaled = self.answer_scaler_(y)
        self._fit(x, scaled, sizes | {"outputs": scaled.shape[1]})
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the values of each sequence, `(examples[, values])`."""
        scaled = self._outputs(X).astype("float64")  # tells first where nothing was fitted
        values = self.answer_scaler_.inverse(scaled)
        return values[:, 0] if self.one_value_ else values


def _as_many(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) != len(y):
        raise InvalidValue(f"Found input variables with inconsistent numbers of samples. Received: {len(x)}, {len(y)}")
