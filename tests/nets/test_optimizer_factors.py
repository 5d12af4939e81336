import torch
from torch import nn

from autonet.nets.optimizer_factors import set_optimizer_factors
from autonet.training.optimizers import group_parameters


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Embedding(5, 3), nn.Linear(8, 3))


def options(net: nn.Module) -> dict[str, tuple[float, float]]:
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    groups = group_parameters(net, 0.01, 0.3)
    return {names[id(p)]: (group["lr"], group["weight_decay"]) for group in groups for p in group["params"]}


def test_factors_that_are_not_given_are_those_of_a_parameter_without_any() -> None:
    plain, noted = network(), network()
    for parameter in noted.parameters():
        set_optimizer_factors(parameter)
    assert options(noted)["0.weight"][1] > options(noted)["0.bias"][1] == 0
    # What an embedding is, its type says.
    others = {name for name in options(plain) if not name.startswith("2.")}
    assert {name: options(noted)[name] for name in others} == {name: options(plain)[name] for name in others}


def test_the_factors_of_a_parameter_may_be_set_again() -> None:
    net = network()
    set_optimizer_factors(net[0].weight, learning_rate=5.0, weight_decay=0.0)
    set_optimizer_factors(net[0].weight, learning_rate=2.0)
    assert options(net)["0.weight"] == (0.02, 0.3)
    assert options(net)["3.weight"] == (0.01, 0.3)
