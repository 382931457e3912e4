"""The command lines: `main(recipe)` for a recipe's script, `entry_point` for `rnnzoo` itself."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any


def main(recipe: Any, arguments: Sequence[str] | None = None) -> None:
    """Run a recipe's command line: `train`, `compare`, `tune`, `evaluate`, `predict`, and what its task adds.

    Args:
        recipe: A `rnnzoo.Recipe`.
        arguments: Instead of `sys.argv[1:]`.
    """
    from rnnzoo.cli.terminal import dispatch

    dispatch(lambda: _of_recipe(recipe), f"recipes/{recipe.name}.py", arguments, recipe)


def entry_point(arguments: Sequence[str] | None = None) -> None:
    """Run `rnnzoo`: what works from anywhere, on any run, and `rnnzoo train NAME` on any recipe."""
    from rnnzoo.cli.commands.recipes import OF_RECIPES
    from rnnzoo.cli.terminal import dispatch

    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"rnnzoo {version('rnnzoo')}")
    elif len(words) > 1 and words[0] in OF_RECIPES and not words[1].startswith("-"):
        command, name, *rest = words
        dispatch(lambda: _one_of_recipe(name, command), f"rnnzoo {command} {name}", rest, None)
    else:
        dispatch(_of_any_run, "rnnzoo", words, None)


def _one_of_recipe(name: str, command: str) -> dict[str, type]:
    from rnnzoo.training.catalog import find_recipe

    return {command: _of_recipe(find_recipe(name))[command]}


def _of_recipe(recipe: Any) -> dict[str, type]:
    from rnnzoo.cli.commands import compare, train, tune
    from rnnzoo.cli.commands.evaluate import Evaluate, Inspect
    from rnnzoo.cli.commands.predict import Predict
    from rnnzoo.cli.options import data_options, make_command, recipe_options
    from rnnzoo.tasks import find

    options = recipe_options(recipe)
    table: dict[str, type] = {}
    for name, module, without in (("train", train, ()), ("compare", compare, ("model", "seed")), ("tune", tune, ())):
        kept = {word: kind for word, kind in options.items() if word not in without}
        kept |= data_options(recipe.data) | module.OPTIONS
        table[name] = make_command(module.DOC, kept, module.DEFAULTS, recipe, module.execute)
    return table | {"evaluate": Evaluate, "predict": Predict, "inspect": Inspect} | _commands_of([find(recipe.task)])


def _of_any_run() -> dict[str, type]:
    from rnnzoo.cli.commands.evaluate import Evaluate, Inspect
    from rnnzoo.cli.commands.export import Export
    from rnnzoo.cli.commands.models import Describe, List
    from rnnzoo.cli.commands.predict import Predict
    from rnnzoo.cli.commands.recipes import OF_RECIPES, Recipes
    from rnnzoo.cli.commands.runs import Runs, Summary
    from rnnzoo.cli.commands.serve import Demo, Serve
    from rnnzoo.cli.commands.sharing import Pack, Presets, Push
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
