"""Plots of Optuna, drawn by Optuna itself from a copy of the study; needs the extra ``optuna``."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from autonet.core.errors import MissingPackage
from autonet.search.optuna.exceptions import OF_SEVERAL_OBJECTIVES, make_refusal

__all__ = ["OfOptuna", "find_plot"]


class OfOptuna:
    """Functions of a module of Optuna, which take studies of autonet.

    Parameters
    ----------
    module : str
        Such as ``"optuna.visualization"``.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def __dir__(self) -> list[str]:
        """List the functions."""
        return [name for name in getattr(self._load(), "__all__", ()) if name not in OF_SEVERAL_OBJECTIVES]

    def __getattr__(self, name: str) -> Any:
        """Return a function of the module, or refuse."""
        if name.startswith("_") or name in OF_SEVERAL_OBJECTIVES:
            return make_refusal(self._module, ())(name)
        found = getattr(self._load(), name, None)
        if not callable(found):
            return make_refusal(self._module, dir(self))(name)
        return _on_a_copy(found)

    def _load(self) -> Any:
        try:
            return import_module(self._module)
        except ImportError as error:
            raise MissingPackage(self._module, "optuna", "optuna") from error


def _on_a_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with a study, or several, as copies of Optuna."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        return function(*map(_convert, args), **{name: _convert(value) for name, value in options.items()})

    return call


def _convert(value: Any) -> Any:
    """Return a study as one of Optuna, also in a list; anything else unchanged."""
    if hasattr(value, "to_optuna"):
        return value.to_optuna()
    if isinstance(value, list | tuple) and value and all(hasattr(item, "to_optuna") for item in value):
        return [item.to_optuna() for item in value]
    return value


find_plot = OfOptuna("optuna.visualization").__getattr__
