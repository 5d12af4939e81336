"""Codes of the levels of a categorical column, whatever the type, unit, time zone and spelling of a value."""

import datetime
import math
import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import repeat
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.data.reading.columns import EXACT, RawColumn, is_missing, to_float
from autonet.data.table import MISSING_CODE, UNSEEN_CODE

__all__ = ["MISSING", "LevelIndex", "canonicalize"]

MISSING = ("missing", None)

# Missing values of Python, NumPy and pandas as written by str(), without "NA" and "null", which may be codes.
WRITTEN_MISSING = frozenset({"nan", "NaN", "None", "NaT", "<NA>"})
BOOLEANS = {"true": True, "false": False}
INTEGER = re.compile(r"-?[0-9]{1,300}")
# Floats as written by str(), with signed exponents, so that codes such as 12e4 remain texts.
FLOAT = re.compile(r"-?[0-9]{1,300}\.[0-9]*(e[+-][0-9]{1,3})?|-?[0-9]e[+-][0-9]{1,3}", re.IGNORECASE)
DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9].*)?")

Key = tuple[str, Any]

BOOLEAN_KINDS = {"boolean", "number"}  # kinds of canonical forms that may be true or false
AMBIGUOUS = -1  # code of a value that may be several levels


class LevelIndex:
    """Encode values of a column as the codes of its levels.

    A value is looked up as it is, so that levels like "01" and "1" stay apart, then by its canonical form.

    Parameters
    ----------
    levels : sequence
    has_missing : bool
        Whether values were missing when the column was fitted.
    """

    def __init__(self, levels: Sequence[Any], *, has_missing: bool) -> None:
        self.levels = levels
        self._exact = {_exact_key(level): 2 + i for i, level in enumerate(levels)}
        # Missing values of a table that was converted to strings are a level such as "nan".
        written = [] if has_missing else [self._exact[text] for text in WRITTEN_MISSING if text in self._exact]
        self._missing = written[0] if len(written) == 1 else MISSING_CODE

    @cached_property
    def are_boolean(self) -> bool:
        """Whether the levels are booleans, or zeros and ones, in any spelling."""
        return _are_boolean(set(self._forms))

    def share_kind_with(self, values: Iterable[Any]) -> bool:
        """Return whether some values are of the same kind as some levels, such as numbers or strings of numbers."""
        return any(not self._kinds.isdisjoint(_kinds(value)) for value in values)

    def find_mismatch(self, raw: RawColumn, codes: NDArray[np.int32]) -> Any:
        """Find a boolean among numeric levels of a column (n,) other than 0 and 1, or a number among boolean levels.

        True equals 1 in Python, so booleans would be encoded as the number 1, and half of a column of 1 and 2 as True.
        """
        if (
            (codes > UNSEEN_CODE).any()
            and raw.value_type in ("boolean", "categorical", "mixed")
            and not self.are_boolean
        ):
            if not any(isinstance(level, bool) for level in self.levels):
                return next((value for value in raw.distinct() if isinstance(value, bool)), None)
        elif (codes == UNSEEN_CODE).any() and all(canonicalize(level)[0] == "boolean" for level in self.levels):
            forms = ((canonicalize(value), value) for value in raw.distinct())
            return next((v for form, v in forms if form[0] in ("number", "rounded") and form not in self._forms), None)
        return None

    def encode(self, raw: RawColumn) -> NDArray[np.int32]:
        """Encode a column as codes (n,): 0 is missing, 1 unseen, 2 + i the i-th level.

        Raises
        ------
        InvalidData
            If a value may be several levels.
        """
        self._check_precision(raw)
        codes = np.empty(len(raw), np.int32)
        missing = raw.missing()
        others: dict[Any, int] = {}  # codes of values without an exact match
        first = 0
        for part in raw.iter_chunks():
            rows = slice(first, first + len(part))
            codes[rows] = np.fromiter(map(self._exact.get, part, repeat(UNSEEN_CODE)), np.int32, len(part))
            for i in np.flatnonzero((codes[rows] == UNSEEN_CODE) & ~missing[rows]).tolist():
                value = part[i]
                if value not in others:
                    others[value] = self._find(raw.name, value)
                codes[first + i] = others[value]
            first += len(part)
        codes[missing] = self._missing
        return codes

    def _check_precision(self, raw: RawColumn) -> None:
        """Raise an error for large numbers of a float dtype that rounds some of the levels."""
        exact, values = raw.max_exact, raw.values
        if exact >= EXACT or not isinstance(values, np.ndarray):
            return
        large = values[np.abs(values) >= exact]
        if len(large) and any(_is_lost(level, values.dtype, exact) for level in self.levels):
            raise InvalidData(
                f"Column {raw.name!r}: cannot tell which level {float(large[0]):.0f} is, because a {values.dtype} "
                f"beyond {exact} stands for several integers; read the column as integers or strings, in fit and "
                "predict."
            )

    def _find(self, name: Hashable, value: Any) -> int:
        code = self._exact.get(_exact_key(value))
        if code is not None:
            return code
        form = canonicalize(value)
        code = self._forms.get(form, MISSING_CODE if form == MISSING else None)
        if code is None and _is_large(form) and self._may_be_rounded(form[1]):
            code = AMBIGUOUS
        if code == AMBIGUOUS:
            raise self._ambiguous_error(name, value, form)
        return UNSEEN_CODE if code is None else code

    def _may_be_rounded(self, integer: int) -> bool:
        """Return whether a large integer and a level are equal as floats, and one of them may have been a float."""
        rounded = to_float(integer)
        level = self._forms.get(("rounded", rounded))
        return level is not None and (level != AMBIGUOUS or rounded == integer)

    # Computed for the first value without an exact match, which most columns never have.

    @cached_property
    def _forms(self) -> dict[Any, int]:
        """Codes by canonical form."""
        codes: dict[Any, int] = {}
        for code, level in enumerate(self.levels, 2):
            form = canonicalize(level)
            codes[form] = AMBIGUOUS if form in codes else code
            if _is_large(form):
                codes[("rounded", to_float(form[1]))] = AMBIGUOUS
        if _are_boolean(set(codes)):  # only then are 1 and True equal
            for forms in (_boolean_forms(False), _boolean_forms(True)):
                known = {codes[form] for form in forms if form in codes}
                if known:
                    codes |= dict.fromkeys(forms, known.pop() if len(known) == 1 else AMBIGUOUS)
        return codes

    @cached_property
    def _kinds(self) -> set[str]:
        """Kinds that the levels may be of."""
        return set().union(*map(_kinds, self.levels), *([BOOLEAN_KINDS] if self.are_boolean else []))

    def _ambiguous_error(self, name: Hashable, value: Any, form: Any) -> InvalidData:
        if form[0] == "rounded" or _is_large(form):
            return InvalidData(
                f"Column {name!r}: cannot tell which level {value!r} is, because a float beyond 2**53 stands for "
                "several integers; read the column as integers or strings, in fit and predict."
            )
        forms = _boolean_forms(form[1]) if form[0] in ("boolean", "number") and self.are_boolean else [form]
        same = [level for level in self.levels if canonicalize(level) in forms]
        return InvalidData(
            f"Column {name!r}: cannot tell whether {value!r} is the level {same[0]!r} or {same[1]!r}. "
            "Use the type and spelling of the values in fit."
        )


def _kinds(value: Any) -> set[str]:
    """Return the kinds that a value may be of: digits are a string and a number."""
    kind: str = canonicalize(value)[0]
    return {"number" if kind == "rounded" else kind, *(["string"] if isinstance(value, str | bytes) else [])}


def _exact_key(value: Any) -> Hashable:
    """Return a key that differs for a float beyond 2**53 and the integer that equals it in Python."""
    key: Hashable = value
    if isinstance(value, int | float | Decimal) and not -EXACT < value < EXACT:
        key = ("rounded" if isinstance(value, float) else "number", value)
    return key


def _is_lost(level: Any, dtype: Any, exact: int) -> bool:
    """Return whether a level is a large number that a float dtype rounds."""
    kind, number = canonicalize(level)
    if kind not in ("number", "rounded") or abs(number) < exact:
        return False
    with np.errstate(over="ignore"):
        return bool(float(dtype.type(to_float(number))) != number)


def _is_large(form: Any) -> bool:
    """Return whether a canonical form is an integer that float64 may round."""
    return bool(form[0] == "number" and isinstance(form[1], int) and abs(form[1]) >= EXACT)


def _boolean_forms(value: Any) -> list[Hashable]:
    return [("boolean", bool(value)), ("number", int(value))]


def _are_boolean(forms: set[Any]) -> bool:
    forms = forms - {MISSING}
    return bool(forms) and forms.issubset(_boolean_forms(False) + _boolean_forms(True))


def canonicalize(value: Any) -> tuple[Any, ...]:
    """Return the canonical form of a value, which is equal for all its representations.

    Parameters
    ----------
    value : object
        A number, string, bytes, boolean, date, duration or missing value; a tuple of such values.

    Returns
    -------
    tuple
        Kind of the value, and the value as a Python object.  Numbers of all types are one kind, with their strings:
        10115, 10115.0, "10115.0", "010115".  Fractions are rounded to float32.  Floats beyond 2**53, which may be
        several integers, are another kind.  Datetimes with a time zone are in UTC.  Strings are stripped and in
        Unicode's normal form C.

    Examples
    --------
    >>> canonicalize(np.int32(10115)) == canonicalize("10115.0") == ("number", 10115)
    True
    >>> canonicalize(b"red ") == canonicalize("red")
    True
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return _canonicalize_string(value)
    if isinstance(value, tuple):
        return tuple(canonicalize(part) for part in value)
    if is_missing(value):
        return MISSING
    return _canonicalize_object(value)


def _canonicalize_object(value: Any) -> Key:
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, Real | Decimal):
        return _canonicalize_number(value, exact=not isinstance(value, float))
    if isinstance(value, datetime.datetime):
        return _canonicalize_datetime(value)
    if isinstance(value, datetime.date):
        return ("datetime", datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, datetime.timedelta):
        return ("duration", datetime.timedelta(value.days, value.seconds, value.microseconds))
    return ("string", str(value))


def _canonicalize_number(value: Any, *, exact: bool) -> Key:
    if isinstance(value, int):
        return ("number", value)
    if not math.isfinite(to_float(value)):
        return ("number", to_float(value))
    whole = int(value)
    if whole != value:
        return ("number", _round_to_float32(float(value)))
    return ("number", whole) if exact or abs(whole) < EXACT else ("rounded", float(value))


def _round_to_float32(value: float) -> float:
    """Round to float32, the dtype that one of two tables may have, unless the result is zero."""
    return float(np.float32(value)) or value


def _canonicalize_datetime(value: datetime.datetime) -> Key:
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC)
    plain = datetime.datetime.combine(value.date(), value.time())  # pandas' own type has nanoseconds
    return ("datetime" if value.tzinfo is None else "instant", plain)


def _canonicalize_string(text: str) -> Key:
    text = unicodedata.normalize("NFC", text).strip()
    if INTEGER.fullmatch(text):
        return ("number", int(text))
    if FLOAT.fullmatch(text):
        number = float(text)
        return _canonicalize_number(number, exact=False) if math.isfinite(number) else ("string", text)
    if DATETIME.fullmatch(text):
        try:
            return _canonicalize_datetime(datetime.datetime.fromisoformat(text))
        except (ValueError, OverflowError):  # 2024-02-30 is a string; year 1 in UTC is year 0
            return ("string", text)
    if text in WRITTEN_MISSING:
        return MISSING
    written = BOOLEANS.get(text.lower())
    return ("string", text) if written is None else ("boolean", written)
