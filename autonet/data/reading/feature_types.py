"""Feature types of columns, inferred from dtypes and values."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from autonet.core.errors import InvalidData, UnknownName
from autonet.data.reading.columns import PLURAL, Column, RawColumn, Tokens, count_value_types
from autonet.data.reading.convert import iter_row_chunks, read_numbers, text_vectorizer
from autonet.data.reading.date_formats import DateFormat, format_offset
from autonet.data.reading.formats import FEW_VALUES, Format, InferredFormat, infer_format, infer_mixed_format
from autonet.data.reading.frames import RawTable

__all__ = ["CODED", "infer_columns"]

CODED = ("boolean", "categorical")  # feature types that become codes
MIN_ORDERED = 3  # levels from which their order says anything
CONSTANT = "constant: not used"
KEPT_UNPARSED = 1000  # unparsed values of `fit` that are remembered, so that they do not warn again
TEXT_WORDS = 3  # texts have more words on average ...
TEXT_DISTINCT = 0.1  # ... and a larger share of distinct values
IDENTIFIER_DISTINCT = 0.9  # identifiers have a larger share of distinct values
MANY_ROWS = 100  # from here on, categories without a repeated value are not used
SAMPLED_ROWS = 10_000  # rows that decide whether float32 suffices
KEPT_APART = 0.9  # share of the distinct values that float32 must keep apart
MAX_ROUNDING = 1e-3  # error relative to the range of a column

# Scripts that put no spaces between words: Chinese and Japanese, about two characters a word; Thai, Lao, Burmese and
# Khmer, about five.
CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
SOUTHEAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
UNSPACED = ((re.compile(f"[{CJK}]"), 2), (re.compile(f"[{SOUTHEAST_ASIAN}]"), 5))
SAMPLED_TEXTS = 2000  # texts from which the tokens are inferred
MIN_RECURRING = 0.5  # share of words that must occur in two texts to be counted as words
UNSPACED_SHARE = 0.1  # share of characters of scripts without spaces from which characters are counted


def infer_columns(table: Any, categorical_features: Sequence[Any] | None) -> tuple[tuple[Column, ...], str]:
    """Infer the columns of an opened table.

    Parameters
    ----------
    table : ndarray or csr_array of shape (n, p), or RawTable
    categorical_features : sequence of str, int or bool, optional
        See `Schema.detect`.

    Returns
    -------
    columns : tuple of Column
    dtype : {"float32", "float64"}
        Dtype of the numbers of data frames.
    """
    names = table.names if isinstance(table, RawTable) else range(table.shape[1])
    chosen = _resolve_columns(categorical_features, names)
    if not isinstance(table, RawTable):
        if not chosen:
            return _numeric_columns(table), "float64"
        if sparse.issparse(table):
            raise InvalidData(
                "categorical_features does not support sparse matrices; pass X as an array or a data frame."
            )
        table = RawTable.from_array(table)
    columns, single = [], True
    for i, raw in enumerate(table):
        column = _infer_column(raw, categorical=i in chosen)
        numbers = read_numbers(raw, column) if column.kind in ("numeric", "duration") else None
        single = single and (numbers is None or _fits_float32(numbers))
        if numbers is not None:
            column = replace(column, float_bits=int(_float_bits(numbers[:, None])[0]))
        columns.append(_mark_constant(raw, column, numbers))
    return tuple(columns), "float32" if single else "float64"


def _infer_column(raw: RawColumn, *, categorical: bool) -> Column:
    """Infer the feature type of a column, which the user may have declared as categorical."""
    missing = float(raw.missing().mean())
    if missing == 1 and not categorical:
        return _empty_column(raw)
    match raw.value_type:
        case _ if categorical:
            return _categorical_column(raw, missing, "in categorical_features")
        case "boolean":
            return Column(raw.name, "boolean", (False, True), missing, "")
        case "categorical":
            return _order_levels(raw, _categorical_column(raw, missing, ""))
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


def _order_levels(raw: RawColumn, column: Column) -> Column:
    """Make a column ordinal if its dtype has an order, and at least three levels occur."""
    order = raw.order()
    if order is None or column.note or len(column.levels) < MIN_ORDERED:
        return column
    position = {level: i for i, level in enumerate(order)}
    if not position.keys() >= set(column.levels):
        return column
    return replace(column, kind="ordinal", levels=tuple(sorted(column.levels, key=position.__getitem__)))


def _string_column(raw: RawColumn, missing: float) -> Column:
    levels = _sort_levels(raw.distinct())
    share = len(levels) / max(len(raw) * (1 - missing), 1)
    many = len(levels) > FEW_VALUES
    found = infer_format(levels)
    if found.format is not None:
        return _formatted_column(raw, found, found.format)
    if many and share > TEXT_DISTINCT and not found.note:
        words = float(np.mean([_estimate_words(value) for value in levels]))
        if words > TEXT_WORDS:
            return _text_column(raw, levels, missing, words)
    if many and share > IDENTIFIER_DISTINCT:
        note = "a distinct text in almost every row: an identifier? Not used unless named in categorical_features"
        note = f"{found.note}; almost every value is distinct: not used" if found.note else note
        return Column(raw.name, "categorical", (), missing, note, is_used=False, is_doubtful=True)
    return Column(raw.name, "categorical", levels, missing, found.note, is_doubtful=found.is_doubtful)


def _text_column(raw: RawColumn, levels: Sequence[str], missing: float, words: float) -> Column:
    tokens, recur = _infer_tokens(levels)
    note = f"{words:.0f} words in the mean" + (", read by its characters" if tokens == "characters" else "")
    if not recur:
        note += ": not used, because no two texts have any in common"
    return Column(raw.name, "text", (), missing, note, is_used=recur, is_doubtful=not recur, tokens=tokens)


def _estimate_words(text: str) -> float:
    """Estimate the number of words of a text in any script."""
    n_words = float(len(text.split()))
    if text.isascii():
        return n_words
    return max(n_words, sum(len(pattern.findall(text)) / length for pattern, length in UNSPACED))


def _infer_tokens(texts: Sequence[str]) -> tuple[Tokens, bool]:
    """Choose between words and characters for sorted distinct texts; return whether any occurs in two texts.

    Character n-grams are for scripts without spaces between words, and for texts with few words in common.
    """
    sample = texts[:: -(-len(texts) // SAMPLED_TEXTS)]
    unspaced = sum(len(pattern.findall(text)) for text in sample if not text.isascii() for pattern, _ in UNSPACED)
    if unspaced < UNSPACED_SHARE * sum(map(len, sample)) and _share_recurring("words", sample) >= MIN_RECURRING:
        return "words", True
    return "characters", _share_recurring("characters", sample) > 0


def _share_recurring(tokens: Tokens, texts: Sequence[str]) -> float:
    """Return the share of terms that occur in more than one text."""
    analyze = text_vectorizer(tokens).build_analyzer()
    counts = Counter(term for text in texts for term in set(analyze(text)) if term.strip())
    n_terms = sum(counts.values())
    return sum(count for count in counts.values() if count > 1) / n_terms if n_terms else 0.0


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


def _fits_float32(values: NDArray[Any]) -> bool:
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


def _float_bits(numbers: NDArray[Any]) -> NDArray[np.intp]:
    """Return the bits of the shortest float that does not round columns (n, p) visibly, 16, 32 or 64, shape (p,)."""
    bits = np.full(numbers.shape[1], 16)
    sample = numbers[:: max(-(-len(numbers) // SAMPLED_ROWS), 1)].astype(np.float64)
    sample[~np.isfinite(sample)] = np.nan
    half_spread = np.fmax.reduce(sample) / 2 - np.fmin.reduce(sample) / 2  # the whole one may overflow
    with np.errstate(over="ignore", invalid="ignore"):
        for short, longer in ((np.float16, 32), (np.float32, 64)):
            if not np.can_cast(numbers.dtype, short):
                rounded: NDArray[Any] = sample.astype(short)
                error = np.fmax.reduce(np.abs(rounded - sample))
                bits[error / 2 > MAX_ROUNDING * half_spread] = longer
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


def _resolve_columns(categorical_features: Sequence[Any] | None, names: Sequence[Hashable]) -> set[int]:
    """Return the indices of columns given by names, indices or a mask."""
    if categorical_features is None:
        return set()
    single = isinstance(categorical_features, str | int | np.integer)
    if not single and not isinstance(categorical_features, Iterable):
        raise InvalidData(f"categorical_features must be names, indices or a mask; got {categorical_features!r:.60}.")
    given = [categorical_features] if single else list(categorical_features)
    if given and all(isinstance(value, bool | np.bool_) for value in given):
        if len(given) != len(names):
            raise InvalidData(f"categorical_features is a mask of {len(given)} columns, but X has {len(names)}.")
        return {i for i, value in enumerate(given) if value}
    return {_resolve_column(value, names) for value in given}


def _resolve_column(value: Any, names: Sequence[Hashable]) -> int:
    is_index = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_index and not isinstance(value, str) and isinstance(value, Hashable) and value in names:  # a tuple
        return names.index(value)
    if is_index and any(isinstance(name, int | np.integer) and name == value for name in names):
        if 0 <= value < len(names) and names[value] != value:
            raise InvalidData(
                f"categorical_features has {value}, which is the name of column {names.index(value)} and the index of "
                f"column {names[value]!r}; pass a mask, or names that are strings."
            )
        return names.index(value)
    if isinstance(value, str):
        if not any(isinstance(name, str) for name in names):
            raise InvalidData(
                f"categorical_features names column {value!r}, but the columns of X have no names; pass indices."
            )
        if value not in names:
            raise UnknownName("column", value, map(str, names))
        return names.index(value)
    if not is_index:
        raise InvalidData(f"categorical_features must be names, indices or a mask of booleans; got {value!r}.")
    if not 0 <= value < len(names):
        raise InvalidData(f"categorical_features names column {value}, but X has columns 0 to {len(names) - 1}.")
    return int(value)


def _mark_constant(raw: RawColumn, column: Column, numbers: NDArray[Any] | None) -> Column:
    """Mark a column as unused if it is constant."""
    if column.missing or len(raw) < 2:
        return column
    if column.kind in CODED:
        varies = len(column.levels if column.kind == "categorical" else raw.distinct()) != 1
    elif column.kind == "datetime" and column.format is None:
        varies = bool((raw.values != raw.values[0]).any())
    else:
        varies = numbers is None or bool((numbers != numbers[0]).any())
    if varies:
        return column
    return replace(column, note=column.note or CONSTANT, is_used=False)


def _numeric_columns(numbers: Any) -> tuple[Column, ...]:
    n_rows, n_columns = numbers.shape
    if sparse.issparse(numbers):
        missing = np.bincount(numbers.indices[np.isnan(numbers.data)], minlength=n_columns)
        varies = np.bincount(numbers.indices, minlength=n_columns) > 0
    else:
        missing = np.sum([np.isnan(rows).sum(axis=0) for rows in iter_row_chunks(numbers)], axis=0)
        varies = np.any([(rows != numbers[0]).any(axis=0) for rows in iter_row_chunks(numbers)], axis=0)
    bits = np.full(n_columns, 16) if sparse.issparse(numbers) else _float_bits(numbers)
    columns = []
    for i, share in enumerate((missing / n_rows).tolist()):
        is_used = bool(varies[i] or n_rows == 1) and share < 1
        note = "" if is_used else "no value at all" if share == 1 else CONSTANT
        columns.append(Column(i, "numeric", (), share, note, is_used, float_bits=int(bits[i])))
    return tuple(columns)
