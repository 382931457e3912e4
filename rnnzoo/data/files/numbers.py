"""Cells of a table into numbers: read, or refused with the remedy."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from rnnzoo.errors import InvalidType, InvalidValue

Decimal = Literal[".", ","]
NOTHING = ("", "#N/A", "#NA", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
"""What stands for a missing value unless more is said."""
CODES = (-1.0, -9.0, -99.0, -200.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0)
"""What people write for a missing value."""
REPEATS = 5
CODE_REPEATS = 2
"""Of what people write for a missing value twice is enough."""


def numbers(
    cells: Any, name: str, lines: np.ndarray, missing: Sequence[str] = (), decimal: Decimal = "."
) -> np.ndarray:
    """Turn cells of a column into float64, NaN where there is nothing.

    Args:
        cells: Texts, `(rows,)`, None where there is nothing.
        name: Of the column.
        lines: Where each row stands in its file.
        missing: What also stands for nothing, such as `-200` or `?`.
        decimal: What the decimals begin with.

    Raises:
        TypeError: A cell that is no number; says what to do.
        ValueError: Infinity.
    """
    import pandas as pd

    texts = pd.Series(np.asarray(cells, object), dtype="str").str.strip()
    texts = texts.where(~texts.isin([*NOTHING, *missing]))
    if texts.str.lower().isin(["true", "false"]).sum() == texts.notna().sum() > 0:
        texts = texts.str.lower().replace({"true": "1", "false": "0"})
    plain = texts
    if decimal == ",":
        between_thousands = ~texts.str.contains(".", regex=False) | texts.str.fullmatch(
            r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"
        )
        plain = texts.str.replace(".", "", regex=False).str.replace(",", ".", regex=False).where(between_thousands)
    values = pd.to_numeric(plain, errors="coerce").to_numpy("float64", na_value=np.nan)
    row = np.flatnonzero(np.isnan(values) & texts.notna().to_numpy())
    if len(row):
        text = str(texts.iloc[row[0]])
        remedy = _remedy(text, decimal)
        raise InvalidType(f"Column {name} must hold numbers: {remedy}. Received: {text[:40]!r} in line {lines[row[0]]}")
    row = np.flatnonzero(np.isinf(values))
    if len(row):
        raise InvalidValue(f"Values must be finite. Received: infinity in column {name}, line {lines[row[0]]}")
    coded = [float(word) for word in missing if re.fullmatch(r"-?\d+(\.\d+)?", word)]
    return np.where(np.isin(values, coded), np.nan, values)


def _remedy(text: str, decimal: Decimal) -> str:
    if decimal == "," and re.fullmatch(r"[+-]?[\d.,]+", text):
        return "with --decimal , a point may only stand between thousands"
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+|-?\d+,\d+", text) and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        return "with a decimal comma say --decimal ,"
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        return "take the commas between thousands out, or say --decimal , where they begin the decimals"
    if re.fullmatch(r"-?[\d.,]+ ?%", text):
        return "take the % out"
    if re.fullmatch(r"[^\w\s]+|missing|unknown|none|nil|n\.\s?[ad]\.?|tbd", text, re.IGNORECASE):
        return f"where this stands for nothing say --missing {text}"
    if re.search(r"\d+[-/:.]\d+[-/:.]\d+", text):
        return "name it with --time if it is the time, or leave it out with --target and --features"
    if re.fullmatch(r"[\W_]{0,3}\d[\d.,'’_\s]*[\W_]{0,3}([^\W\d]{1,3}\W?)?", text):
        return (
            "take out what is no digit, such as signs, units and spaces, or leave it out with --target and --features"
        )
    return (
        "leave it out with --target and --features, or name it with --series or --static where it tells series apart, "
        "or with --time if it is the time"
    )


def outlying(values: np.ndarray) -> float | None:
    """Find a value that repeats, far from all others: it may stand for nothing.

    Args:
        values: `(rows,)`, NaN where there is nothing.
    """
    known = values[~np.isnan(values)]
    if len(known) < 4 * REPEATS:
        return None
    for value in (known.min(), known.max()):
        rest = known[known != value]
        repeats = len(known) - len(rest)
        if repeats < (CODE_REPEATS if value in CODES else REPEATS) or not len(rest):
            continue
        distance, spread = np.abs(rest - value).min(), np.ptp(rest)
        far = 2.0 if value not in CODES else 0.1 if repeats >= REPEATS else 1.0
        if spread > 0 and distance > spread * far:
            return float(value)
    return None
