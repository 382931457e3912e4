"""The command that trains a recipe, as far as it differs from what its script says."""

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Any

from rnnzoo.errors import UserError
from rnnzoo.tasks import find
from rnnzoo.training.catalog import find_recipe
from rnnzoo.training.recipe import Recipe

FLAGS = {"imports": "import"}
"""Options that are called otherwise than their fields."""
REPEATED = {"imports"}
"""Options that are given once for each value."""


def command(recipe: Recipe, base: Recipe, program: Sequence[str] = ()) -> str:
    """Return the command that trains a recipe, as far as it differs from what its script says.

    Args:
        recipe: What is trained.
        base: What the script says.
        program: How the command begins; by default it is that of a script in `recipes`.
    """
    words = [*program] or ["python", f"recipes/{base.name}.py", "train"]
    if recipe.model != base.model:
        words += ["--model", recipe.model]
    kept = base.with_model(recipe.model).check()
    for name, value in recipe.hyperparameters.items():
        if value != kept.hyperparameters.get(name):
            words += ["--set", f"{name}={value}"]
    for holder, other in ((recipe, kept), (recipe.data, base.data)):
        for field in dataclasses.fields(holder):
            if field.name in ("model", "data", "hyperparameters", "search") or not field.init:
                continue
            value = getattr(holder, field.name)
            if value != getattr(other, field.name):
                called, _ = find(recipe.task).sequence_length_is
                words += _option(called if field.name == "sequence_length" else field.name, value)
    return shlex.join(words)


def again(recipe: Recipe) -> str | None:
    """Return the command that trains a run's recipe again, from anywhere; None where no recipe's name leads to it.

    Args:
        recipe: As it was trained, options and all.
    """
    own = recipe.name.removesuffix(f"-{recipe.task}")
    try:
        base = find_recipe(own)
        program = ["rnnzoo", "train", own]
        if own != recipe.name:
            base, program = base.with_task(recipe.task), [*program, "--task", recipe.task]
    except UserError:
        return None
    if (base.name, base.task, type(base.data)) != (recipe.name, recipe.task, type(recipe.data)):
        return None  # another recipe has its name
    return command(recipe, base, program)


def _option(name: str, value: Any) -> list[str]:
    flag = FLAGS.get(name, name).replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    values = [str(each) for each in (value if isinstance(value, list | tuple) else [value])]
    if name in REPEATED:
        return [word for each in values for word in (f"--{flag}", each)]
    return [f"--{flag}", *values]
