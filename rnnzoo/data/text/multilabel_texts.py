"""Texts with any number of labels each: the user's table."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rnnzoo.data.files.labels import check_kinds, spelled
from rnnzoo.data.text.labeled_texts import LabeledTexts
from rnnzoo.errors import InvalidType, InvalidValue

SEPARATORS = (";", ",", "|", "/", "+", "&", " ")
"""What people write between labels."""


@dataclass
class MultilabelTexts(LabeledTexts):
    """Texts, each with any number of labels. See `LabeledTexts` for further arguments.

    Args:
        label: The column with the labels, by default `labels`: a list of JSON or Parquet, or labels with
            `label_separator` between them. An empty list is a text without a label; an empty cell is missing.
        label_separator: Between the labels of a cell.
    """

    label_separator: str = "|"

    @property
    def _columns(self):
        return self.text or "text", self.label or "labels"

    def _read(self, data_dir):
        if self.dataset is not None:
            raise InvalidValue(f"Several labels a text come from a file: --file. Received: dataset={self.dataset!r}")
        if not self.label_separator:
            raise InvalidValue("label_separator stands between labels, such as |. Received: ''")
        parts = super()._read(data_dir)
        answers = parts["train"][1] if "train" in parts else ()
        self._labels = sorted({label for labels in answers for label in labels})
        if other := _separator(self._labels, answers):
            self.read_from.setdefault("notes", []).append(
                f"no text has two labels, but {other!r} stands in labels: --label-separator {shlex.quote(other)} if it "
                "stands between them"
            )
        return parts

    def _answer(self, cell, where) -> tuple[str, ...]:
        items = cell if isinstance(cell, list) else str(cell).split(self.label_separator)
        if isinstance(cell, dict) or not all(isinstance(item, str | int) for item in items):
            raise InvalidType(f"Labels are a list of words or numbers. Received: {str(cell)[:40]} in {where}")
        return tuple(dict.fromkeys(label for item in items if (label := spelled(str(item)))))

    def _split(self, rows: Iterator[tuple[str, Any]]):
        answers: list[tuple[str, ...]] = []

        def texts():
            for text, labels in rows:
                answers.append(labels)
                yield text, ""

        x, _ = super()._split(texts())
        return x, _array(answers)

    @property
    def classes(self) -> list[str]:
        """Names of the labels, in the order of the logits."""
        return self._known("answers")["classes"]

    def _fit_answers(self, y):
        classes = self._labels  # rare ones too that a drawn part of train has not
        check_kinds(classes, self.name)
        if len(classes) < 2:
            raise InvalidValue(f"Two labels or more are needed. Received: {', '.join(classes) or 'none'} in train")
        return {"classes": classes, "outputs": len(classes)}

    def _encode_answers(self, y, part):
        index = {name: i for i, name in enumerate(self.classes)}
        found = np.zeros((len(y), len(index)), "float32")
        for row, labels in zip(found, y, strict=True):
            unknown = next((label for label in labels if label not in index), None)
            if unknown is not None:
                raise InvalidValue(
                    f"{part} has a label that train has not; train has {', '.join(self.classes[:12])}. "
                    f"Received: {unknown}"
                )
            row[[index[label] for label in labels]] = 1
        return found

    def encode_answers(self, y):
        return self._encode_answers(_array(list(y)), "input")

    def decode(self, y: np.ndarray) -> list[dict[str, Any]]:
        """Turn logits `(batch, outputs)` into the labels that are likely there, and the probability of each."""
        rows = expit(np.asarray(y, "float64"))
        return [
            {
                "labels": [name for name, p in zip(self.classes, row, strict=True) if p >= 0.5],
                "probabilities": dict(zip(self.classes, row.tolist(), strict=True)),
            }
            for row in rows
        ]


def _separator(classes: Sequence[str], answers: Iterable[tuple[str, ...]]) -> str | None:
    """Return what may stand between labels where each text seems to have one: divided by it they are fewer."""
    if any(len(labels) > 1 for labels in answers):
        return None
    for separator in SEPARATORS:
        divided = {item.strip() for label in classes for item in label.split(separator)}
        if any(separator in label for label in classes) and len(divided) < len(classes):
            return separator
    return None


def _array(rows: list[tuple[str, ...]]) -> np.ndarray:
    """Return an array of tuples."""
    found = np.empty(len(rows), object)
    found[:] = rows
    return found
