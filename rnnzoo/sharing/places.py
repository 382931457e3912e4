"""Where a run is: a folder, a packed file, a name of the package's own, an address of the web or of a hub."""

import functools
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnzoo.errors import InvalidValue, did_you_mean
from rnnzoo.files import named, own_path
from rnnzoo.sharing import manifest, packs

PRESETS = Path(__file__).parents[1] / "presets"


@dataclass
class Place:
    """A run's folder, open to read.

    Args:
        folder: Where its files are.
        name: What to call it, and what is made of it.
        held: Keeps a folder that was unpacked; None for one that stays.
    """

    folder: Path
    name: str
    held: Any = None

    @property
    def desk(self) -> Path:
        """The folder for what is made of the run: its own, or for a packed one a folder of its name, here."""
        if self.held is None:
            return self.folder
        Path(self.name).mkdir(exist_ok=True)
        return Path(self.name)


@functools.cache
def presets() -> dict[str, Path]:
    """Return the packed runs that come with the package, by name."""
    return {path.stem: path for path in sorted(PRESETS.glob(f"*{packs.ENDING}"))}


def is_run(source: Any) -> bool:
    """Tell whether a source of weights is a run, with settings and perhaps words; a `.keras` file is none."""
    if not isinstance(source, str | os.PathLike):
        return False
    if isinstance(source, str) and (source in presets() or "://" in source):
        return True
    path = named(source)
    return own_path(path, packs.CONFIG).is_file() if path.is_dir() else path.suffix == packs.ENDING


def find(source: str | os.PathLike, sha256: str | None = None) -> Place:
    """Open a run's place.

    Args:
        source: A run folder; a file that `rnnzoo pack` wrote; the name of a preset; `https://...`; `hf://user/name`.
        sha256: The checksum of a file from the web.

    Raises:
        ValueError: There is no run.
        UserError: A library that fetches it is missing, or nothing came.
    """
    path = named(source)
    if isinstance(source, str) and re.match(r"\w+://", source):
        from rnnzoo.sharing import fetching

        return _of_file(fetching.fetch(source, sha256), re.sub("@.*", "", source.partition("://")[2]).split("/")[-1])
    if sha256 is not None:
        raise InvalidValue(f"sha256 belongs to a file from the web. Received: {source}")
    if isinstance(source, str) and source in presets():
        if (path / packs.CONFIG).is_file():
            warnings.warn(f"{source!r} is the preset; the run folder here is './{source}'.", stacklevel=3)
        return _of_file(presets()[source], source)
    if path.is_file():
        return _of_file(path, path.stem)
    if not own_path(path, packs.CONFIG).is_file():
        if path.is_dir():
            raise InvalidValue(
                f"The folder has no config.json, so it is no run; `rnnzoo runs` lists yours. Received: {source}"
            )
        near = did_you_mean(str(path), [*presets(), *_runs_beside(path)])
        raise InvalidValue(
            f"This is neither a run nor a preset: it does not exist; `rnnzoo runs` and `rnnzoo presets` list them."
            f"{near} Received: {source}"
        )
    return Place(path, path.name)


def _of_file(path: Path, name: str) -> Place:
    held = packs.unpack(path)
    return Place(held.folder, name.removesuffix(packs.ENDING), held)


def _runs_beside(path: Path) -> list[str]:
    """Return the runs in the folder where a run was looked for, as they would be named."""
    folder = path.parent
    return [str(found.parent) for found in sorted(folder.glob(f"*/{packs.CONFIG}"))[:1000]] if folder.is_dir() else []


def settings(source: Any) -> dict[str, Any]:
    """Return what a run of weights says of its model: `model`, `task`, `hyperparameters`, `embedding_dim`, `inputs`.

    Empty for a `.keras` file or a model, which say nothing of it.
    """
    if not is_run(source):
        return {}
    place = find(source)
    config, data = (packs.fields(manifest.check(place.folder, name)) for name in (packs.CONFIG, packs.DATA))
    kept: dict[str, Any] = {
        name: config[name] for name in ("model", "task", "hyperparameters", "embedding_dim") if name in config
    }
    return {**kept, "inputs": data["inputs"]}


def dials(source: Any, model: str, known: Iterable[str]) -> dict[str, Any]:
    """Return the hyper-parameters of a run of weights that a model of the same name has too."""
    theirs = settings(source)
    found = theirs.get("hyperparameters", {}) if theirs.get("model") == model else {}
    return {word: found[word] for word in known if word in found}
