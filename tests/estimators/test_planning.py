"""The plan of a fit before it runs."""

from typing import Any

import numpy as np
import pytest
import torch

from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetRegression
from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.resulttable import ResultTable
from autonet.search import Processes


def rungs(table: ResultTable) -> dict[str, int]:
    return {row["item"]: row["trials"] for row in table if row["section"] == "rungs"}


def test_the_rungs_are_those_of_the_fit(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick)
    assert rungs(auto.plan()) == {"1 epochs": 3, "3 epochs": 1, "9 epochs": 0}
    assert rungs(auto.plan(*iris)) == rungs(auto.plan())
    assert rungs(auto.plan(max_trials=27, max_budget=3)) == {"1 epochs": 27, "3 epochs": 9}
    assert not hasattr(auto, "model_")
    auto.fit(*iris)
    assert [f"{budget} epochs" for budget in auto.history_.rungs.budgets] == list(rungs(auto.plan()))


def test_stages_add_up_to_the_runtime() -> None:
    table = AutoNetClassification(max_runtime=100, n_jobs=2, refit_on_all_rows=True).plan()
    seconds = {row["item"]: row["seconds"] for row in table if row["section"] == "time" and row["seconds"]}
    assert list(seconds) == ["baseline", "search", "selection", "refit", "closing"]
    assert sum(seconds.values()) == pytest.approx(100)
    assert seconds["refit"] == pytest.approx(12)
    assert next(row["trials"] for row in table if row["item"] == "trials at once") == 2


def test_an_epoch_is_timed_on_the_rows() -> None:
    X = np.random.default_rng(0).normal(size=(400, 5))
    auto = AutoNetRegression("tiny_cs", budget_type="epochs", max_budget=9, max_runtime=60)
    top = next(row for row in auto.plan(X, X[:, 0]) if row["note"] == "top rung")
    assert top["seconds"] > 0
    assert top["trials"] >= 1


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_budgets_in_seconds_are_those_of_the_fit_for_images_that_take_long() -> None:
    X, y = np.random.default_rng(0).integers(256, size=(3000, 32, 32), dtype=np.uint8), np.arange(3000) % 2
    auto = AutoNetImageClassification("medium_cs", max_runtime=3, min_budget=0.5, n_jobs=1, random_state=0)
    planned = [float(name.removesuffix(" s")) for name in rungs(auto.plan(X, y))]
    found = auto.fit(X, y).history_.rungs.budgets
    assert found[0] == planned[0] == 0.5
    assert found[-1] <= planned[-1]  # the top rung depends on when the search begins


def test_an_epoch_is_timed_where_torch_computes_no_gradients(iris: Any, quick: dict[str, Any]) -> None:
    with torch.no_grad():
        table = AutoNetClassification("tiny_cs", **quick).plan(*iris)
    assert next(row for row in table if row["note"] == "top rung")["seconds"] > 0


def test_the_trials_at_once_are_those_of_the_executor(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", max_runtime=60, executor=Processes(3))
    for table in (auto.plan(), auto.plan(*iris)):
        assert next(row["trials"] for row in table if row["item"] == "trials at once") == 3


def test_data_and_options_are_checked_as_in_fit(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs")
    with pytest.raises(InvalidOption, match="max_runtime"):
        auto.plan(max_runtime=-1)
    with pytest.raises(InvalidData):
        auto.plan(iris[0], None)
