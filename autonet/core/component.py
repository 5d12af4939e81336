"""Extension mechanism: a `Component` is a builder with its space, a `Node` a choice among components.

`Components` are what a configuration chooses at every node.  Custom components are registered at a node
(`autonet.core.registration`); a fit copies them at its start, and its trials know no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from autonet.core.lazy import configspace
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = [
    "SEPARATOR",
    "Choice",
    "Component",
    "ComponentList",
    "Components",
    "CustomComponents",
    "Node",
    "extend_nodes",
    "join",
    "make_space",
]

T = TypeVar("T")

SEPARATOR = ":"  # in names of hyperparameters, ``Node:component:hyperparameter``, as in Auto-PyTorch


def join(*parts: str) -> str:
    """Join the non-empty parts of a name.

    >>> join("OptimizerSelector", "sgd", "momentum")
    'OptimizerSelector:sgd:momentum'
    """
    return SEPARATOR.join(part for part in parts if part)


def make_space(*parts: Callable[[], Any]) -> Callable[[Task], ConfigurationSpace]:
    """Return the `space` of a component: hyperparameters, each made by a function, that do not depend on the task."""

    def space(task: Task) -> ConfigurationSpace:
        result = configspace.ConfigurationSpace()
        result.add(*(make() for make in parts))
        return result

    return space


@dataclass(frozen=True)
class Component(Generic[T]):
    """One choice of a node.

    Attributes
    ----------
    name : str
        Middle part of ``Node:component:hyperparameter``.
    build : callable
        Called with keyword arguments only: the node's context, such as sizes and seed, and the hyperparameters of
        ``space``.
    space : callable, optional
        ``space(task)`` returns the ``ConfigurationSpace`` of the builder's hyperparameters, with short names and with
        conditions.  ``meta["limits"]`` of a hyperparameter is the interval that users' updates must stay in.  With
        ``meta["optional"]``, the name of a group, it is in the search space only if an update names one of the group,
        in place of those in ``meta["replaces"]``; the builder has a default for all of them.
    tasks : tuple of str
        Supported kinds of task.
    quantiles : bool or None
        Whether it is for regressions of quantiles only (True), or for everything else (False); None: for both.
    on_request : bool
        Whether spaces offer it only where a preset, an option or an update names it.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet.core.component import Component
    >>> from autonet.testing.networks import check_network
    >>> check_network(Component("linear", lambda n_in, n_out: nn.Linear(n_in, n_out)))
    """

    name: str
    build: Callable[..., T]
    space: Callable[[Task], ConfigurationSpace] | None = None
    tasks: tuple[TaskKind, ...] = get_args(TaskKind)
    quantiles: bool | None = None
    on_request: bool = False

    def supports(self, task: Task) -> bool:
        """Return whether it can be chosen for a task."""
        return task.kind in self.tasks and self.quantiles in (None, bool(task.quantiles))


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
    optional : tuple of str
        Hyperparameters of an optional step, the selector included, that are "none" unless a preset, an option or an
        update names other values.  Where all of them are "none", spaces leave the step out.
    reserved : frozenset of str
        Names of the components of autonet, which nobody can register.
    """

    name: str
    selector: str = ""
    option: str = ""
    components: dict[str, Component[T]] = field(default_factory=dict)
    space: Callable[[Task], ConfigurationSpace] | None = None
    optional: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Name of the selector in configurations, ``Node:selector``."""
        return join(self.name, self.selector)

    @classmethod
    def from_components(
        cls,
        name: str,
        components: Iterable[Component[T]],
        *,
        selector: str,
        option: str = "",
        space: Callable[[Task], ConfigurationSpace] | None = None,
        optional: tuple[str, ...] = (),
        reserved: Iterable[str] = (),
    ) -> Node[T]:
        """Make a node that offers components in the given order; their names, and `reserved`, are taken."""
        offered = {c.name: c for c in components}
        return cls(name, selector, option, offered, space, optional, frozenset((*offered, *reserved)))

    @property
    def custom(self) -> dict[str, Component[T]]:
        """Components that users have registered, by name."""
        return {name: component for name, component in self.components.items() if name not in self.reserved}

    def with_custom(self, custom: Mapping[str, Component[T]]) -> Node[T]:
        """Return a copy that offers the components of autonet, and these of the user, and no others."""
        built_in = {name: component for name, component in self.components.items() if name in self.reserved}
        return replace(self, components={**built_in, **custom})

    def restrict(self, names: Iterable[str]) -> Node[T]:
        """Return a copy with a subset of the components."""
        return replace(self, components={name: self.components[name] for name in names})

    def names(self, task: Task) -> list[str]:
        """Return the names of the components that support `task`."""
        return [c.name for c in self.components.values() if c.supports(task)]

    def offered(self, task: Task) -> list[str]:
        """Return the names of the components that support `task`, without those on request if there are others."""
        names = self.names(task)
        return [name for name in names if not self.components[name].on_request] or names

    def choose(self, name: str, /, **params: Any) -> Choice[T]:
        """Choose a component and its hyperparameters."""
        return Choice(self, check_choice(f"component of {self.name}", name, self.components), params)

    def resolve(self, config: Mapping[str, Any]) -> Choice[T]:
        """Return the component that a configuration chooses, with its hyperparameters and those of the step."""
        prefix = self.name + SEPARATOR
        values = {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}
        choice = self.choose(str(values.pop(self.selector))) if self.selector else Choice(self, "")
        own, others = choice.name + SEPARATOR, tuple(name + SEPARATOR for name in self.components)
        return replace(
            choice,
            params={k.removeprefix(own): v for k, v in values.items() if k.startswith(own)},
            settings={k: v for k, v in values.items() if not k.startswith(others)},
        )


ComponentList = Sequence[str | Callable[..., Any]]
"""Components to choose from: names, and custom classes and functions."""

CustomComponents = Mapping[str, Mapping[str, Component[Any]]]
"""Custom components, by the name of their node and by their own."""


def extend_nodes(nodes: Mapping[str, Node[Any]], custom: CustomComponents) -> dict[str, Node[Any]]:
    """Return nodes that offer the components of autonet, and these of the user, and no others.

    Parameters
    ----------
    nodes : mapping of str to Node
    custom : mapping of str to mapping of str to Component
    """
    return {name: node.with_custom(custom.get(name, {})) for name, node in nodes.items()}


@dataclass(frozen=True)
class Choice(Generic[T]):
    """Component chosen at a node, with its hyperparameters.

    Attributes
    ----------
    node : Node
    name : str
        Name of the component; empty at a node without a choice.
    params : mapping of str to Any
        Hyperparameters of the component, by short name.
    settings : mapping of str to Any
        Hyperparameters of the step itself, by short name.
    """

    node: Node[T]
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def build(self, **context: Any) -> T:
        """Build the component from `context`, such as sizes and seed, and its hyperparameters."""
        return self.node.components[self.name].build(**context, **self.params)


@dataclass(frozen=True)
class Components:
    """Choices of a configuration: ``components[node]`` is the `Choice` at a node.

    Attributes
    ----------
    choices : mapping of str to Choice
        By name of the node; nodes that the configuration does not mention are absent.
    """

    choices: Mapping[str, Choice[Any]]

    @classmethod
    def resolve(cls, nodes: Iterable[Node[Any]], config: Mapping[str, Any]) -> Components:
        """Find the choices of a configuration at `nodes`.

        Parameters
        ----------
        nodes : iterable of Node
        config : mapping of str to Any
            Values by the full names of hyperparameters, ``Node:component:hyperparameter``.

        Raises
        ------
        UnknownName
            If a node has no component of the chosen name.
        """
        named = (node for node in nodes if not node.selector or node.key in config)
        return cls({node.name: node.resolve(config) for node in named})

    def __getitem__(self, node: Node[T]) -> Choice[T]:
        """Return the choice at a node."""
        return self.choices[node.name]

    def get(self, node: Node[T]) -> Choice[T] | None:
        """Return the choice at a node, or None if the configuration does not mention it."""
        return self.choices.get(node.name)

    def replace(self, choices: Iterable[Choice[Any]]) -> Components:
        """Return a copy with other choices at some nodes."""
        return Components({**self.choices, **{choice.node.name: choice for choice in choices}})
