"""Sequences of numbers or of token ids."""

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.data.answers import Classes, Values
from rnnzoo.data.in_memory import ARRAYS, Held, as_arrays, is_named
from rnnzoo.data.labeled import Labeled
from rnnzoo.data.scaling import Scaler, Scaling
from rnnzoo.data.sequences.arrays import (
    as_answers,
    as_sequences,
    parse_sequences,
    read_arrays,
    rows_of_x,
    shape_notes,
)
from rnnzoo.data.sequences.parts import by_part, write_arrays
from rnnzoo.data.sources import is_import_path
from rnnzoo.data.splits import PARTS
from rnnzoo.data.tfds import numbers
from rnnzoo.errors import InvalidType, InvalidValue


@dataclass
class SequenceData(Labeled):
    """Sequences of numbers or tokens, of equal or unequal length, with one answer each.

    Args:
        source: Arrays by name (`x`, `y`; or `x_train`, `y_train`, `x_test`, ..., each with optional `lengths`), a pair
            `(x, y)`, a `tf.data.Dataset` of such pairs, a `datasets.Dataset`, an `.npz` file of such arrays,
            `"module:function"` that returns them, or the name of a TFDS data set. x is `(examples, time)` of token ids
            or of one feature, `(examples, time, features)`, or a list of rows of unequal length.
        fields: Of a data set: the sequences to read, joined by `/` where nested; all numeric ones by default.
        label: Of a data set: the answer's name; the only label by default.
        scale: `standard` (mean 0, deviation 1) or `minmax` (0..1), by feature, fitted on train; `none`: as they are.
        pad_value: Trailing steps equal to it in every feature are padding. Tokens are padded with 0.
        missing: NaN is a value that is missing, which only some models read, such as `gru_d`.
        vocabulary_size: Of tokens; by default the largest id of train + 1.
        group: What examples share that must not be in train and test at once: an array of `group` beside x and y, or of
            a TFDS data set the feature of this name, such as `participant`.
        test_groups: The groups that make up test; all others are train.
    """

    needs = ("answers",)

    source: Any
    fields: tuple[str, ...] = ()
    label: str | None = None
    scale: Scaling = "standard"
    pad_value: float | None = None
    missing: bool = False
    vocabulary_size: int | None = None
    group: str | None = None
    test_groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The data set's name: `digits`, `reviews.npz`, `smartwatch_gestures`."""
        if not is_named(self.source):
            return "arrays"
        source = str(self.source)
        return os.path.basename(source) if source.endswith(".npz") else source.rpartition(":")[2]

    def searches_sequence_length(self, lengths):
        """Not where all are equally long, as the rows of a picture: a part of it is something else."""
        return bool(lengths.min() < lengths.max())

    def labelled(self, file):
        """Read the arrays x and y."""
        arrays = as_arrays(file) or read_arrays(file)
        if not {"x", "y"} <= arrays.keys():
            raise InvalidValue(f"The file must hold the arrays x and y. Received: {', '.join(arrays) or 'nothing'}")
        x, y = rows_of_x(arrays), as_answers(arrays["y"], "the file")
        if len(x) != len(y):
            raise InvalidValue(f"x and y must have as many rows. Received: {len(x)} and {len(y)}")
        return x, y

    def held(self):
        """Return arrays in memory as one file."""
        if is_named(self.source):
            return None
        return Held("source", ARRAYS, lambda path: write_arrays(self._arrays(), path, **self._reading))

    @property
    def _reading(self):
        return {"pad_value": self.pad_value, "missing": self.missing}

    def _arrays(self):
        field = self.fields[0] if len(self.fields) == 1 else None
        return as_arrays(self.source, field, self.label) or read_arrays(self.source, self.trusted)

    def _read(self, data_dir):
        if isinstance(self.source, str) and not self.source.endswith(".npz") and not is_import_path(self.source):
            found = numbers.read_sequences(self.source, self.fields, self.label, data_dir, self.group)
        else:
            found = by_part(self._arrays())
        parts = {}
        for part in (p for p in PARTS if p in found):
            arrays = found[part]
            name = "x" if part == "train" else f"x of {part}"
            x = as_sequences(arrays["x"], name, lengths=arrays.get("lengths"), **self._reading)
            y = as_answers(arrays["y"], part)
            if len(x) != len(y):
                raise InvalidValue(f"{name} and its y must have as many rows. Received: {len(x)} and {len(y)}")
            parts[part] = (x, y)
        if "train" in parts:
            cut = "lengths" in found["train"] or self.pad_value is not None
            self.read_from = {"notes": shape_notes(parts["train"][0], cut)}
        return self._by_group(parts, found) if self.test_groups else parts

    def _by_group(self, parts, found):
        """Make test of some groups and train of the others, whatever parts the source has."""
        x = [s for part in parts for s in parts[part][0]]
        y = np.concatenate([parts[part][1] for part in parts])
        groups = [word for part in parts for word in np.asarray(found[part].get("group", ())).tolist()]
        if len(groups) != len(x):
            raise InvalidValue(
                "test_groups needs the group of every example: name it with group=. "
                f"Received: test_groups={self.test_groups}, group={self.group!r}"
            )
        words = np.array([word.decode() if isinstance(word, bytes) else str(word) for word in groups])
        held = np.isin(words, self.test_groups)
        if not set(self.test_groups) <= set(words) or held.all():
            raise InvalidValue(
                f"test_groups must be some of {', '.join(sorted(set(words)))}. Received: {', '.join(self.test_groups)}"
            )
        return {
            part: ([x[i] for i in np.flatnonzero(mask)], y[mask]) for part, mask in (("train", ~held), ("test", held))
        }

    def _fit_inputs(self, parts):
        x, _ = parts["train"]
        if x[0].ndim == 1:
            size = self.vocabulary_size or max(int(s.max(initial=0)) for s in x) + 1
            return {"fill": 0, "inputs": {"vocabulary_size": max(2, size)}}
        scaler = Scaler.fit(x, self.scale)
        fill = self.pad_value
        unequal = len({len(s) for rows, _ in parts.values() for s in rows}) > 1
        if unequal if fill is None else self.scale != "none":
            # A value below all that is real, so that no real step equals it, after scaling too.
            fill = float(np.floor(min(np.nanmin(scaler(s), initial=0) for s in x)) - 1)
        inputs = {"features": x[0].shape[1]} | ({} if fill is None else {"pad_value": fill})
        return {"scaler": dataclasses.asdict(scaler), "fill": 0.0 if fill is None else fill, "inputs": inputs}

    def _check_fitted(self, found):
        if ("features" in found["inputs"]) != ("scaler" in found):
            raise InvalidValue("Features and their scaler belong together.")
        super()._check_fitted(found)

    def _parse(self, raw):
        return as_sequences(parse_sequences(raw), "input", **self._reading)

    def _encode_inputs(self, x, part):
        inputs = self._known("inputs")
        if "vocabulary_size" in inputs:
            if x[0].ndim != 1:
                raise InvalidType(f"The model reads token ids, whole numbers. Received: {part} of floats")
            highest = max(int(s.max(initial=0)) for s in x)
            if highest >= inputs["vocabulary_size"]:
                raise InvalidValue(
                    f"Token ids of {part} must be < {inputs['vocabulary_size']}, the vocabulary of train; "
                    f"set vocabulary_size. Received: {highest}"
                )
            return x
        if x[0].ndim == 1:  # whole numbers of a single feature
            x = [s.astype("float32")[:, None] for s in x]
        if x[0].shape[1] != inputs["features"]:
            raise InvalidValue(f"{part} must have {inputs['features']} features per step. Received: {x[0].shape[1]}")
        scaler = Scaler(**self._known("scaler"))
        return [scaler(s) for s in x]


@dataclass
class SequenceClassification(Classes, SequenceData):
    """Sequences of numbers or tokens, each of one class. See `SequenceData` and `Labeled` for the arguments."""


@dataclass
class SequenceRegression(Values, SequenceData):
    """Sequences of numbers or tokens, each with one value or several. See `SequenceData` and `Labeled`."""
