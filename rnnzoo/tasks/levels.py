"""Levels of quantiles, as a person gives them."""

import itertools
from typing import Any

from rnnzoo.errors import InvalidValue


def check_levels(value: Any) -> tuple[float, ...] | None:
    """Return levels as numbers; None passes.

    Args:
        value: `"0.1,0.5,0.9"`, or numbers.

    Raises:
        ValueError: They are none, not in their order, or the median is not among them.
    """
    if value is None:
        return None
    try:
        levels = tuple(float(part) for part in (value.split(",") if isinstance(value, str) else value))
    except (TypeError, ValueError):
        levels = ()
    ascending = all(low < high for low, high in itertools.pairwise((0.0, *levels, 1.0)))
    if len(levels) < 2 or not ascending or 0.5 not in levels:
        raise InvalidValue(
            "quantiles are ascending levels between 0 and 1, the median 0.5 among them, such as 0.1,0.5,0.9. "
            f"Received: quantiles={value!r}"
        )
    return levels
