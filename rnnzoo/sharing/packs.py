"""A run as one file: a zip of its own files, with their checksums; nothing in it can run.

What a run needs to answer, to be measured and to be shown is packed. What is left out: pictures and the training's
state; the data themselves; and the folders of the machine that it was trained on.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, Literal, Required

from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import own_path, read_json, whole_file, write_own_json
from rnnzoo.sharing import compact, manifest
from rnnzoo.sharing.compact import COMPACT, EPOCH

ENDING = ".rnnzoo"
ABOUT = "about.json"
CONFIG, DATA, RESULTS, HISTORY, MODEL = "config.json", "data.json", "results.json", "history.csv", "model.keras"
CONTENTS = (CONFIG, DATA, RESULTS, HISTORY, MODEL, COMPACT, ABOUT, manifest.MANIFEST)
"""All that a packed run may hold."""
FILES = ("file", "validation_file", "test_file", "dataset", "source")
"""Arguments of data objects that may name a file."""
LARGEST = 2**32
"""Bytes of a run, unpacked; nothing recurrent comes near it."""
FREE, MOST = 2**20, 200
"""A packed run is at most so many times smaller than its contents, one MB of which is free."""


class Quality(TypedDict):
    """What a model was worth before and after its weights were made small."""

    split: str
    measure: str
    trained: float
    compact: float


class Data(TypedDict, total=False):
    """The data object that a `config.json` names."""

    arguments: Required[dict[str, Any]]


class Config(TypedDict, total=False):
    """The fields of `config.json` that are read here; `rnnzoo.training.recipe` knows all."""

    model: Required[str]
    task: Required[str]
    data: Required[Data]
    hyperparameters: dict[str, Any]
    embedding_dim: int
    weights: str | None


class FittedData(TypedDict, total=False):
    """The field of `data.json` that is read here."""

    inputs: Required[dict[str, Any]]


class Results(TypedDict, total=False):
    """The field of `results.json` that is read here."""

    metrics: Required[dict[str, dict[str, float]]]


class About(TypedDict, total=False):
    """The fields of `about.json`: what a packed run tells of itself beside its results."""

    format: Literal[1]
    rnnzoo: str
    summary: str
    data: str
    licence: str
    command: str
    limits: str
    quality: Quality


def pack(folder: Path, path: Path, *, small: bool = False, about: About | None = None) -> Path:
    """Write a finished run as one file.

    Args:
        folder: The run.
        path: The file; ends in `.rnnzoo`.
        small: Weights as 8-bit and 16-bit numbers: a fourth of the size.
        about: What else the file should tell.

    Raises:
        ValueError: The run is not finished, or damaged.
        OSError: The file cannot be written.
    """
    from importlib.metadata import version

    from rnnzoo.model_files import load_model

    if not str(path).endswith(ENDING):
        raise InvalidValue(f"A packed run ends in {ENDING}. Received: {path}")
    names = [name for name in (CONFIG, DATA, RESULTS, HISTORY) if own_path(folder, name).is_file()]
    model = model_file(folder)
    if RESULTS not in names or not own_path(folder, model).is_file():
        raise InvalidValue(f"Only a finished run is packed. Received: {folder}")
    with tempfile.TemporaryDirectory(prefix="rnnzoo-") as there:
        place = Path(there)
        for name in names:
            source = manifest.check(folder, name)
            if name == HISTORY:
                (place / name).write_bytes(source.read_bytes())
            else:
                write_own_json(place, name, _without_places(name, fields(source)))
        source = manifest.check(folder, model)
        if small and model == MODEL:
            compact.write(source, load_model(source), place / COMPACT)
        else:
            (place / model).write_bytes(source.read_bytes())
        told = about or (read_json(own_path(folder, ABOUT)) if own_path(folder, ABOUT).is_file() else {})
        write_own_json(place, ABOUT, {**told, "format": 1, "rnnzoo": version("rnnzoo")})
        manifest.write(place, [name for name in CONTENTS if (place / name).is_file()])
        with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as file:
            for name in CONTENTS:
                if (place / name).is_file():
                    file.writestr(zipfile.ZipInfo(name, EPOCH), (place / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)
    return path


def fields(path: Path) -> dict[str, Any]:
    """Return what `config.json`, `data.json` or `results.json` of a run holds.

    Raises:
        ValueError: It is damaged.
    """
    kinds: dict[str, type] = {CONFIG: Config, DATA: FittedData, RESULTS: Results}
    return checked.structure(kinds[path.name], read_json(path), path)


def model_file(folder: Path) -> str:
    """Return the name of a run's model file: the compact one where there is no other."""
    is_small = own_path(folder, COMPACT).is_file() and not own_path(folder, MODEL).is_file()
    return COMPACT if is_small else MODEL


def _without_places(name: str, content: Any) -> Any:
    """Return what a run's file holds without folders of the machine, and without the names of pictures."""
    if name == CONFIG:
        arguments = content["data"]["arguments"]
        for word in set(FILES) & arguments.keys():
            if isinstance(arguments[word], str) and (os.path.isabs(arguments[word]) or os.path.isfile(arguments[word])):
                arguments[word] = PurePath(arguments[word]).name
        if content.get("weights"):
            content["weights"] = PurePath(content["weights"]).name
    for word in ("where",) if name == DATA else ("pictures",) if name == RESULTS else ():
        content.pop(word, None)
    return content


# Opening. -------------------------------------------------------------------------------------------------------------


def contents(path: str | os.PathLike, names: Sequence[str] = (ABOUT, RESULTS, CONFIG)) -> dict[str, Any]:
    """Return what JSON files of a packed run hold, by name, without unpacking it.

    Raises:
        ValueError: It is none, or damaged.
    """
    with _opened(path) as (file, seals):
        return {name: json.loads(_read(file, name, seals[name])) for name in names if name in seals}


class Unpacked:
    """A folder that goes with this object, or with the program."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rnnzoo-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def unpack(path: str | os.PathLike) -> Unpacked:
    """Write a packed run into a fresh folder.

    Raises:
        ValueError: It is none, or damaged, or holds what a run has not.
        OSError: It cannot be read, or there is no room for it.
    """
    place = Unpacked()
    with _opened(path) as (file, seals):
        for name, seal in seals.items():
            (place.folder / name).write_bytes(_read(file, name, seal))
        (place.folder / manifest.MANIFEST).write_bytes(file.read(manifest.MANIFEST))
    return place


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[tuple[zipfile.ZipFile, dict[str, manifest.Seal]]]:
    """Open a packed run and give it with its files' seals, once it has been looked through."""
    try:
        with zipfile.ZipFile(path) as file:
            _look_through(file, os.path.getsize(path))
            seals = checked.structure(manifest.Manifest, json.loads(file.read(manifest.MANIFEST)), path)["files"]
            if seals.keys() != set(file.namelist()) - {manifest.MANIFEST} or CONFIG not in seals:
                raise ValueError(f"{manifest.MANIFEST} tells of other files")
            if ABOUT in seals:
                checked.structure(About, json.loads(_read(file, ABOUT, seals[ABOUT])), f"{path}/{ABOUT}")
            yield file, seals
    except (UserError, MemoryError, OSError):
        raise
    except Exception as error:  # zipfile, zlib, json: whatever they meet in a file that is none of ours
        why = f"{type(error).__name__}: {str(error)[:160]}"
        raise InvalidValue(f"This is no run that rnnzoo packed, or a damaged one ({why}). Received: {path}") from error


def _look_through(file: zipfile.ZipFile, packed: int) -> None:
    """Refuse names that a run has not, and files that are larger than they could be, before anything is read."""
    names = file.namelist()
    if strange := sorted(set(names) - set(CONTENTS)):
        raise ValueError(f"it holds {strange[0][:80]!r}")
    if len(set(names)) < len(names):
        raise ValueError("it holds a file twice")
    size = sum(info.file_size for info in file.infolist())
    if size > min(LARGEST, FREE + MOST * packed):
        raise ValueError(f"unpacked it would be {size:,} bytes")


def _read(file: zipfile.ZipFile, name: str, seal: manifest.Seal) -> bytes:
    """Return a file's contents, if they are what the manifest says."""
    content = file.read(name)
    if (len(content), hashlib.sha256(content).hexdigest()) != (seal["size"], seal["sha256"]):
        raise ValueError(f"{name} is not what {manifest.MANIFEST} says of it")
    return content
