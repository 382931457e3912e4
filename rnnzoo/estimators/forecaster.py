"""`RnnzooForecaster`: what comes after a series."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from rnnzoo import hyperparameters as hp
from rnnzoo.data.scaling import Scaler
from rnnzoo.errors import InvalidValue
from rnnzoo.estimators.estimator import Estimator


class RnnzooForecaster(Estimator):
    """A forecaster of a series, by any model of the zoo that forecasts.

    Args:
        model: A name of `rnnzoo.list_models(task="forecasting")`.
        horizon: Steps to forecast.
        lookback: Steps that are read.
        **settings: Those of `RnnzooClassifier`.

    Example:
        >>> rnnzoo.RnnzooForecaster("nlinear", horizon=24, lookback=96).fit(series).predict()
    """

    task = "forecasting"

    def __init__(
        self,
        model: str = "gru",
        *,
        horizon: int = 1,
        lookback: int = 24,
        units: int | None = None,
        num_layers: int | None = None,
        dropout: float | None = None,
        hyperparameters: Any = None,
        epochs: int = 40,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        validation_fraction: float = 0.0,
        patience: int = 5,
        weights: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ):
        super().__init__(
            model,
            units=units,
            num_layers=num_layers,
            dropout=dropout,
            hyperparameters=hyperparameters,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            validation_fraction=validation_fraction,
            patience=patience,
            weights=weights,
            random_state=random_state,
            verbose=verbose,
        )
        self.horizon, self.lookback = horizon, lookback

    def fit(self, X: Any, y: Any = None) -> "RnnzooForecaster":
        """Fit to the windows of a series, `(time,)` or `(time, columns)`, in the order of time; y is not looked at."""
        horizon, lookback = hp.check("horizon", self.horizon), hp.check("sequence_length", self.lookback)
        if horizon is None or lookback is None:
            raise InvalidValue(f"horizon and lookback are numbers of steps. Received: {horizon}, {lookback}")
        series = self._series(X)
        self.one_column_ = np.ndim(X) == 1
        if len(series) < lookback + horizon + 1:
            raise InvalidValue(
                f"A series of at least lookback + horizon + 1 = {lookback + horizon + 1} steps is fitted. "
                f"Received: {len(series)}"
            )
        self.n_features_in_ = series.shape[1]
        self.scaler_ = Scaler.fit([series], "standard")
        windows = np.lib.stride_tricks.sliding_window_view(self.scaler_(series), lookback + horizon, axis=0)
        windows = np.ascontiguousarray(windows.swapaxes(1, 2))
        sizes = {"features": series.shape[1], "outputs": series.shape[1], "horizon": horizon}
        self._fit(windows[:, :lookback], windows[:, lookback:], {**sizes, "sequence_length": lookback})
        self.end_ = series[-lookback:]
        return self

    def predict(self, X: Any = None) -> np.ndarray:
        """Return the next steps, `(horizon,)` or `(horizon, columns)`.

        Args:
            X: The series that is gone on with; None: the one that was fitted.
        """
        check_is_fitted(self, "model_")
        series = self.end_ if X is None else self._series(X)
        if series.shape[1] != self.n_features_in_ or len(series) < self.lookback:
            raise InvalidValue(
                f"A series of {self.n_features_in_} columns and at least {self.lookback} steps is gone on with. "
                f"Received: shape {series.shape}"
            )
        window = self.scaler_(series[-self.lookback :])[None]
        values = self.scaler_.inverse(np.asarray(self.model_.predict(window, verbose=0))[0].astype("float64"))
        return values[:, 0] if self.one_column_ else values

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the mean squared error over all windows of a series, in units of the fitted deviation."""
        check_is_fitted(self, "model_")
        windows = np.lib.stride_tricks.sliding_window_view(
            self.scaler_(self._series(X)), self.lookback + self.horizon, axis=0
        ).swapaxes(1, 2)
        forecast = self.model_.predict(np.ascontiguousarray(windows[:, : self.lookback]), verbose=0)
        return -float(np.mean((np.asarray(forecast) - windows[:, self.lookback :]) ** 2))

    def _series(self, X: Any) -> np.ndarray:
        series = check_array(X, ensure_2d=False, dtype="float64")
        if series.ndim not in (1, 2):
            raise InvalidValue(f"A series is (time,) or (time, columns). Received: shape {series.shape}")
        return series[:, None] if series.ndim == 1 else series
