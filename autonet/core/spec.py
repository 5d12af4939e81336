"""Specs: the parts of a fitted model as plain values and arrays, and back.

A spec consists of None, booleans, numbers, strings, lists, dictionaries with string keys, and numeric arrays: what JSON
and one file of tensors can hold.  Only classes that were declared with `describable` are ever made from one.
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
NUMERIC = "biuf"  # kinds of dtype that a spec holds as arrays

_BY_NAME: dict[str, tuple[type, Callable[[Any], State], Callable[[type, State], Any]]] = {}
_NAMES: dict[type, str] = {}


def register(
    cls: type[T], describe: Callable[[Any], State], rebuild: Callable[[type[T], State], T], name: str = ""
) -> None:
    """Declare a class whose objects a spec may hold.

    Parameters
    ----------
    cls : type
    describe : callable
        ``describe(value)`` returns a dictionary of values that have specs.
    rebuild : callable
        ``rebuild(cls, state)`` makes the object from what `describe` returned.
    name : str, optional
        What it is called in specs; default: the name of the class.
    """
    name = name or cls.__name__
    assert _BY_NAME.get(name, (cls,))[0] is cls, f"two classes are called {name}"  # noqa: S101 - for developers
    _BY_NAME[name], _NAMES[cls] = (cls, describe, rebuild), name


def describable(cls: type[T]) -> type[T]:
    """Declare a dataclass whose fields have specs; a decorator."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # a dataclass

    def describe(value: Any) -> State:
        return {name: getattr(value, name) for name in names}

    register(cls, describe, lambda kind, state: kind(**state))
    return cls


def to_spec(value: Any) -> Any:
    """Describe a value.

    Raises
    ------
    InvalidData
        If a part of it is of a class that was not declared, such as a level of a class of the user's own.
    """
    name = _NAMES.get(type(value))
    if name is not None:
        return {TYPE: name, **{key: to_spec(part) for key, part in _BY_NAME[name][1](value).items()}}
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in NUMERIC else {ARRAY: value.dtype.str, "values": to_spec(_listed(value))}
    if isinstance(value, np.dtype):
        return {TYPE: "dtype", "name": value.str}
    if isinstance(value, list):
        return [to_spec(part) for part in value]
    if isinstance(value, tuple):
        return {TYPE: "tuple", "parts": [to_spec(part) for part in value]}
    if isinstance(value, Mapping):
        pairs = [[to_spec(key), to_spec(part)] for key, part in value.items()]
        return {TYPE: "dict", "pairs": pairs}
    try:
        plain = pack(value, "it")
    except TypeError as error:
        raise InvalidData(
            f"{value!r:.60} of type {type(value).__name__} cannot be described in a model file; use numbers, strings, "
            "dates or booleans."
        ) from error
    return {PLAIN: plain} if isinstance(plain, dict) else plain


def from_spec(spec: Any) -> Any:
    """Make the value that `to_spec` described.

    Raises
    ------
    InvalidData
        If it is no such description.
    """
    if isinstance(spec, list):
        return [from_spec(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    if PLAIN in spec:
        return unpack(spec[PLAIN])
    if ARRAY in spec:
        return _array(spec[ARRAY], from_spec(spec["values"]))
    name = spec.get(TYPE)
    if name == "tuple":
        return tuple(from_spec(spec["parts"]))
    if name == "dtype":
        return np.dtype(spec["name"])
    if name == "dict":
        return {from_spec(key): from_spec(part) for key, part in spec["pairs"]}
    if not isinstance(name, str) or name not in _BY_NAME:
        raise InvalidData(f"The description of a model has a part of the unknown type {name!r:.60}.")
    cls, _, rebuild = _BY_NAME[name]
    return rebuild(cls, {key: from_spec(part) for key, part in spec.items() if key != TYPE})


def _listed(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return the values of an array that holds no numbers."""
    if array.dtype.kind in "mM":  # without a loss of precision
        array = array.astype(np.int64)
    listed: list[Any] = array.tolist()
    return listed


def _array(dtype: str, values: list[Any]) -> np.ndarray[Any, Any]:
    if dtype == "|O":  # whose entries may be tuples
        array = np.empty(len(values), object)
        array[:] = values
        return array
    return np.array(values).astype(dtype) if values else np.empty(0, dtype)
