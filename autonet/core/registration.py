"""Registration of custom components: their names, and what a builder carries."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from autonet.core.component import SEPARATOR, Component, Node
from autonet.core.errors import AutonetError, InvalidOption
from autonet.core.task import Task
from autonet.core.validation import check_choice

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = [
    "Space",
    "check_free",
    "check_name",
    "default_params",
    "find_space",
    "parameter_names",
    "register",
    "trying",
    "unregister",
]

T = TypeVar("T")
Space = Callable[[Task], "ConfigurationSpace"]


def check_name(node: Node[Any], name: Any, what: str) -> str:
    """Return the name of a custom component.

    Parameters
    ----------
    node : Node
    name : str
    what : str
        What the component is, for the error message.

    Raises
    ------
    InvalidOption
        If it is not a name, or one of autonet's.
    """
    if not isinstance(name, str) or not name or SEPARATOR in name:
        raise InvalidOption(f"name must be a non-empty string without {SEPARATOR!r}; got {name!r:.60}.")
    if name in node.reserved:
        raise InvalidOption(f"{name!r} is a built-in {what}; use another name.")
    return name


def register(node: Node[T], component: Component[T], *, what: str, overwrite: bool) -> None:
    """Offer a custom component at a node, to fits that begin later.

    Raises
    ------
    InvalidOption
        If the name is taken.
    """
    check_free(node, component.name, what, overwrite=overwrite)
    node.components[component.name] = component


def check_free(node: Node[Any], name: str, what: str, *, overwrite: bool) -> None:
    """Raise `InvalidOption` if a component of this name is registered and must not be replaced."""
    if name in node.components and not overwrite:
        article = "An" if what[0] in "aeiou" else "A"
        raise InvalidOption(
            f"{article} {what} {name!r} is already registered; use another name, or overwrite=True to replace it."
        )


def unregister(nodes: Sequence[Node[Any]], name: str, *, what: str) -> None:
    """Remove a registered component from nodes: those of one name, of several kinds of data.

    Raises
    ------
    UnknownName
        If no component of this name is registered.
    InvalidOption
        If it is built in.
    """
    if not any(name in node.custom for node in nodes):
        for node in nodes:
            check_name(node, name, what)
    check_choice(f"registered {what}", name, dict.fromkeys(key for node in nodes for key in node.custom))
    for node in nodes:
        if name in node.custom:
            del node.components[name]


def find_space(builder: Any, space: Space | None) -> Space | None:
    """Return the space of a component: the given one, else the function `space` of the builder, else None.

    Raises
    ------
    InvalidOption
        If the builder is not a class or function, or an instance of what it should build, or the space no function.
    """
    kind = type(builder).__name__
    if not callable(builder) or (not isinstance(builder, type) and hasattr(builder, "forward")):  # a module of torch
        raise InvalidOption(
            f"A builder must be a class or a function; got {builder!r:.60} of type {kind}. Pass the class, or a "
            f"function that makes the instance, such as lambda: {kind}(...)."
        )
    if space is not None and not callable(space):
        raise InvalidOption(
            "space must be a function of the task that returns a ConfigurationSpace, such as lambda task: space; got "
            f"a {type(space).__name__}."
        )
    own = getattr(builder, "space", None)
    return space if space is not None or not callable(own) else own


def parameter_names(builder: Any) -> set[str]:
    """Return the names of the parameters of a builder; none if it has no signature, as some functions of C."""
    try:
        return set(inspect.signature(builder).parameters)
    except (TypeError, ValueError):
        return set()


def default_params(space: Space | None, task: Task) -> dict[str, Any]:
    """Return the default hyperparameters of a component, by short name."""
    if space is None:
        return {}
    found = space(task)
    if not hasattr(found, "get_default_configuration"):
        raise InvalidOption(f"its space returns {found!r:.60}, not a ConfigurationSpace")
    return dict(found.get_default_configuration())


@contextmanager
def trying(
    what: str, name: str, on: str, error: type[AutonetError] = InvalidOption
) -> Iterator[Callable[[bool, str], None]]:
    """Try a component inside a ``with`` block: what it raises becomes an error with a sentence.

    Warnings are ignored, because they are about toy data.

    Parameters
    ----------
    what, name : str
        What the component is, and its name.
    on : str
        What it is tried on.
    error : type

    Yields
    ------
    callable
        ``expect(holds, why)`` raises the error unless a condition holds.
    """

    def expect(holds: bool, why: str) -> None:
        if not holds:
            raise error(why)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield expect
    except Exception as raised:
        raise error(f"{what.capitalize()} {name!r} fails on {on}: {raised!s:.200}") from raised
