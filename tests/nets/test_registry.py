from collections.abc import Callable
from typing import Any

import pytest
import torch
from ConfigSpace import ConfigurationSpace, Integer
from torch import Tensor, nn

from autonet import AutoNetClassification, register_network, unregister_network
from autonet.core.errors import InvalidNetwork, InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.nets.registry import NETWORKS
from tests.nets.networks import deep, perceptron

pytestmark = pytest.mark.usefixtures("custom_components")


def one_layer(*, n_in: int, n_out: int, units: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, units), nn.ReLU(), nn.Linear(units, n_out))


def units_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Integer("units", (2, 64), default=8))
    return space


def linear(*, n_in: int, n_out: int) -> nn.Module:
    return nn.Linear(n_in, n_out)


class Apart(nn.Module):
    """Two members that are never averaged."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, 2 * n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (2, -1))


class Detached(nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).detach()


def test_a_registered_network_is_offered_with_its_hyperparameters() -> None:
    register_network("one_layer", one_layer, units_space)
    space = AutoNetClassification("full_cs").get_hyperparameter_search_space()
    assert "one_layer" in space["NetworkSelector:network"].choices
    only = AutoNetClassification("tiny_cs", networks=["one_layer"]).get_hyperparameter_search_space()
    assert (only["NetworkSelector:one_layer:units"].lower, only["NetworkSelector:one_layer:units"].upper) == (2, 64)
    only.seed(0)
    for config in only.sample_configuration(5):
        network = NETWORKS.resolve(config).build(n_in=7, n_out=3)
        assert network[0].out_features == config["NetworkSelector:one_layer:units"]
        assert network(torch.randn(4, 7)).shape == (4, 3)


def test_a_registered_network_can_be_searched(iris: Any, quick: dict[str, Any]) -> None:
    register_network("one_layer", one_layer, units_space)
    auto = AutoNetClassification("tiny_cs", networks=["one_layer"], **{**quick, "max_trials": 2, "max_budget": 3})
    auto.fit(*iris)
    assert {t.config["NetworkSelector:network"] for t in auto.history_} == {"one_layer"}


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (lambda n_in, n_out: nn.Linear(n_in, n_out + 1), r"\(4, 5\) and n_out=3 has shape \(4, 4\)"),
        (Apart, r"\(4, 5\) and n_out=3 has shape \(4, 2, 3\)"),
        (lambda n_in, n_out: nn.Linear(n_in + 1, n_out), "mat1 and mat2"),
        (lambda n_in: nn.Linear(n_in, 3), "unexpected keyword argument 'n_out'"),
        (lambda n_in, n_out: 1 / 0, "division by zero"),
        (Detached, "does not require grad"),
    ],
    ids=["too wide", "members apart", "wrong input", "wrong keywords", "exception", "no gradient"],
)
def test_a_network_that_cannot_work_is_refused_by_name(builder: Callable[..., nn.Module], why: str) -> None:
    with pytest.raises(
        InvalidNetwork, match=rf"Network 'mine' fails on a toy batch of shape \(4, 5\): .*{why}"
    ) as info:
        register_network("mine", builder)
    assert info.value.__cause__ is not None
    assert "mine" not in NETWORKS.components


def test_hyperparameters_that_the_builder_does_not_take_are_refused() -> None:
    with pytest.raises(InvalidNetwork, match=r"Network 'mine' .* unexpected keyword argument 'units'"):
        register_network("mine", linear, units_space)


def test_a_name_is_given_once() -> None:
    register_network("mine", perceptron)
    with pytest.raises(InvalidOption, match=r"'mine' is already registered; use another name, or overwrite=True"):
        register_network("mine", deep)
    assert NETWORKS.components["mine"].build is perceptron
    register_network("mine", deep, overwrite=True)
    assert NETWORKS.components["mine"].build is deep
    unregister_network("mine")
    assert "mine" not in NETWORKS.components
    with pytest.raises(UnknownName, match="Unknown registered network 'mine'"):
        unregister_network("mine")


@pytest.mark.parametrize("name", ["shapedresnet", "tabm", "linear"])
def test_the_networks_of_autonet_stay(name: str) -> None:
    with pytest.raises(InvalidOption, match=f"'{name}' is a built-in network"):
        register_network(name, perceptron, overwrite=True)
    with pytest.raises(InvalidOption, match=f"'{name}' is a built-in network"):
        unregister_network(name)


@pytest.mark.parametrize("name", ["", "my:net", 3, None])
def test_names_that_cannot_be_one(name: Any) -> None:
    with pytest.raises(InvalidOption, match="name must be a non-empty string without ':'"):
        register_network(name, perceptron)
