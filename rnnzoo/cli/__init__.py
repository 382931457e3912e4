"""The command lines: `main(recipe)` for a recipe's script, `entry_point` for `rnnzoo` itself."""

import functools
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from rnnzoo.errors import InvalidValue


def main(recipe: Any, arguments: Sequence[str] | None = None, script: Sequence[str] = ()) -> None:
    """Run a recipe's command line: `train`, `compare`, `tune`, `evaluate`, `predict`, and what its task adds.

    Args:
        recipe: A `rnnzoo.Recipe`.
        arguments: Instead of `sys.argv[1:]`.
        script: How a command begins, for a script of several recipes: `("recipes/digits.py", "--pixels")`.
    """
    from rnnzoo.cli.terminal import dispatch

    words = list(sys.argv[1:] if arguments is None else arguments)
    script = script or (f"recipes/{recipe.name}.py",)
    dispatch(lambda: _of_recipe(recipe, words, ("python", *script, "train")), " ".join(script), words, recipe)


def entry_point(arguments: Sequence[str] | None = None) -> None:
    """Run `rnnzoo`: what works from anywhere, on any run, and `rnnzoo train NAME` on any recipe."""
    from rnnzoo.cli.of_recipes.recipes import OF_RECIPES
    from rnnzoo.cli.terminal import dispatch

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"rnnzoo {version('rnnzoo')}")
    elif len(words) > 1 and words[0] in OF_RECIPES and not words[1].startswith("-"):
        command, name, *rest = words
        dispatch(lambda: _one_of_recipe(name, command, rest), f"rnnzoo {command} {name}", rest, None)
    else:
        dispatch(_of_any_run, "rnnzoo", words, None)


def _one_of_recipe(name: str, command: str, words: Sequence[str]) -> dict[str, type]:
    from rnnzoo.training.catalog import find_recipe

    commands = _of_recipe(find_recipe(name), words, ("rnnzoo", "train", name))
    if command not in commands:
        raise InvalidValue(f"{command} belongs to recipes of another task. Received: {name}")
    return {command: commands[command]}


def _of_recipe(recipe: Any, words: Sequence[str], program: Sequence[str]) -> dict[str, type]:
    from rnnzoo.cli.commands.evaluate import Evaluate, Inspect
    from rnnzoo.cli.commands.predict import Predict
    from rnnzoo.cli.of_recipes import compare, train, tune
    from rnnzoo.cli.options import data_options, for_task, make_command, recipe_options
    from rnnzoo.tasks import find

    changed = for_task(recipe, words)
    if changed is not recipe:
        program = (*program, "--task", changed.task)
    recipe = changed
    options = recipe_options(recipe)
    table: dict[str, type] = {}
    tuning = functools.partial(tune.execute, program=program)
    own = [(name, importlib.import_module(path)) for name, path in find(recipe.task).of_recipes.items()]
    for name, module, without, run in (
        ("train", train, (), train.execute),
        ("compare", compare, ("model", "seed"), compare.execute),
        ("tune", tune, (), tuning),
        *((name, module, (), module.execute) for name, module in own),
    ):
        kept = {word: kind for word, kind in options.items() if word not in without}
        kept |= data_options(recipe.data) | module.OPTIONS
        table[name] = make_command(module.DOC, kept, module.DEFAULTS, recipe, run)
    return table | {"evaluate": Evaluate, "predict": Predict, "inspect": Inspect} | _commands_of([find(recipe.task)])


def _of_any_run() -> dict[str, type]:
    from rnnzoo.cli.commands.evaluate import Evaluate, Inspect
    from rnnzoo.cli.commands.export import Export
    from rnnzoo.cli.commands.models import Describe, List
    from rnnzoo.cli.commands.predict import Predict
    from rnnzoo.cli.commands.runs import Runs, Summary
    from rnnzoo.cli.commands.serve import Demo, Serve
    from rnnzoo.cli.commands.sharing import Pack, Presets, Push
    from rnnzoo.cli.of_recipes.recipes import OF_RECIPES, Recipes
    from rnnzoo.tasks import all_tasks

    of_models: dict[str, type] = {"list": List, "describe": Describe}
    of_runs = {"runs": Runs, "summary": Summary, "evaluate": Evaluate, "predict": Predict, "inspect": Inspect}
    of_models |= {"presets": Presets, "recipes": Recipes}
    of_files = {"export": Export, "pack": Pack, "push": Push, "serve": Serve, "demo": Demo}
    return {**of_models, **OF_RECIPES, **of_runs, **_commands_of(all_tasks()), **of_files}


def _commands_of(tasks: Sequence[Any]) -> dict[str, type]:
    """Return the commands that tasks add, by name."""
    found = {}
    for each in tasks:
        for name, path in each.commands.items():
            module, _, command = path.partition(":")
            found[name] = getattr(importlib.import_module(module), command)
    return found
