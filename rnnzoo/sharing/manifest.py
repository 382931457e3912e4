"""The manifest of a run: which files are its own, with sizes and checksums, so that a flip or a swap is noticed."""

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo.errors import InvalidValue
from rnnzoo.files import own_path, read_json, write_own_json

MANIFEST = "manifest.json"


class Seal(TypedDict):
    """What a file was when it was written."""

    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(TypedDict):
    """The run's own files by name, such as `plots/curves.png`."""

    files: dict[str, Seal]


def write(folder: Path, names: list[str]) -> None:
    """Seal these files of a run; the manifest is its last file to be written."""
    write_own_json(folder, MANIFEST, {"files": {name: _seal(own_path(folder, name)) for name in names}})


def read(folder: Path) -> dict[str, Seal]:
    """Return the seals of a run's files; none where a run is not finished, or was made before there were any.

    Raises:
        ValueError: The manifest itself is damaged.
    """
    path = own_path(folder, MANIFEST)
    if not path.is_file():
        return {}
    return checked.structure(Manifest, read_json(path), path)["files"]


def check(folder: Path, name: str, advice: str = "") -> Path:
    """Return the path of a run's file.

    Args:
        folder: The run.
        name: Of the file.
        advice: What helps if it is damaged.

    Raises:
        ValueError: It is not as it was when the run was finished, or leads out of the run.
    """
    path, seals = own_path(folder, name), read(folder)
    if name in seals and path.is_file() and seals[name] != _seal(path):
        raise InvalidValue(
            f"{name} is damaged, or of another run: it is not what {MANIFEST} says of it{advice}. Received: {path}"
        )
    return path


def _seal(path: Path) -> Seal:
    try:
        with open(path, "rb") as file:
            return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    except OSError as error:
        raise InvalidValue(f"Cannot read {path.name} ({error.strerror or error}). Received: {path}") from error
