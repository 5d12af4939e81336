"""Checks of components cover every default, leave torch's random state alone, and say where they fail."""

from typing import Any

import pytest
import torch
from ConfigSpace import ConfigurationSpace, Integer
from torch import nn

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.testing.networks import check_network, network_checks


def wide(*, n_in: int, n_out: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, width), nn.Tanh(), nn.Linear(width, n_out))


def wide_space(task: Task) -> ConfigurationSpace:
    default = 8 if task.kind == "regression" else 16
    return ConfigurationSpace({"width": Integer("width", (2, 100_000), log=True, default=default)})


def places(component: Component[Any]) -> list[str]:
    return list(dict.fromkeys(check.where for check in network_checks(component)))


def test_the_default_of_every_kind_of_task_and_two_small_draws_are_checked() -> None:
    assert places(Component("wide", wide, wide_space)) == [
        "the default for classification",
        "the default for regression",
        "sampled configuration 1",
        "sampled configuration 2",
    ]
    assert places(Component("wide", wide, wide_space, tasks=("regression",)))[0] == "the default for regression"
    for check in network_checks(Component("wide", wide, wide_space)):
        assert sum(p.numel() for p in check.toy.build().parameters()) <= 200_000


def test_torchs_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    check_network(Component("wide", wide, wide_space, tasks=("regression",)))
    assert torch.equal(torch.get_rng_state(), before)


def fails_when_wide(*, n_in: int, n_out: int, width: int) -> nn.Module:
    if width > 20:
        raise ValueError("too wide")
    return wide(n_in=n_in, n_out=n_out, width=width)


def test_a_sampled_configuration_that_cannot_be_built_is_reported() -> None:
    component = Component("wide", fails_when_wide, wide_space)
    with pytest.raises(AssertionError, match="the network raises ValueError: too wide") as caught:
        check_network(component)
    assert caught.value.__notes__ == ["in the check: outputs_are_one_row_per_row in sampled configuration 1"]
