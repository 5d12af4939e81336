"""Specs: parts of a fitted model as plain values and arrays.

A spec consists of None, booleans, numbers, strings, lists, dictionaries with string keys, and numeric arrays, so that
JSON and a tensor file can store it.  Only registered classes are constructed from a spec.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from autonet.core.errors import InvalidData
from autonet.core.jsonvalues import pack, unpack

__all__ = ["describable", "from_spec", "register", "to_spec"]

T = TypeVar("T")
State = dict[str, Any]

TYPE, ARRAY, PLAIN = "__type__", "__array__", "__plain__"
# Kinds of dtype that a spec stores as arrays.
NUMERIC = "biuf"
# Arrays of strings take the room of the longest one for each: at most so many bytes per character, or so many in all.
MAX_PADDING, MIN_PADDED = 100, 2**24

# Values of pandas, which need not be installed: the arguments that construct an equal one.
PANDAS: Mapping[str, Callable[[Any], list[Any]]] = {
    "Timestamp": lambda v: [v.isoformat()],
    "Timedelta": lambda v: [v.isoformat()],
    "Period": lambda v: [str(v), v.freqstr],
    "Interval": lambda v: [to_spec(v.left), to_spec(v.right), v.closed],
}

_BY_NAME: dict[str, tuple[type, Callable[[Any], State], Callable[[type, State], Any]]] = {}
_NAMES: dict[type, str] = {}


def register(
    cls: type[T], describe: Callable[[Any], State], rebuild: Callable[[type[T], State], T], name: str = ""
) -> None:
    """Register a class whose instances a spec may contain.

    Parameters
    ----------
    cls : type
    describe : callable
        ``describe(value)`` returns a dictionary of values that have specs.
    rebuild : callable
        ``rebuild(cls, state)`` constructs an instance from such a dictionary.
    name : str, optional
        Name of the class in specs; default: ``cls.__name__``.
    """
    name = name or cls.__name__
    assert _BY_NAME.get(name, (cls,))[0] is cls, f"two classes are called {name}"  # noqa: S101 - for developers
    _BY_NAME[name], _NAMES[cls] = (cls, describe, rebuild), name


def describable(cls: type[T]) -> type[T]:
    """Register a dataclass whose fields have specs; a class decorator."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # a dataclass

    def describe(value: Any) -> State:
        return {name: getattr(value, name) for name in names}

    register(cls, describe, lambda kind, state: kind(**state))
    return cls


def to_spec(value: Any) -> Any:
    """Return the spec of a value.

    Raises
    ------
    InvalidData
        If a part is of a class that is not registered, such as a category of a user-defined class.
    """
    name = _NAMES.get(type(value))
    if name is not None:
        return {TYPE: name, **{key: to_spec(part) for key, part in _BY_NAME[name][1](value).items()}}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in NUMERIC:
            return value
        dtype = value.dtype.kind if value.dtype.kind == "T" else value.dtype.str  # the latter is not a name of a dtype
        return {ARRAY: dtype, "values": to_spec(_to_list(value))}
    if isinstance(value, np.dtype):
        return {TYPE: "dtype", "name": value.str}
    if isinstance(value, list):
        return [to_spec(part) for part in value]
    if isinstance(value, tuple):
        return {TYPE: "tuple", "parts": [to_spec(part) for part in value]}
    if isinstance(value, Mapping):
        pairs = [[to_spec(key), to_spec(part)] for key, part in value.items()]
        return {TYPE: "dict", "pairs": pairs}
    if type(value).__name__ in PANDAS and type(value).__module__.partition(".")[0] == "pandas":
        return {TYPE: "pandas", "name": type(value).__name__, "parts": PANDAS[type(value).__name__](value)}
    try:
        plain = pack(value, "it")
    except TypeError as error:
        raise InvalidData(
            f"{value!r:.60} of type {type(value).__name__} cannot be stored in a model file; use numbers, strings, "
            "dates or booleans."
        ) from error
    return {PLAIN: plain} if isinstance(plain, dict) else plain


def from_spec(spec: Any) -> Any:
    """Construct a value from its spec.

    Raises
    ------
    InvalidData
        If a class of the spec is not registered.
    """
    if isinstance(spec, list):
        return [from_spec(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    if PLAIN in spec:
        return unpack(spec[PLAIN])
    if ARRAY in spec:
        return _to_array(spec[ARRAY], from_spec(spec["values"]))
    name = spec.get(TYPE)
    if name == "tuple":
        return tuple(from_spec(spec["parts"]))
    if name == "pandas":
        return _to_pandas(spec["name"], from_spec(spec["parts"]))
    if name == "dtype":
        return np.dtype(spec["name"])
    if name == "dict":
        return {from_spec(key): from_spec(part) for key, part in spec["pairs"]}
    if not isinstance(name, str) or name not in _BY_NAME:
        raise InvalidData(f"Unknown type {name!r:.60} in the spec of a model.")
    cls, _, rebuild = _BY_NAME[name]
    return rebuild(cls, {key: from_spec(part) for key, part in spec.items() if key != TYPE})


def _to_pandas(name: str, parts: list[Any]) -> Any:
    """Construct a value of pandas."""
    if name not in PANDAS:
        raise InvalidData(f"Unknown type {name!r:.60} of pandas in the spec of a model.")
    import pandas as pd  # noqa: PLC0415 - need not be installed

    return getattr(pd, name)(*parts)


def _to_list(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return the values of a non-numeric array."""
    if array.dtype.kind in "mM":  # keeps the precision
        array = array.astype(np.int64)
    listed: list[Any] = array.tolist()
    return listed


def _to_array(dtype: str, values: list[Any]) -> np.ndarray[Any, Any]:
    if dtype == "|O":  # whose entries may be tuples
        array = np.empty(len(values), object)
        array[:] = values
        return array
    kind = np.dtype(dtype)
    if kind.kind not in "SU":
        return np.array(values).astype(kind) if values else np.empty(0, kind)
    if kind.itemsize * len(values) > max(MAX_PADDING * sum(map(len, values)), MIN_PADDED):
        raise InvalidData(f"An array of {len(values)} strings has dtype {dtype:.20}, but most of them are short.")
    return np.array(values, kind)
