from collections.abc import Iterator
from copy import deepcopy

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from autonet.training.ema import EMAWeights


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def moved(source: nn.Module, average: EMAWeights, steps: int) -> Iterator[dict[str, Tensor]]:
    """Change all weights and buffers so many times, average them, and tell what they were after each change."""
    for _ in range(steps):
        for tensor in source.state_dict().values():
            tensor.add_(torch.randn(tensor.shape) if tensor.is_floating_point() else 7)
        average.update()
        yield deepcopy(source.state_dict())


@settings(max_examples=20)
@given(steps=st.integers(1, 60))
def test_it_is_a_moving_average_of_weights_and_running_statistics_and_counts_are_copied(steps: int) -> None:
    source = network()
    average = EMAWeights(source)
    expected: dict[str, Tensor] = {}
    for n, weights in enumerate(moved(source, average, steps)):
        decay = min(0.995, n / (n + 9))  # 0 at first: where the weights began does not count
        for name, value in weights.items():
            is_count = not value.is_floating_point()
            expected[name] = value if n == 0 or is_count else decay * expected[name] + (1 - decay) * value
    for name, value in average.network.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-5)


def test_in_the_long_run_it_remembers_two_hundred_steps() -> None:
    source = nn.Linear(1, 1, bias=False)
    average = EMAWeights(source)
    average.steps = 10_000
    nn.init.zeros_(average.network.weight)  # type: ignore[arg-type]
    nn.init.ones_(source.weight)
    for _ in range(200):
        average.update()
    torch.testing.assert_close(average.network.weight.detach(), torch.full((1, 1), 1 - 0.995**200))


def test_it_predicts_in_evaluation_mode_and_leaves_the_network_in_training_alone() -> None:
    source = network().train()
    before = deepcopy(source.state_dict())
    average = EMAWeights(source)
    average.update()
    assert not average.network.training
    assert source.training
    assert not any(p.requires_grad for p in average.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in source.state_dict().items())


def test_it_goes_on_from_where_it_was_saved() -> None:
    source = network()
    average = EMAWeights(source)
    list(moved(source, average, 5))
    saved = average.state_dict()
    again = EMAWeights(deepcopy(source))
    again.load_state_dict(saved)
    list(moved(source, average, 5))  # changes nothing of what was saved
    assert again.steps == 5
    assert all(torch.equal(value, saved["weights"][name]) for name, value in again.network.state_dict().items())
