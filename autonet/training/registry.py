"""Registration of custom optimizers and learning-rate schedules."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Component, make_space
from autonet.core.errors import InvalidOption
from autonet.core.lazy import configspace as cs
from autonet.core.registration import Space, check_name, default_params, find_space, parameter_names, register, trying
from autonet.core.task import Task, TaskKind
from autonet.training.optimizers import OPTIMIZERS, POSITIVE_LIMITS, group_parameters, make_eager
from autonet.training.random import draw_from
from autonet.training.schedules import SCHEDULES, Schedule

__all__ = [
    "N_ROWS",
    "make_custom_lr_scheduler",
    "make_custom_optimizer",
    "make_toy",
    "register_lr_scheduler",
    "register_optimizer",
]

N_ROWS, N_IN, N_OUT = 16, 5, 3  # of toy data
N_STEPS = 50  # in which an optimizer must lower a toy loss
N_FACTORS = 101  # of a schedule that are looked at


# --- optimizers


@dataclass(frozen=True)
class CustomOptimizer:
    """Builds an optimizer of the user's from a network: learning rate and weight decay are in its parameter groups."""

    builder: Callable[..., torch.optim.Optimizer]

    def __call__(
        self, *, network: nn.Module, learning_rate: float, weight_decay: float = 0.0, **params: Any
    ) -> torch.optim.Optimizer:
        """Build the optimizer."""
        groups = group_parameters(network, learning_rate, weight_decay)
        builder: Any = self.builder
        if isinstance(builder, type) and issubclass(builder, torch.optim.Optimizer):
            builder = make_eager(builder)
        optimizer: torch.optim.Optimizer = builder(groups, **params)
        return optimizer


def register_optimizer(
    name: str, builder: Callable[..., torch.optim.Optimizer], space: Space | None = None, *, overwrite: bool = False
) -> None:
    """Add an optimizer to those that every estimator can choose (``optimizer=[name]``, preset ``full_cs``).

    It is tried once: in 50 steps it must lower the squared error of a linear layer.

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(groups, **hyperparameters)`` returns a ``torch.optim.Optimizer``; its ``step()`` gets no closure.
        `groups` are parameter groups with ``params``, ``lr`` and ``weight_decay``, which is 0 for biases, norms and
        embeddings: the hyperparameters ``learning_rate`` and ``weight_decay`` are there, and not among the keywords.
        A class such as ``torch.optim.RAdam`` is a builder.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters, ``learning_rate`` among them.  Default:
        the function ``space`` of the builder, if it has one, else ``learning_rate`` and, unless the builder is a class
        without that parameter, ``weight_decay``.
    overwrite : bool, default=False
        Whether to replace a registered optimizer of this name.

    Raises
    ------
    InvalidOption
        If the optimizer fails on the toy layer, or the name is taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> import torch
    >>> from autonet import AutoNetClassification, unregister_component
    >>> register_optimizer("radam", torch.optim.RAdam)
    >>> auto = AutoNetClassification("tiny_cs", optimizer=["radam"])
    >>> auto.get_hyperparameter_search_space()["OptimizerSelector:radam:learning_rate"].upper
    0.1
    >>> unregister_component("optimizer", "radam")
    """
    register(OPTIMIZERS, make_custom_optimizer(name, builder, space), what="optimizer", overwrite=overwrite)


def make_custom_optimizer(name: str, builder: Any, space: Space | None = None) -> Component[torch.optim.Optimizer]:
    """Make a component of an optimizer, after a try; see `register_optimizer`."""
    check_name(OPTIMIZERS, name, "optimizer")
    found = find_space(builder, space)
    with trying("optimizer", name, "a linear layer") as expect:
        if found is None:
            found = _rate_and_decay(builder, expect)
        params = default_params(found, Task("classification"))
        expect("learning_rate" in params, "its space has no 'learning_rate'")
        network, x, y = make_toy("regression")
        optimizer = CustomOptimizer(builder)(network=network, **params)
        expect(isinstance(optimizer, torch.optim.Optimizer), f"the builder returns {type(optimizer).__name__}")
        before = after = nn.functional.mse_loss(network(x), y)
        for _ in range(N_STEPS):
            optimizer.zero_grad()
            after.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            after = nn.functional.mse_loss(network(x), y)
        low, high = after.item(), before.item()
        expect(low < high, f"{N_STEPS} steps do not lower the loss ({high:.3g} before, {low:.3g} after)")
        optimizer.load_state_dict(optimizer.state_dict())
    return Component(name, CustomOptimizer(builder), found)


def _rate_and_decay(builder: Any, expect: Callable[[bool, str], None]) -> Space:
    """Return a space of learning rate and, unless a class has no such parameter, weight decay."""
    names = parameter_names(builder) if isinstance(builder, type) else {"lr", "weight_decay"}
    expect("lr" in names, f"{getattr(builder, '__name__', builder)} has no parameter 'lr'; pass its space")
    return make_space(_rate, _decay) if "weight_decay" in names else make_space(_rate)


def _rate() -> Any:
    return cs.Float("learning_rate", (1e-4, 1e-1), log=True, default=1e-3, meta=POSITIVE_LIMITS)


def _decay() -> Any:
    return cs.Float("weight_decay", (1e-6, 1e-1), log=True, default=1e-4, meta={"limits": (0.0, 10.0)})


# --- learning-rate schedules


def register_lr_scheduler(
    name: str, builder: Callable[..., Schedule], space: Space | None = None, *, overwrite: bool = False
) -> None:
    """Add a learning-rate schedule to those that every estimator can choose (``lr_scheduler=[name]``, ``full_cs``).

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a function ``factor(t)`` of the progress t in [0, 1] through the budget
        of a trial: by what the learning rate is multiplied, finite and not below 0.  A promoted trial begins again at
        t = 0.  It must not depend on earlier calls, so that trials can be interrupted; the schedulers of torch are no
        such functions.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    overwrite : bool, default=False
        Whether to replace a registered schedule of this name.

    Raises
    ------
    InvalidOption
        If a factor is negative or not finite, if all are 0, if it depends on earlier calls, or if the name is taken or
        invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from autonet import unregister_component
    >>> register_lr_scheduler("linear", lambda: lambda t: 1 - t)
    >>> unregister_component("lr_scheduler", "linear")
    """
    component: Component[Any] = make_custom_lr_scheduler(name, builder, space)
    register(SCHEDULES, component, what="schedule", overwrite=overwrite)


def make_custom_lr_scheduler(name: str, builder: Any, space: Space | None = None) -> Component[Schedule]:
    """Make a component of a schedule, after a try; see `register_lr_scheduler`."""
    check_name(SCHEDULES, name, "schedule")
    if isinstance(builder, type) and issubclass(builder, torch.optim.lr_scheduler.LRScheduler):
        raise InvalidOption(
            f"Schedule {name!r} is a scheduler of torch, whose factors depend on earlier steps; pass a builder of a "
            "function of the progress t in [0, 1], such as lambda: lambda t: 1 - t."
        )
    space = find_space(builder, space)
    params = default_params(space, Task("classification"))
    with trying("schedule", name, f"{N_FACTORS} values of t from 0 to 1") as expect:
        times = [i / (N_FACTORS - 1) for i in range(N_FACTORS)]
        first, second = builder(**params), builder(**params)
        factors = [float(first(t)) for t in times]
        for t, factor in zip(times, factors, strict=True):
            expect(math.isfinite(factor) and factor >= 0, f"its factor at t={t:g} is {factor:g}, not a number >= 0")
        expect(max(factors) > 0, "all of its factors are 0")
        resumed = [float(second(t)) for t in times[N_FACTORS // 2 :]]
        expect(resumed == factors[N_FACTORS // 2 :], "its factors depend on earlier calls, so it cannot be resumed")
    return Component(name, builder, space)


# --- toy data


def make_toy(kind: TaskKind) -> tuple[nn.Linear, Tensor, Tensor]:
    """Return a linear layer, rows (n, n_in), and targets of a kind of task."""
    generator = torch.Generator().manual_seed(0)
    with draw_from(generator):
        network = nn.Linear(N_IN, N_OUT)
    x = torch.randn(N_ROWS, N_IN, generator=generator)
    y = torch.randn(N_ROWS, N_OUT, generator=generator) + x[:, :N_OUT]
    return network, x, {"classification": y.argmax(1), "multilabel": (y > 0).float(), "regression": y}[kind]
