"""The number of threads that torch trains on."""

import pytest
import torch

from autonet.pipeline.threads import torch_threads


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_torch_runs_on_so_many_threads_inside_the_block(n_threads: int) -> None:
    before = torch.get_num_threads()
    with torch_threads(n_threads):
        assert torch.get_num_threads() == n_threads
    assert torch.get_num_threads() == before


def test_an_error_restores_the_threads_from_before() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), torch_threads(2):
        _ = 1 / 0
    assert torch.get_num_threads() == before
