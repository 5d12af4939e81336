"""Lazy imports: public names of a package, and ConfigSpace."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["configspace", "make_lazy_attributes"]


def make_lazy_attributes(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package (PEP 562).

    Parameters
    ----------
    package : str
    modules : mapping of str to str
        Maps names to the modules that define them.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return get, names


class _LazyModule:
    """A module that is imported when an attribute of it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name: spaces of functions that are pickled by value refer to the module."""
        return type(self), (self._name,)


# Networks and encoders define spaces with it, and are loaded from model files without it.
if TYPE_CHECKING:
    import ConfigSpace as configspace  # noqa: N813
else:
    configspace = _LazyModule("ConfigSpace")
