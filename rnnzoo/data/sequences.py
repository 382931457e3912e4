"""Sequences of numbers or tokens with one answer each."""

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from rnnzoo.data import tfds
from rnnzoo.data.arrays import as_sequences, parse_sequences, read_arrays, truncate
from rnnzoo.data.batches import Batches, Splits, bucket_lengths
from rnnzoo.data.scaling import Scaler, Scaling
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.files import write_text

PARTS = ("train", "validation", "test")


@dataclass
class SequenceData:
    """Sequences of numbers or tokens, of equal or unequal length, with one answer each.

    Args:
        source: Arrays by name (`x`, `y`; or `x_train`, `y_train`, `x_test`, ..., each with optional `lengths`), a pair
            `(x, y)`, an `.npz` file of such arrays, `"module:function"` that returns them, or the name of a TFDS data
            set. x is `(examples, time)` of token ids or of one feature, `(examples, time, features)`, or a list of
            rows of unequal length.
        fields: Of a TFDS data set: the sequences to read, joined by `/` where nested; all numeric ones by default.
        label: Of a TFDS data set: the answer's name; the only label by default.
        truncate: Which part of a longer sequence is kept: its `head`, its `tail` or `both` ends.
        scale: `standard` (mean 0, deviation 1) or `minmax` (0..1), by feature, fitted on train.
        pad_value: Trailing steps equal to it in every feature are padding. Tokens are padded with 0.
        vocabulary_size: Of tokens; by default the largest id of train + 1.
        validation: Share of train held out for choosing the best epoch, where the source has no validation part.
        test: Share held out for testing, where the source has no test part.
        split_seed: Of these two draws.
    """

    source: Any
    fields: tuple[str, ...] = ()
    label: str | None = None
    truncate: Literal["head", "tail", "both"] = "head"
    scale: Scaling = "none"
    pad_value: float | None = None
    vocabulary_size: int | None = None
    validation: float = 0.1
    test: float = 0.2
    split_seed: int = 0
    fitted: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    # What a kind of answer decides.
    def _fit_answers(self, y: np.ndarray) -> dict[str, Any]:
        raise NotImplementedError

    def _encode_answers(self, y: np.ndarray, part: str) -> np.ndarray:
        raise NotImplementedError

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return None

    def load(self, *, sequence_length=None, batch_size=32, seed=0, limit=None, data_dir=None) -> Splits:
        """Read, check, split, fit on train, encode and batch.

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
        parts = self._read(data_dir)
        parts = _hold_out(parts, "test", self.test, self.split_seed, self._strata)
        parts = _hold_out(parts, "validation", self.validation, self.split_seed + 1, self._strata)
        if limit is not None:
            parts = {name: (x[:limit], y[:limit]) for name, (x, y) in _shuffled(parts, self.split_seed).items()}
        parts = {name: parts[name] for name in PARTS if name in parts}
        self._fit(parts["train"], unequal=len({len(s) for x, _ in parts.values() for s in x}) > 1)
        encoded = {
            name: (self._encode_sequences(x, name), self._encode_answers(y, name)) for name, (x, y) in parts.items()
        }
        cut = {name: [truncate(s, sequence_length, self.truncate) for s in x] for name, (x, _) in encoded.items()}
        self.fitted["sequence_length"] = sequence_length
        buckets = bucket_lengths([len(s) for s in cut["train"]], batch_size)
        return Splits(
            {
                name: Batches(cut[name], y, buckets, batch_size, self.fitted["fill"], seed if name == "train" else None)
                for name, (_, y) in encoded.items()
            }
        )

    @property
    def name(self) -> str:
        """The data set's name, for results: `digits`, `reviews.npz`, `smartwatch_gestures`."""
        return os.path.basename(str(self.source)).rpartition(":")[2]

    @property
    def inputs(self) -> dict[str, Any]:
        """What `build` must know: `features` and `pad_value`, or `vocabulary_size`; and `outputs`."""
        return self._known("inputs")

    def encode(self, raw: Sequence[Any]) -> list[np.ndarray]:
        """Turn sequences as the user writes them, arrays or JSON text, into what the model reads."""
        length = self._known("sequence_length")
        rows = as_sequences(parse_sequences(raw), "input", pad_value=self.pad_value)
        return [truncate(s, length, self.truncate) for s in self._encode_sequences(rows, "input")]

    def encode_answers(self, y: Any) -> np.ndarray:
        """Turn labels or values as the user writes them into what the loss reads."""
        return self._encode_answers(np.asarray(y), "input")

    @property
    def pad_with(self) -> float:
        """The value that fills a batch."""
        return self._known("fill")

    def save(self, folder: str | os.PathLike) -> None:
        """Write what was fitted into a run folder, and arrays that only live in memory."""
        if not isinstance(self.source, str | os.PathLike):
            raise InvalidType(
                "A run must find its data again: give a path to an .npz file, a TFDS name or 'module:function'. "
                f"Received: {type(self.source).__name__} in memory"
            )
        write_text(os.path.join(folder, "data.json"), json.dumps(self.fitted, indent=1))

    def restore(self, folder: str | os.PathLike) -> "SequenceData":
        """Read what `save` wrote."""
        with open(os.path.join(folder, "data.json"), encoding="utf-8") as file:
            self.fitted = json.load(file)
        return self

    def _known(self, name):
        if name not in self.fitted:
            raise InvalidValue(
                f"Load the data first: data.load(). Received: a {type(self).__name__} that is not fitted"
            )
        return self.fitted[name]

    def _read(self, data_dir):
        if isinstance(self.source, str) and not self.source.endswith(".npz") and ":" not in self.source:
            found = tfds.read_sequences(self.source, self.fields, self.label, data_dir)
        else:
            found = _by_part(read_arrays(self.source))
        parts = {}
        for part in (p for p in PARTS if p in found):
            arrays = found[part]
            name = "x" if part == "train" else f"x of {part}"
            x = as_sequences(arrays["x"], name, lengths=arrays.get("lengths"), pad_value=self.pad_value)
            y = np.asarray(arrays["y"])
            if len(x) != len(y):
                raise InvalidValue(f"{name} and its y must have as many rows. Received: {len(x)} and {len(y)}")
            parts[part] = (x, y)
        return parts

    def _fit(self, train, unequal):
        x, y = train
        self.fitted = {"answers": self._fit_answers(y)}
        if x[0].ndim == 1:
            size = self.vocabulary_size or max(int(s.max(initial=0)) for s in x) + 1
            self.fitted |= {"fill": 0, "inputs": {"vocabulary_size": max(2, size)}}
        else:
            scaler = Scaler.fit(x, self.scale)
            scaled = [scaler(s) for s in x]
            fill = self.pad_value
            if fill is None and unequal:  # a value below all that is real, so that no real step equals it
                fill = float(np.floor(min(s.min(initial=0) for s in scaled)) - 1)
            self.fitted |= {"scaler": dataclasses.asdict(scaler), "fill": 0.0 if fill is None else fill}
            self.fitted["inputs"] = {"features": x[0].shape[1]} | ({} if fill is None else {"pad_value": fill})
        self.fitted["inputs"]["outputs"] = self.fitted["answers"]["outputs"]

    def _encode_sequences(self, x, part):
        if "scaler" not in self.fitted:
            size = self.fitted["inputs"]["vocabulary_size"]
            highest = max(int(s.max(initial=0)) for s in x) if x[0].ndim == 1 else None
            if highest is None:
                raise InvalidType(f"The model reads token ids, whole numbers. Received: {part} of floats")
            if highest >= size:
                raise InvalidValue(
                    f"Token ids of {part} must be < {size}, the vocabulary of train; set vocabulary_size. "
                    f"Received: {highest}"
                )
            return x
        features = self.fitted["inputs"]["features"]
        if x[0].ndim == 1:  # whole numbers of a single feature
            x = [s.astype("float32")[:, None] for s in x]
        if x[0].shape[1] != features:
            raise InvalidValue(f"{part} must have {features} features per step. Received: {x[0].shape[1]}")
        scaler = Scaler(**self.fitted["scaler"])
        return [scaler(s) for s in x]


@dataclass
class SequenceClassification(SequenceData):
    """Sequences of numbers or tokens, each of one class. See `SequenceData` for the arguments."""

    def _fit_answers(self, y):
        if y.ndim != 1 or y.dtype.kind not in "iubUSO":
            raise InvalidType(
                f"Labels must be a row of whole numbers or words. Received: dtype {y.dtype} of shape {y.shape}"
            )
        classes = np.unique(y.astype(str) if y.dtype.kind in "SO" else y)
        if len(classes) < 2:
            raise InvalidValue(f"A classifier needs two classes or more. Received: only {classes[0]!s} in train")
        return {"classes": [str(c) for c in classes], "outputs": len(classes)}

    def _encode_answers(self, y, part):
        classes = self._known("answers")["classes"]
        index = {name: i for i, name in enumerate(classes)}
        words = [str(label) for label in y]
        unknown = next((word for word in words if word not in index), None)
        if unknown is not None:
            raise InvalidValue(
                f"{part} has a label that train has not; train has {', '.join(classes[:12])}. Received: {unknown}"
            )
        return np.array([index[word] for word in words], "int32")

    def _strata(self, y):
        _, counts = np.unique(y, return_counts=True)
        return y if counts.min() > 1 else None

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of the logits."""
        return self._known("answers")["classes"]

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn logits `(batch, outputs)` into the likeliest class and its probability."""
        from scipy.special import softmax

        probabilities = softmax(np.asarray(y, "float64"), axis=-1)
        best = probabilities.argmax(axis=-1)
        return [
            {"label": self.classes[i], "probability": float(p[i])} for i, p in zip(best, probabilities, strict=True)
        ]


@dataclass
class SequenceRegression(SequenceData):
    """Sequences of numbers or tokens, each with one value or several. See `SequenceData` for the arguments."""

    def _fit_answers(self, y):
        return {"outputs": self._values(y, "train").shape[1]}

    def _encode_answers(self, y, part):
        values = self._values(y, part)
        if values.shape[1] != self._known("answers")["outputs"]:
            raise InvalidValue(
                f"y of {part} must have {self.fitted['answers']['outputs']} values a row. Received: {values.shape[1]}"
            )
        return values

    @staticmethod
    def _values(y, part):
        if y.dtype.kind not in "iuf" or y.ndim not in (1, 2) or not np.isfinite(y).all():
            raise InvalidValue(
                f"y of {part} must be finite numbers of shape (examples,) or (examples, outputs). "
                f"Received: dtype {y.dtype} of shape {y.shape}"
            )
        return y.astype("float32").reshape(len(y), -1)

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn values `(batch, outputs)` into plain numbers."""
        return [{"values": [float(v) for v in row]} for row in np.asarray(y)]


def _by_part(arrays: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Sort `x_train`, `y_test`, ... by part; plain `x`, `y` are train."""
    found: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        kind, _, part = name.partition("_")
        found.setdefault(part or "train", {})[kind] = array
    for part, held in found.items():
        suffix = "" if part == "train" and "x" in arrays else f"_{part}"
        missing = [kind + suffix for kind in ("x", "y") if kind not in held]
        if missing or part not in PARTS:
            raise InvalidValue(
                "A source holds x and y, or x_train, y_train, x_validation, y_validation, x_test and y_test. "
                f"Received: {', '.join(sorted(arrays)) or 'nothing'}"
            )
    if "train" not in found:
        raise InvalidValue(f"A source needs a train part. Received: {', '.join(sorted(arrays)) or 'nothing'}")
    return found


def _hold_out(parts, name, share, seed, strata):
    """Cut a share of train off as `name`, unless there is one, or none is wanted."""
    if name in parts or not share:
        return parts
    from sklearn.model_selection import train_test_split

    x, y = parts["train"]
    rows = np.arange(len(x))
    try:
        kept, held = train_test_split(rows, test_size=share, random_state=seed, stratify=strata(y))
    except ValueError:  # too few of a class to give each side one: draw without regard to class
        if len(rows) < 2:
            raise InvalidValue(f"Too few examples to hold out a {name} part. Received: {len(rows)}") from None
        kept, held = train_test_split(rows, test_size=share, random_state=seed)
    return {
        **parts,
        "train": ([x[i] for i in kept], y[kept]),
        name: ([x[i] for i in held], y[held]),
    }


def _shuffled(parts, seed):
    mixed = {}
    for name, (x, y) in parts.items():
        order = np.random.default_rng(seed).permutation(len(x))
        mixed[name] = ([x[i] for i in order], y[order])
    return mixed
