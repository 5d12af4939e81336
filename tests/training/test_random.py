"""Draws of a training, apart from those of everyone else."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from autonet.training.random import DrawFrom, draw_from, seed_gpu

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


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


@pytest.mark.parametrize(
    "draw",
    [
        lambda device: torch.randn(3, device=device),
        lambda device: torch.randn_like(torch.ones(3, device=device)),
        lambda device: torch.randn_like(torch.ones(3), device=device),
        lambda device: torch.empty(3, device=device).uniform_(),
        lambda device: torch.normal(0.0, torch.ones(3, device=device)),
        lambda device: torch.randperm(3, device=device),
        lambda device: torch.bernoulli(torch.ones(3, device=device)),
    ],
)
@pytest.mark.parametrize("device", ["meta", pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_GPU])])
def test_operations_on_another_device_draw_as_ever(device: str, draw: Callable[[str], Tensor]) -> None:
    generator = torch.Generator()
    before = generator.get_state()
    with draw_from(generator) as count_draws:
        assert draw(device).device.type == device
    assert count_draws() == 0
    assert torch.equal(generator.get_state(), before)


@pytest.mark.gpu
@NEEDS_GPU
def test_a_gpu_is_seeded_and_restored_whichever_is_the_current_one() -> None:
    device = torch.device("cuda", torch.cuda.device_count() - 1)
    before = torch.cuda.get_rng_state(device)
    with seed_gpu(3, device):
        first = torch.rand(5, device=device)
    with seed_gpu(3, device):
        assert torch.equal(torch.rand(5, device=device), first)
    assert torch.equal(torch.cuda.get_rng_state(device), before)


def test_a_cpu_needs_no_seed() -> None:
    before = torch.get_rng_state()
    with seed_gpu(3, torch.device("cpu")):
        assert torch.equal(torch.get_rng_state(), before)
