"""Draws of a training, apart from those of everyone else."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from autonet.training.random import DrawFrom


@pytest.mark.parametrize(
    "draw",
    [
        lambda: nn.Linear(5, 7).weight,
        lambda: nn.init.orthogonal_(torch.empty(4, 4)),
        lambda: torch.randperm(20),
        lambda: torch.randint(3, 9, (5,)),
        lambda: torch.rand_like(torch.ones(4)),
        lambda: torch.randn_like(torch.ones(4)),
        lambda: nn.functional.dropout(torch.ones(50), 0.3),
        lambda: nn.functional.rrelu(torch.randn(20), training=True),
        lambda: torch.multinomial(torch.ones(5), 3),
        lambda: torch.normal(torch.zeros(3), torch.ones(3)),
    ],
)
def test_operations_draw_from_a_generator_what_they_would_from_the_global_one(draw: Callable[[], Tensor]) -> None:
    torch.manual_seed(3)
    expected = draw()
    torch.manual_seed(9)
    before = torch.get_rng_state()
    with DrawFrom(torch.Generator().manual_seed(3)) as mode:
        drawn = draw()
    assert torch.equal(drawn, expected)
    assert mode.n_draws > 0
    assert torch.equal(torch.get_rng_state(), before)
