"""A run's folder as a place: whether it is free, and which files in it are the run's own."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from rnnzoo.data.in_memory import COPIES
from rnnzoo.errors import InvalidValue, differences
from rnnzoo.files import LOCK, TEMPORARY, own_path, read_json
from rnnzoo.sharing import manifest
from rnnzoo.sharing.manifest import MANIFEST
from rnnzoo.training.recipe import Recipe, check_saved
from rnnzoo.training.report import REPORT
from rnnzoo.training.runs import CHECKPOINT, CONFIG, DATA, EXPLAINED, HISTORY, MODEL, PLOTS, RESULTS, Run

FILES = (MANIFEST, REPORT, RESULTS, MODEL, HISTORY, CHECKPOINT, DATA, CONFIG)
"""In the order in which they are removed: what is left of a run is one that is not finished."""


def claim(folder: Path, recipe: Recipe, restart: bool) -> None:
    """Make sure that a folder is free, or holds a run of this very recipe.

    Raises:
        ValueError: Something else lies there; the difference is named.
    """
    if folder.is_file():
        raise InvalidValue(f"A run needs a folder, and this is a file. Received: {folder}")
    if not folder.is_dir():
        return
    if all(path.name in (LOCK, *COPIES) or path.name.startswith(TEMPORARY) for path in folder.iterdir()):
        return
    for name in (PLOTS, *COPIES, *FILES):
        own_path(folder, name)  # before hours are spent
    config = own_path(folder, CONFIG)
    if not config.is_file():
        raise InvalidValue(f"The folder holds something that is no run; give another --run. Received: {folder}")
    if restart:  # whatever run it is; someone else's config.json ends here
        if not own_path(folder, MANIFEST).is_file():
            check_saved(read_json(config), config)
        return
    found = Recipe.from_config(Run(folder).config, own=type(recipe.data), where=config)
    if different := differences(found.identity(), recipe.identity()):
        raise InvalidValue(
            f"The folder holds another run ({different}): give another --run, or --restart to replace it. "
            f"Received: {folder}"
        )


def clear(folder: Path, *, keep: Sequence[str] = ()) -> None:
    """Remove a run's own files, and nothing else; of its copies of data in memory those of `keep` stay."""
    for name in (*pictures(folder), *FILES, *(name for name in COPIES if name not in keep)):
        path = own_path(folder, name)
        if path.is_file():
            path.unlink()
    if own_path(folder, PLOTS).is_dir() and not any((folder / PLOTS).iterdir()):
        (folder / PLOTS).rmdir()


def pictures(folder: Path) -> list[str]:
    """Return the pictures that are the run's own: those that its files tell of, and that of `predict --explain`."""
    try:
        sealed, told = list(manifest.read(folder)), Run(folder).results.get("pictures", [])
    except InvalidValue:  # damaged, or not finished: what cannot be told apart is left
        sealed, told = [], []
    names = dict.fromkeys([*(n for n in sealed if n.startswith(f"{PLOTS}/")), *(f"{PLOTS}/{n}" for n in told)])
    return [*names, EXPLAINED]


def sweep(folder: Path) -> None:
    """Remove what killed processes had begun to write."""
    for path in [*folder.glob(f"{TEMPORARY}*"), *own_path(folder, PLOTS).glob(f"{TEMPORARY}*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
