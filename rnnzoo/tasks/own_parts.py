"""Parts of one's own that `build` takes instead of a task's: vectors of tokens, a head, a loss, metrics."""

from collections.abc import Mapping
from typing import Any

from rnnzoo import hyperparameters as hp
from rnnzoo._lazy import keras, np
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean

_OF_VECTORS = ("vocabulary_size", "embedding_dim")
_CHOSEN_BY_SHAPE = {"losses": ("crossentropy", "ce"), "metrics": ("accuracy", "acc")}
"""Names for which Keras takes the loss or metric that fits the shapes, once it has seen them."""


def check_embeddings(given: Any, sizes: Mapping[str, Any]) -> Any:
    """Return the tokens' vectors, `(vocabulary_size, embedding_dim)`, in float32.

    Args:
        given: Vectors as a user has them.
        sizes: What else `build` was told, by name: `vocabulary_size`, `embedding_dim`, `features`; None is open.

    Raises:
        ValueError: They are no such vectors, contradict a size, or are not all finite.
    """
    found = _in_float32(given)
    told = {word: hp.check(word, sizes[word]) for word in (*_OF_VECTORS, "features") if sizes[word] is not None}
    shape = dict(zip(_OF_VECTORS, found.shape, strict=True)) if found is not None and found.ndim == 2 else {}
    if found is None or not shape or any(shape.get(word) != value for word, value in told.items()):
        received = [f"shape {found.shape}" if found is not None else type(given).__name__]
        received += [f"{word}={value}" for word, value in told.items()]
        raise InvalidValue(
            "embeddings are vectors of tokens, (vocabulary_size, embedding_dim), one for each. "
            f"Received: {', '.join(received)}"
        )
    wrong = np.argwhere(~np.isfinite(found))
    if len(wrong):
        token, place = wrong[0]
        raise InvalidValue(f"embeddings must be finite numbers. Received: {found[token, place]} for token {token}")
    return found


def _in_float32(given: Any) -> Any:
    """Return numbers as an array, None for what is none."""
    try:
        found = np.asarray(given)
        with np.errstate(over="ignore"):  # it becomes infinite
            return found.astype("float32") if found.dtype.kind in "fiuO" else None
    except (TypeError, ValueError, OverflowError):  # no numbers, or rows of several lengths
        return None


def check_no_tokens(embedding_dim: Any, trainable_embeddings: bool, word_dropout: float) -> None:
    """Refuse, where the sequences are numbers, what `build` was told of tokens."""
    of_tokens = (("embedding_dim", embedding_dim, None), ("trainable_embeddings", trainable_embeddings, True),
                 ("word_dropout", word_dropout, 0))  # fmt: skip
    for word, value, default in of_tokens:
        if value != default:
            raise InvalidValue(f"{word} belongs to tokens, and features= are numbers. Received: {word}={value!r}")


def check_head(head: Any, answers_itself: bool, body: Any) -> None:
    """Refuse a head that cannot be put on this body."""
    own = isinstance(head, str) and head == "task"
    if not (head is None or own or callable(head)) or isinstance(head, type):
        raise InvalidType(
            f"head must be 'task', None, a Keras layer or a function of a tensor. Received: head={head!r}"
        )
    if answers_itself and callable(head):
        raise InvalidValue(f"{body.name} gives its answer itself, without a head. Received: head={head!r}")


def check_loss(loss: Any) -> None:
    """Refuse a loss that Keras would not know when training begins; None passes."""
    if loss is not None:
        _check_of_keras("loss", "losses", loss)


def check_metrics(metrics: Any) -> None:
    """Refuse metrics that are no list of what Keras knows; None passes."""
    if not (metrics is None or isinstance(metrics, list | tuple)):
        raise InvalidType(f"metrics must be a list, such as ['accuracy']. Received: metrics={metrics!r}")
    for metric in metrics or ():
        _check_of_keras("each of metrics", "metrics", metric)


def _check_of_keras(what, room, given):
    valid = f"{what} must be a name or an object of keras.{room}, or a function"
    foreign = isinstance(given, type) and not issubclass(given, keras.Loss | keras.Metric)
    if foreign or not (isinstance(given, str) or callable(given)):
        raise InvalidType(f"{valid}. Received: {given!r}")
    if isinstance(given, str) and given.lower() in _CHOSEN_BY_SHAPE[room]:
        return
    try:
        getattr(keras, room).get(given)
    except (TypeError, ValueError):  # an unknown name, or one whose class needs arguments
        hint = did_you_mean(given, dir(getattr(keras, room))) if isinstance(given, str) else ""
        raise InvalidValue(f"{valid}.{hint} Received: {given!r}") from None
