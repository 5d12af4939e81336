"""The summary of a fit: trials, division of the time, limits, stages."""

import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
from torch import nn

import autonet
from autonet import AutoNetClassification
from tests.inspection.conftest import SEARCH


def test_the_summary_has_trials_rungs_trees_and_stages(classifier: AutoNetClassification) -> None:
    table = classifier.summary()
    found = {(row["section"], row["item"]): row for row in table}
    assert found["trials", "finished"]["count"] == 6
    assert found["rungs", "2 epochs"]["count"] == 6
    assert found["limits", "search"]["note"] == "ended by the number of trials, 6"
    assert found["trees", "extra_trees"]["seconds"] > 0
    stages = [row["item"] for row in table if row["section"] == "seconds"]
    assert stages == ["reading", "baseline", "search", "selection", "closing", "total"]
    seconds = [row["seconds"] for row in table if row["section"] == "seconds"]
    assert seconds[-1] == pytest.approx(sum(seconds[:-1]))
    assert found["seconds", "total"]["note"] == "1 trial at a time"
    assert len(classifier.failures()) == 0


def test_model_files_keep_stages_and_limits(classifier: AutoNetClassification, tmp_path: Path) -> None:
    classifier.save(tmp_path / "model")
    table = classifier.summary()
    loaded = autonet.load(tmp_path / "model").summary()
    assert list(loaded) == [r for r in table if r["section"] in ("seconds", "trees") or r["item"] == "search"]
    assert pickle.loads(pickle.dumps(classifier)).summary() == table


def test_the_summary_is_logged(iris: Any, caplog: pytest.LogCaptureFixture) -> None:
    options = {**SEARCH, "max_trials": 1, "tree_ensembles": False, "cross_validator": "none", "baseline": False}
    with caplog.at_level(logging.INFO, "autonet"):
        auto = AutoNetClassification("tiny_cs", **options).fit(*iris)
    lines = [record.message for record in caplog.records]
    assert [line for line in repr(auto.summary()).splitlines() if line not in lines] == []


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
@pytest.mark.parametrize(
    ("options", "y", "why"),
    [
        ({"callbacks": [lambda study, trial: True]}, None, "ended by a callback"),
        ({}, "one class", "ended by nothing to search, or no time for it"),
    ],
)
def test_the_summary_says_what_ended_the_search(iris: Any, options: dict[str, Any], y: Any, why: str) -> None:
    small = {**SEARCH, "tree_ensembles": False, "cross_validator": "none", "max_budget": 2}
    target = iris[1] if y is None else [0] * len(iris[0])
    auto = AutoNetClassification("tiny_cs", **small, **options).fit(iris[0], target)
    assert why in [row["note"] for row in auto.summary() if row["section"] == "limits"]


def test_failures_of_networks_have_their_reason(iris: Any, custom_components: None) -> None:
    def broken(n_in: int, n_out: int) -> nn.Module:
        if n_in == 4:  # not the toy on which it is registered
            raise ValueError("no such layer")
        return nn.Linear(n_in, n_out)

    autonet.register_network("broken", broken)
    options = {**SEARCH, "tree_ensembles": False, "cross_validator": "none", "max_budget": 2, "max_trials": 5}
    auto = AutoNetClassification("tiny_cs", networks=["mlpnet", "broken"], **options).fit(*iris)
    table = auto.failures()
    assert len(table) >= 1
    assert table[0]["reason"] == "ValueError: no such layer"
    assert "in broken" in table[0]["error"]
    crashed = next(row for row in auto.summary() if row["item"] == "crashed")
    assert crashed["count"] == len(table)
