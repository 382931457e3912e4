"""Numbers as people read them, and as files keep them: a small one is never written as 0."""

import math
from typing import Any


def short(value: Any) -> str:
    """Return a number with four decimals, or with four digits where it is below 0.001: `0.8926`, `2.345e-06`."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.4g}"


def rounded(value: float) -> float:
    """Round to six decimals, or to six digits where it is below 1."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(6, 5 - math.floor(math.log10(abs(value)))))
