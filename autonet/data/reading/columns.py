"""Columns of a table: raw ones, of values of a type, and fitted ones, of a feature type."""

import datetime
import numbers
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import repeat
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import DTypeLike, NDArray

from autonet.core.errors import InvalidData
from autonet.core.spec import describable
from autonet.core.typing import Array
from autonet.data.reading.date_formats import normalize_zone
from autonet.data.reading.formats import Format

__all__ = [
    "CHUNK_ROWS",
    "EXACT",
    "INSTANT",
    "PLURAL",
    "Column",
    "FeatureType",
    "Names",
    "RawColumn",
    "Tokens",
    "ValueType",
    "array_of_objects",
    "count_value_types",
    "is_missing",
    "to_float",
]

Names = tuple[Hashable, ...]
FeatureType = Literal["numeric", "boolean", "categorical", "ordinal", "datetime", "duration", "text"]
Tokens = Literal["words", "characters"]
ValueType = Literal["numeric", "boolean", "categorical", "datetime", "duration", "string", "mixed", "nothing"]

CHUNK_ROWS = 65_536  # rows converted to Python objects at a time: a million strings take 60 MB
INSTANT = "datetime64[us]"
DURATION = "timedelta64[us]"
EXACT = 2**53  # float64 represents every integer up to here
WIDE_DTYPES = (nw.Decimal, nw.Int128, nw.UInt128)  # without a NumPy equivalent
SHOWN_LEVELS = 5  # levels in the repr of a column

PLURAL = {
    "numeric": "numbers",
    "boolean": "booleans",
    "string": "strings",
    "datetime": "datetimes",
    "duration": "durations",
    "categorical": "categories",
    "ordinal": "ordered categories",
    "text": "texts",
    "mixed": "values of several types",
    "nothing": "nothing",
}


@dataclass(frozen=True)
class RawColumn:
    """Values of a column and their type, without an interpretation as a feature.

    Attributes
    ----------
    name : hashable
        Its index if columns have no names.
    value_type : ValueType
        Type of all values that are not missing; ``"categorical"`` if the dtype is, ``"mixed"`` if there are several.
    values : ndarray or narwhals.Series of shape (n,)
        Datetimes are datetime64[us], durations timedelta64[us].  Numbers have a real dtype, or one that represents
        them exactly: objects, nullable integers or decimals.
    zone : str or None
        Time zone of datetimes, whose values are then in UTC.
    """

    name: Hashable
    value_type: ValueType
    values: "Array | nw.Series[Any]"
    zone: str | None = None

    @classmethod
    def from_series(cls, name: Hashable, series: "nw.Series[Any]") -> "RawColumn":
        """Make a column of a series of shape (n,).

        Raises
        ------
        TypeError, ValueError
            If values are not numbers, strings, booleans, dates or durations.
        """
        dtype = series.dtype
        if dtype in (nw.Categorical, nw.Enum):
            return cls(name, "categorical", series)
        if series.implementation.is_pandas_like() and series.to_native().dtype == object:
            return cls.from_array(name, series.to_numpy())  # narwhals infers strings from the first rows
        if dtype == nw.String:
            return cls(name, "string", series)
        if dtype == nw.Boolean:
            return cls(name, "boolean", series)
        if dtype in WIDE_DTYPES:
            return cls(name, "numeric", series)
        if dtype == nw.Date:
            series = series.cast(nw.Datetime("us"))
        elif isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
            instants = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
            return cls(name, "datetime", instants.astype(INSTANT, copy=False), normalize_zone(dtype.time_zone))
        elif not (dtype.is_numeric() or dtype == nw.Duration or series.implementation.is_pandas_like()):
            return cls.from_array(name, array_of_objects(series.to_list()))
        values = series.to_numpy()
        # Missing values turn integers into floats, which round large ones.
        is_rounded = dtype.is_integer() and values.dtype.kind == "f"
        return cls(name, "numeric", series) if is_rounded else cls.from_array(name, values)

    @classmethod
    def from_array(cls, name: Hashable, values: Array) -> "RawColumn":
        """Make a column of an array of shape (n,); see `from_series`."""
        match values.dtype.kind:
            case "b":
                return cls(name, "boolean", values)
            case "i" | "u" | "f":
                return cls(name, "numeric", values)
            case "M":
                return cls(name, "datetime", values.astype(INSTANT, copy=False))
            case "m":
                return cls(name, "duration", values.astype(DURATION, copy=False))
            case "U":
                return cls(name, "string", values)
            case "S":
                return cls(name, "string", np.char.decode(values, "utf-8", "backslashreplace"))
            case "O" | "T":
                return cls._from_objects(name, values.astype(object, copy=False))
            case "c":
                raise InvalidData(
                    f"Complex data not supported: column {name!r}; pass its real and imaginary parts as two columns."
                )
            case _:
                raise _unsupported_error(name, values.dtype.name)

    @classmethod
    def _from_objects(cls, name: Hashable, values: Array) -> "RawColumn":
        types = set(map(type, values))
        if bytes in types:
            values = array_of_objects(
                [v.decode("utf-8", "backslashreplace") if isinstance(v, bytes) else v for v in values]
            )
        value_types = {_value_type_of(name, t) for t in types} - {"nothing"}
        if "numeric" in value_types and len(value_types) > 1:  # the numbers may be NaN only, for missing strings
            value_types = set(count_value_types(name, values))
        match value_types:
            case _ if not value_types:
                return cls(name, "nothing", values)
            case _ if value_types <= {"numeric", "boolean"} and "numeric" in value_types:
                floats = _to_floats(values)
                return cls(name, "numeric", values if (np.abs(floats) >= EXACT).any() else floats)
            case _ if value_types == {"datetime"}:
                return cls(name, "datetime", *_to_instants(name, values))
            case _ if value_types == {"duration"}:
                return cls(name, "duration", np.array([None if is_missing(v) else v for v in values], DURATION))
            case _:
                return cls(name, value_types.pop() if len(value_types) == 1 else "mixed", values)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.values)

    @property
    def max_exact(self) -> int:
        """Bound up to which the dtype represents every integer, such as 2**24 for float32."""
        is_float = isinstance(self.values, np.ndarray) and self.values.dtype.kind == "f"
        return min(2 ** (np.finfo(self.values.dtype).nmant + 1), EXACT) if is_float else EXACT

    def numbers(self) -> Array:
        """Return numbers (n,) in a real dtype, with NaN for missing values; large integers may be rounded."""
        if isinstance(self.values, nw.Series):
            wide = self.values.dtype in WIDE_DTYPES
            return (self.values.cast(nw.Float64) if wide else self.values).to_numpy()
        return _to_floats(self.values) if self.values.dtype == object else self.values

    def iter_chunks(self) -> Iterator[list[Any]]:
        """Iterate over lists of at most `CHUNK_ROWS` values as Python objects."""
        for first in range(0, len(self), CHUNK_ROWS):
            chunk = self.values if len(self) <= CHUNK_ROWS else self.values[first : first + CHUNK_ROWS]
            if not isinstance(chunk, np.ndarray):
                yield chunk.to_list()
            elif self.zone:
                yield [instant and instant.replace(tzinfo=datetime.UTC) for instant in chunk.tolist()]
            else:
                yield chunk.tolist()

    def missing(self) -> NDArray[np.bool_]:
        """Return a mask (n,) of missing values: null, None, NaN or NaT."""
        if isinstance(self.values, nw.Series):
            return self.values.is_null().to_numpy()
        if self.values.dtype == object:
            nothing = {value for value in set(self.values) if is_missing(value)}
            return np.fromiter(map(nothing.__contains__, self.values), np.bool_, len(self))
        return np.asarray(self.values != self.values)  # NaN and NaT differ from themselves

    def order(self) -> list[Any] | None:
        """Return the levels of an ordered dtype of pandas or pyarrow from the lowest on; None for other values."""
        native: Any = self.values.to_native() if isinstance(self.values, nw.Series) else None
        if getattr(getattr(native, "dtype", None), "ordered", False):  # of pandas
            return [_to_python(level) for level in native.dtype.categories]
        if getattr(getattr(native, "type", None), "ordered", False):  # of pyarrow
            return list(native.unify_dictionaries().chunk(0).dictionary.to_pylist())
        return None

    def distinct(self) -> list[Any]:
        """Return the distinct values that are not missing, in any order."""
        if isinstance(self.values, nw.Series) and not self.values.implementation.is_pyarrow():
            values = self.values.unique().to_list()
        else:  # unique() of pyarrow returns "" for null in string views
            values = list(set().union(*self.iter_chunks()))
        return [_to_python(value) for value in values if not is_missing(value)]

    def lookup(self, index: Mapping[Any, float], *, missing: float, unknown: float, dtype: DTypeLike) -> Array:
        """Return ``index[value]`` of every value, shape (n,), with defaults for missing and unknown values."""
        found = np.empty(len(self), dtype)
        first = 0
        for chunk in self.iter_chunks():
            found[first : first + len(chunk)] = np.fromiter(map(index.get, chunk, repeat(unknown)), dtype, len(chunk))
            first += len(chunk)
        found[self.missing()] = missing
        return found


@describable
@dataclass(frozen=True, slots=True, repr=False)
class Column:
    """Fitted column: feature type, levels and format.

    Attributes
    ----------
    name : hashable
        Its index if the table has no names.
    kind : {"numeric", "boolean", "categorical", "ordinal", "datetime", "duration", "text"}
    levels : tuple
        Sorted distinct values of a boolean or categorical column, those of an ordinal one in their order; empty for an
        identifier.
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


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, NaT or pandas' NA."""
    # Types by name, because pandas need not be installed.
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def count_value_types(name: Hashable, values: Array) -> dict[ValueType, tuple[int, Any]]:
    """Count the value types in an array of objects (n,), with an example of each."""
    counts: dict[ValueType, tuple[int, Any]] = {}
    for value in values:
        if not is_missing(value):
            value_type = _value_type_of(name, type(value))
            count, example = counts.get(value_type, (0, value))
            counts[value_type] = (count + 1, example)
    return counts


def _value_type_of(name: Hashable, cls: type) -> ValueType:
    if cls is type(None) or cls.__name__ in ("NAType", "NaTType"):
        return "nothing"
    if issubclass(cls, str | bytes):
        return "string"
    if issubclass(cls, bool | np.bool_):
        return "boolean"
    if issubclass(cls, datetime.date | np.datetime64):
        return "datetime"
    if issubclass(cls, datetime.timedelta | np.timedelta64):  # timedelta64 is a subclass of integers
        return "duration"
    if issubclass(cls, numbers.Real | Decimal):
        return "numeric"
    raise _unsupported_error(name, cls.__name__)


def _unsupported_error(name: Hashable, what: str) -> TypeError:
    return TypeError(
        f"Column {name!r}: argument must be a string or a real number, not {what!r}. "
        "Convert its values to numbers, strings, booleans, dates or durations, or drop the column."
    )


def array_of_objects(values: list[Any]) -> Array:
    """Return an array of objects (n,); lists among the values stay lists."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _to_floats(values: Array) -> Array:
    return np.fromiter(map(to_float, values), np.float64, len(values))


def to_float(value: Any) -> float:
    """Convert a number to a float: NaN if it is missing, infinite beyond 308 digits."""
    try:
        return np.nan if is_missing(value) else float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _to_instants(name: Hashable, values: Array) -> tuple[Array, str | None]:
    """Return dates and datetimes (n,) as datetime64, in UTC if they have a time zone, and that zone."""
    zones = {getattr(value, "tzinfo", None) for value in values if not is_missing(value)}
    if None in zones and len(zones) > 1:
        raise InvalidData(
            f"Column {name!r} mixes datetimes with and without a time zone; give all of them a time zone."
        )
    if None in zones or not zones:
        return np.array([None if is_missing(value) else value for value in values], INSTANT), None
    utc = [None if is_missing(value) else value.astimezone(datetime.UTC).replace(tzinfo=None) for value in values]
    return np.array(utc, INSTANT), normalize_zone(zones.pop()) if len(zones) == 1 else "UTC"


def _to_python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
