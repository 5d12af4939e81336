"""The one extension mechanism: a `Component` is a builder with its space, a `Node` offers several."""

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
        Short name, the middle part of ``Node:component:hyperparameter``.
    build : callable
        Called with keywords only: what the node knows (sizes, seed) and one keyword for each
        hyperparameter of `space`.
    space : callable, optional
        ``space(task)`` returns the ``ConfigurationSpace`` of the builder's hyperparameters, under their
        short names and with the conditions among them.  A hyperparameter's ``meta`` may hold
        ``limits``: the interval that user updates must stay in.
    tasks : tuple of str
        The kinds of task that the component serves.
    """

    name: str
    build: Callable[..., T]
    space: Callable[[Task], ConfigurationSpace] | None = None
    tasks: tuple[TaskKind, ...] = get_args(TaskKind)


@dataclass(frozen=True)
class Node(Generic[T]):
    """One step of the pipeline: a choice among components, beside hyperparameters of its own.

    Attributes
    ----------
    name : str
        First part of the names of its hyperparameters, for example ``"OptimizerSelector"``.
    selector : str
        Hyperparameter that names the chosen component; empty if there is nothing to choose.
    option : str
        Keyword of the estimators that restricts the choice, for example ``"networks"``; may be empty.
    components : dict of str to Component
    space : callable, optional
        ``space(task)``: the node's own hyperparameters, whatever component is chosen.
    """

    name: str
    selector: str = ""
    option: str = ""
    components: dict[str, Component[T]] = field(default_factory=dict)
    space: Callable[[Task], ConfigurationSpace] | None = None

    @classmethod
    def of(
        cls,
        name: str,
        components: Iterable[Component[T]],
        *,
        selector: str,
        option: str = "",
        space: Callable[[Task], ConfigurationSpace] | None = None,
    ) -> Node[T]:
        """Make a node from components in the order in which they are to be offered."""
        return cls(name, selector, option, {c.name: c for c in components}, space)

    def only(self, names: Iterable[str]) -> Node[T]:
        """Return the node with some of its components."""
        return replace(self, components={name: self.components[name] for name in names})

    def names(self, task: Task) -> list[str]:
        """Names of the components that serve `task`."""
        return [c.name for c in self.components.values() if task.kind in c.tasks]

    def chosen(self, config: Mapping[str, Any]) -> str:
        """Name of the component that `config` chooses."""
        name = str(config[join(self.name, self.selector)])
        return check_choice(f"component of {self.name}", name, self.components)

    def parameters(self, config: Mapping[str, Any], component: str = "") -> dict[str, Any]:
        """Hyperparameters of `component` (default: the node's own) in `config`, under their short names."""
        prefix = join(self.name, component) + SEPARATOR
        values = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
        if component:
            return values
        foreign = tuple(name + SEPARATOR for name in self.components)
        return {k: v for k, v in values.items() if k != self.selector and not k.startswith(foreign)}

    def build(self, config: Mapping[str, Any], **context: Any) -> T:
        """Build the component that `config` chooses with its hyperparameters and `context`."""
        name = self.chosen(config)
        return self.components[name].build(**context, **self.parameters(config, name))
