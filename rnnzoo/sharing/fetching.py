"""Packed runs from the web and from the Hugging Face Hub, fetched once and kept by the libraries that fetch them."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import write_text
from rnnzoo.sharing import card, packs

HUB_FILE = f"model{packs.ENDING}"
HUB = re.compile(r"hf://(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


def fetch(address: str, sha256: str | None = None) -> Path:
    """Return the file that an address names; one that was fetched before is not fetched again.

    Args:
        address: `https://...`, a packed run; or `hf://user/name`, perhaps with `@revision`.
        sha256: Of a file from the web: its checksum. The Hub has its own.

    Raises:
        ValueError: Another kind of address; a file that is another than the checksum says, or comes without one.
        UserError: A library is missing, or nothing came.
    """
    if address.startswith("https://"):
        return _from_web(address, sha256)
    name, revision = _named(address)
    if sha256 is not None:
        raise InvalidValue(f"sha256 belongs to a file from the web. Received: {address}")
    with _library("huggingface_hub", "hub"):
        import huggingface_hub
    with _told(address):
        return Path(huggingface_hub.hf_hub_download(name, HUB_FILE, revision=revision))


def push(run: Any, address: str, *, compact: bool = False, private: bool = False) -> str:
    """Give a finished run to the Hugging Face Hub: the packed run, and a model card that is written from it.

    You are known to the Hub by `hf auth login`, or `HF_TOKEN`.

    Args:
        run: Whatever `rnnzoo.load` takes, or a `Run`.
        address: `hf://user/name`; made where there is none.
        compact: See `rnnzoo.pack`.
        private: Whether a new place is for you alone.

    Returns:
        The page's address.

    Raises:
        ValueError: The run is not finished; another kind of address.
        UserError: A library is missing, or the Hub does not take it.
    """
    import tempfile

    from rnnzoo.sharing.giving import pack

    name, revision = _named(address)
    with _library("huggingface_hub", "hub"):
        import huggingface_hub
    with tempfile.TemporaryDirectory(prefix="rnnzoo-") as place:
        path = pack(run, Path(place, HUB_FILE), compact=compact)
        write_text(Path(place, "README.md"), card.write(path, address))
        with _told(address):
            api = huggingface_hub.HfApi()
            api.create_repo(name, private=private, exist_ok=True)
            api.upload_folder(repo_id=name, folder_path=place, revision=revision, commit_message="A run of rnnzoo")
            return f"{api.endpoint}/{name}"


def _from_web(address: str, sha256: str | None) -> Path:
    if sha256 is None or not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise InvalidValue(
            "A file from the web is opened by its checksum, 64 hexadecimal digits: load(url, sha256='...'). "
            f"Received: sha256={sha256!r}"
        )
    with _library("pooch", "hub"):
        import pooch
    pooch.get_logger().setLevel("WARNING")
    with _told(address):
        try:
            return Path(pooch.retrieve(address, f"sha256:{sha256.lower()}", path=pooch.os_cache("rnnzoo")))
        except ValueError as error:
            if "hash" not in str(error):
                raise
            raise InvalidValue(
                f"The file is another than its checksum says, and is not opened. Received: {address}"
            ) from error


def _named(address: str) -> tuple[str, str | None]:
    found = HUB.fullmatch(address)
    if not found:
        raise InvalidValue(f"An address is https://... or hf://user/name. Received: {address}")
    return found["name"], found["revision"]


@contextlib.contextmanager
def _library(name: str, extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UserError(
            f"Fetching and pushing need {name}: pip install 'rnnzoo[{extra}]'. Received: {error.name}"
        ) from error


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    """Say in one sentence why nothing came or went; each library and each kind of network has errors of its own."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise UserError(
            f"Nothing came of it; is there a network, does the address exist, and may you use it{offline}? "
            f"{type(error).__name__}: {said} Received: {address}"
        ) from error
