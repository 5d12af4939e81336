import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from autonet.training.batches import BATCH_LOSSES, count_batches, shuffled_batches


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
    value = BATCH_LOSSES.components["mixup"].build(alpha=0.4)(network, loss, x, y)
    torch.manual_seed(1)
    share = float(torch.distributions.Beta(torch.tensor(0.4), torch.tensor(0.4)).sample())
    partner = torch.randperm(8)
    output = network(share * x + (1 - share) * x[partner])
    torch.testing.assert_close(value, share * loss(output, y) + (1 - share) * loss(output, y[partner]))


def test_mixup_with_alpha_zero_is_the_standard_loss() -> None:
    network, loss = nn.Linear(3, 2), nn.CrossEntropyLoss()
    x, y = torch.randn(8, 3), torch.randint(2, (8,))
    torch.manual_seed(3)
    mixed = BATCH_LOSSES.components["mixup"].build(alpha=0.0)(network, loss, x, y)
    torch.testing.assert_close(mixed, loss(network(x), y), atol=0.05, rtol=0.05)
