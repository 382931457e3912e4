"""Files that appear whole or not at all, in folders that nobody else writes to."""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnzoo.errors import InvalidValue, OutOfMemory, UserError, WriteFailed

TEMPORARY = ".writing-"
"""Names of unfinished files begin so; only a killed process leaves one behind."""
LOCK = ".lock"
"""Who holds it is alone in a folder; it goes with the process."""
LONGEST_NAME = 255
"""Bytes."""


@contextlib.contextmanager
def whole_file(path: str | os.PathLike, suffix: str = "", *, make_folder: bool = True) -> Iterator[str]:
    """Give the name of a temporary file beside `path`; it takes the place of `path` when the block ends well.

    Args:
        path: The file to write.
        suffix: Ending of the temporary name, for writers that look at it.
        make_folder: Whether to make the folder where there is none.

    Raises:
        OSError: It cannot be written (a full disk, no permission); nothing is left behind.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    temporary = None
    try:
        if make_folder:
            os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=TEMPORARY, suffix=suffix)
        os.close(handle)
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        os.replace(temporary, path)
    except UserError:
        raise
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and "\0" not in path:
            raise
        raise WriteFailed(
            f"Cannot write {path!r}: {getattr(error, 'strerror', None) or error}. "
            "Received: a path that cannot take the file"
        ) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file, whole."""
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def read_json(path: str | os.PathLike) -> Any:
    """Read a JSON file.

    Raises:
        ValueError: It is not there, or damaged.
    """
    refuse_special(path)
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidValue(f"Cannot read {os.path.basename(path)} ({error}). Received: {path}") from error


def refuse_special(path: str | os.PathLike) -> None:
    """Refuse a pipe, a device or a socket: reading one may wait for ever.

    Raises:
        ValueError: It is one.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # not there, or no name: who opens it says so
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InvalidValue(f"{os.path.basename(path)} must be an ordinary file. Received: {path}")


def fingerprint(path: str | os.PathLike) -> str:
    """Return what tells a file from any other: `4,012 bytes, sha256 0f3c...`."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{file.tell():,} bytes, sha256 {digest[:16]}"


# Folders of one's own. ------------------------------------------------------------------------------------------------


def named(path: str | os.PathLike) -> Path:
    """Return a path whose name every file system takes.

    Raises:
        ValueError: An empty name, one that is too long, or with a NUL.
    """
    try:
        text = os.fspath(path)
        parts = [part.encode("utf-8", "surrogateescape") for part in text.split(os.sep)]
    except (TypeError, AttributeError):
        raise InvalidValue(f"A folder is named by a path. Received: {path!r}") from None
    except UnicodeEncodeError:
        raise InvalidValue(f"A path must be readable text. Received: {path!r}") from None
    if not text or "\0" in text:
        raise InvalidValue(f"A path needs a name without a NUL. Received: {text!r}")
    if max(map(len, parts)) > LONGEST_NAME or sum(map(len, parts)) > 4000:
        raise InvalidValue(f"A name has at most {LONGEST_NAME} bytes. Received: {text[:40]}... of {len(text)} letters")
    return Path(text)


def own_path(folder: str | os.PathLike, name: str) -> Path:
    """Return the path of a file that belongs to a folder: nothing on the way to it may lead out.

    Raises:
        ValueError: A link, a name such as `../x`, or a pipe.
    """
    place = Path(folder)
    for part in Path(name).parts:
        place = place / part
        if part == ".." or os.path.isabs(part) or place.is_symlink():
            raise InvalidValue(f"{name} leads out of its folder, and is not followed. Received: {place}")
    refuse_special(place)
    return place


def refuse_links(folder: str | os.PathLike, name: str) -> None:
    """Refuse a folder's own folder if anything in it, however deep, leads out.

    Raises:
        ValueError: A link or a pipe.
    """
    for place, folders, files in os.walk(own_path(folder, name)):
        for each in (*folders, *files):
            own_path(place, each)


@contextlib.contextmanager
def own_file(folder: str | os.PathLike, name: str, suffix: str = "") -> Iterator[str]:
    """Write a file of a folder, whole, as `whole_file` does: no link is followed, and the folder must still be there.

    Raises:
        OSError: It cannot be written.
        ValueError: Its name leads out of the folder.
    """
    path = own_path(folder, name)
    if not Path(folder).is_dir():
        raise WriteFailed(f"The folder was moved or removed, so nothing more is written into it. Received: {folder}")
    for part in reversed(Path(name).parents[:-1]):
        with contextlib.suppress(OSError):  # where it cannot be made, nothing can be written either: that is told
            (Path(folder) / part).mkdir(exist_ok=True)
    with whole_file(path, suffix, make_folder=False) as temporary:
        yield temporary


def write_own(folder: str | os.PathLike, name: str, text: str) -> None:
    """Write a text file of a folder. See `own_file`."""
    with own_file(folder, name) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def write_own_json(folder: str | os.PathLike, name: str, content: Any) -> None:
    """Write JSON into a folder. See `own_file`."""
    write_own(folder, name, json.dumps(content, indent=1) + "\n")


@contextlib.contextmanager
def alone(folder: Path, doing: str) -> Iterator[None]:
    """Make a folder, be the only one to work in it, and take it away again if nothing was written.

    Args:
        folder: The folder.
        doing: What the other one does there: `training`.

    Raises:
        ValueError: Another process is at work there.
        OSError: The folder cannot be made or written to.
    """
    from filelock import FileLock, Timeout

    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(own_path(folder, LOCK))
        lock.acquire(timeout=0)
    except Timeout:
        raise InvalidValue(f"Another process is {doing} in this folder. Received: {folder}") from None
    except (OSError, NotImplementedError) as error:
        _remove_empty(made)
        raise WriteFailed(
            f"Cannot write into the folder: {getattr(error, 'strerror', None) or error}. Received: {folder}"
        ) from error
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)  # while it is held: who waits sees that the file is gone
        lock.release()
        _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing is in them."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


@contextlib.contextmanager
def in_one_sentence() -> Iterator[None]:
    """Say what the machine lacks (memory, files, permissions) in one sentence, instead of raising what it raised.

    Raises:
        OSError, MemoryError: Both of ours.
    """
    try:
        yield
    except (UserError, BrokenPipeError, ConnectionError):
        raise
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise WriteFailed(
            f"A file cannot be used: {error.strerror or error}. Received:{where or ' no file'}"
        ) from error
    except MemoryError as error:
        raise OutOfMemory("Out of memory: try smaller sizes. Received: a request for more than there is") from error
    except Exception as error:
        if type(error).__name__ != "ResourceExhaustedError":  # of TensorFlow, which need not be imported
            raise
        said = (str(error).splitlines() or ["no more room"])[0]
        raise OutOfMemory(f"Out of memory: try smaller sizes. Received: {said[:120]}") from error


_UMASK = os.umask(0)
os.umask(_UMASK)
