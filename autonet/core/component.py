"""Extension mechanism: a `Component` is a builder with its space, a `Node` a choice among components."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from autonet.core.names import SEPARATOR, join
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["Component", "Node"]

T = TypeVar("T")


@dataclass(frozen=True)
class Component(Generic[T]):
    """One choice of a node.

    Attributes
    ----------
    name : str
        Middle part of ``Node:component:hyperparameter``.
    build : callable
        Called with keyword arguments only: the node's context, such as sizes and seed, and the hyperparameters of
        `space`.
    space : callable, optional
        ``space(task)`` returns the ``ConfigurationSpace`` of the builder's hyperparameters, with short names and with
        conditions.  ``meta["limits"]`` of a hyperparameter is the interval that users' updates must stay in.
    tasks : tuple of str
        Supported kinds of task.
    """

    name: str
    build: Callable[..., T]
    space: Callable[[Task], ConfigurationSpace] | None = None
    tasks: tuple[TaskKind, ...] = get_args(TaskKind)


@dataclass(frozen=True)
class Node(Generic[T]):
    """One step of the pipeline: a choice among components, and hyperparameters of the step itself.

    Attributes
    ----------
    name : str
        First part of the names of its hyperparameters, for example ``"OptimizerSelector"``.
    selector : str
        Name of the hyperparameter whose value is the name of a component; empty without a choice.
    option : str
        Parameter of the estimators that restricts the choice, for example ``"networks"``; may be empty.
    components : dict of str to Component
    space : callable, optional
        ``space(task)`` returns the hyperparameters of the step itself.
    """

    name: str
    selector: str = ""
    option: str = ""
    components: dict[str, Component[T]] = field(default_factory=dict)
    space: Callable[[Task], ConfigurationSpace] | None = None

    @classmethod
    def from_components(
        cls,
        name: str,
        components: Iterable[Component[T]],
        *,
        selector: str,
        option: str = "",
        space: Callable[[Task], ConfigurationSpace] | None = None,
    ) -> Node[T]:
        """Make a node that offers components in the given order."""
        return cls(name, selector, option, {c.name: c for c in components}, space)

    def restrict(self, names: Iterable[str]) -> Node[T]:
        """Return a copy with a subset of the components."""
        return replace(self, components={name: self.components[name] for name in names})

    def names(self, task: Task) -> list[str]:
        """Return the names of the components that support `task`."""
        return [c.name for c in self.components.values() if task.kind in c.tasks]

    def select_name(self, config: Mapping[str, Any]) -> str:
        """Return the name of the component that `config` selects."""
        name = str(config[join(self.name, self.selector)])
        return check_choice(f"component of {self.name}", name, self.components)

    def parameters(self, config: Mapping[str, Any], component: str = "") -> dict[str, Any]:
        """Return the values in `config` of the hyperparameters of `component`, or of the step itself, by short name."""
        prefix = join(self.name, component) + SEPARATOR
        values = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
        if component:
            return values
        of_components = tuple(name + SEPARATOR for name in self.components)
        return {k: v for k, v in values.items() if k != self.selector and not k.startswith(of_components)}

    def build(self, config: Mapping[str, Any], **context: Any) -> T:
        """Build the component that `config` selects from `context` and its hyperparameters."""
        name = self.select_name(config)
        return self.components[name].build(**context, **self.parameters(config, name))
