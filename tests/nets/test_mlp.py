"""Perceptrons, layer by layer against plain torch."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own habit

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET, make_mlp


@pytest.mark.parametrize("training", [True, False])
def test_a_perceptron_is_its_formula(training: bool) -> None:
    torch.manual_seed(0)
    network = make_mlp(n_in=4, n_out=3, widths=[8, 6], dropouts=[0.3, 0.5], activation_name="silu").train(training)
    x = torch.randn(10, 4)
    linear = [m for m in network if isinstance(m, nn.Linear)]
    torch.manual_seed(1)
    h = F.dropout(F.silu(x @ linear[0].weight.T + linear[0].bias), 0.3, training)
    h = F.dropout(F.silu(h @ linear[1].weight.T + linear[1].bias), 0.5, training)
    expected = h @ linear[2].weight.T + linear[2].bias
    torch.manual_seed(1)
    torch.testing.assert_close(network(x), expected)


def test_mlpnet_has_the_widths_and_dropouts_of_its_layers() -> None:
    units = {"num_units_1": 20, "num_units_2": 30, "dropout_1": 0.2, "dropout_2": 0.4}
    build = {"n_in": 7, "n_out": 2, "num_layers": 2, "activation": "relu", **units}
    with_dropout, without = (MLPNET.build(**build, use_dropout=use) for use in (True, False))
    assert [type(m) for m in with_dropout] == [nn.Linear, nn.ReLU, nn.Dropout] * 2 + [nn.Linear]
    assert [m.p for m in with_dropout if isinstance(m, nn.Dropout)] == [0.2, 0.4]
    assert [type(m) for m in without] == [nn.Linear, nn.ReLU] * 2 + [nn.Linear]
    for network in (with_dropout, without):
        sizes = [(m.in_features, m.out_features) for m in network if isinstance(m, nn.Linear)]
        assert sizes == [(7, 20), (20, 30), (30, 2)]


def test_shapedmlpnet_follows_the_shapes_of_width_and_dropout() -> None:
    network = SHAPEDMLPNET.build(
        n_in=64,
        n_out=10,
        num_layers=5,
        max_units=200,
        mlp_shape="funnel",
        activation="tanh",
        use_dropout=True,
        dropout_shape="triangle",
        max_dropout=0.5,
    )
    assert [m.out_features for m in network if isinstance(m, nn.Linear)] == [200, 162, 124, 86, 48, 10]
    assert [m.p for m in network if isinstance(m, nn.Dropout)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert sum(isinstance(m, nn.Tanh) for m in network) == 5


@pytest.mark.parametrize("component", [MLPNET, SHAPEDMLPNET], ids=lambda c: c.name)
def test_a_configuration_holds_what_its_depth_needs(component: Component[nn.Module]) -> None:
    assert component.space is not None
    space = component.space(Task("classification"))
    space.seed(0)
    for config in map(dict, space.sample_configuration(50)):
        network = component.build(n_in=3, n_out=2, **config)
        assert sum(isinstance(m, nn.Linear) for m in network) == config["num_layers"] + config.get("head_num_layers", 1)
        if component is MLPNET:
            widths = [k for k in config if k.startswith("num_units")]
            dropouts = [k for k in config if k.startswith("dropout_")]
            assert len(widths) == config["num_layers"]
            assert len(dropouts) == (config["num_layers"] if config["use_dropout"] else 0)
