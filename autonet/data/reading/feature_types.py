"""What a column is: a number, a category, a date, a text; told from its type or its values."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.spec import describable
from autonet.data.reading.columns import RawColumn, count_value_types
from autonet.data.reading.date_formats import DateFormat
from autonet.data.reading.formats import Format, InferredFormat, infer_format, infer_mixed_format
from autonet.data.reading.texts import Tokens, estimate_words, infer_tokens
from autonet.data.reading.zones import format_offset

__all__ = ["Column", "FeatureType", "fits_float32", "infer_column"]

FeatureType = Literal["numeric", "boolean", "categorical", "datetime", "duration", "text"]

FEW_VALUES = 20  # strings with so few distinct values are categories, unless they are dates
KEPT_UNPARSED = 1000  # distinct values that did not parse in `fit`: further ones are warned of when they come again
TEXT_WORDS = 3  # a text has more words in the mean ...
TEXT_DISTINCT = 0.1  # ... and more than this share of distinct values
IDENTIFIER_DISTINCT = 0.9
MANY_ROWS = 100  # in so many rows a value that occurs once is not learned from; see `data.encoding.categorical`
SHOWN_LEVELS = 5
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


@describable
@dataclass(frozen=True, slots=True, repr=False)
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
        What people should know about it; mostly empty.  If it is not used: why.
    is_used : bool
        Whether there is anything to learn from it.  No values are kept of an identifier.
    is_doubtful : bool
        Whether the note says that it is used in another way than its user may expect: `fit` warns of it.
    format : NumberFormat, DateFormat, TimeFormat or None
        How its numbers, dates or times are written, if they are text.
    unparsed : frozenset of str
        Values that were missing in this format in `fit`.
    zone : str or None
        Time zone of datetimes that have one.
    tokens : {"words", "characters"}
        What its texts are counted by.
    """

    name: Hashable
    kind: FeatureType
    levels: tuple[Any, ...]
    missing: float
    note: str
    is_used: bool = True
    is_doubtful: bool = False
    format: Format | None = None
    unparsed: frozenset[str] = frozenset()
    zone: str | None = None
    tokens: Tokens = "words"

    def __repr__(self) -> str:
        """Show what describes the column, with a few of its levels."""
        shown = [f"{level!r:.30}" for level in self.levels[:SHOWN_LEVELS]]
        if len(self.levels) > SHOWN_LEVELS:
            shown.append(f"... {len(self.levels) - SHOWN_LEVELS} more")
        levels = f"({', '.join(shown)}{',' * (len(shown) == 1)})"
        zone = f", zone={self.zone!r}" if self.zone else ""
        return (
            f"Column(name={self.name!r}, kind={self.kind!r}, levels={levels}, missing={self.missing:.4g}, "
            f"note={self.note!r}, is_used={self.is_used}{zone})"
        )


def infer_column(raw: RawColumn, *, categorical: bool) -> Column:
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
    missing = float(raw.missing().mean())
    if missing == 1 and not categorical:
        return _empty_column(raw)
    match raw.value_type:
        case _ if categorical:
            return _categorical_column(raw, missing, "in categorical_features")
        case "boolean":
            return Column(raw.name, "boolean", (False, True), missing, "")
        case "categorical":
            return _categorical_column(raw, missing, "")
        case "string":
            return _string_column(raw, missing)
        case "mixed":
            found = infer_mixed_format(raw.distinct())
            if found.format is None:
                raise _mixed_types_error(raw)
            return _formatted_column(raw, found, found.format)
        case "numeric" | "datetime" | "duration" as kind:
            return Column(raw.name, kind, (), missing, "", zone=raw.zone)
        case _:
            return _empty_column(raw)


def _empty_column(raw: RawColumn) -> Column:
    """Describe a column without any value; later tables may have values of its type."""
    note = "no value at all"
    match raw.value_type:
        case "numeric" | "datetime" | "duration" as kind:
            return Column(raw.name, kind, (), 1.0, note, is_used=False, zone=raw.zone)
        case "boolean":
            return Column(raw.name, "boolean", (False, True), 1.0, note, is_used=False)
        case _:
            return Column(raw.name, "categorical", (), 1.0, note, is_used=False)


def _categorical_column(raw: RawColumn, missing: float, note: str) -> Column:
    """Describe a column of categories by its type, or because the user says so."""
    levels = _sort_levels(raw.distinct())
    if not levels:
        return _empty_column(raw)
    if len(raw) >= MANY_ROWS and len(levels) == round(len(raw) * (1 - missing)):
        note = "no value occurs twice, an identifier? Not used"
        return Column(raw.name, "categorical", (), missing, note, is_used=False, is_doubtful=True)
    if any(isinstance(level, float) and abs(level) >= raw.max_exact for level in levels):
        largest = f"2**{raw.max_exact.bit_length() - 1}"
        note = f"floats beyond {largest}, which may be several integers each: read the column as integers or strings"
        return Column(raw.name, "categorical", levels, missing, note, is_doubtful=True)
    return Column(raw.name, "categorical", levels, missing, note)


def _string_column(raw: RawColumn, missing: float) -> Column:
    levels = _sort_levels(raw.distinct())
    share = len(levels) / max(len(raw) * (1 - missing), 1)
    many = len(levels) > FEW_VALUES
    found = infer_format(levels)
    if found.format is not None:
        return _formatted_column(raw, found, found.format)
    if many and share > TEXT_DISTINCT and not found.note:
        words = float(np.mean([estimate_words(value) for value in levels]))
        if words > TEXT_WORDS:
            return _text_column(raw, levels, missing, words)
    if many and share > IDENTIFIER_DISTINCT:
        note = "a distinct text in almost every row: an identifier? Not used unless named in categorical_features"
        note = f"{found.note}; almost every value is distinct: not used" if found.note else note
        return Column(raw.name, "categorical", (), missing, note, is_used=False, is_doubtful=True)
    return Column(raw.name, "categorical", levels, missing, found.note, is_doubtful=found.is_doubtful)


def _text_column(raw: RawColumn, levels: Sequence[str], missing: float, words: float) -> Column:
    tokens, recur = infer_tokens(levels)
    note = f"{words:.0f} words in the mean" + (", read by its characters" if tokens == "characters" else "")
    if not recur:
        note += ": not used, because no two texts have any in common"
    return Column(raw.name, "text", (), missing, note, is_used=recur, is_doubtful=not recur, tokens=tokens)


def _formatted_column(raw: RawColumn, found: InferredFormat, written: Format) -> Column:
    """Describe a column of numbers, dates or times that are written as text."""
    kept = frozenset(sorted(found.unparsed)[:KEPT_UNPARSED])
    is_missing = raw.lookup(dict.fromkeys(found.unparsed, 1.0), missing=1, unknown=0, dtype=np.float64)
    return Column(
        name=raw.name,
        kind=written.kind,
        levels=(),
        missing=float(is_missing.mean()),
        note=found.note,
        is_doubtful=found.is_doubtful,
        format=written,
        unparsed=kept,
        zone=format_offset(written.zone) if isinstance(written, DateFormat) and written.zone is not None else None,
    )


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


def _sort_levels(values: Iterable[Any]) -> tuple[Any, ...]:
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


def _mixed_types_error(raw: RawColumn) -> InvalidData:
    groups = count_value_types(raw.name, np.asarray(raw.values))
    listed = " and ".join(
        f"{PLURAL[group]} ({count} of {len(raw)} rows, for example {example!r:.60})"
        for group, (count, example) in sorted(groups.items())
    )
    return InvalidData(
        f"Column {raw.name!r} mixes {listed}. Make all its values one type, the others missing (NaN), "
        "or name the column in categorical_features."
    )
