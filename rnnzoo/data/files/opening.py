"""What a file is, by its name and its first bytes: in one place, for training, predicting and measuring."""

import codecs
import contextlib
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Literal

from rnnzoo.errors import InvalidValue, UserError

Kind = Literal["table", "json", "excel", "parquet", "tagged", "arrays", "text"]
KINDS: dict[str, Kind] = {
    ".csv": "table", ".tsv": "table", ".tab": "table", ".txt": "text",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".xlsx": "excel", ".xlsm": "excel", ".parquet": "parquet", ".pq": "parquet",
    ".conllu": "tagged", ".conll": "tagged", ".npz": "arrays", ".npy": "arrays",
}  # fmt: skip
TABLES = ("table", "json", "excel", "parquet")
PACKED = (".gz", ".zip")
HEAD = 2**16
PIECE = 2**20
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
GUESSES = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
"""What a text that is not Unicode may be in: of the many others each would fit some file by chance."""


@dataclass(frozen=True)
class Opened:
    """A file of the user's, recognised and not yet read.

    Args:
        path: Where it lies.
        name: Without what it is packed in: `reviews.csv` of `reviews.csv.gz`.
        kind: What it holds.
        packed: `.gz`, `.zip` or nothing.
    """

    path: str
    name: str
    kind: Kind
    packed: str

    @property
    def suffix(self) -> str:
        """The name's ending, in lower case."""
        return os.path.splitext(self.name)[1].lower()

    @contextlib.contextmanager
    def bytes(self) -> Iterator[IO[bytes]]:
        """Open what it holds.

        Raises:
            ValueError: It is damaged.
        """
        with refusing(self.path), contextlib.ExitStack() as stack:
            file: Any = stack.enter_context(open(self.path, "rb"))
            if self.packed == ".gz":
                file = stack.enter_context(gzip.open(file))
            elif self.packed == ".zip":
                archive = stack.enter_context(zipfile.ZipFile(file))
                file = stack.enter_context(archive.open(_member(archive, self.path)))
            yield file

    @contextlib.contextmanager
    def text(self, encoding: str) -> Iterator[io.TextIOWrapper]:
        """Decode what it holds; ends of lines stay as they are. See `bytes`."""
        with self.bytes() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            yield text


def recognised(path: str | os.PathLike) -> Opened:
    """Say what a file is.

    Raises:
        ValueError: There is none, it is empty, or nothing that can be read.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise InvalidValue(f"There is no such file. Received: {path}")
    if os.path.getsize(path) == 0:
        raise InvalidValue(f"The file is empty. Received: {path}")
    with refusing(path):
        with open(path, "rb") as file:
            head = file.read(8)
        name, packed = path, ""
        stem, suffix = os.path.splitext(path)
        if head.startswith(b"\x1f\x8b"):
            name, packed = (stem if suffix.lower() == ".gz" else path), ".gz"
        elif head.startswith(b"PK\x03\x04") and suffix.lower() != ".npz":
            with zipfile.ZipFile(path) as archive:
                if "xl/workbook.xml" in archive.namelist():
                    return Opened(path, path, "excel", "")
                name, packed = _member(archive, path), ".zip"
        elif head.startswith(b"PAR1"):
            return Opened(path, path, "parquet", "")
        elif suffix.lower() in PACKED:
            raise InvalidValue(f"The file is no {suffix} file, whatever its name says. Received: {path}")
        elif head.startswith(b"\xd0\xcf\x11\xe0"):
            raise InvalidValue(f"An old Excel file cannot be read: save it as .xlsx or .csv. Received: {path}")
    found = Opened(path, name, KINDS.get(os.path.splitext(name)[1].lower(), "text"), packed)
    if found.kind in ("excel", "parquet") and not packed:
        raise InvalidValue(f"The file is no {found.suffix} file, whatever its name says. Received: {path}")
    return found


def looks_like_a_file(name: str) -> bool:
    """Tell a file from the name of a data set, by its ending."""
    stem, suffix = os.path.splitext(name)
    return (os.path.splitext(stem)[1] if suffix.lower() in PACKED else suffix).lower() in KINDS


def encoding_of(opened: Opened, given: str | None) -> tuple[str, str | None]:
    """Return the encoding of a text file, and a note if it is guessed. All of it is looked at, in pieces.

    Raises:
        ValueError: There is no such encoding, it does not fit, or none can be guessed.
    """
    if given is not None:
        try:
            name = codecs.lookup(given).name
            return "utf-8-sig" if name == "utf-8" else name, None  # which reads it with a mark and without
        except LookupError:
            raise InvalidValue(
                f"There is no such encoding; common are utf-8, utf-16 and cp1252. Received: encoding={given!r}"
            ) from None
    with opened.bytes() as file:
        head = file.read(HEAD)
        for mark, name in BOMS.items():
            if head.startswith(mark):
                return name, None if name == "utf-8-sig" else f"encoding {name}"
        if (zeros := head.count(0)) > len(head) // 5:
            name = "utf-16-le" if head[1::2].count(0) * 2 > zeros else "utf-16-be"
            return name, f"encoding {name} (guessed)"
        if zeros:
            raise InvalidValue(f"The file holds bytes that are no text. Received: {opened.path}")
        decoder, piece, odd = codecs.getincrementaldecoder("utf-8")(), head, []
        while piece:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                odd += [line for line in piece.split(b"\n") if not line.isascii()]
                decoder.reset()
                if sum(map(len, odd)) > HEAD:
                    break
            piece = file.read(PIECE)
        else:
            if not odd:
                try:
                    decoder.decode(b"", final=True)
                    return "utf-8", None
                except UnicodeDecodeError:
                    odd = [head[-200:]]
    name = _guess(b"\n".join(odd)[: 4 * HEAD], opened.path)
    return name, f"encoding {name} (guessed; --encoding says otherwise)"


def _guess(sample: bytes, path: str) -> str:
    import charset_normalizer

    found = charset_normalizer.from_bytes(sample, cp_isolation=list(GUESSES))
    best = found.best()
    if best is None:
        raise InvalidValue(
            f"The file is not in UTF-8, nor in what else was tried: name its --encoding. Received: {path}"
        )
    western = next((match for match in found if GUESSES[0] in match.could_be_from_charset), None)
    return GUESSES[0] if western and western.chaos <= best.chaos else best.encoding


DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)


@contextlib.contextmanager
def refusing(path: str, *more: type[Exception]) -> Iterator[None]:
    """Turn what libraries say of damaged files, and `more` errors, into one sentence."""
    try:
        yield
    except UserError:
        raise
    except UnicodeDecodeError as error:
        raise InvalidValue(
            f"The file is not in {error.encoding}: {error.reason}; say what it is in with --encoding. Received: {path}"
        ) from None
    except DAMAGED + more as error:
        raise InvalidValue(f"The file cannot be read ({str(error)[:120]}). Received: {path}") from None


def _member(archive: zipfile.ZipFile, path: str) -> str:
    """Return the name of the one file in an archive."""
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX") and not os.path.basename(name).startswith(".")
    ]
    if len(names) != 1:
        raise InvalidValue(f"A .zip must hold one file. Received: {len(names)} in {path}")
    return names[0]
