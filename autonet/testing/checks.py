"""Checks of components in their configurations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.testing.assertions import expect_no_error

__all__ = ["ComponentCheck", "list_configurations"]

# Sampled configurations that are checked besides the defaults.
N_SAMPLED = 2

# Configurations sampled to find these.
MAX_SAMPLED = 10


@dataclass(frozen=True)
class ComponentCheck:
    """Check of a component; calling it raises AssertionError if it fails.

    Attributes
    ----------
    component : Component
    check : callable
        Called with `toy`.
    toy : object
        Builds the component, and makes toy data for it.
    what : str
        What the component is.
    where : str
        Description of the configuration.
    """

    component: Component[Any]
    check: Callable[[Any], None]
    toy: Any
    what: str
    where: str

    def __call__(self) -> None:
        """Run the check without changing torch's global random state."""
        with torch.random.fork_rng(devices=[]), expect_no_error(f"The {self.what}"):
            torch.manual_seed(0)
            self.check(self.toy)

    def __str__(self) -> str:
        """Name the check and the configuration."""
        return f"{self.check.__name__} in {self.where}"


def list_configurations(
    component: Component[Any], is_small: Callable[[Mapping[str, Any]], bool] = lambda config: True
) -> dict[str, dict[str, Any]]:
    """List the configurations to check, by description: the default of every kind of task, and two sampled ones.

    Parameters
    ----------
    component : Component
    is_small : callable, optional
        Says whether a sampled configuration is small enough to be checked.

    Returns
    -------
    dict of str to dict
    """
    if component.space is None:
        return {"its only configuration": {}}
    found: dict[str, dict[str, Any]] = {}
    for kind in component.tasks:
        default = dict(component.space(Task(kind)).get_default_configuration())
        if default not in found.values():
            found[f"the default for {kind}"] = default
    space = component.space(Task(component.tasks[0]))
    space.seed(0)
    sampled: list[dict[str, Any]] = []
    for config in map(dict, space.sample_configuration(MAX_SAMPLED)):
        if is_small(config):
            sampled.append(config)
        if len(sampled) == N_SAMPLED:
            break
    return found | {f"sampled configuration {i}": config for i, config in enumerate(sampled, start=1)}
