"""Recipes by name: the zoo's own scripts, those of other packages, and a user's own file."""

import importlib.metadata
import os
import runpy
from pathlib import Path

from rnnzoo.errors import InvalidValue, did_you_mean
from rnnzoo.training.recipe import Recipe

PACKAGE = Path(__file__).parents[1]
FOLDERS = (PACKAGE / "recipes", PACKAGE.parent / "recipes")
"""Where the zoo's own scripts lie: in an installed package, and in a checkout."""
NO_RECIPES = ("tables", "presets", "imdb_linear", "leaderboard", "published")
"""Scripts beside them that serve the repository, or fit what is no model of the zoo."""


def scripts() -> dict[str, Path]:
    """Return the zoo's own recipe scripts by name."""
    folder = next((folder for folder in FOLDERS if (folder / "digits.py").is_file()), None)
    if folder is None:
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.py")) if path.stem not in NO_RECIPES}


def names() -> list[str]:
    """Return the names of all recipes: the zoo's, and those of entry points `rnnzoo.recipes`."""
    return sorted({*scripts(), *(entry.name for entry in importlib.metadata.entry_points(group="rnnzoo.recipes"))})


def find_recipe(name: str | os.PathLike) -> Recipe:
    """Return a recipe.

    Args:
        name: Of a recipe of the zoo or of another package; or the path of a script that defines `recipe`.

    Raises:
        ValueError: There is none.
    """
    if str(name).endswith(".py"):
        return _of_script(Path(name))
    own = scripts()
    if name in own:
        return _of_script(own[str(name)])
    for entry in importlib.metadata.entry_points(group="rnnzoo.recipes"):
        if entry.name == name:
            return _checked(entry.load(), entry.value)
    known = names()
    raise InvalidValue(
        f"There is no recipe of this name; `rnnzoo recipes` shows all {len(known)}, and a path that ends in .py is a "
        f"script of yours.{did_you_mean(str(name), known)} Received: {name}"
    )


def _of_script(path: Path) -> Recipe:
    if not path.is_file():
        raise InvalidValue(f"There is no such script. Received: {path}")
    return _checked(runpy.run_path(str(path)).get("recipe"), str(path))


def _checked(found: object, where: str) -> Recipe:
    if not isinstance(found, Recipe):
        raise InvalidValue(f"A recipe's script defines `recipe = Recipe(...)`. Received: {where} without one")
    return found
