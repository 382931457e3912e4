"""A DataFrame as data: a run keeps a copy, so that it can be measured, resumed and extended."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.files import fingerprint, own_file
from rnnzoo.training.recipe import Recipe
from rnnzoo.training.runs import FRAME


def taken(recipe: Recipe) -> tuple[Recipe, Any]:
    """Return the recipe with the name of a copy instead of a DataFrame, and the frame; None where there is none."""
    frame = getattr(recipe.data, "file", None)
    if frame is None or isinstance(frame, str | os.PathLike):
        return recipe, None
    return _reading(recipe, FRAME), frame


def placed(recipe: Recipe, folder: Path) -> Recipe:
    """Return the recipe so that it reads the run's own copy."""
    return _reading(recipe, str((folder / FRAME).absolute()))


def _reading(recipe: Recipe, file: str) -> Recipe:
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, file=file))


def is_own(recipe: Recipe, folder: Path) -> bool:
    """Tell whether a recipe reads the run's own copy."""
    return getattr(recipe.data, "file", None) == str((folder / FRAME).absolute())


def write(frame: Any, folder: Path, replace: bool) -> None:
    """Write a DataFrame as Parquet.

    Raises:
        TypeError: Its columns hold what Parquet cannot.
        ValueError: Another one lies there, and `replace` is False.
    """
    path = folder / FRAME
    try:
        with own_file(folder, FRAME) as temporary:
            frame.rename(columns=str).to_parquet(temporary, index=False)
            if path.is_file() and not replace and fingerprint(temporary) != fingerprint(path):
                raise InvalidValue(
                    "The data have changed since the run began: new_data=True goes on with them, restart=True begins "
                    f"anew. Received: another DataFrame than that of {path}"
                )
    except (TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, InvalidValue):
            raise
        said = " ".join(str(error).split())[:160]
        raise InvalidType(f"A run keeps its DataFrame as Parquet, which cannot hold it. Received: {said}") from None
