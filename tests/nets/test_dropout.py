import pytest
import torch
from torch import Tensor, nn

from autonet.nets.dropout import FastDropout, replace_dropout


def dropped(p: float, x: Tensor) -> Tensor:
    return FastDropout(p).train()(x)


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5, 0.99])
def test_dropout_sets_its_share_to_zero_and_keeps_the_mean(p: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(400, 999)
    y = dropped(p, x)
    zeros = (y == 0).float()
    deviation = (p * (1 - p) / x.numel()) ** 0.5
    assert abs(zeros.mean() - p) < 4 * deviation + 2**-16
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - p)]), rtol=2**-16 / (1 - p), atol=0)
    # Neighbours, of which four come out of one draw, are independent.
    for distance in (1, 2, 3, 4):
        both = (zeros[:, distance:] * zeros[:, :-distance]).mean()
        assert abs(both - p * p) < 4 * (p * p / x.numel()) ** 0.5 + 2**-15


def test_dropout_is_repeated_by_the_seed_and_only_for_training() -> None:
    x = torch.randn(3, 5, 7, requires_grad=True)
    torch.manual_seed(3)
    first = dropped(0.4, x)
    torch.manual_seed(3)
    assert torch.equal(dropped(0.4, x), first)
    assert not torch.equal(dropped(0.4, x), first)
    (gradient,) = torch.autograd.grad(first.sum(), x)
    torch.testing.assert_close(gradient, torch.where(first == 0, 0.0, 1 / 0.6), rtol=1e-4, atol=0)
    assert torch.equal(FastDropout(0.4).eval()(x), x)
    assert torch.equal(dropped(0.0, x), x)


def test_dropout_of_a_network_is_replaced_wherever_it_lies() -> None:
    inner = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.25), nn.AlphaDropout(0.1))
    network = nn.Sequential(nn.Dropout(0.5), nn.ModuleDict({"inner": inner}), nn.Dropout1d(0.3)).eval()
    before = network.state_dict()
    assert replace_dropout(network) is network
    assert isinstance(network[0], FastDropout)
    assert isinstance(inner[1], FastDropout)
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.5, 0.25]
    assert not any(module.training for module in network.modules())
    assert not isinstance(inner[2], FastDropout)
    assert not isinstance(network[2], FastDropout)
    assert network.state_dict().keys() == before.keys()
