"""The steps of a fit: short, for this call only, and nothing of the caller changes."""

import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import autonet
from autonet import AutoNetClassification

PACKAGE = Path(autonet.__file__).parent


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_options_of_fit_hold_for_that_call_only(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick)
    before = auto.get_params()
    auto.fit(*iris, max_trials=1, validation_split=0.5)
    assert len(auto.history_) == 1
    assert auto.get_params() == before


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_the_callers_random_state_threads_and_data_are_untouched(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris[0].copy(), iris[1].copy()
    torch.set_num_threads(2)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - the state that users share
    AutoNetClassification("tiny_cs", **quick).fit(X, y)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert torch.get_num_threads() == 2
    np.testing.assert_array_equal(X, iris[0])
    np.testing.assert_array_equal(y, iris[1])


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_from_fit_to_backward_it_is_not_far(iris: Any, quick: dict[str, Any], monkeypatch: Any) -> None:
    """Auto-PyTorch took 13 frames in 8 files, AutoGluon 20 in 8."""
    stacks: list[list[str]] = []
    backward = torch.Tensor.backward

    def spy(self: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        stacks.append([f.filename for f in traceback.extract_stack() if Path(f.filename).is_relative_to(PACKAGE)])
        backward(self, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "backward", spy)
    AutoNetClassification("tiny_cs", **quick).fit(*iris)
    deepest = max(stacks, key=len)
    assert len(deepest) <= 9
    assert len(set(deepest)) <= 6
