"""The four families: their structure, and what their builders make of hyperparameters."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from autonet.core.errors import InvalidNetwork
from autonet.core.task import Task
from autonet.nets.blocks import ResBlock
from autonet.nets.initialization import INITIALIZATION, initialize
from autonet.nets.registry import NETWORKS, register_network

TASK = Task("classification")


def build(name: str, n_in: int = 7, n_out: int = 3, **changes: Any) -> nn.Module:
    space = NETWORKS.components[name].space
    assert space is not None
    default = dict(space(TASK).get_default_configuration())
    return NETWORKS.components[name].build(n_in=n_in, n_out=n_out, **{**default, **changes})


def widths(network: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


@pytest.mark.parametrize("name", list(NETWORKS.components))
def test_every_default_is_a_sequential_that_begins_with_linear(name: str) -> None:
    network = build(name)
    assert isinstance(network, nn.Sequential)
    assert network[0].in_features == 7
    assert network.eval()(torch.randn(1, 7)).shape == (1, 3)


def test_shapedresnet_is_stem_groups_norm_activation_head() -> None:
    network = build(
        "shapedresnet", num_groups=3, blocks_per_group=2, max_units=40, resnet_shape="funnel", activation="tanh"
    )
    assert [type(m) for m in network] == [nn.Linear, *[nn.Sequential] * 3, nn.BatchNorm1d, nn.Tanh, nn.Linear]
    assert [len(group) for group in list(network)[1:4]] == [2, 2, 2]
    blocks = [m for m in network.modules() if isinstance(m, ResBlock)]
    assert [b.shortcut is None for b in blocks] == [False, True] * 3
    assert [network[0].out_features, *(group[1].branch[-1].out_features for group in list(network)[1:4])] == [
        40,
        31,
        22,
        13,
    ]


def test_shake_drop_grows_linearly_over_the_blocks() -> None:
    network = build(
        "shapedresnet", num_groups=2, blocks_per_group=2, use_shake_drop=True, max_shake_drop_probability=0.8
    )
    probabilities = [m.shake_drop_probability for m in network.modules() if isinstance(m, ResBlock)]
    assert probabilities == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_max_units_below_the_inputs_is_honoured() -> None:
    network = build("shapedresnet", n_in=100, max_units=16, resnet_shape="brick")
    assert widths(network)[0] == (100, 16)
    assert max(out for _, out in widths(network)) == 16


def test_resnet_has_its_own_width_and_dropout_per_group() -> None:
    network = build(
        "resnet",
        num_groups=2,
        num_units_0=8,
        num_units_1=16,
        num_units_2=4,
        use_dropout=True,
        dropout_1=0.3,
        dropout_2=0.1,
    )
    assert network[0].out_features == 8
    assert [group[0].branch[-1].out_features for group in (network[1], network[2])] == [16, 4]
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.3, 0.1]


def test_mlpnet_is_linear_activation_dropout_and_a_head() -> None:
    network = build(
        "mlpnet", num_layers=2, num_units_1=5, num_units_2=6, use_dropout=True, dropout_1=0.2, dropout_2=0.0
    )
    assert [type(m).__name__ for m in network] == ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Linear"]
    assert widths(network) == [(7, 5), (5, 6), (6, 3)]
    x = torch.randn(4, 7)
    network.eval()
    a = torch.relu(x @ network[0].weight.T + network[0].bias)
    b = torch.relu(a @ network[3].weight.T + network[3].bias)
    torch.testing.assert_close(network(x), b @ network[5].weight.T + network[5].bias)


def test_shapedmlpnet_follows_its_shape() -> None:
    network = build(
        "shapedmlpnet", n_in=64, n_out=10, num_layers=5, max_units=200, mlp_shape="diamond", use_dropout=False
    )
    assert [out for _, out in widths(network)] == [109, 154, 200, 137, 74, 10]


@pytest.mark.parametrize("method", list(INITIALIZATION.components))
@pytest.mark.parametrize("bias", ["Yes", "No", "Zero"])
def test_initialization(method: str, bias: str) -> None:
    torch.manual_seed(0)
    network, untouched = nn.Sequential(nn.Linear(50, 40)), nn.Linear(50, 40)
    untouched.load_state_dict(network[0].state_dict())
    settings = {"sparsity": 0.9} if method == "sparse" else {}
    initialize(network, INITIALIZATION.components[method].build(**settings), bias)
    weight = network[0].weight
    assert torch.equal(weight, untouched.weight) == (method == "default")
    if method == "sparse":
        assert (weight == 0).float().mean().item() == pytest.approx(0.9, abs=0.01)
    if method == "orthogonal":
        torch.testing.assert_close(weight @ weight.T, torch.eye(40), atol=1e-4, rtol=1e-4)
    if method == "kaiming":
        assert weight.std().item() == pytest.approx((2 / 50) ** 0.5, rel=0.1)
    assert torch.equal(network[0].bias, untouched.bias) == (bias == "No")
    assert (network[0].bias == 0).all() == (bias == "Zero")


@pytest.fixture
def _clean_registry() -> Iterator[None]:
    before = dict(NETWORKS.components)
    yield
    NETWORKS.components.clear()
    NETWORKS.components.update(before)


@pytest.mark.usefixtures("_clean_registry")
@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (lambda n_in, n_out: nn.Linear(n_in, n_out + 1), r"shape \(4, 4\)"),
        (lambda n_in, n_out: nn.Linear(3, n_out), "cannot be multiplied"),
        (lambda n_in: nn.Linear(n_in, 3), "unexpected keyword argument 'n_out'"),
        (lambda n_in, n_out: nn.Linear(n_in, n_out).requires_grad_(False), "does not require grad"),
    ],
)
def test_a_network_that_cannot_work_fails_at_registration_with_its_name(builder: Any, message: str) -> None:
    with pytest.raises(InvalidNetwork, match=f"Network 'mine' fails on a toy batch.*{message}"):
        register_network("mine", builder)
    assert "mine" not in NETWORKS.components


@pytest.mark.usefixtures("_clean_registry")
def test_a_registered_network_joins_full_cs() -> None:
    from autonet.space.build import build_space

    register_network("mine", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, n_out)))
    assert "mine" in build_space(TASK)["NetworkSelector:network"].choices
