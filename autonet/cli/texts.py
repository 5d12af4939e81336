"""Columns of text, as CSV has them, as numbers, truth values or text."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from autonet.core.typing import Array
from autonet.data.reading.formats import is_marker
from autonet.data.reading.number_formats import detect_codes

__all__ = ["ColumnKind", "convert_texts"]

# What a column was in fit: text, which is kept, or numbers, which are such also with leading zeros.
ColumnKind = Literal["text", "number"]

TRUTH = {"true": True, "false": False}
WHOLE = re.compile(r"[\s+\-\d]*")
MAX_TRUTHS = 10  # ways to write two of them
# A sign that plain numbers do not have; in a line of its own what may be a code, or an integer beyond 64 bits.
NOT_PLAIN = re.compile(r"[^0-9\n.eE+-]|\n(?:[+-]?0\d|\+|[+-]?\d{19})")
MAX_INTEGER = 2**63 - 1
MAX_EXACT = 2**53  # integers beyond it are not exact as floats, which missing values make of them


def convert_texts(texts: Sequence[str], kind: ColumnKind | None = None) -> Any:
    """Convert a column of CSV.

    An empty value is missing.  If all others are numbers, or markers of missing values such as ``NA`` beside numbers,
    the column is numeric; numbers with leading zeros or of 20 digits are codes, and stay text.  If all are ``true`` or
    ``false``, in any case, it is boolean.  Dates, amounts with units and decimal commas stay text, which estimators
    read.

    Parameters
    ----------
    texts : sequence of str
    kind : {"text", "number"}, optional
        What the column was in fit.

    Returns
    -------
    ndarray of int64, float64 or bool, or list of str, bool and None
    """
    if kind == "text":
        return _keep(texts)
    column = _convert_plain(texts)
    return _convert_distinct(texts, kind) if column is None else column


def _keep(texts: Sequence[str]) -> list[str | None]:
    return [text or None for text in texts]


def _convert_plain(texts: Sequence[str]) -> Array | None:
    """Convert a column of plain numbers and empty values in a fraction of the time; None for all others."""
    if NOT_PLAIN.search("\n" + "\n".join(texts)):
        return None
    for parse, dtype in ((int, np.int64), (float, np.float64)):
        try:
            return np.fromiter(map(parse, texts), dtype, len(texts))
        except (ValueError, OverflowError):
            continue
    try:
        values = np.fromiter((float(text or "nan") for text in texts), np.float64, len(texts))
    except ValueError:
        return None
    known = np.abs(values[~np.isnan(values)])
    return values if known.size and known.max() < MAX_EXACT else None


def _convert_distinct(texts: Sequence[str], kind: ColumnKind | None) -> Any:
    """Convert a column by its distinct values."""
    distinct = set(texts) - {""}
    truths = {text: TRUTH.get(text.strip().lower()) for text in distinct} if len(distinct) <= MAX_TRUTHS else {}
    if truths and None not in truths.values():
        flags = [truths.get(text) for text in texts]
        return flags if None in flags else np.array(flags)
    numbers = _parse_numbers(distinct)
    if numbers is None or (kind is None and detect_codes([t for t, n in numbers.items() if not math.isnan(n)])):
        return _keep(texts)
    return _to_array(texts, numbers)


def _parse_numbers(texts: Iterable[str]) -> dict[str, float] | None:
    """Parse numbers, and markers of missing values as NaN; None if a text is neither, or all are markers."""
    numbers: dict[str, float] = {}
    for text in texts:
        try:
            numbers[text] = float(text)
        except ValueError:
            if not is_marker(text):
                return None
            numbers[text] = math.nan
        if "_" in text:  # Python reads 1_000, people do not
            return None
    return None if all(map(math.isnan, numbers.values())) else numbers


def _to_array(texts: Sequence[str], numbers: dict[str, float]) -> Array | list[str | None]:
    numbers[""] = math.nan
    values = np.fromiter((numbers[text] for text in texts), np.float64, len(texts))
    missing = bool(np.isnan(values).any())
    known = [text for text, number in numbers.items() if not math.isnan(number)]
    whole = all(map(WHOLE.fullmatch, known))
    if whole and max(abs(int(text)) for text in known) > (MAX_EXACT if missing else MAX_INTEGER):
        return _keep(texts)
    return np.fromiter(map(int, texts), np.int64, len(texts)) if whole and not missing else values
