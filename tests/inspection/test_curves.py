"""Learning curves: of every trial, across promotions, processes, run directories and pickles."""

import pickle
from pathlib import Path
from typing import Any

import pytest

import autonet
from autonet import AutoNetClassification
from autonet.core.resulttable import ResultTable
from autonet.estimators.search_spec import describe_search
from autonet.inspection.curves import learning_curves

OPTIONS: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 9,
    "max_trials": 4,
    "baseline": False,
    "cross_validator": "none",
    "ensemble_size": 1,
    "random_state": 0,
}


def of_trial(table: ResultTable, number: int, fold: int = 0) -> list[dict[str, Any]]:
    return [row for row in table if (row["trial"], row["fold"]) == (number, fold)]


def repeated(table: ResultTable) -> list[dict[str, Any]]:
    """What a seed repeats: all but the seconds."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in table]


def test_curves_go_on_where_trials_are_promoted(classifier: AutoNetClassification) -> None:
    table = classifier.learning_curves()
    assert {row["trial"] for row in table} == set(range(6))
    best = classifier.history_.best
    assert best is not None
    for fold in range(2):
        rows = of_trial(table, best.number, fold)
        assert [row["epoch"] for row in rows] == list(range(1, int(best.budget) + 1))
        assert sorted({row["budget"] for row in rows}) == [report.budget for report in best.reports]
        seconds = [row["seconds"] for row in rows]
        assert seconds == sorted(seconds)
        assert rows[-1]["train_loss"] < rows[0]["train_loss"]
        assert rows[-1]["val_loss"] < rows[0]["val_loss"]


def test_the_best_scores_of_the_curves_are_the_scores_of_the_trials(classifier: AutoNetClassification) -> None:
    table = classifier.learning_curves()
    for trial in classifier.history_:
        best = [max(row["val_score"] for row in of_trial(table, trial.number, fold)) for fold in range(2)]
        assert trial.metrics["val_accuracy"] == pytest.approx(sum(best) / 2, abs=1e-4)
    assert "val_score is accuracy" in repr(table)


def test_a_seed_repeats_the_curves_and_a_run_directory_keeps_them(iris: Any, tmp_path: Path) -> None:
    here = AutoNetClassification("tiny_cs", **OPTIONS).fit(*iris)
    there = AutoNetClassification("tiny_cs", **OPTIONS, run_dir=tmp_path).fit(*iris)
    expected = repeated(here.learning_curves())
    assert {row["trial"] for row in expected} == {0, 1, 2, 3}
    assert repeated(there.learning_curves()) == expected
    opened = learning_curves(autonet.open_run(tmp_path).history, "accuracy")
    assert opened == there.learning_curves()


def test_pickles_keep_the_curves(classifier: AutoNetClassification) -> None:
    assert pickle.loads(pickle.dumps(classifier)).learning_curves() == classifier.learning_curves()


def test_long_curves_are_thinned_and_take_little_room(iris: Any) -> None:
    options = {**OPTIONS, "min_budget": 300, "max_budget": 300, "max_trials": 1, "cross_validator": 2}
    auto = AutoNetClassification("tiny_cs", **options).fit(iris[0][::3], iris[1][::3])
    rows = of_trial(auto.learning_curves(), 0)
    epochs = [row["epoch"] for row in rows]
    assert 15 <= len(epochs) <= 30
    assert (epochs[0], epochs[1] - epochs[0]) in ((1, 2), (1, 4), (1, 8))
    assert epochs[-1] > 50
    assert sum(map(len, describe_search(auto.history_, auto.search_space_)["events"])) < 10_000
