"""The residual block and its disturbances, against formulas written out by hand."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own habit

from autonet.nets.blocks import ResBlock, shake_drop, shake_shake
from tests.nets.formulas import FORMULAS


def norm(x: Tensor, layer: nn.Module, training: bool) -> Tensor:
    assert isinstance(layer, nn.BatchNorm1d)
    mean, variance = (x.mean(0), x.var(0, unbiased=False)) if training else (layer.running_mean, layer.running_var)
    return (x - mean) / torch.sqrt(variance + layer.eps) * layer.weight + layer.bias


def linear(x: Tensor, layer: nn.Module) -> Tensor:
    assert isinstance(layer, nn.Linear)
    return x @ layer.weight.T + layer.bias


def by_hand(block: ResBlock, x: Tensor, act: str, dropout: float, training: bool) -> Tensor:
    """x or Ws h, plus W2 Dropout(act(BN(W1 h))), where h = act(BN(x))."""
    f = FORMULAS[act]
    h = f(norm(x, block.start[0], training))
    u = f(norm(linear(h, block.branch[0]), block.branch[1], training))
    u = linear(F.dropout(u, dropout, training), block.branch[-1])
    return (x if block.shortcut is None else linear(h, block.shortcut)) + u


def shaken(module: nn.Module) -> nn.Module:
    """Give BatchNorm layers a past, so that nothing is hidden by zeros and ones."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            for tensor in (layer.weight.data, layer.running_var):
                tensor.uniform_(0.5, 2.0)
            for tensor in (layer.bias.data, layer.running_mean):
                tensor.normal_()
    return module.double()


def uniform(values: Tensor, low: float, high: float) -> bool:
    return bool(stats.kstest(values.detach().flatten().numpy(), stats.uniform(low, high - low).cdf).pvalue > 1e-4)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("d_out", [5, 8])
def test_a_block_is_its_formula_with_identity_and_with_projection(d_out: int, dropout: float, training: bool) -> None:
    torch.manual_seed(0)
    block = shaken(ResBlock(5, d_out, activation_name="gelu", dropout=dropout)).train(training)
    assert isinstance(block, ResBlock)
    assert (block.shortcut is None) == (d_out == 5)
    x = torch.randn(16, 5, dtype=torch.float64)
    torch.manual_seed(1)
    expected = by_hand(block, x, "gelu", dropout, training)
    torch.manual_seed(1)
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("name", list(FORMULAS))
def test_a_block_uses_the_activation_it_was_given(name: str) -> None:
    torch.manual_seed(0)
    block = shaken(ResBlock(4, 6, activation_name=name, dropout=0.0))
    assert isinstance(block, ResBlock)
    x = torch.randn(16, 4, dtype=torch.float64)
    torch.testing.assert_close(block(x), by_hand(block, x, name, 0.0, True))


def test_a_block_of_two_branches_and_a_drop_is_its_formula_in_evaluation() -> None:
    torch.manual_seed(0)
    block = ResBlock(4, 6, activation_name="tanh", dropout=0.3, use_shake_shake=True, shake_drop_probability=0.25)
    shaken(block).eval()
    x = torch.randn(8, 4, dtype=torch.float64)
    h = torch.tanh(norm(x, block.start[0], False))
    assert block.second_branch is not None
    first, second = (
        linear(torch.tanh(norm(linear(h, branch[0]), branch[1], False)), branch[-1])
        for branch in (block.branch, block.second_branch)
    )
    expected = linear(h, block.shortcut) + 0.75 * 0.5 * (first + second)
    torch.testing.assert_close(block(x), expected)
    assert torch.equal(block(x), block(x))


def test_a_block_of_two_branches_mixes_them_row_by_row_in_training() -> None:
    torch.manual_seed(0)
    block = ResBlock(3, 3, activation_name="tanh", dropout=0.0, use_shake_shake=True).double()
    assert block.second_branch is not None
    x = torch.randn(500, 3, dtype=torch.float64)
    h = block.start(x)
    first, second = block.branch(h), block.second_branch(h)
    mixture = (block(x) - x - second) / (first - second)
    torch.testing.assert_close(mixture, mixture[:, :1].expand(-1, 3))
    assert uniform(mixture[:, 0], 0, 1)


def test_a_dropped_branch_is_disturbed_row_by_row_in_training() -> None:
    torch.manual_seed(0)
    block = ResBlock(3, 3, activation_name="tanh", dropout=0.0, shake_drop_probability=0.4).double()
    x = torch.randn(2000, 3, dtype=torch.float64)
    factor = ((block(x) - x) / block.branch(block.start(x)))[:, 0]
    assert float((factor > 1 - 1e-9).double().mean()) == pytest.approx(0.6, abs=0.05)
    assert uniform(factor[factor < 1 - 1e-9], -1, 1)


def test_shake_shake_draws_a_mixture_for_each_row_and_splits_the_gradient_by_another() -> None:
    torch.manual_seed(0)
    first = torch.ones(4000, 3, requires_grad=True)
    second = torch.zeros(4000, 3, requires_grad=True)
    a = shake_shake(first, second, training=True)
    a.sum().backward()
    assert first.grad is not None
    assert second.grad is not None
    b = first.grad
    for factor in (a.detach(), b):
        assert torch.equal(factor, factor[:, :1].expand(-1, 3))  # one draw per row
        assert uniform(factor[:, 0], 0, 1)
    torch.testing.assert_close(second.grad, 1 - b)
    assert abs(np.corrcoef(a.detach()[:, 0], b[:, 0])[0, 1]) < 0.06


def test_shake_shake_is_a_convex_mixture_of_its_branches() -> None:
    torch.manual_seed(0)
    first, second = torch.randn(200, 4), torch.randn(200, 4)
    mixed = shake_shake(first, second, training=True)
    assert bool((mixed <= torch.maximum(first, second) + 1e-6).all())
    assert bool((mixed >= torch.minimum(first, second) - 1e-6).all())


def test_shake_shake_is_exactly_the_mean_in_evaluation() -> None:
    first = torch.randn(20, 4, requires_grad=True)
    second = torch.randn(20, 4, requires_grad=True)
    mean = shake_shake(first, second, training=False)
    assert torch.equal(mean, 0.5 * first + 0.5 * second)
    assert torch.equal(mean, shake_shake(first, second, training=False))
    mean.sum().backward()
    for branch in (first, second):
        assert branch.grad is not None
        assert torch.equal(branch.grad, torch.full_like(branch, 0.5))


@pytest.mark.parametrize("p_drop", [0.1, 0.5, 0.9])
def test_shake_drop_keeps_a_share_of_the_rows_and_disturbs_the_others(p_drop: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(4000, 3, requires_grad=True)
    y = shake_drop(x, p_drop=p_drop, training=True)
    y.sum().backward()
    assert x.grad is not None
    factor, gradient = y.detach()[:, 0], x.grad[:, 0]
    assert torch.equal(y.detach(), factor[:, None].expand(-1, 3))  # one draw per row
    kept = factor == 1
    assert float(kept.float().mean()) == pytest.approx(1 - p_drop, abs=0.04)
    assert torch.equal(gradient[kept], torch.ones(int(kept.sum())))
    assert uniform(factor[~kept], -1, 1)
    assert uniform(gradient[~kept], 0, 1)
    assert abs(np.corrcoef(factor[~kept], gradient[~kept])[0, 1]) < 0.2


@pytest.mark.parametrize("p_drop", [0.1, 0.5, 1.0])
def test_shake_drop_multiplies_by_the_expected_factor_in_evaluation(p_drop: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(20, 4)
    assert torch.equal(shake_drop(x, p_drop=p_drop, training=False), x * (1 - p_drop))
    mean = shake_drop(torch.ones(20000, 1), p_drop=p_drop, training=True).mean()
    assert float(mean) == pytest.approx(1 - p_drop, abs=0.03)


def test_shake_drop_with_certainty_or_never() -> None:
    torch.manual_seed(0)
    x = torch.randn(50, 2)
    assert torch.equal(shake_drop(x, p_drop=0.0, training=True), x)
    assert bool((shake_drop(x, p_drop=1.0, training=True).abs() < x.abs()).all())


def test_dropout_stands_between_the_activation_and_the_second_layer() -> None:
    block = ResBlock(4, 4, activation_name="relu", dropout=0.5)
    assert [type(layer).__name__ for layer in block.branch] == ["Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert block.branch[3].p == 0.5


@pytest.mark.parametrize(("shake", "drop"), [(True, 0.0), (False, 0.5), (True, 0.5)])
def test_shaken_blocks_are_random_in_training_and_deterministic_in_evaluation(shake: bool, drop: float) -> None:
    """Auto-PyTorch had it the other way round: two predictions on the same rows differed."""
    block = ResBlock(4, 4, activation_name="relu", dropout=0.0, use_shake_shake=shake, shake_drop_probability=drop)
    x = torch.randn(16, 4)
    assert not torch.equal(block(x), block(x))
    block.eval()
    assert torch.equal(block(x), block(x))
