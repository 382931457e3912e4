"""Data in memory: a run keeps a copy, so that it can be measured, resumed and extended."""

import dataclasses
from pathlib import Path

from rnnzoo.data.in_memory import COPIES, Held
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.files import fingerprint, own_file
from rnnzoo.training.recipe import Recipe


def taken(recipe: Recipe) -> tuple[Recipe, Held | None]:
    """Return the recipe with the name of a copy instead of data in memory, and these; None where there are none.

    Raises:
        TypeError: It is no recipe.
    """
    if not isinstance(recipe, Recipe):
        raise InvalidType(f"recipe must be a rnnzoo.Recipe. Received: recipe={recipe!r}")
    held = getattr(recipe.data, "held", lambda: None)()
    return (recipe, None) if held is None else (_reading(recipe, held, held.name), held)


def placed(recipe: Recipe, held: Held | None, folder: Path) -> Recipe:
    """Return the recipe so that it reads the folder's own copy."""
    return recipe if held is None else _reading(recipe, held, str((folder / held.name).absolute()))


def _reading(recipe: Recipe, held: Held, path: str) -> Recipe:
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, **{held.argument: path}))


def own(recipe: Recipe, folder: Path) -> list[str]:
    """Return the names of the folder's copies that the recipe reads."""
    given = [getattr(recipe.data, name, None) for name in ("file", "source")]
    return [name for name in COPIES if str((folder / name).absolute()) in given]


def write(held: Held | None, folder: Path, replace: bool) -> None:
    """Write what was in memory into a folder.

    Raises:
        TypeError, ValueError: It holds what its file cannot.
        ValueError: Another one lies there, and `replace` is False.
    """
    if held is None:
        return
    path = folder / held.name
    with own_file(folder, held.name) as temporary:
        held.write(temporary)
        if path.is_file() and not replace and fingerprint(temporary) != fingerprint(path):
            raise InvalidValue(
                "The data have changed since the run began: new_data=True goes on with them, restart=True begins "
                f"anew. Received: other data than those of {path}"
            )
