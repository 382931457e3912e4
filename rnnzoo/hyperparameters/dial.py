"""One dial of a model or of its training."""

import math
import numbers
from dataclasses import dataclass
from typing import Any, Literal

from rnnzoo.errors import InvalidType, InvalidValue


@dataclass(frozen=True)
class HyperParameter:
    """One dial of a model or of its training.

    Args:
        kind: `int`, `float`, `bool` or `str`.
        help: What it does, in a few words.
        low: The smallest value allowed, or None.
        below: Every allowed value is smaller than this, or None.
        search: Where a tuner looks, `(from, to)`, or None if it should not.
        scale: `"linear"` or `"log"`: how a tuner steps through `search`.
        choices: The allowed words, for `kind=str`.
        summary_only: It shapes one summary of the sequence, so it means nothing for a task with an answer per step.
        default: The default; filled in from a model's signature.
    """

    kind: type
    help: str = ""
    low: float | None = None
    below: float | None = None
    search: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    choices: tuple[str, ...] = ()
    summary_only: bool = False
    default: Any = None

    @property
    def valid(self) -> str:
        """The allowed values in words: `a whole number >= 1`."""
        if self.choices:
            return " | ".join(map(repr, self.choices))
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "a word"}[self.kind]
        above = f" >= {self.low:g}" if self.low is not None else ""
        form = "{:,.0f}" if self.kind is int else "{:g}"
        below = " and < " + form.format(self.below) if self.below is not None else ""
        return words + above + below

    def check(self, name: str, value: Any) -> Any:
        """Return `value` as `kind`.

        Raises:
            TypeError: It is of another type.
            ValueError: It is out of bounds.
        """
        number = {int: numbers.Integral, float: numbers.Real}.get(self.kind, self.kind)
        if not isinstance(value, number) or (isinstance(value, bool) and self.kind is not bool):
            raise InvalidType(f"{name} must be {self.valid}. Received: {name}={value!r}")
        try:
            value = self.kind(value)
        except OverflowError:  # a whole number that is too large to be a float
            raise InvalidValue(
                f"{name} must be {self.valid}. Received: a number of {value.bit_length()} bits"
            ) from None
        if self.kind is float and math.isinf(value):
            raise InvalidValue(f"{name} must be {self.valid}, and finite. Received: {name}={value!r}")
        inside = (self.low is None or value >= self.low) and (self.below is None or value < self.below)
        if not inside or (self.choices and value not in self.choices):  # not inside: NaN lands here as well
            raise InvalidValue(f"{name} must be {self.valid}. Received: {name}={value!r}")
        return value

    def parse(self, name: str, text: str) -> Any:
        """Read the value from a command line's text."""
        try:
            value = {"true": True, "false": False}[text.lower()] if self.kind is bool else self.kind(text)
        except (ValueError, KeyError):
            raise InvalidValue(f"{name} must be {self.valid}. Received: {name}={text}") from None
        return self.check(name, value)


@dataclass(frozen=True)
class Default:
    """The default of a keyword in a `TypedDict`, where none can be assigned: `units: Annotated[int, Default(64)]`."""

    value: Any
