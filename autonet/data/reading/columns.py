"""Columns of a table before their feature types are known."""

import datetime
import numbers
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import repeat
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import DTypeLike, NDArray

from autonet.core.errors import InvalidData
from autonet.core.typing import Array
from autonet.data.reading.zones import normalize_zone

__all__ = [
    "EXACT",
    "Names",
    "RawColumn",
    "RawTable",
    "ValueType",
    "array_of_objects",
    "count_value_types",
    "is_missing",
]

Names = tuple[Hashable, ...]
ValueType = Literal["numeric", "boolean", "categorical", "datetime", "duration", "string", "mixed", "nothing"]

CHUNK_ROWS = 65_536  # rows converted to Python objects at a time: a million strings take 60 MB
INSTANT = "datetime64[us]"
DURATION = "timedelta64[us]"
EXACT = 2**53  # float64 represents every integer up to here
WIDE_DTYPES = (nw.Decimal, nw.Int128, nw.UInt128)  # without a NumPy equivalent


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
        if (
            dtype.is_integer() and values.dtype.kind == "f"
        ):  # missing values made them floats, which round large integers
            return cls(name, "numeric", series)
        return cls.from_array(name, values)

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
            chunk = self.values[first : first + CHUNK_ROWS]
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


@dataclass(frozen=True)
class RawTable:
    """Table whose columns are made on request.

    Attributes
    ----------
    names : tuple of hashable
        Indices if columns have no names.
    n_rows : int
    column : callable
        ``column(i)`` returns the i-th column.
    are_named : bool
        False for columns of an array.
    are_ordered : bool
        False for keys of dictionaries, whose order has no meaning.
    """

    names: Names
    n_rows: int
    column: Callable[[int], RawColumn]
    are_named: bool = True
    are_ordered: bool = True

    @classmethod
    def from_array(cls, X: Array) -> "RawTable":
        """Make a table of an array of shape (n, p)."""
        return cls(tuple(range(X.shape[1])), len(X), lambda i: RawColumn.from_array(i, X[:, i]), are_named=False)

    @classmethod
    def from_frame(cls, frame: "nw.DataFrame[Any]") -> "RawTable":
        """Make a table of a data frame."""
        names = tuple(frame.columns)
        series = list(frame.iter_columns())  # views; frame[:, i] would list all names in each call
        return cls(names, len(frame), lambda i: RawColumn.from_series(names[i], series[i]))

    def __iter__(self) -> Iterator[RawColumn]:
        """Iterate over the columns, with one in memory at a time."""
        return map(self.column, range(len(self.names)))

    def arrange(self, names: Names) -> "RawTable":
        """Reorder unordered columns to `names`, if these are the same names."""
        if self.are_ordered or self.names == names or set(self.names) != set(names):
            return self
        position = {name: i for i, name in enumerate(self.names)}
        return replace(self, names=names, column=lambda i: self.column(position[names[i]]))


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
    return np.fromiter(map(_to_float, values), np.float64, len(values))


def _to_float(value: Any) -> float:
    try:
        return np.nan if is_missing(value) else float(value)
    except OverflowError:  # an integer of more than 308 digits
        return np.inf


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
