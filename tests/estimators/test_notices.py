"""What a fit tells of a search that found little."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

from autonet import AutoNetClassification, register_network, unregister_network
from autonet.core.errors import BaselineReturned, InvalidOption, RefitSkipped, SearchFailed


@pytest.fixture(autouse=True)
def _unregistered() -> Iterator[None]:
    yield
    with suppress(InvalidOption):
        unregister_network("mine")


def test_the_first_error_is_the_cause_of_a_failed_search(iris: Any, quick: dict[str, Any]) -> None:
    class Failing(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[0] != 4:  # the toy batch
                raise ArithmeticError("the oven is cold")
            return super().forward(x)

    register_network("mine", lambda n_in, n_out: Failing(nn.Linear(n_in, n_out)))
    with pytest.raises(SearchFailed, match=r"^Nothing could be trained\. The first error: .*the oven is cold"):
        AutoNetClassification("tiny_cs", networks=["mine"], **quick, baseline=False).fit(*iris)
    with pytest.warns(BaselineReturned, match=r"Every trial failed, so the linear baseline is .* The first error: "):
        AutoNetClassification("tiny_cs", networks=["mine"], **quick).fit(*iris)


def test_networks_that_give_no_finite_outputs_are_said_to_diverge(iris: Any, quick: dict[str, Any]) -> None:
    class Broken(nn.Linear):
        def __init__(self, n_in: int, n_out: int) -> None:
            super().__init__(n_in, n_out)

        def forward(self, x: Any) -> Any:
            return super().forward(x) * float("nan")

    register_network("mine", Broken)
    with pytest.raises(SearchFailed, match="Every network diverged: its outputs or its loss were not finite"):
        AutoNetClassification("tiny_cs", networks=["mine"], **quick, baseline=False).fit(*iris)


def test_a_refit_without_time_is_told(quick: dict[str, Any], iris: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("autonet.pipeline.refit.PLANNED_SHARE", 0.0)
    options = {**quick, "max_runtime": 1000, "ensemble_size": 3, "baseline": False}
    with pytest.warns(RefitSkipped, match="no time to train on all rows, as refit_on_all_rows=True asks for"):
        AutoNetClassification("tiny_cs", **options, refit_on_all_rows=True).fit(*iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RefitSkipped)
        AutoNetClassification("tiny_cs", **options, refit_on_all_rows="auto").fit(*iris)
