"""The parameters of the estimators in words, for docstrings and `print_help`."""

import inspect
from collections.abc import Iterator
from dataclasses import fields
from textwrap import fill
from typing import TypeVar

from autonet.estimators.params import Params

__all__ = ["describe_parameters", "document_parameters"]

_Class = TypeVar("_Class", bound=type)
WIDTH = 110  # columns of a generated docstring


def _describe_each(params: type[Params]) -> Iterator[str]:
    for parameter in fields(params):
        if parameter.name not in params.names():
            continue
        default = f'"{parameter.default}"' if isinstance(parameter.default, str) else repr(parameter.default)
        tail = ", optional" if parameter.default is None else f", default={default}"
        yield f"{parameter.name} : {parameter.metadata['type']}{tail}"
        meaning = parameter.metadata["meaning"]
        yield fill(meaning, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def describe_parameters(params: type[Params] = Params) -> str:
    """Describe every parameter as numpydoc does: name, type, default, meaning."""
    return "\n".join(_describe_each(params))


def document_parameters(cls: _Class) -> _Class:
    """Put the parameters into the docstring of an estimator, where it says ``{parameters}``."""
    if cls.__doc__:  # none under python -OO
        described = describe_parameters(cls._params)  # type: ignore[attr-defined]  # of all estimators
        cls.__doc__ = inspect.cleandoc(cls.__doc__).replace("{parameters}", described)
    return cls
