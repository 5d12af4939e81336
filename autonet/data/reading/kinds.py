"""What a column is: a number, a category, a date, a text; told from its type or its values."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.data.reading.cells import Cells, count_groups

__all__ = ["Column", "Kind", "detect_kind", "fits_float32", "number_of"]

Kind = Literal["numeric", "boolean", "categorical", "datetime", "duration", "text"]

FEW_VALUES = 20  # strings with so few distinct values are categories, whatever they look like
TEXT_WORDS = 3  # a text has more words in the mean ...
TEXT_DISTINCT = 0.1  # ... and more than this share of distinct values
IDENTIFIER_DISTINCT = 0.9
SAMPLED_ROWS = 10_000
KEPT_APART = 0.9

PLURAL = {
    "numeric": "numbers",
    "boolean": "booleans",
    "string": "strings",
    "datetime": "datetimes",
    "duration": "durations",
    "categorical": "categories",
    "text": "texts",
    "mixed": "values of several types",
    "nothing": "nothing",
}


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table is.

    Attributes
    ----------
    name : hashable
        Its name; its index if the table has no names.
    kind : str
        Numeric, boolean, categorical, datetime, duration or text.
    levels : tuple
        The distinct values of a boolean or categorical column in order, so that the order of rows changes nothing.
    missing : float
        Share of missing values.
    note : str
        What people should know about it; mostly empty.
    """

    name: Hashable
    kind: Kind
    levels: tuple[Any, ...]
    missing: float
    note: str


def detect_kind(cells: Cells, *, categorical: bool) -> Column:
    """Tell what a column is.

    Parameters
    ----------
    cells : Cells
    categorical : bool
        Whether the caller says that its values are categories.

    Raises
    ------
    InvalidData
        If numbers, strings and others are mixed.
    """
    missing = float(cells.missing().mean())
    if categorical:
        return Column(cells.name, "categorical", _ordered(cells.distinct()), missing, "in categorical_features")
    match cells.holds:
        case "boolean":
            return Column(cells.name, "boolean", (False, True), missing, "")
        case "categorical":
            return Column(cells.name, "categorical", _ordered(cells.distinct()), missing, "")
        case "string":
            return _detect_string(cells, missing)
        case "mixed":
            raise _mixed(cells)
        case "nothing":
            return Column(cells.name, "categorical", (), missing, "no value at all")
        case kind:
            return Column(cells.name, kind, (), missing, "no value at all" if missing == 1 else "")


def _detect_string(cells: Cells, missing: float) -> Column:
    distinct = cells.distinct()
    share = len(distinct) / max(len(cells) * (1 - missing), 1)
    many = len(distinct) > FEW_VALUES
    if many and share > TEXT_DISTINCT:
        words = np.fromiter((len(value.split()) for value in distinct), np.float64, len(distinct)).mean()
        if words > TEXT_WORDS:
            return Column(cells.name, "text", (), missing, f"{words:.0f} words in the mean")
    n_numbers = sum(number_of(value) is not None for value in distinct)
    zeros = any(_has_leading_zero(value) for value in distinct)
    if many and n_numbers == len(distinct) and not zeros:
        return Column(cells.name, "numeric", (), missing, "numbers written as text")
    levels = _ordered(distinct)
    if not distinct:
        note = "no value at all"
    elif many and n_numbers == len(distinct):
        note = "numbers with leading zeros: taken as codes"
    elif many and n_numbers > IDENTIFIER_DISTINCT * len(distinct):
        other = next(value for value in levels if number_of(value) is None)
        note = f"numbers written as text, except for {other!r:.60}: make it missing to have a numeric column"
    elif all(map(_is_date, levels[:FEW_VALUES])):
        note = "dates written as text: convert them to have a datetime column"
    elif many and share > IDENTIFIER_DISTINCT:
        note = "a distinct text in almost every row: an identifier?"
    else:
        note = ""
    return Column(cells.name, "categorical", levels, missing, note)


def number_of(value: Any) -> float | None:
    """Read a cell as a finite number; None if it is none."""
    if isinstance(value, str) and "_" in value:  # Python reads 1_000, people do not
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def fits_float32(values: NDArray[Any]) -> bool:
    """Whether float32 is precise enough for a column of numbers.

    It is if rounding keeps apart nine in ten of the distinct values of a sample: false for seconds since 1970 and
    for a small spread around a large mean.
    """
    if np.can_cast(values.dtype, np.float32):
        return True
    sample = values[:: -(-len(values) // SAMPLED_ROWS)]
    sample = np.unique(sample[np.isfinite(sample)])
    with np.errstate(over="ignore"):
        return len(np.unique(sample.astype(np.float32))) >= KEPT_APART * len(sample)


def _ordered(values: Iterable[Any]) -> tuple[Any, ...]:
    """Sort by name of the type, then by value."""
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault("number" if isinstance(value, Real) else type(value).__name__, []).append(value)
    ordered: list[Any] = []
    for name in sorted(groups):
        try:
            ordered += sorted(groups[name])
        except TypeError:  # has no order of its own
            ordered += sorted(groups[name], key=repr)
    return tuple(ordered)


def _has_leading_zero(text: str) -> bool:
    digits = text.strip().lstrip("+-")
    return digits.startswith("0") and digits[1:2].isdigit()


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _mixed(cells: Cells) -> InvalidData:
    groups = count_groups(cells.name, np.asarray(cells.values))
    listed = " and ".join(
        f"{PLURAL[group]} ({count} of {len(cells)} rows, for example {example!r:.60})"
        for group, (count, example) in sorted(groups.items())
    )
    return InvalidData(
        f"Column {cells.name!r} mixes {listed}. Make all its values one type, the others missing (NaN), "
        "or name the column in categorical_features."
    )
