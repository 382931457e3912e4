"""Files that appear whole or not at all."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from rnnzoo.errors import InvalidValue, WriteFailed

TEMPORARY = ".writing-"
"""Names of unfinished files begin so; only a killed process leaves one behind."""


@contextlib.contextmanager
def whole_file(path: str | os.PathLike, suffix: str = "") -> Iterator[str]:
    """Give the name of a temporary file beside `path`; it takes the place of `path` when the block ends well.

    Args:
        path: The file to write.
        suffix: Ending of the temporary name, for writers that look at it.

    Raises:
        OSError: It cannot be written (a full disk, no permission); nothing is left behind.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=TEMPORARY, suffix=suffix)
        os.close(handle)
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        os.replace(temporary, path)
    except OSError as error:
        raise WriteFailed(
            f"Cannot write {path}: {error.strerror or error}. Received: a path that cannot take the file"
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
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise InvalidValue(f"Cannot read {os.path.basename(path)} ({error}). Received: {path}") from error


def fingerprint(path: str | os.PathLike) -> str:
    """Return what tells a file from any other: `4,012 bytes, sha256 0f3c...`."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{file.tell():,} bytes, sha256 {digest[:16]}"


_UMASK = os.umask(0)
os.umask(_UMASK)
