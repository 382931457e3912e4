"""The checks. Each raises an AssertionError that says what is wrong with which model."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo._lazy import keras
from rnnzoo.tasks import find
from rnnzoo.testing import cases

TOLERANCE = 1e-5
ROWS = [
    [1, 2, 0, 3, 4, 0],  # an interior 0
    [1, 2, 3, 4, 0, 0],  # without that step
    [1, 2, 5, 3, 4, 0],  # with another token there
    [7, 8, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],  # padding alone
    [1, 9, 0, 3, 4, 0],  # with another token before it
]
REAL = [5, 4, 5, 2, 0, 5]


def check_model(name: str, **hyperparameters: Any) -> list[str]:
    """Check a model as those of the zoo are: for your own tests of your own models.

    For every task and kind of input that it takes: answers of the right shape, padding that changes none, a step of
    training that is finite, and a saved file that answers the same. Once: no look into the future where it says so,
    mixed precision, and a training that goes on as if it had not stopped.

    Args:
        name: Of a registered model.
        **hyperparameters: Instead of tiny ones.

    Returns:
        What was checked, one line each.

    Raises:
        AssertionError: It fails; says which check, and how.
        ValueError, TypeError: There is no such model, or it has no such hyper-parameter.
    """
    from rnnzoo.registry import describe

    found = []
    for case in cases.cases_of(name):
        _, task, kind = case
        model = cases.build(*case, **hyperparameters)
        padding(model, task, kind)
        saving(model, kind)
        step(model, task, kind)
        found.append(f"{task} of {kind}: padding, saving, a training step")
    info = describe(name)
    if "tagging" in info.tasks:
        assert looks_ahead(name, **hyperparameters) <= 1e-6 or not info.causal, _said(
            name, "is declared causal, but a later step moves an earlier answer"
        )
        found.append("the future")
    mixed_precision(cases.cases_of(name)[0], **hyperparameters)
    found.append("mixed precision")
    if resuming(name, **hyperparameters):
        found.append("going on with a training")
    return found


def padding(model: Any, task: str, kind: str) -> np.ndarray:
    """Check that padding changes no answer, and that an interior 0 is a step like any other.

    Returns:
        The answers to `ROWS`; of an answer for each step the last real one.
    """
    outputs = cases.numbers(model(cases.rows(kind, ROWS)))
    longer = cases.numbers(model(cases.rows(kind, np.pad(ROWS, ((0, 0), (0, 50))))))
    assert np.isfinite(outputs).all(), _said(model.name, "answers with what is no number")
    assert np.isfinite(longer).all(), _said(model.name, "answers padded rows with what is no number")
    if not find(task).per_step or find(task).sequences > 1:
        _same(longer, outputs, model.name, "answers otherwise when rows are padded")
        last = outputs
    else:
        assert (outputs.shape[1], longer.shape[1]) == (6, 56), _said(model.name, "must answer every step")
        for i, steps in enumerate(REAL):
            _same(longer[i, :steps], outputs[i, :steps], model.name, "answers otherwise when rows are padded")
        last = np.stack([row[max(0, steps - 1)] for row, steps in zip(outputs, REAL, strict=True)])
    if np.abs(last[0] - last[5]).max() > 5e-5:  # it looks at more than the last step
        assert np.abs(last[0] - last[1]).max() > 5e-5, _said(model.name, "skips an interior step that equals padding")
        assert np.abs(last[0] - last[2]).max() > 5e-5, _said(model.name, "does not see an interior step's value")
    return last


def step(model: Any, task: str, kind: str) -> list[str]:
    """Check that a step of training is finite and answers have the task's shape; return the weights that rest."""
    model.run_eagerly = True  # no time for one compilation per case
    before = [np.array(w) for w in model.trainable_weights]
    if before:  # a baseline has nothing to train
        x, y = cases.rows(kind, cases.BATCH), cases.answers_by_task(kind)[task]
        loss = float(model.train_on_batch(x, y, return_dict=True)["loss"])
        assert np.isfinite(loss), _said(model.name, f"has the loss {loss} of {task}")
    answers = cases.predict(model, kind)
    wanted = cases.answer_shape(task, kind)
    assert answers.shape == wanted, _said(model.name, f"must answer {task} with {wanted}, not {answers.shape}")
    assert np.isfinite(answers).all(), _said(model.name, "answers with what is no number after a step")
    return [
        w.path for w, old in zip(model.trainable_weights, before, strict=True) if np.array_equal(np.asarray(w), old)
    ]


def saving(model: Any, kind: str) -> None:
    """Check that a saved file answers the same."""
    before = cases.predict(model, kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        found = cases.predict(keras.models.load_model(path), kind)  # safe mode is the default
    _same(found, before, model.name, "answers otherwise when it is saved and loaded")


def looks_ahead(name: str, **hyperparameters: Any) -> float:
    """Return how far the first answers move when later steps change."""
    from rnnzoo.builder import build

    sizes = cases.small(name, **hyperparameters)
    model = build(name, "tagging", features=cases.FEATURES, seed=0, **sizes)
    x = np.random.default_rng(0).normal(size=(5, 6, cases.FEATURES)).astype("float32")
    changed = x.copy()
    changed[:, 4:] += 1
    before, after = cases.numbers(model(x)), cases.numbers(model(changed))
    assert np.abs(after - before)[:, 4:].max() > 1e-4, _said(name, "does not see its last steps")
    return float(np.abs(after - before)[:, :4].max())


def mixed_precision(case: tuple[str, str, str], **hyperparameters: Any) -> None:
    """Check that it is trained in bfloat16 with weights of float32."""
    name, task, kind = case
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = cases.build(*case, **hyperparameters)
        step(model, task, kind)
    finally:
        keras.config.set_dtype_policy(before)
    wrong = [w.path for w in model.trainable_variables if w.dtype != "float32"]
    assert not wrong, _said(name, f"must keep its weights in float32: {wrong[:1]}")


def resuming(name: str, **hyperparameters: Any) -> bool:
    """Check that a training that is extended ends as one that was not; False if no task of its own has small data."""
    from rich.console import Console

    from rnnzoo.registry import describe
    from rnnzoo.training import checkpoint
    from rnnzoo.training.fit import train
    from rnnzoo.training.recipe import Recipe

    task = next((each for each in _DATA if each in describe(name).tasks), None)
    if task is None or not cases.build(*cases.cases_of(name)[0], **hyperparameters).trainable_variables:
        return False
    sizes = cases.small(name, **hyperparameters)

    def trained(folder: Path, epochs: int) -> Path:
        recipe = Recipe(
            name="check", task=task, data=_DATA[task](), model=name, hyperparameters=sizes, epochs=epochs,
            sequence_length=8,
        )  # fmt: skip
        return train(recipe, folder, measure=False, console=Console(quiet=True)).folder

    with tempfile.TemporaryDirectory() as folder:
        trained(Path(folder, "extended"), 1)
        both = [checkpoint.read(trained(Path(folder, place), 2) / "checkpoint")[0] for place in ("extended", "whole")]
    for part, values in both[0].items():
        assert np.array_equal(values, both[1][part]), _said(name, f"goes on otherwise than it would have: {part}")
    return True


def _sequences() -> Any:
    from rnnzoo.data import SequenceClassification

    x = np.random.default_rng(0).normal(size=(40, 6, cases.FEATURES)).astype("float32")
    return SequenceClassification((x, np.arange(40) % 2))


def _series() -> Any:
    import pandas as pd

    from rnnzoo.data import SeriesForecasting

    steps = np.arange(80)
    return SeriesForecasting(
        dataset=pd.DataFrame({"a": np.sin(steps), "b": np.cos(steps / 3)}), horizon=cases.HORIZON, period=6
    )


def _pairs() -> Any:
    from rnnzoo.data import TextPairs

    return TextPairs((["a b c", "c b"] * 20, ["x y", "z"] * 20))  # type: ignore[arg-type]


_DATA: dict[str, Callable[[], Any]] = {"classification": _sequences, "forecasting": _series, "translation": _pairs}
"""Small data of the tasks that a training is tried on: the first that a model can do."""


def _same(found: np.ndarray, wanted: np.ndarray, name: str, wrong: str) -> None:
    far = float(np.abs(found - wanted).max(initial=0))
    assert far <= TOLERANCE, _said(name, f"{wrong}, by {far:.1e}")


def _said(name: str, wrong: str) -> str:
    return f"The model {name!r} {wrong}."
