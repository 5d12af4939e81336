from typing import Any

import pytest
import torch
from torch import nn

from autonet.core.component import Component
from autonet.core.errors import UnknownName
from autonet.core.task import Task
from autonet.nets.blocks import ResBlock
from autonet.nets.layers import build_norm, make_head
from autonet.nets.mlp import MLPNET, SHAPEDMLPNET
from autonet.nets.resnet import RESNET, SHAPEDRESNET
from autonet.space.build import build_space
from autonet.space.updates import HyperparameterSearchSpaceUpdate as Update

NETWORKS = [MLPNET, SHAPEDMLPNET, RESNET, SHAPEDRESNET]
TASK = Task("classification", n_outputs=3)


def build(component: Component[nn.Module], *updates: tuple[str, Any]) -> nn.Sequential:
    """Build the default configuration of a space whose updates name the optional hyperparameters."""
    edits = [Update("NetworkSelector", f"{component.name}:{name}", (value,)) for name, value in updates]
    space = build_space(TASK, {"NetworkSelector": [component.name]}, edits)
    prefix = f"NetworkSelector:{component.name}:"
    config = {n.removeprefix(prefix): v for n, v in space.get_default_configuration().items() if n.startswith(prefix)}
    return component.build(n_in=5, n_out=3, **config)


def of_type(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(layer, kind) for layer in network.modules())


@pytest.mark.parametrize("component", NETWORKS, ids=lambda c: c.name)
def test_the_normalization_layer_is_a_choice(component: Component[nn.Module]) -> None:
    is_residual = component in (RESNET, SHAPEDRESNET)
    n_norms = 2 * of_type(build(component), ResBlock) + 1 if is_residual else 3
    found = {name: build(component, ("norm", name)) for name in ("batch", "layer", "none")}
    assert [of_type(found[n], nn.BatchNorm1d) for n in found] == [n_norms, 0, 0]
    assert [of_type(found[n], nn.LayerNorm) for n in found] == [0, n_norms, 0]
    assert str(build(component)) == str(found["batch" if is_residual else "none"])
    x = torch.randn(1, 5)
    assert found["layer"].train()(x).shape == (1, 3)  # unlike batches, layers may have a single row


@pytest.mark.parametrize("component", NETWORKS, ids=lambda c: c.name)
def test_the_head_is_a_choice(component: Component[nn.Module]) -> None:
    plain = build(component, ("head", "linear"))
    assert str(plain) == str(build(component))
    network = build(component, ("head", "fully_connected"), ("head_num_layers", 3), ("head_units", 64))
    assert str(network[: len(plain) - 1]) == str(plain[:-1])
    head = network[len(plain) - 1 :]
    assert [type(layer) for layer in head] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [layer.out_features for layer in head if isinstance(layer, nn.Linear)] == [64, 64, 3]
    assert str(build(component, ("head", "fully_connected"), ("head_num_layers", 1))) == str(plain)


def test_they_are_not_in_the_space_unless_named() -> None:
    space = build_space(TASK)
    assert not [name for name in space if ":head" in name or name.endswith(":norm")]
    named = build_space(TASK, updates=[Update("NetworkSelector", "resnet:norm", ("layer", "none"))])
    assert set(named) - set(space) == {"NetworkSelector:resnet:norm"}


def test_layers_are_built_by_name() -> None:
    assert isinstance(build_norm("none", 4), nn.Identity)
    with pytest.raises(UnknownName, match="Unknown norm 'bach'"):
        build_norm("bach", 4)
    (output,) = make_head(n_in=4, n_out=2, widths=[], activation_name="relu")
    assert (output.in_features, output.out_features) == (4, 2)
