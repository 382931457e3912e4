"""Texts of one class each, and texts with a number each."""

from dataclasses import dataclass

from rnnzoo.data.answers import Classes, Values
from rnnzoo.data.files.labels import one_label
from rnnzoo.data.text.labeled_texts import LabeledTexts
from rnnzoo.errors import InvalidType


@dataclass
class TextClassification(Classes, LabeledTexts):
    """Texts, each of one class. See `LabeledTexts`, `Labeled` and `ReadsTables` for the arguments."""

    def _answer(self, cell, where):
        return one_label(cell, where)

    def _fit_answers(self, y):
        answers = super()._fit_answers(y)
        self._notice_order(answers["classes"])
        return answers

    def _notice_order(self, classes):
        """Note classes that are steps of a scale, such as stars from 1 to 5."""
        numbers = sorted(int(name) for name in classes if name.isdecimal())
        if len(numbers) == len(classes) > 2 and numbers[-1] - numbers[0] == len(classes) - 1:
            self.read_from.setdefault("notes", []).append(
                f"labels from {numbers[0]} to {numbers[-1]}: if they are steps of a scale, such as stars, "
                "--task regression learns their order too"
            )


@dataclass
class TextRegression(Values, LabeledTexts):
    """Texts, each with a number, such as stars. See `LabeledTexts`, `Labeled` and `ReadsTables` for the arguments."""

    def _answer(self, cell, where):
        try:
            return float(one_label(cell, where))
        except ValueError:
            raise InvalidType(
                f"A label of regression is a number; words are learnt with --task classification. "
                f"Received: {str(cell)[:40]!r} in {where}"
            ) from None

    def _split(self, rows):
        x, y = super()._split(rows)
        return x, y.astype("float32")
