"""The models that come with the package: trained, packed, and measured after packing."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from rnnzoo.errors import InvalidType
from rnnzoo.rounding import short
from rnnzoo.sharing import packs, places


@dataclass(frozen=True)
class Preset:
    """What is known of a preset.

    Args:
        name: `rnnzoo.load(name)` opens it.
        summary: What it does.
        model: A name of `rnnzoo.list_models()`.
        task: What it is for.
        data: What it was trained on, and whose.
        licence: Of the data.
        quality: Of the packed model: `{"split": "test", "measure": "accuracy", "trained": 0.9, "compact": 0.9}`, where
            `trained` is what it was worth before its weights were made small.
        parameters: How many numbers.
        size: Of the file, in bytes.
        command: What trained it.
        commit: Of the package that trained it.
    """

    name: str
    summary: str
    model: str
    task: str
    data: str
    licence: str
    quality: dict[str, Any]
    parameters: int
    size: int
    command: str
    commit: str | None

    @property
    def in_words(self) -> str:
        """Its quality: `test accuracy 0.9018`."""
        return f"{self.quality['split']} {self.quality['measure']} {short(self.quality['compact'])}"


def list_presets(pattern: str = "*") -> list[Preset]:
    """Return the models that come with the package, sorted by name.

    Args:
        pattern: Of names, as the shell has it: `*`.

    Raises:
        TypeError: The pattern is no text.

    Example:
        >>> [preset.name for preset in rnnzoo.list_presets("i*")]
    """
    if not isinstance(pattern, str):
        raise InvalidType(f"pattern must be a text. Received: {pattern!r}")
    return [_read(name) for name in places.presets() if fnmatchcase(name, pattern)]


def _read(name: str) -> Preset:
    path = places.presets()[name]
    found = packs.contents(path, (packs.ABOUT, packs.RESULTS))
    told, results = found[packs.ABOUT], found[packs.RESULTS]
    return Preset(
        name=name,
        **{word: told[word] for word in ("summary", "data", "licence", "quality", "command")},
        **{word: results[word] for word in ("model", "task", "parameters")},
        commit=results.get("commit"),
        size=path.stat().st_size,
    )
