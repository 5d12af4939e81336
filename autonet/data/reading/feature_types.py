"""Feature types of columns, inferred from dtypes and values."""

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
from autonet.data.reading.formats import FEW_VALUES, Format, InferredFormat, infer_format, infer_mixed_format
from autonet.data.reading.texts import Tokens, estimate_words, infer_tokens
from autonet.data.reading.zones import format_offset

__all__ = ["Column", "FeatureType", "fits_float32", "float_bits", "infer_column"]

FeatureType = Literal["numeric", "boolean", "categorical", "datetime", "duration", "text"]

KEPT_UNPARSED = 1000  # unparsed values of `fit` that are remembered, so that they do not warn again
TEXT_WORDS = 3  # texts have more words on average ...
TEXT_DISTINCT = 0.1  # ... and a larger share of distinct values
IDENTIFIER_DISTINCT = 0.9  # identifiers have a larger share of distinct values
MANY_ROWS = 100  # from here on, categories without a repeated value are not used
SHOWN_LEVELS = 5  # levels in the repr of a column
SAMPLED_ROWS = 10_000  # rows that decide whether float32 suffices
KEPT_APART = 0.9  # share of the distinct values that float32 must keep apart
MAX_ROUNDING = 1e-3  # error relative to the range of a column

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
    """Fitted column: feature type, levels and format.

    Attributes
    ----------
    name : hashable
        Its index if the table has no names.
    kind : {"numeric", "boolean", "categorical", "datetime", "duration", "text"}
    levels : tuple
        Sorted distinct values of a boolean or categorical column; empty for an identifier.
    missing : float
        Share of missing values.
    note : str
        Remark for the user, such as the reason why the column is not used; mostly empty.
    is_used : bool
        Whether networks see the column.
    is_doubtful : bool
        Whether `fit` warns with the note, because the column may be used in an unexpected way.
    format : NumberFormat, DateFormat, TimeFormat or None
        Format of numbers, dates or times that are written as text.
    unparsed : frozenset of str
        Values of `fit` that do not have this format, and are missing.
    zone : str or None
        Time zone of datetimes.
    tokens : {"words", "characters"}
        Unit in which texts are counted.
    float_bits : int
        Bits of the shortest float that does not round its numbers visibly.
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
    float_bits: int = 16

    def __repr__(self) -> str:
        """Return a representation with the first levels only."""
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
    """Infer the feature type of a column.

    Parameters
    ----------
    raw : RawColumn
    categorical : bool
        Whether the user declared the column as categorical.

    Returns
    -------
    Column

    Raises
    ------
    InvalidData
        If the values are of several types.
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
    """Make the column for one without values; its type counts, because later tables may have values."""
    note = "no value at all"
    match raw.value_type:
        case "numeric" | "datetime" | "duration" as kind:
            return Column(raw.name, kind, (), 1.0, note, is_used=False, zone=raw.zone)
        case "boolean":
            return Column(raw.name, "boolean", (False, True), 1.0, note, is_used=False)
        case _:
            return Column(raw.name, "categorical", (), 1.0, note, is_used=False)


def _categorical_column(raw: RawColumn, missing: float, note: str) -> Column:
    """Make the column for one that is categorical by its dtype or by the user's choice."""
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
    """Make the column for numbers, dates or times that are written as text."""
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
    """Return whether float32 is precise enough for numbers (n,).

    It is if rounding keeps nine in ten of the distinct values of a sample apart, unlike seconds since 1970, or a small
    spread around a large mean.
    """
    if np.can_cast(values.dtype, np.float32):
        return True
    sample = values[:: -(-len(values) // SAMPLED_ROWS)]
    sample = np.unique(sample[np.isfinite(sample)])
    with np.errstate(over="ignore"):
        return len(np.unique(sample.astype(np.float32))) >= KEPT_APART * len(sample)


def float_bits(numbers: NDArray[Any]) -> NDArray[np.intp]:
    """Return the bits of the shortest float that does not round columns (n, p) visibly, 16, 32 or 64, shape (p,)."""
    bits = np.full(numbers.shape[1], 16)
    sample = numbers[:: max(-(-len(numbers) // SAMPLED_ROWS), 1)].astype(np.float64)
    sample[~np.isfinite(sample)] = np.nan
    spread = np.fmax.reduce(sample) - np.fmin.reduce(sample)
    with np.errstate(over="ignore", invalid="ignore"):
        for short, longer in ((np.float16, 32), (np.float32, 64)):
            if not np.can_cast(numbers.dtype, short):
                rounded: NDArray[Any] = sample.astype(short)
                error = np.fmax.reduce(np.abs(rounded - sample))
                bits[error > MAX_ROUNDING * spread] = longer
    return bits


def _sort_levels(values: Iterable[Any]) -> tuple[Any, ...]:
    """Sort values by the name of their type, then by value."""
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault("number" if isinstance(value, Real) else type(value).__name__, []).append(value)
    ordered: list[Any] = []
    for name in sorted(groups):
        try:
            ordered += sorted(groups[name])
        except TypeError:  # not comparable
            ordered += sorted(groups[name], key=repr)
    return tuple(ordered)


def _mixed_types_error(raw: RawColumn) -> InvalidData:
    groups = count_value_types(raw.name, np.asarray(raw.values))
    listed = " and ".join(
        f"{PLURAL[group]} ({count} of {len(raw)} rows, for example {example!r:.60})"
        for group, (count, example) in sorted(groups.items())
    )
    return InvalidData(
        f"Column {raw.name!r} mixes {listed}. Convert its values to one type, the others to NaN, "
        "or name the column in categorical_features."
    )
