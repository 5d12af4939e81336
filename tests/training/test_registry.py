"""Registration of optimizers and schedules."""

from typing import Any

import pytest
import torch
from ConfigSpace import ConfigurationSpace, Float
from torch import nn

from autonet import register_lr_scheduler, register_optimizer, unregister_component
from autonet.core.errors import InvalidOption
from autonet.core.task import Task
from autonet.training.optimizers import OPTIMIZERS, make_eager
from autonet.training.registry import make_custom_lr_scheduler, make_custom_optimizer
from autonet.training.schedules import SCHEDULES

pytestmark = pytest.mark.usefixtures("custom_components")
TASK = Task("classification")


def rate_only(task: Task) -> ConfigurationSpace:
    return ConfigurationSpace({"learning_rate": Float("learning_rate", (1e-3, 1e-1), default=1e-2)})


def test_a_class_of_torch_is_an_optimizer_with_learning_rate_and_weight_decay() -> None:
    register_optimizer("radam", torch.optim.RAdam)
    component = OPTIMIZERS.components["radam"]
    assert component.space is not None
    assert list(component.space(TASK)) == ["learning_rate", "weight_decay"]
    network = nn.Linear(2, 1)
    optimizer = component.build(network=network, learning_rate=0.01, weight_decay=0.5)
    assert isinstance(optimizer, torch.optim.RAdam)
    decays = {p.ndim: group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {2: 0.5, 1: 0.0}  # none for biases
    assert {group["lr"] for group in optimizer.param_groups} == {0.01}
    unregister_component("optimizer", "radam")
    assert "radam" not in OPTIMIZERS.components


def test_further_hyperparameters_are_keywords_and_a_class_without_weight_decay_has_none() -> None:
    def space(task: Task) -> ConfigurationSpace:
        result = rate_only(task)
        result.add(Float("momentum", (0.1, 0.9)))
        return result

    component = make_custom_optimizer("momentum", torch.optim.SGD, space)
    optimizer = component.build(network=nn.Linear(2, 1), learning_rate=0.1, momentum=0.7)
    assert optimizer.param_groups[0]["momentum"] == 0.7
    rprop = make_custom_optimizer("rprop", torch.optim.Rprop)
    assert rprop.space is not None
    assert list(rprop.space(TASK)) == ["learning_rate"]


@pytest.mark.parametrize(
    ("builder", "space", "why"),
    [
        (torch.optim.LBFGS, None, "support per-parameter options"),
        (nn.Linear, None, "Linear has no parameter 'lr'; pass its space"),
        (torch.optim.SGD, lambda task: ConfigurationSpace(), "its space has no 'learning_rate'"),
        (lambda groups: nn.Linear(1, 1), rate_only, "the builder returns Linear"),
        (
            lambda groups: make_eager(torch.optim.SGD)(groups, maximize=True),
            rate_only,
            r"50 steps do not lower the loss \(\d",
        ),
    ],
    ids=["closure", "no optimizer", "no rate", "another object", "uphill"],
)
def test_an_optimizer_that_cannot_work_is_refused_by_name(builder: Any, space: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=f"Optimizer 'mine' fails on a linear layer: .*{why}"):
        register_optimizer("mine", builder, space)
    assert "mine" not in OPTIMIZERS.components


def test_a_schedule_is_a_function_of_the_progress() -> None:
    register_lr_scheduler("linear", lambda: lambda t: 1 - t)
    assert SCHEDULES.components["linear"].build()(0.25) == 0.75
    with pytest.raises(InvalidOption, match="'step' is a built-in schedule"):
        register_lr_scheduler("step", lambda: lambda t: 1 - t)


class Counting:
    """Factors that depend on the number of calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, t: float) -> float:
        self.calls += 1
        return 1 / self.calls


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (lambda: lambda t: 0.5 - t, r"its factor at t=0.51 is -0.01, not a number >= 0"),
        (lambda: lambda t: float("inf"), "its factor at t=0 is inf"),
        (lambda: lambda t: 0.0, "all of its factors are 0"),
        (Counting, "its factors depend on earlier calls, so it cannot be resumed"),
        (torch.optim.lr_scheduler.StepLR, "is a scheduler of torch"),
    ],
    ids=["negative", "infinite", "zero", "state", "torch"],
)
def test_a_schedule_that_cannot_work_is_refused_by_name(builder: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=f"Schedule 'mine' .*{why}"):
        make_custom_lr_scheduler("mine", builder)
