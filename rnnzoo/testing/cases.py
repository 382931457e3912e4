"""A model, a task and a kind of input, in a tiny size; with inputs and right answers for them."""

import itertools
from typing import Any

import numpy as np

from rnnzoo._lazy import keras

SIZES = {"units": 4, "num_layers": 2, "filters": 4, "kernel_size": 3, "sentence_length": 2}
SIZES |= {"lags": 3, "period": 3, "segment_length": 2, "rounds": 2, "memory_size": 2, "num_heads": 2, "slstm_every": 2}
SIZES |= {"window": 4, "backbone_units": 4}
VOCABULARY, FEATURES, HORIZON, PAD = 11, 2, 2, -3.0
WORDS = {"vocabulary_size": VOCABULARY, "embedding_dim": 4}
KINDS = ("tokens", "floats", "pairs")
BATCH = [[1, 2, 0, 3, 4], [5, 6, 0, 0, 0], [7, 8, 9, 10, 0]]
CLASSES = {"classification": (2,), "tagging": (2,), "language_modeling": (VOCABULARY,), "translation": (VOCABULARY,)}


def kinds(name: str) -> tuple[str, ...]:
    """Return the kinds of input that a model reads."""
    from rnnzoo.registry import describe

    info = describe(name)
    return ("floats",) if info.takes("horizon") else ("pairs",) if info.takes("source") else ("tokens", "floats")


def cases_of(name: str) -> list[tuple[str, str, str]]:
    """Return every `(name, task, kind)` of a model: floats are no language; pairs are source and target.

    Tasks of other packages are left out: nothing is known of their answers.
    """
    from rnnzoo.registry import describe

    return [
        (name, task, kind)
        for task, kind in itertools.product(describe(name).tasks, kinds(name))
        if (task, kind) != ("language_modeling", "floats") and answers_by_task(kind).keys() >= {task}
    ]


def small(name: str, **changes: Any) -> dict[str, Any]:
    """Return tiny sizes for those hyper-parameters that the model has."""
    from rnnzoo.registry import describe

    known = describe(name).hyperparameters
    return {word: value for word, value in SIZES.items() if word in known} | changes


def build(name: str, task: str, kind: str, seed: int = 0, **changes: Any) -> Any:
    """Build a tiny model whose weights are all large and not zero, so that a bias that leaks is seen."""
    from rnnzoo.builder import build as build_

    inputs: dict[str, Any] = {"features": FEATURES, "pad_value": PAD} if kind == "floats" else dict(WORDS)
    model = build_(name, task, **inputs, **answer_sizes(task), seed=seed, **small(name, **changes))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape).astype("float32") for w in model.get_weights()])
    return model


def answer_sizes(task: str) -> dict[str, Any]:
    """Return the sizes that a task needs beside those of the input."""
    return {"forecasting": {"horizon": HORIZON}, "translation": {"outputs": VOCABULARY}}.get(task, {})


def rows(kind: str, tokens: Any) -> Any:
    """Return rows of ids, or the floats that stand for them: each id has a vector, 0 at the end is padding.

    An interior id of 0 stands for a step that equals the padding. Pairs have one target each, the same for all.
    """
    tokens = np.asarray(tokens, "int32")
    if kind == "tokens":
        return tokens
    if kind == "pairs":
        return tokens, np.tile(np.array([[2, 5, 7]], "int32"), (len(tokens), 1))
    vectors = np.random.default_rng(1).normal(size=(VOCABULARY, FEATURES)).astype("float32")
    vectors[0] = PAD
    return vectors[tokens]


def answers_by_task(kind: str) -> dict[str, np.ndarray]:
    """Return right answers for `BATCH`, by task."""
    values = FEATURES if kind == "floats" else 1
    return {
        "classification": np.array([0, 1, 0]),
        "regression": np.array([[0.5], [1.0], [-1.0]], "float32"),
        "forecasting": np.ones((3, HORIZON, values), "float32"),
        "tagging": np.array(BATCH) % 2,
        "language_modeling": np.array(BATCH),
        "translation": np.array([[5, 7, 2], [1, 2, 0], [4, 3, 2]]),
        "multilabel": np.array([[0, 1], [1, 1], [1, 0]], "float32"),
    }


def answer_shape(task: str, kind: str) -> tuple[int, ...]:
    """Return the shape of a model's answers to `BATCH`."""
    return (*answers_by_task(kind)[task].shape, *CLASSES.get(task, ()))


def predict(model: Any, kind: str) -> np.ndarray:
    """Return the answers to `BATCH`."""
    return numbers(model(rows(kind, BATCH), training=False)).astype("float32")


def numbers(outputs: Any) -> np.ndarray:
    """Return what a model answered, off whatever device and out of whatever backend."""
    return keras.ops.convert_to_numpy(outputs)
