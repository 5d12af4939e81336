"""The columns of a table of any brand, each with what its cells hold."""

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

CHUNK_ROWS = 65_536  # rows that are Python objects at a time: a million strings would take 60 MB
INSTANT, DURATION = "datetime64[us]", "timedelta64[us]"
EXACT = 2**53  # float64 holds every integer up to here; beyond, neighbours become one number
WIDE_DTYPES = (nw.Decimal, nw.Int128, nw.UInt128)  # NumPy has none of them


@dataclass(frozen=True)
class RawColumn:
    """One column of a table.

    Attributes
    ----------
    name : hashable
        Its name, or its index where columns have no names.
    holds : str
        What all cells hold that are not missing; ``"categorical"`` if its type says so, ``"mixed"`` for several things.
    values : ndarray or narwhals.Series of shape (n,)
        An array of datetime64[us] or timedelta64[us] where it holds datetimes or durations.  Numbers are an array of
        real numbers, or what has them exactly: objects, or a series of nullable integers or decimals.
    zone : str or None
        Time zone of datetimes; their values are in UTC then.
    """

    name: Hashable
    value_type: ValueType
    values: "Array | nw.Series[Any]"
    zone: str | None = None

    @classmethod
    def from_series(cls, name: Hashable, series: "nw.Series[Any]") -> "RawColumn":
        """Take a column of a frame.

        Raises
        ------
        TypeError, ValueError
            For cells that are no numbers, strings, booleans, dates or durations.
        """
        dtype = series.dtype
        if dtype in (nw.Categorical, nw.Enum):
            return cls(name, "categorical", series)
        if series.implementation.is_pandas_like() and series.to_native().dtype == object:
            return cls.from_array(name, series.to_numpy())  # narwhals calls it strings by a look at its first rows
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
        if dtype.is_integer() and values.dtype.kind == "f":  # some are missing; large ones would lose digits
            return cls(name, "numeric", series)
        return cls.from_array(name, values)

    @classmethod
    def from_array(cls, name: Hashable, values: Array) -> "RawColumn":
        """Take a column of an array; see `from_series`."""
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
                raise InvalidData(f"Complex data not supported: column {name!r}. Give its parts as two columns.")
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
        if (
            "numeric" in value_types and len(value_types) > 1
        ):  # they may be nothing but NaN, which marks a missing string
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
        """Number up to which every integer is itself: 2**24 in float32."""
        is_float = isinstance(self.values, np.ndarray) and self.values.dtype.kind == "f"
        return min(2 ** (np.finfo(self.values.dtype).nmant + 1), EXACT) if is_float else EXACT

    def numbers(self) -> Array:
        """Return numbers as an array of a real type; missing ones are NaN, and large ones may be rounded."""
        if isinstance(self.values, nw.Series):
            wide = self.values.dtype in WIDE_DTYPES
            return (self.values.cast(nw.Float64) if wide else self.values).to_numpy()
        return _to_floats(self.values) if self.values.dtype == object else self.values

    def iter_chunks(self) -> Iterator[list[Any]]:
        """Iterate over the cells as Python objects, so many rows at a time."""
        for first in range(0, len(self), CHUNK_ROWS):
            chunk = self.values[first : first + CHUNK_ROWS]
            if not isinstance(chunk, np.ndarray):
                yield chunk.to_list()
            elif self.zone:
                yield [instant and instant.replace(tzinfo=datetime.UTC) for instant in chunk.tolist()]
            else:
                yield chunk.tolist()

    def missing(self) -> NDArray[np.bool_]:
        """Mark the missing cells: null, None, NaN or NaT."""
        if isinstance(self.values, nw.Series):
            return self.values.is_null().to_numpy()
        if self.values.dtype == object:
            nothing = {value for value in set(self.values) if is_missing(value)}
            return np.fromiter(map(nothing.__contains__, self.values), np.bool_, len(self))
        return np.asarray(self.values != self.values)  # NaN and NaT differ from themselves

    def distinct(self) -> list[Any]:
        """List the different values, in any order."""
        if isinstance(self.values, nw.Series) and not self.values.implementation.is_pyarrow():
            values = self.values.unique().to_list()
        else:  # pyarrow finds "" for null among string views
            values = list(set().union(*self.iter_chunks()))
        return [_to_python(value) for value in values if not is_missing(value)]

    def lookup(self, index: Mapping[Any, float], *, missing: float, unknown: float, dtype: DTypeLike) -> Array:
        """Replace every cell by what `index` holds for its value."""
        found = np.empty(len(self), dtype)
        first = 0
        for chunk in self.iter_chunks():
            found[first : first + len(chunk)] = np.fromiter(map(index.get, chunk, repeat(unknown)), dtype, len(chunk))
            first += len(chunk)
        found[self.missing()] = missing
        return found


@dataclass(frozen=True)
class RawTable:
    """A table column by column.

    Attributes
    ----------
    names : tuple of hashable
        Strings or whatever else the table has; indices if its columns have no names.
    n_rows : int
    column : callable
        Gives the cells of the i-th column, made when asked for.
    are_named : bool
        False for the columns of an array.
    are_ordered : bool
        False for keys of dictionaries, whose order means nothing.
    """

    names: Names
    n_rows: int
    column: Callable[[int], RawColumn]
    are_named: bool = True
    are_ordered: bool = True

    @classmethod
    def from_array(cls, X: Array) -> "RawTable":
        """Take the columns of an array of shape (n, p)."""
        return cls(tuple(range(X.shape[1])), len(X), lambda i: RawColumn.from_array(i, X[:, i]), are_named=False)

    @classmethod
    def from_frame(cls, frame: "nw.DataFrame[Any]") -> "RawTable":
        """Take the columns of a data frame."""
        names = tuple(frame.columns)
        series = list(frame.iter_columns())  # views; frame[:, i] would list all names each time
        return cls(names, len(frame), lambda i: RawColumn.from_series(names[i], series[i]))

    def __iter__(self) -> Iterator[RawColumn]:
        """Go through the columns; each is let go before the next is made."""
        return map(self.column, range(len(self.names)))

    def arrange(self, names: Names) -> "RawTable":
        """Put unordered columns in the order of `names`, if these are the same."""
        if self.are_ordered or self.names == names or set(self.names) != set(names):
            return self
        position = {name: i for i, name in enumerate(self.names)}
        return replace(self, names=names, column=lambda i: self.column(position[names[i]]))


def is_missing(value: Any) -> bool:
    """Whether a cell is missing: None, NaN, NaT or pandas' NA."""
    # Types by name, because pandas need not be installed.
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def count_value_types(name: Hashable, values: Array) -> dict[ValueType, tuple[int, Any]]:
    """Count what the cells of a column of objects hold, with an example of each."""
    counts: dict[ValueType, tuple[int, Any]] = {}
    for value in values:
        if not is_missing(value):
            group = _value_type_of(name, type(value))
            count, example = counts.get(group, (0, value))
            counts[group] = (count + 1, example)
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
    if issubclass(cls, datetime.timedelta | np.timedelta64):  # NumPy calls its durations integers
        return "duration"
    if issubclass(cls, numbers.Real | Decimal):
        return "numeric"
    raise _unsupported_error(name, cls.__name__)


def _unsupported_error(name: Hashable, what: str) -> TypeError:
    return TypeError(
        f"Column {name!r}: argument must be a string or a real number, not {what!r}. "
        "Turn its cells into numbers, strings, booleans, dates or durations, or leave the column out."
    )


def array_of_objects(values: list[Any]) -> Array:
    """Make an array of objects that are not looked into: a list in a cell stays a list."""
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
    """Return dates and datetimes as an array, and their time zone; in UTC if they have one."""
    zones = {getattr(value, "tzinfo", None) for value in values if not is_missing(value)}
    if None in zones and len(zones) > 1:
        raise InvalidData(f"Column {name!r} mixes datetimes with and without a time zone. Give all of them one.")
    if None in zones or not zones:
        return np.array([None if is_missing(value) else value for value in values], INSTANT), None
    utc = [None if is_missing(value) else value.astimezone(datetime.UTC).replace(tzinfo=None) for value in values]
    return np.array(utc, INSTANT), normalize_zone(zones.pop()) if len(zones) == 1 else "UTC"


def _to_python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
