"""What the estimators share: their settings, how sequences and texts become arrays, and how a model is fitted."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rnnzoo.builder import build
from rnnzoo.data.scaling import Scaler
from rnnzoo.data.text.vocabulary import Lexicon, Vocabulary, check_text
from rnnzoo.errors import InvalidType, InvalidValue


class Estimator(BaseEstimator):
    """A base: settings and input, whatever the answer.

    Sequences are an array `(examples, time)` of one feature or `(examples, time, features)`; or a list of texts, whose
    vocabulary is fitted. Each feature is scaled to mean 0 and deviation 1 of the examples that it is fitted to, or
    as the run of `weights` scaled it.

    Args:
        model: A name of `rnnzoo.list_models()`.
        units: Of the model; None: its own default, as of the next two.
        num_layers: Of the model.
        dropout: Of the model.
        hyperparameters: More of the model's, by name.
        epochs: Passes over the data, at most.
        batch_size: Sequences per step.
        learning_rate: Of Adam.
        validation_fraction: Share of the data that tells when to stop; 0: all epochs are made.
        patience: Epochs without improvement on it before stopping; the best epoch's weights are kept.
        vocabulary_size: Of texts: the most frequent words.
        sequence_length: Of texts: words that are read, from the start.
        weights: A run, such as the preset `imdb`, to start from. Of texts its words are taken too.
        random_state: As scikit-learn has it.
        verbose: 1 prints a line an epoch.

    Attributes:
        model_: The fitted `keras.Model`.
        vocabulary_: Of texts: the tokens.
        scaler_: Of numbers: what scales them.
        n_features_in_: Columns of a 2-D array; features a step of a 3-D one.
    """

    task = ""

    def __init__(
        self,
        model: str = "gru",
        *,
        units: int | None = None,
        num_layers: int | None = None,
        dropout: float | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        epochs: int = 40,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        validation_fraction: float = 0.0,
        patience: int = 5,
        vocabulary_size: int = 20_000,
        sequence_length: int = 400,
        weights: Any = None,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.model = model
        self.units = units
        self.num_layers = num_layers
        self.dropout = dropout
        self.hyperparameters = hyperparameters
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.vocabulary_size = vocabulary_size
        self.sequence_length = sequence_length
        self.weights = weights
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that it takes texts and three axes too, and that rounding may differ."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.string = True
        tags.non_deterministic = True
        return tags

    def _inputs(self, X: Any, *, fit: bool = False) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the model's input and the sizes that `build` must know."""
        if _are_texts(X):
            return self._texts(X, fit)
        axes = len(X.shape) if hasattr(X, "shape") else np.asarray(X).ndim  # `np.ndim` may be refused
        x = validate_data(self, X, dtype="float64", allow_nd=True, reset=fit or axes > 2, skip_check_array=False)
        if x.ndim not in (2, 3):
            raise InvalidValue(f"X is (examples, time) or (examples, time, features). Received: shape {x.shape}")
        x = x[..., None] if x.ndim == 2 else x
        known = self.__dict__.get("features_")
        if fit:
            self.features_ = x.shape[2]
            self.scaler_ = self._scaler(x)
        elif known != x.shape[2]:
            raise InvalidValue(f"The model knows {known} features a step. Received: shape {x.shape}")
        return self.scaler_(x), {"features": x.shape[2]}

    def _scaler(self, x: np.ndarray) -> Scaler:
        """Return what scales features: of the run whose weights are taken, or fitted to them."""
        if self.weights is not None:
            from rnnzoo.training.runs import load

            known = load(self.weights).data.fitted.get("scaler")
            if known is not None and "names" not in known and len(known["shift"]) == x.shape[2]:
                return Scaler(**known)
        return Scaler.fit([x.reshape(-1, x.shape[2])], "standard")

    def _texts(self, texts: Sequence[str], fit: bool) -> tuple[np.ndarray, dict[str, Any]]:
        wrong = next((item for item in texts if not isinstance(item, str)), None)
        if wrong is not None:
            raise InvalidType(f"Texts are all words. Received: {type(wrong).__name__} {str(wrong)[:40]}")
        words = [check_text(text) for text in texts]
        if fit:
            self.vocabulary_ = self._vocabulary(words)
            self.features_ = None
        elif self.__dict__.get("features_", 0) is not None:
            raise InvalidType("The model was fitted on numbers. Received: texts")
        known = Vocabulary(self.vocabulary_, "words", self.rule_)
        rows = [known.encode(text)[: self.sequence_length] for text in words]
        x = np.zeros((len(rows), max(1, *map(len, rows))), "int32")
        for i, row in enumerate(rows):
            x[i, : len(row)] = row
        return x, {"vocabulary_size": len(known)}

    def _vocabulary(self, words: Sequence[str]) -> list[str]:
        if self.weights is not None:
            from rnnzoo.training.runs import load

            data = load(self.weights).data
            if not hasattr(data, "vocabulary") or data.tokens != "words":
                raise InvalidValue(f"The weights' run reads no words. Received: weights={self.weights!r}")
            self.rule_ = data.rule
            return data.vocabulary.tokens
        lexicon = Lexicon("words")
        self.rule_ = lexicon.rule
        return lexicon.most_frequent(lexicon.read(words), self.vocabulary_size - 2)

    def _fit(self, x: np.ndarray, y: np.ndarray, sizes: dict[str, Any]) -> None:
        """Build the model and train it."""
        own = {"units": self.units, "num_layers": self.num_layers, "dropout": self.dropout}
        given = {word: value for word, value in own.items() if value is not None} | dict(self.hyperparameters or {})
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.model_ = build(
            self.model,
            self.task,
            **sizes,
            weights=self.weights,
            learning_rate=self.learning_rate,
            seed=seed,
            **given,
        )
        order = np.random.default_rng(seed).permutation(len(x))
        held = round(self.validation_fraction * len(x))
        options: dict[str, Any] = {}
        if held:
            stop = keras.callbacks.EarlyStopping("val_loss", patience=self.patience, restore_best_weights=True)
            options = {"validation_data": (x[order[:held]], y[order[:held]]), "callbacks": [stop]}
        history = self.model_.fit(
            x[order[held:]],
            y[order[held:]],
            epochs=self.epochs,
            batch_size=self.batch_size,
            verbose=2 * bool(self.verbose),
            **options,
        )
        self.n_iter_ = len(history.epoch)

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        x, _ = self._inputs(X)
        return np.asarray(self.model_.predict(x, batch_size=256, verbose=0))


def _are_texts(X: Any) -> bool:
    if isinstance(X, str):
        raise InvalidType(f"X is a list of texts, or an array. Received: one text, {X[:40]!r}")
    if isinstance(X, np.ndarray):
        return X.ndim == 1 and X.dtype.kind in "UTO" and len(X) > 0 and isinstance(X[0], str)
    if getattr(X, "ndim", 1) != 1 or not hasattr(X, "__len__") or not len(X) or isinstance(X, Mapping):
        return False
    return isinstance(next(iter(X)), str)
