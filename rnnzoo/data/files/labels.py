"""Labels as people spell them: one spelling a value, nothing for what is missing."""

import functools
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rnnzoo.errors import InvalidType, InvalidValue

MISSING = frozenset({"", "nan", "NaN", "NAN", "null", "NULL", "<NA>", "N/A", "n/a", "#N/A"})
"""What tables write where there is no value; other words are told with `missing`."""
NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?")


@functools.lru_cache(maxsize=2**16)
def spelled(label: str) -> str:
    """Return the one spelling of a label: `pos` of `pos `, `1` of `1.0`, `true` of `True`."""
    label = label.strip()
    if NUMBER.fullmatch(label):
        number = Decimal(label)
        return str(int(number)) if number == int(number) else str(number.normalize())
    return label.lower() if label.lower() in ("true", "false") else label


def is_missing(text: str | None, more: Iterable[str] = ()) -> bool:
    """Tell whether a cell holds no value."""
    return text is None or text.strip() in MISSING or text.strip() in more


def one_label(value: Any, where: str) -> str:
    """Return the spelling of a cell with a label.

    Raises:
        TypeError: It holds a list or an object.
    """
    if isinstance(value, list | dict):
        raise InvalidType(
            "A label is one word or number; texts of several labels are trained with recipes/multilabel.py. "
            f"Received: {str(value)[:40]} in {where}"
        )
    return spelled(value)


def check_kinds(labels: Iterable[str], where: str) -> None:
    """Refuse truth values beside numbers: whether `true` is `1` is not for us to say."""
    names = set(labels)
    truths = sorted(names & {"true", "false"})
    numbers = sorted(name for name in names if NUMBER.fullmatch(name))
    if truths and numbers:
        raise InvalidValue(
            f"Labels are all truth values or all numbers. Received: {truths[0]} and {numbers[0]} in {where}"
        )
