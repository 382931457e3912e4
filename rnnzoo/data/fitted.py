"""What every data object keeps with a run: all that was fitted on train."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rnnzoo.errors import InvalidValue
from rnnzoo.files import read_json, write_text


@dataclass(kw_only=True)
class Fitted:
    """A base: `load` fills `fitted`, which `save` and `restore` carry in `data.json`, and `report`: what was read."""

    fitted: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    report: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

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

    def check_source(self) -> None:
        """Refuse data that another process could not find again, as a run must."""

    def decode(self, y: Any) -> list[dict[str, Any]]:
        """Turn the model's outputs into what a person reads."""
        raise NotImplementedError

    def answers(self, raw: Sequence[Any], outputs: Any) -> list[dict[str, Any]]:
        """Return what a person reads of the model's outputs to raw inputs."""
        return self.decode(outputs)

    def save(self, folder: str | os.PathLike) -> None:
        """Write what was fitted into a run folder."""
        write_text(os.path.join(folder, "data.json"), json.dumps(self.fitted))

    def restore(self, folder: str | os.PathLike):
        """Read what `save` wrote."""
        self.fitted = read_json(os.path.join(folder, "data.json"))
        return self

    def _known(self, name):
        if name not in self.fitted:
            raise InvalidValue(
                f"Load the data first: data.load(). Received: a {type(self).__name__} that is not fitted"
            )
        return self.fitted[name]
