"""Every model, task and kind of input, in a tiny size; and the process that builds or loads them all.

`python zoo_cases.py build FOLDER CASE...` builds, trains and saves; `python zoo_cases.py load FOLDER OUT CASE...` loads
in a process that never built a model. The backend is `KERAS_BACKEND`'s.
"""

import functools
import sys
import warnings
from pathlib import Path

import numpy as np

from rnnzoo.testing import cases as of_a_model
from rnnzoo.testing import checks
from rnnzoo.testing.cases import build, predict


def cases():
    """Return every `(name, task, kind)` of every model."""
    from rnnzoo import list_models

    return [case for name in list_models() for case in of_a_model.cases_of(name)]


def saved_cases():
    """Return the cases that are saved and loaded: each name and task once, each name with both kinds of input."""
    kind = {"regression": "floats", "forecasting": "floats", "translation": "pairs"}
    return [case for case in cases() if case[2] == kind.get(case[1], "tokens")]


def distinct(first, cases):
    """Return the first cases, and of the others those with something new.

    A body that sums up or answers each step, a body on a kind of input, or a task's head on a kind of input: another
    pair of body and task has the code of these.
    """
    from rnnzoo.tasks import find

    found, seen = [], set()
    for case in (*first, *cases):
        name, task, kind = case
        parts = {(name, find(task).per_step), (name, kind), (task, kind)}
        if case not in found and (case in first or not parts <= seen):
            found.append(case)
            seen |= parts
    return found


def in_turn(cases):
    """Return one case per name, the tasks and kinds of input in turn: what is costly is tried on these."""
    by_name: dict[str, list] = {}
    for case in cases:
        by_name.setdefault(case[0], []).append(case)
    return [own[i % len(own)] for i, own in enumerate(by_name.values())]


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


def train_and_save(case, folder):
    """Train one step, save, and return the predictions of the trained model and the paths of weights that rest."""
    model, still = trained(case)
    model.save(Path(folder) / f"{label(case)}.keras")
    return predict(model, case[2]), still


def trained(case):
    """Train one step; return the model and the paths of weights that did not move."""
    _, task, kind = case
    model = fresh(case)
    return model, checks.step(model, task, kind)


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
