"""What every data object keeps with a run: all that was fitted on train."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NotRequired, Self

import numpy as np
from typing_extensions import TypedDict

from rnnzoo import checked
from rnnzoo.data.in_memory import Held
from rnnzoo.data.scaling import Scaler
from rnnzoo.data.text.vocabulary import RULE
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import fingerprint, own_path, read_json, write_own
from rnnzoo.sharing.packs import DATA, FILES


class Inputs(TypedDict, total=False):
    """What `build` must know."""

    vocabulary_size: int
    characters: int
    features: int
    outputs: int
    horizon: int
    quantiles: list[float] | tuple[float, ...]
    sequence_length: int | None
    pad_value: float


class ScalersOfSeries(TypedDict):
    """A scaler for each series of many."""

    names: list[str]
    shift: list[list[float]]
    scale: list[list[float]]
    kind: str


class Contents(TypedDict):
    """The fields of `data.json`, all that there are; a kind of data names those that it needs."""

    inputs: Inputs
    fill: float
    scaler: NotRequired[dict[str, Any]]
    columns: NotRequired[list[str]]
    vocabulary: NotRequired[list[str] | dict[str, Any]]
    characters: NotRequired[list[str]]
    answers: NotRequired[dict[str, Any]]
    sequence_length: NotRequired[int | None]
    longest: NotRequired[list[int]]
    seen: NotRequired[dict[str, str]]
    where: NotRequired[str]
    kept: NotRequired[bool]
    frequency: NotRequired[str | None]
    period: NotRequired[int]
    rule: NotRequired[int]
    static: NotRequired[dict[str, list[str]]]
    intervals: NotRequired[dict[str, Any]]


@dataclass(kw_only=True)
class Fitted:
    """A base: `load` fills `fitted`, which `save` and `restore` carry in `data.json`, and `report`: what was read.

    Attributes:
        needs: What `data.json` holds beside `inputs` and `fill`.
        needs_inputs: What is known of the `inputs`.
        trusted: Whether code that this object names may be imported; False where a run's file named it.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    needs_inputs: ClassVar[tuple[str, ...]] = ()
    trusted: ClassVar[bool] = True

    fitted: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    report: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    keep_fitted: bool = field(default=False, init=False, repr=False, compare=False)
    """Read with what was restored, whatever the data have become: a run is measured with what it was trained with."""

    rule: int = field(default=RULE, init=False, repr=False, compare=False)
    """How texts are divided into words, see `rnnzoo.data.text.vocabulary.tokenize`; a run's own once it is restored."""

    def find_files(self, where: Any) -> None:
        """Look for files that are not here in the folder `where` from which they were trained on."""
        for name in FILES:
            path = getattr(self, name, None)
            if isinstance(where, str) and isinstance(path, str) and not os.path.exists(path):
                there = os.path.join(where, path)
                setattr(self, name, there if os.path.isfile(there) else path)

    def seen(self) -> dict[str, str]:
        """Return a fingerprint of each file that the data come from, by name; nothing of other sources."""
        paths = {name: getattr(self, name, None) for name in FILES}
        found = (str(path) for path in paths.values() if isinstance(path, str | os.PathLike) and os.path.isfile(path))
        return {os.path.basename(path): fingerprint(path) for path in found}

    @property
    def name(self) -> str:
        """The data set's name, for results."""
        raise NotImplementedError

    @property
    def inputs(self) -> dict[str, Any]:
        """What `build` must know: `features` or `vocabulary_size`, `outputs`, and more by kind of data."""
        return self._known("inputs")

    @property
    def pad_with(self) -> float:
        """The value that fills padded steps of a batch."""
        return self._known("fill")

    def searches_sequence_length(self, lengths: Any) -> bool:
        """Tell whether a search looks for a sequence length unless told: how much of a text, how far back.

        Args:
            lengths: Steps of the training sequences, `(examples,)`.
        """
        return True

    def held(self) -> Held | None:
        """Return what of the data is in memory, and how a run keeps a copy of it; None: all has a name."""
        return None

    def decode(self, y: Any) -> list[dict[str, Any]]:
        """Turn the model's outputs into what a person reads."""
        raise NotImplementedError

    def answers(self, raw: Sequence[Any], outputs: Any) -> list[dict[str, Any]]:
        """Return what a person reads of the model's outputs to raw inputs."""
        return self.decode(outputs)

    def save(self, folder: str | os.PathLike) -> None:
        """Write what was fitted into a run folder."""
        write_own(folder, DATA, json.dumps(self.fitted))

    def restore(self, folder: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises:
            ValueError: It is damaged, or of another kind of data.
        """
        path = own_path(folder, DATA)
        found = checked.structure(Contents, read_json(path), path)
        for name in self.needs:
            if name not in found:
                raise InvalidValue(f"{DATA} is damaged: {name} is missing. Received: {path}")
        try:
            self._check_fitted(found)
        except UserError as error:
            raise InvalidValue(f"{DATA} is damaged or of other data: {error} Received: {path}") from error
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise InvalidValue(
                f"{DATA} is damaged or of other data ({type(error).__name__} {error}). Received: {path}"
            ) from error
        self.fitted, self.rule = found, found.get("rule", 1)
        return self

    def divide_as(self, folder: str | os.PathLike[str]) -> None:
        """Divide texts into words as a run does, whatever is usual today."""
        path = own_path(folder, DATA)
        if path.is_file():
            self.rule = checked.structure(Contents, read_json(path), path).get("rule", 1)

    def _check_fitted(self, found: dict[str, Any]) -> None:
        """Refuse parts of `data.json` that contradict each other."""
        inputs, answers = found["inputs"], found.get("answers", {})
        if missing := [name for name in self.needs_inputs if inputs.get(name) is None]:
            raise InvalidValue(f"inputs.{missing[0]} is missing.")
        sizes = [part["outputs"] for part in (inputs, answers) if "outputs" in part]
        sizes += [len(set(answers["classes"]))] if "classes" in answers else []
        if len(set(sizes)) > 1:
            raise InvalidValue(f"The numbers of outputs differ: {', '.join(map(str, sizes))}.")
        for name, size in (("vocabulary", "vocabulary_size"), ("characters", "characters")):
            tokens = found.get(name)
            if isinstance(tokens, list) and len(set(tokens)) + 2 != inputs[size]:
                raise InvalidValue(f"{name} has {len(set(tokens))} tokens, of {inputs[size]} with padding and unknown.")
        if "scaler" in found:
            kind = ScalersOfSeries if "names" in found["scaler"] else Scaler
            checked.structure(kind, found["scaler"], "scaler")
            if len(found["scaler"].get("names", ())) not in (0, len(found["scaler"]["shift"])):
                raise InvalidValue("The scaler is not of as many series as it names.")
            shift, scale = (np.asarray(found["scaler"][word], "float64") for word in ("shift", "scale"))
            columns = len(found["columns"]) if "columns" in found else inputs["features"]
            if shift.shape != scale.shape or shift.shape[-1:] != (columns,) or not (scale * np.isfinite(shift)).all():
                raise InvalidValue(f"The scaler is not of {columns} columns.")

    def _known(self, name):
        if name not in self.fitted:
            raise InvalidValue(
                f"Load the data first: data.load(). Received: a {type(self).__name__} that is not fitted"
            )
        return self.fitted[name]


def keeps_fitted(folder: str | os.PathLike) -> bool:
    """Tell whether a run goes on with what it fitted on data that have changed since."""
    return bool(read_json(own_path(folder, DATA)).get("kept"))
