"""Each block against its formula, written out in plain torch."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from autonet.nets.activations import ACTIVATIONS
from autonet.nets.blocks import ResBlock, shake_drop, shake_shake

FORMULAS = {
    "relu": lambda x: x.clamp(min=0),
    "tanh": torch.tanh,
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "gelu": lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
    "silu": lambda x: x / (1 + torch.exp(-x)),
    "selu": lambda x: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * (torch.exp(x) - 1)),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
}


def test_every_activation_is_its_formula() -> None:
    x = torch.linspace(-4, 4, 41)
    assert set(FORMULAS) == set(ACTIVATIONS)
    for name, formula in FORMULAS.items():
        torch.testing.assert_close(ACTIVATIONS[name]()(x), formula(x))


def normalized(x: Tensor, layer: torch.nn.BatchNorm1d, training: bool) -> Tensor:
    mean, variance = (x.mean(0), x.var(0, unbiased=False)) if training else (layer.running_mean, layer.running_var)
    return (x - mean) / torch.sqrt(variance + layer.eps) * layer.weight + layer.bias


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("d_out", [6, 9])
def test_the_block_is_its_formula(d_out: int, activation: str, training: bool) -> None:
    torch.manual_seed(0)
    block = ResBlock(6, d_out, activation_name=activation, dropout=0.0)
    for _ in range(3):
        block(torch.randn(16, 6) * 2 + 1)  # running statistics that are not those of the start
    block.train(training)
    x, act = torch.randn(8, 6), FORMULAS[activation]
    h = act(normalized(x, block.start[0], training))
    first, norm, last = block.branch[0], block.branch[1], block.branch[-1]
    inner = h @ first.weight.T + first.bias
    branch = act(normalized(inner, norm, training)) @ last.weight.T + last.bias
    shortcut = x if d_out == 6 else h @ block.shortcut.weight.T + block.shortcut.bias
    torch.testing.assert_close(block(x), shortcut + branch, rtol=1e-4, atol=1e-5)


def test_dropout_stands_between_the_activation_and_the_second_layer() -> None:
    block = ResBlock(4, 4, activation_name="relu", dropout=0.5)
    assert [type(layer).__name__ for layer in block.branch] == ["Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert block.branch[3].p == 0.5
    block.eval()
    x = torch.randn(5, 4)
    torch.testing.assert_close(block(x), block(x))


def test_shake_shake_mixes_forward_and_splits_the_gradient_independently() -> None:
    torch.manual_seed(0)
    first = torch.full((2000, 1), 1.0, requires_grad=True)
    second = torch.full((2000, 1), 3.0, requires_grad=True)
    mixed = shake_shake(first, second, training=True)
    share = (3 - mixed.detach()) / 2  # mixed = a + 3 (1 - a)
    assert ((share >= 0) & (share <= 1)).all()
    assert share.mean().item() == pytest.approx(0.5, abs=0.03)
    assert share.var().item() == pytest.approx(1 / 12, abs=0.01)
    mixed.sum().backward()
    torch.testing.assert_close(first.grad + second.grad, torch.ones(2000, 1))
    assert abs(torch.corrcoef(torch.stack([share[:, 0], first.grad[:, 0]]))[0, 1]) < 0.1


def test_shake_shake_is_the_mean_in_evaluation() -> None:
    first, second = torch.randn(5, 3), torch.randn(5, 3)
    torch.testing.assert_close(shake_shake(first, second, training=False), (first + second) / 2)


def test_shake_drop_disturbs_rows_with_its_probability() -> None:
    torch.manual_seed(0)
    x = torch.ones(4000, 2, requires_grad=True)
    y = shake_drop(x, p_drop=0.3, training=True)
    kept = (y == 1).all(dim=1)
    assert kept.float().mean().item() == pytest.approx(0.7, abs=0.03)
    disturbed = y[~kept].detach()
    assert ((disturbed >= -1) & (disturbed <= 1)).all()
    assert disturbed.mean().item() == pytest.approx(0.0, abs=0.06)
    torch.testing.assert_close(disturbed[:, 0], disturbed[:, 1])  # one factor per row
    y.sum().backward()
    torch.testing.assert_close(x.grad[kept], torch.ones(int(kept.sum()), 2))
    backward = x.grad[~kept]
    assert ((backward >= 0) & (backward <= 1)).all()
    assert backward.mean().item() == pytest.approx(0.5, abs=0.04)


def test_shake_drop_is_its_expectation_in_evaluation() -> None:
    x = torch.randn(5, 3)
    torch.testing.assert_close(shake_drop(x, p_drop=0.3, training=False), 0.7 * x)
    torch.manual_seed(0)
    many = torch.stack([shake_drop(torch.ones(1000, 1), p_drop=0.3, training=True) for _ in range(20)])
    assert many.mean().item() == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize(("shake", "drop"), [(True, 0.0), (False, 0.5), (True, 0.5)])
def test_shaken_blocks_are_random_in_training_and_deterministic_in_evaluation(shake: bool, drop: float) -> None:
    """Auto-PyTorch had it the other way round: two predictions on the same rows differed."""
    block = ResBlock(4, 4, activation_name="relu", dropout=0.0, use_shake_shake=shake, shake_drop_probability=drop)
    x = torch.randn(16, 4)
    block.train()
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))
    h = block.start(x)
    branches = [block.branch(h)] + ([block.second_branch(h)] if shake else [])
    torch.testing.assert_close(block(x), x + (1 - drop) * sum(branches) / len(branches))
    assert functional.mse_loss(block(x), x) > 0
