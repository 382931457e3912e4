"""Every model, task and kind of input, in a tiny size; and the process that builds or loads them all.

`python zoo_cases.py build FOLDER CASE...` builds, trains and saves; `python zoo_cases.py load FOLDER OUT CASE...` loads
in a process that never built a model. The backend is `KERAS_BACKEND`'s.
"""

import functools
import sys
import warnings
from pathlib import Path

import numpy as np

SIZES = {"units": 4, "num_layers": 2, "filters": 4, "kernel_size": 3, "sentence_length": 2}
SIZES |= {
    "lags": 3,
    "period": 3,
    "segment_length": 2,
    "rounds": 2,
    "memory_size": 2,
    "num_heads": 2,
    "slstm_every": 2,
    "window": 4,
    "backbone_units": 4,
}
VOCABULARY, FEATURES, HORIZON, PAD = 11, 2, 2, -3.0
WORDS = {"vocabulary_size": VOCABULARY, "embedding_dim": 4}
KINDS = ("tokens", "floats", "pairs")
STEP_TASKS = ("tagging", "language_modeling")


def cases():
    """Return every `(name, task, kind)`: floats are no language, and words no series; pairs are source and target."""
    from rnnzoo import describe, list_models

    return [
        (name, task, kind)
        for name in list_models()
        for task in describe(name).tasks
        for kind in KINDS
        if (task, kind) != ("language_modeling", "floats") and kind in kinds(name)
    ]


def kinds(name):
    """Return the kinds of input that a model reads."""
    from rnnzoo import describe

    info = describe(name)
    return ("floats",) if info.takes("horizon") else ("pairs",) if info.takes("source") else ("tokens", "floats")


def saved_cases():
    """Return the cases that are saved and loaded: each name and task once, each name with both kinds of input."""
    kind = {"regression": "floats", "forecasting": "floats", "translation": "pairs"}
    return [case for case in cases() if case[2] == kind.get(case[1], "tokens")]


def in_turn(cases):
    """Return one case per name, the tasks and kinds of input in turn: what is costly is tried on these."""
    by_name: dict[str, list] = {}
    for case in cases:
        by_name.setdefault(case[0], []).append(case)
    return [own[i % len(own)] for i, own in enumerate(by_name.values())]


def small(name, **changes):
    """Return tiny sizes for those hyper-parameters that the model has."""
    from rnnzoo import describe

    return {word: value for word, value in SIZES.items() if word in describe(name).hyperparameters} | changes


def build(name, task, kind, seed=0, **changes):
    """Build a tiny model whose weights are all large and not zero, so that a bias that leaks is seen."""
    import rnnzoo

    inputs = {"features": FEATURES, "pad_value": PAD} if kind == "floats" else WORDS
    model = rnnzoo.build(name, task, **inputs, **answer_sizes(task), seed=seed, **small(name, **changes))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape).astype("float32") for w in model.get_weights()])
    return model


@functools.cache
def _built(case):
    model = build(*case)
    variables = [*model.variables, *model.optimizer.variables]  # with the seeds of dropout
    return model, variables, [np.array(variable) for variable in variables]


def fresh(case):
    """Return what `build` does, but build each case once a process: what has changed since is put back."""
    model, variables, values = _built(case)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return model


def answer_sizes(task):
    """Return the sizes that a task needs beside those of the input."""
    return {"forecasting": {"horizon": HORIZON}, "translation": {"outputs": VOCABULARY}}.get(task, {})


def rows(kind, tokens):
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


BATCH = [[1, 2, 0, 3, 4], [5, 6, 0, 0, 0], [7, 8, 9, 10, 0]]


def answers(task, kind):
    """Return right answers for `BATCH`."""
    values = FEATURES if kind == "floats" else 1
    return {
        "classification": np.array([0, 1, 0]),
        "regression": np.array([[0.5], [1.0], [-1.0]], "float32"),
        "forecasting": np.ones((3, HORIZON, values), "float32"),
        "tagging": np.array(BATCH) % 2,
        "language_modeling": np.array(BATCH),
        "translation": np.array([[5, 7, 2], [1, 2, 0], [4, 3, 2]]),
        "multilabel": np.array([[0, 1], [1, 1], [1, 0]], "float32"),
    }[task]


def answer_shape(task, kind):
    """Return the shape of a model's answers to `BATCH`."""
    classes = {"classification": 2, "tagging": 2, "language_modeling": VOCABULARY, "translation": VOCABULARY}
    shape = answers(task, kind).shape
    return (*shape, classes[task]) if task in classes else shape


def train_and_save(case, folder):
    """Train one step, save, and return the predictions of the trained model and the paths of weights that rest."""
    model, still = trained(case)
    model.save(Path(folder) / f"{label(case)}.keras")
    return predict(model, case[2]), still


def trained(case):
    """Train one step; return the model and the paths of weights that did not move."""
    _, task, kind = case
    model = fresh(case)
    model.run_eagerly = True  # no time for one compilation per case
    before = [np.array(w) for w in model.trainable_weights]
    if before:  # a baseline has nothing to train
        loss = float(model.train_on_batch(rows(kind, BATCH), answers(task, kind), return_dict=True)["loss"])
        assert np.isfinite(loss), (case, loss)
    still = [
        w.path for w, old in zip(model.trainable_weights, before, strict=True) if np.array_equal(np.asarray(w), old)
    ]
    return model, still


def predict(model, kind):
    """Return the answers to `BATCH`."""
    return np.asarray(model(rows(kind, BATCH), training=False))


def label(case):
    """Return the case as one word."""
    return "-".join(case)


def _build_all(folder, *labels):
    found = {}
    for word in labels:
        found[word], _ = train_and_save(tuple(word.split("-")), folder)
    np.savez(Path(folder) / "predictions.npz", **found)


def _load_all(folder, out, *labels):
    """Load every file as a user does: `import rnnzoo`, then Keras; a warning is an error."""
    import keras

    import rnnzoo  # noqa: F401

    warnings.simplefilter("error")
    found = {}
    for word in labels:
        try:
            model = keras.models.load_model(Path(folder) / f"{word}.keras")  # safe mode is the default
            found[word] = predict(model, word.rpartition("-")[2])
        except Exception as error:  # each case is a test of its own
            found[word] = np.array(f"{type(error).__name__}: {error}")
    assert "rnnzoo.registry" not in sys.modules, "loading must not need the registry"
    np.savez(out, **found)


if __name__ == "__main__":
    import keras as _keras

    if _keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_disable_jit", True)  # one compilation per operation, not one per case
    {"build": _build_all, "load": _load_all}[sys.argv[1]](*sys.argv[2:])
