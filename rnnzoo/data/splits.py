"""What all data made of inputs with their answers share: parts, held out where the source has none, fitted on train."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnzoo import hyperparameters as hp
from rnnzoo.data.batches import Batches
from rnnzoo.data.fitted import Fitted
from rnnzoo.data.ragged import take
from rnnzoo.data.report import report
from rnnzoo.errors import InvalidValue
from rnnzoo.hyperparameters import HyperParameter

SHARE = HyperParameter(float, low=0.0, below=1.0)
PARTS = ("train", "validation", "test")
Part = tuple[Sequence[Any], Any]
"""Inputs, one a sequence, and their answers."""


@dataclass(frozen=True)
class Splits:
    """The parts of a data set, batched. Each of `train`, `validation`, `test` is a new `tf.data.Dataset`, or None.

    Args:
        parts: `Batches` by name.
    """

    parts: dict[str, Batches]

    @property
    def train(self) -> Any:
        """Shuffled anew at each pass."""
        return self.parts["train"].dataset()

    @property
    def validation(self) -> Any:
        """For choosing the best epoch; None if nothing was held out."""
        return self.parts["validation"].dataset() if "validation" in self.parts else None

    @property
    def test(self) -> Any:
        """For the number to publish; None if there is none."""
        return self.parts["test"].dataset() if "test" in self.parts else None


@dataclass(kw_only=True)
class InParts(Fitted):
    """Inputs with their answers, in up to three parts.

    Args:
        validation: Share of train held out for choosing the best epoch, where the source has no validation part.
        test: Share held out for testing, where the source has no test part.
        split_seed: Of these two draws.
    """

    validation: float = 0.1
    test: float = 0.2
    split_seed: int = 0
    read_from: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What a reader tells of a table: its rows, those left out, what was recognised."""

    # What a kind of input decides.
    def _read(self, data_dir: str | None) -> dict[str, Part]:
        """Read the parts that the source has, checked, not yet encoded."""
        raise NotImplementedError

    def _fit_inputs(self, parts: dict[str, Part]) -> dict[str, Any]:
        """Return what is fitted on train: `inputs`, what `build` must know; `fill`, the value of padded steps; more."""
        raise NotImplementedError

    def _fitted(self, parts: dict[str, Part]) -> None:
        """Do what is to be done once before parts are encoded."""

    def _encode_inputs(self, x: Sequence[Any], part: str) -> Sequence[np.ndarray]:
        raise NotImplementedError

    def batch(self, parts: dict[str, Part], *, sequence_length=None, batch_size=32, seed=0) -> Splits:
        """Cut what `read` gave to `sequence_length`, and batch it. See `load`."""
        raise NotImplementedError

    # What a kind of answer decides.
    def _fit_answers(self, y: np.ndarray) -> dict[str, Any]:
        raise NotImplementedError

    def _encode_answers(self, y: np.ndarray, part: str) -> Any:
        raise NotImplementedError

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return None

    def load(
        self,
        *,
        sequence_length: int | None = None,
        batch_size: int = 32,
        seed: int = 0,
        limit: int | None = None,
        data_dir: str | None = None,
    ) -> Splits:
        """Read and batch: `batch(read())`.

        Args:
            sequence_length: Longest sequence in steps; None keeps all.
            batch_size: Sequences per batch.
            seed: Of the order of training.
            limit: At most so many examples of each part.
            data_dir: Of TFDS, instead of `TFDS_DATA_DIR`.

        Returns:
            The batched splits. `inputs` is known afterwards.

        Raises:
            ValueError, TypeError: Data that no model can be trained on; says which and why.
        """
        parts = self.read(limit=limit, data_dir=data_dir)
        return self.batch(parts, sequence_length=sequence_length, batch_size=batch_size, seed=seed)

    def read(self, *, limit: int | None = None, data_dir: str | None = None) -> dict[str, Part]:
        """Read, check, split, fit on train and encode: whole sequences and their answers, by part. See `load`."""
        self._check_settings()
        parts = self._read(data_dir)
        if "train" not in parts:
            raise InvalidValue(f"The data set has no train part. Received: {', '.join(parts) or 'no part'}")
        parts = _hold_out(parts, "test", self.test, self.split_seed, self._strata)
        parts = _hold_out(parts, "validation", self.validation, self.split_seed + 1, self._strata)
        if limit is not None:
            parts = {name: _sample(part, limit, self.split_seed) for name, part in parts.items()}
        if not self.keep_fitted:
            answers = self._fit_answers(parts["train"][1])
            self.fitted = self._fit_inputs(parts) | {"answers": answers}
            self.fitted["inputs"] = {**self.fitted["inputs"], "outputs": answers["outputs"]}
        self._fitted(parts)
        encoded: dict[str, Part] = {}
        for name in (p for p in PARTS if p in parts):
            x, y = parts.pop(name)  # a part as it was read is let go once it is encoded
            encoded[name] = self._encode_inputs(x, name), self._encode_answers(y, name)
        self.report = report(self, encoded, self.read_from)
        return encoded

    def _check_settings(self) -> None:
        """Refuse settings that cannot be used, before anything is read."""
        for name in ("validation", "test"):
            SHARE.check(name, getattr(self, name))
        hp.TABLE["seed"].check("split_seed", self.split_seed)


def _hold_out(parts, name, share, seed, strata):
    """Cut a share of train off as `name`, unless there is one, or none is wanted."""
    if name in parts or not share:
        return parts
    from sklearn.model_selection import train_test_split

    x, y = parts["train"]
    rows, labels = np.arange(len(x)), strata(y)
    try:
        kept, held = train_test_split(rows, test_size=share, random_state=seed, stratify=labels)
    except ValueError:  # a class too rare for both sides: one example of each stays in train, the rest is drawn
        stay = rows[:0] if labels is None else np.unique(labels, return_index=True)[1]
        others = np.setdiff1d(rows, stay)
        if len(others) < 2:
            raise InvalidValue(f"Too few examples to hold out a {name} part. Received: {len(rows)}") from None
        count = min(max(1, round(share * len(rows))), len(others) - 1)
        kept, held = train_test_split(others, test_size=count, random_state=seed)
        kept = np.concatenate([stay, kept])
    return {**parts, "train": _rows((x, y), kept), name: _rows((x, y), held)}


def _rows(part: Part, rows: np.ndarray) -> Part:
    x, y = part
    return take(x, rows), y[rows]


def _sample(part: Part, limit: int, seed: int) -> Part:
    return _rows(part, np.random.default_rng(seed).permutation(len(part[0]))[:limit])
