"""Formats of numbers, dates and times in columns of text: one per column, inferred in `fit`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from autonet.data.reading.date_formats import (
    DateFormat,
    TimeFormat,
    infer_date_format,
    looks_like_date,
    looks_like_time,
)
from autonet.data.reading.number_formats import (
    PLAIN_SIGNS,
    NumberFormat,
    detect_codes,
    infer_number_format,
    looks_like_number,
)

__all__ = [
    "FEW_VALUES",
    "Format",
    "InferredFormat",
    "infer_format",
    "infer_mixed_format",
    "is_marker",
    "looks_like_other_format",
]

Format = NumberFormat | DateFormat | TimeFormat

MIN_PARSED = 0.95  # share of the distinct values that a format must parse; missing values do not count
NEARLY_PARSED = 0.8  # share from which the note names the format that almost fits
N_TRIED = 100  # distinct values on which a format is tried before all others ...
MIN_LIKELY = 0.5  # ... and the share of them that must look like it
N_SAMPLED = 5000  # distinct values from which a format is inferred
FEW_VALUES = 20  # texts with at most so many distinct values are categories, unless they are dates
# Markers of missing numbers and dates, in lower case.
WORDS = """
? ?? - -- --- . .. ... * # / n/a na n.a. n.a n/d nd n.d. nan null none nil nat <na> <null> (null) (none) (blank)
#n/a #na #null! #value! #ref! #div/0! #num! #name? missing unknown undefined tbd 0000-00-00
"""
MARKERS = {*WORDS.split(), "", "not available", "not applicable", "0000-00-00 00:00:00"}


@dataclass(frozen=True, slots=True)
class InferredFormat:
    """Result of inferring the format of a column of text.

    Attributes
    ----------
    format : Format or None
    note : str
        Remark for the user; may be empty.
    is_doubtful : bool
        Whether the column may be used in an unexpected way.
    unparsed : frozenset of str
        Values that do not have this format, and are missing.
    """

    format: Format | None = None
    note: str = ""
    is_doubtful: bool = False
    unparsed: frozenset[str] = frozenset()


def is_marker(text: str) -> bool:
    """Return whether a text marks a missing number or date: ?, -, n/a, NULL, an empty text and the like."""
    return text.translate(PLAIN_SIGNS).strip().casefold() in MARKERS


def infer_format(texts: Sequence[str]) -> InferredFormat:
    """Infer the format of numbers, dates or times from the sorted distinct values of a column.

    Returns
    -------
    Inference
        With a format if it parses at least 95 % of the values that are not markers of missing values.
    """
    values = [text for text in texts if not is_marker(text)]
    notes = []
    for looks_like, infer in (
        (looks_like_number, _infer_numbers),
        (looks_like_date, _infer_dates),
        (looks_like_time, _infer_times),
    ):
        if values and _share(looks_like, _sample(values, N_TRIED)) >= MIN_LIKELY:
            found = infer(values)
            if found.format is not None:
                return _add_markers(found, sorted(set(texts) - set(values)))
            notes.append(found)
    return next((found for found in notes if found.note), InferredFormat())


def infer_mixed_format(values: Iterable[Any]) -> InferredFormat:
    """Infer numbers from mixed distinct values, if all texts among them are markers of missing values."""
    values = list(values)
    texts = sorted(value for value in values if isinstance(value, str))
    numbers = [value for value in values if not isinstance(value, str)]
    if not all(map(is_marker, texts)) or not all(isinstance(v, Real) and not isinstance(v, bool) for v in numbers):
        return InferredFormat()
    return _add_markers(InferredFormat(NumberFormat(), "numbers and texts"), texts)


def _infer_numbers(values: Sequence[str]) -> InferredFormat:
    if len(values) <= FEW_VALUES:
        return InferredFormat()
    number_format = infer_number_format(_sample(values, N_SAMPLED))
    found = InferredFormat() if number_format is None else _try(number_format, values)
    if found.format is None:
        return found
    codes = detect_codes([text for text in values if text not in found.unparsed])
    return InferredFormat(note=f"{codes}: taken as codes") if codes else found


def _infer_dates(values: Sequence[str]) -> InferredFormat:
    date_format = infer_date_format(_sample(values, N_SAMPLED))
    found = InferredFormat() if date_format is None else _try(date_format, values)
    if found.format is not None or _share(looks_like_date, values) < MIN_PARSED:
        return found
    note = f"ambiguous dates, for example {values[0]!r:.60}: taken as categories; write them year first, as 2003-02-01"
    return InferredFormat(note=note, is_doubtful=True)


def _infer_times(values: Sequence[str]) -> InferredFormat:
    return _try(TimeFormat(), values) if len(values) > FEW_VALUES else InferredFormat()


def _try(found: Format, values: Sequence[str]) -> InferredFormat:
    """Accept a format if it parses enough values."""
    others = [text for text in values if found.parse(text) is None]
    note = found.description
    if not others:
        return InferredFormat(found, note)
    if len(others) <= (1 - MIN_PARSED) * len(values):
        note += f"; {len(others)} of {len(values)} distinct values are none, such as {others[0]!r:.60}: missing"
        return InferredFormat(found, note, is_doubtful=True, unparsed=frozenset(others))
    if len(others) > (1 - NEARLY_PARSED) * len(values):
        return InferredFormat()
    note += f", except for values such as {others[0]!r:.60}: taken as categories; make them missing (NaN)"
    return InferredFormat(note=note, is_doubtful=True)


def _add_markers(found: InferredFormat, markers: Sequence[str]) -> InferredFormat:
    """Add markers of missing values to an inferred format and its note."""
    if not markers:
        return found
    note = f"{found.note}; missing: {', '.join(map(repr, markers))}"
    return replace(found, note=note, unparsed=found.unparsed | frozenset(markers))


def _sample(values: Sequence[str], size: int) -> Sequence[str]:
    return values[:: -(-len(values) // size)]


def looks_like_other_format(text: str, expected: Format) -> bool:
    """Return whether a text is a number, a date or a time in another format than the expected one."""
    return expected.parse(text) is None and (looks_like_number(text) or looks_like_date(text) or looks_like_time(text))


def _share(predicate: Callable[[str], bool], values: Iterable[str]) -> float:
    return float(np.mean([predicate(value) for value in values]))
