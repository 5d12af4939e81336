import math
from typing import Any

import pytest
import torch
from torch import nn

from autonet.nets.initialization import INITIALIZATION, initialize
from autonet.nets.registry import make_custom_initialization


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(100, 200), nn.BatchNorm1d(200), nn.ReLU(), nn.Linear(200, 50))


def initialized(method: str, bias: str = "No", **hyperparameters: float) -> nn.Sequential:
    changed = network()
    torch.manual_seed(1)
    initialize(changed, INITIALIZATION.components[method].build(**hyperparameters), bias)
    return changed


def test_the_default_leaves_everything_as_torch_made_it() -> None:
    before, after = network().state_dict(), initialized("default").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("layer", [0, 3])
def test_weights_are_drawn_as_their_method_says(layer: int) -> None:
    fan_out, fan_in = network()[layer].weight.shape
    kaiming = initialized("kaiming")[layer].weight.detach()
    assert float(kaiming.std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.05)
    xavier = initialized("xavier")[layer].weight.detach()
    bound = math.sqrt(6 / (fan_in + fan_out))
    assert 0.98 * bound < float(xavier.abs().max()) <= bound
    orthogonal = initialized("orthogonal")[layer].weight.detach()
    small = min(fan_in, fan_out)
    gram = orthogonal @ orthogonal.T if small == fan_out else orthogonal.T @ orthogonal
    torch.testing.assert_close(gram, torch.eye(small), atol=1e-5, rtol=0)


@pytest.mark.parametrize("sparsity", [0.5, 0.9])
def test_sparse_weights_keep_the_scale_of_what_comes_out(sparsity: float) -> None:
    weight = initialized("sparse", sparsity=sparsity)[0].weight.detach()
    torch.testing.assert_close((weight == 0).float().mean(0), torch.full((100,), sparsity))
    out = torch.randn(500, 100) @ weight.T
    assert float(out.var()) == pytest.approx(1.0, rel=0.15)


@pytest.mark.parametrize("method", ["default", "kaiming", "xavier", "orthogonal"])
def test_biases_are_drawn_left_or_zeroed(method: str) -> None:
    before = network()
    left, zero, drawn = (initialized(method, bias) for bias in ("No", "Zero", "Yes"))
    for layer in (0, 3):
        assert torch.equal(left[layer].bias, before[layer].bias)
        assert torch.equal(zero[layer].bias, torch.zeros_like(before[layer].bias))
    assert float(drawn[0].bias.detach().std()) == pytest.approx(0.1, rel=0.15)
    assert float(drawn[3].bias.detach().std()) == pytest.approx(1 / math.sqrt(200), rel=0.3)


@pytest.mark.parametrize("method", ["kaiming", "xavier", "orthogonal"])
def test_norms_are_left_alone_and_layers_without_bias_are_no_obstacle(method: str) -> None:
    norm = initialized(method, "Yes")[1]
    assert torch.equal(norm.weight, torch.ones(200))
    assert torch.equal(norm.bias, torch.zeros(200))
    bare = nn.Linear(4, 3, bias=False)
    before = bare.weight.detach().clone()
    initialize(bare, INITIALIZATION.components[method].build(), "Yes")
    assert not torch.equal(bare.weight, before)


@pytest.mark.parametrize("n_out", [1, 2, 10])
def test_a_narrow_sparse_layer_is_not_all_zeros(n_out: int) -> None:
    layer = nn.Sequential(nn.Linear(100, n_out))
    initialize(layer, INITIALIZATION.components["sparse"].build(sparsity=0.95), "Zero")
    assert bool((layer[0].weight != 0).any())


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 5, groups=64))


@pytest.mark.parametrize(("layer", "fan_in"), [(0, 32 * 9), (3, 25)])
def test_convolutions_are_drawn_as_their_method_says(layer: int, fan_in: int) -> None:
    drawn = {}
    for method in ("kaiming", "xavier", "orthogonal"):
        network = convolutions()
        initialize(network, INITIALIZATION.components[method].build(), "Yes")
        drawn[method] = network[layer].weight.detach()
        assert float(network[layer].bias.detach().std()) == pytest.approx(1 / math.sqrt(fan_in), rel=0.3)
        assert torch.equal(network[1].weight, torch.ones(64))
    assert float(drawn["kaiming"].std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.05)
    pixels = drawn["xavier"][0, 0].numel()
    bound = math.sqrt(6 / (fan_in + 64 * pixels))
    assert 0.95 * bound < float(drawn["xavier"].abs().max()) <= bound
    rows = drawn["orthogonal"].flatten(1)
    gram = rows @ rows.T if len(rows) < fan_in else rows.T @ rows
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-5, rtol=0)


def test_sparse_convolutions_keep_the_scale_of_what_comes_out() -> None:
    network = convolutions()
    initialize(network, INITIALIZATION.components["sparse"].build(sparsity=0.9), "Zero")
    weight = network[0].weight.detach()
    torch.testing.assert_close((weight == 0).float().flatten(1).mean(0), torch.full((288,), 58 / 64))
    assert float(network[0](torch.randn(20, 32, 9, 9)).detach().var()) == pytest.approx(1.0, rel=0.15)
    assert bool((network[3].weight != 0).any())


def test_an_initialization_of_ones_own_gets_the_matrix_of_a_convolution() -> None:
    shapes = list[tuple[int, ...]]()

    def build() -> Any:
        def fill(weight: torch.Tensor) -> None:
            n_out, n_in = weight.shape
            shapes.append((n_out, n_in))
            weight.fill_(1 / n_in)

        return fill

    network = convolutions()
    initialize(network, make_custom_initialization("mean", build).build(), "No")
    assert shapes == [(3, 5), (64, 288), (64, 25)]
    torch.testing.assert_close(network[3].weight.detach(), torch.full((64, 1, 5, 5), 1 / 25))
