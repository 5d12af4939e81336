import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, kstest
from torch import nn

from autonet.core.task import Task
from autonet.training.batches import BATCH_LOSSES, EncodedRows, count_batches, shuffled_batches
from autonet.training.losses import LOSSES


@given(n=st.integers(1, 300), batch_size=st.integers(2, 64))
def test_batches_take_every_row_once_and_none_is_a_single_row(n: int, batch_size: int) -> None:
    batches = shuffled_batches(n, batch_size)
    assert len(batches) == count_batches(n, batch_size)
    assert all(2 <= len(b) <= batch_size + 1 for b in batches)
    rows = torch.cat(batches).tolist()
    assert sorted(rows) == (list(range(n)) if n > 1 else [0, 0])


def test_mixup_is_the_mixture_of_inputs_and_of_losses() -> None:
    network, loss = nn.Linear(3, 2), nn.CrossEntropyLoss()
    x, y = torch.randn(8, 3), torch.randint(2, (8,))
    torch.manual_seed(1)
    value = BATCH_LOSSES.components["mixup"].build(alpha=0.4)(network, loss, EncodedRows(x, y))
    torch.manual_seed(1)
    share = float(beta(0.4, 0.4).ppf(torch.rand(()).item()))
    next_row = [7, 0, 1, 2, 3, 4, 5, 6]
    output = network(share * x + (1 - share) * x[next_row])
    torch.testing.assert_close(value, share * loss(output, y) + (1 - share) * loss(output, y[next_row]))


@pytest.mark.parametrize(
    ("name", "settings", "levels"),
    [("pinball_loss", {}, (0.1, 0.9)), ("l1_loss", {}, ()), ("huber_loss", {"delta": 0.5}, ())],
)
def test_mixup_mixes_the_targets_of_a_regression(name: str, settings: dict, levels: tuple[float, ...]) -> None:
    network = nn.Linear(3, len(levels) or 1)
    x, y, weights = torch.randn(8, 3), torch.randn(8, 1), torch.rand(8)
    task = Task("regression", quantiles=levels)
    loss = LOSSES.components[name].build(y=y, weights=None, task=task, **settings)
    drawn, next_row = torch.rand((), generator=torch.Generator().manual_seed(1)).item(), [7, *range(7)]
    share = float(beta(0.4, 0.4).ppf(drawn))
    for given_weights in (None, weights):
        mixup = BATCH_LOSSES.components["mixup"].build(alpha=0.4)
        mixup.generator = torch.Generator().manual_seed(1)
        mixed = [share * part + (1 - share) * part[next_row] for part in (x, y, weights)]
        arguments = (network(mixed[0]), mixed[1], *([] if given_weights is None else [mixed[2]]))
        torch.testing.assert_close(mixup(network, loss, EncodedRows(x, y, given_weights)), loss(*arguments))


def test_shares_of_mixup_have_their_distribution() -> None:
    shares = []
    x, y = torch.tensor([[0.0], [1.0]]), torch.zeros(2, 1)

    def network(mixed: torch.Tensor) -> torch.Tensor:
        shares.append(mixed[1].item())  # row 1 counts `share`, its partner row 0 the rest
        return mixed

    mixup = BATCH_LOSSES.components["mixup"].build(alpha=0.2)
    torch.manual_seed(0)
    for _ in range(500):
        mixup(network, nn.MSELoss(), EncodedRows(x, y))  # type: ignore[arg-type]
    assert kstest(shares, beta(0.2, 0.2).cdf).pvalue > 0.01


def test_mixup_with_alpha_zero_is_the_standard_loss() -> None:
    network, loss = nn.Linear(3, 2), nn.CrossEntropyLoss()
    x, y = torch.randn(8, 3), torch.randint(2, (8,))
    mixed = BATCH_LOSSES.components["mixup"].build(alpha=0.0)(network, loss, EncodedRows(x, y))
    torch.testing.assert_close(mixed, loss(network(x), y))
