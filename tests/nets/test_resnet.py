"""Residual networks, layer by layer against plain torch."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autonet.core.task import Task
from autonet.nets.blocks import ResBlock
from autonet.nets.resnet import RESNET, SHAPEDRESNET

CONFIG: dict[str, Any] = {
    "n_in": 64,
    "n_out": 10,
    "num_groups": 4,
    "blocks_per_group": 2,
    "max_units": 200,
    "resnet_shape": "funnel",
    "activation": "relu",
    "use_dropout": False,
    "use_shake_shake": False,
    "use_shake_drop": False,
}


def norm(x: Tensor, layer: nn.BatchNorm1d, training: bool) -> Tensor:
    mean, variance = (x.mean(0), x.var(0, unbiased=False)) if training else (layer.running_mean, layer.running_var)
    return (x - mean) / torch.sqrt(variance + layer.eps) * layer.weight + layer.bias


def linear(x: Tensor, layer: Any) -> Tensor:
    return x @ layer.weight.T + layer.bias


def block_by_hand(x: Tensor, block: ResBlock, training: bool) -> Tensor:
    h = norm(x, block.start[0], training).clamp(min=0)
    u = norm(linear(h, block.branch[0]), block.branch[1], training).clamp(min=0)
    return (linear(h, block.shortcut) if block.shortcut is not None else x) + linear(u, block.branch[-1])


def test_the_structure_is_stem_groups_norm_activation_head() -> None:
    network = SHAPEDRESNET.build(**CONFIG)
    assert isinstance(network, nn.Sequential)
    assert [type(m) for m in network] == [nn.Linear, *[nn.Sequential] * 4, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    widths = [200, 162, 124, 86, 48]
    assert (network[0].in_features, network[0].out_features) == (64, 200)
    for i, group in enumerate(network[1:5]):
        assert [type(m) for m in group] == [ResBlock, ResBlock]
        first, second = group
        assert (first.branch[0].in_features, first.branch[-1].out_features) == (widths[i], widths[i + 1])
        assert (second.branch[0].in_features, second.branch[-1].out_features) == (widths[i + 1], widths[i + 1])
        assert first.shortcut is not None
        assert second.shortcut is None
        assert [type(m) for m in first.branch] == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    assert (network[-3].num_features, network[-1].in_features, network[-1].out_features) == (48, 48, 10)


@pytest.mark.parametrize("training", [True, False])
def test_a_shaped_resnet_is_its_formula_layer_by_layer(training: bool) -> None:
    torch.manual_seed(0)
    network = SHAPEDRESNET.build(**CONFIG).double()
    x = torch.randn(32, 64, dtype=torch.float64)
    for _ in range(3):
        network(x + torch.randn_like(x))  # give BatchNorm a past
    network.train(training)
    h = linear(x, network[0])
    for group in network[1:5]:
        for block in group:
            h = block_by_hand(h, block, training)
    expected = linear(norm(h, network[-3], training).clamp(min=0), network[-1])
    torch.testing.assert_close(network(x), expected)


def test_dropout_follows_its_own_shape_group_by_group() -> None:
    dropout = {"use_dropout": True, "dropout_shape": "triangle", "max_dropout": 0.4}
    network = SHAPEDRESNET.build(**{**CONFIG, **dropout})
    rates = [[m.p for m in group.modules() if isinstance(m, nn.Dropout)] for group in network[1:5]]
    assert rates == [[pytest.approx(0.1 * i)] * 2 for i in range(1, 5)]
    network = SHAPEDRESNET.build(**{**CONFIG, **dropout, "use_dropout": False})
    assert not any(isinstance(m, nn.Dropout) for m in network.modules())


def test_the_probability_of_a_drop_rises_from_block_to_block() -> None:
    network = SHAPEDRESNET.build(**{**CONFIG, "use_shake_drop": True, "max_shake_drop_probability": 0.8})
    blocks = [m for m in network.modules() if isinstance(m, ResBlock)]
    assert [b.shake_drop_probability for b in blocks] == pytest.approx([0.1 * i for i in range(1, 9)])
    network = SHAPEDRESNET.build(**{**CONFIG, "max_shake_drop_probability": 0.8})
    assert {m.shake_drop_probability for m in network.modules() if isinstance(m, ResBlock)} == {0.0}


def test_shake_shake_gives_every_block_a_second_branch() -> None:
    for use in (True, False):
        network = SHAPEDRESNET.build(**{**CONFIG, "use_shake_shake": use})
        branches = [m.second_branch is not None for m in network.modules() if isinstance(m, ResBlock)]
        assert branches == [use] * 8


@pytest.mark.parametrize("shaking", ["use_shake_shake", "use_shake_drop"])
def test_a_shaking_network_is_random_in_training_and_deterministic_in_evaluation(shaking: str) -> None:
    torch.manual_seed(0)
    network = SHAPEDRESNET.build(**{**CONFIG, shaking: True, "max_shake_drop_probability": 0.5})
    x = torch.randn(8, 64)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


def test_resnet_has_a_stem_and_a_width_and_dropout_for_each_group() -> None:
    units = {"num_units_0": 16, "num_units_1": 16, "num_units_2": 32, "dropout_1": 0.1, "dropout_2": 0.2}
    given = {k: CONFIG[k] for k in ("n_in", "n_out", "activation", "use_shake_shake", "use_shake_drop")}
    network = RESNET.build(**given, num_groups=2, blocks_per_group=3, use_dropout=True, **units)
    assert network[0].out_features == 16
    assert [len(group) for group in network[1:3]] == [3, 3]
    assert [block.shortcut is None for group in network[1:3] for block in group] == [True] * 3 + [False, True, True]
    assert [{m.p for m in g.modules() if isinstance(m, nn.Dropout)} for g in network[1:3]] == [{0.1}, {0.2}]
    assert (network[-1].in_features, network[-1].out_features) == (32, 10)


def test_a_configuration_of_resnet_holds_what_its_groups_need() -> None:
    assert RESNET.space is not None
    space = RESNET.space(Task("classification"))
    space.seed(0)
    for config in map(dict, space.sample_configuration(50)):
        groups = config["num_groups"]
        assert {k for k in config if k.startswith("num_units")} == {f"num_units_{i}" for i in range(groups + 1)}
        expected = {f"dropout_{i}" for i in range(1, groups + 1)} if config["use_dropout"] else set()
        assert {k for k in config if k.startswith("dropout")} == expected
        assert ("max_shake_drop_probability" in config) == config["use_shake_drop"]
