"""The leaderboard: every trial, tree ensemble and baseline, and the final ensemble."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.inspection.leaderboard import leaderboard
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.rungs import Rungs


def test_there_is_a_row_per_trial_tree_ensemble_baseline_and_the_ensemble(classifier: AutoNetClassification) -> None:
    table = classifier.leaderboard()
    rows = {row["name"]: row for row in table}
    assert set(rows) == {*map(str, range(6)), "linear", "extra_trees", "hist_gradient_boosting", "ensemble"}
    assert table.column("rank") == list(range(1, 11))
    scores = table.column("val_score")
    assert scores == sorted(scores, reverse=True)
    result = classifier.fit_result
    assert rows["ensemble"]["val_score"] == result["info"]["val_accuracy"]
    weights = {name: row["weight"] for name, row in rows.items() if row["weight"] and name != "ensemble"}
    assert weights == pytest.approx(result["ensemble"])
    trial = classifier.history_.trials[0]
    assert rows["0"]["family"] == trial.config["NetworkSelector:network"] == "shapedmlpnet"
    assert rows["0"]["parameters"] == trial.metrics["parameters"]
    assert rows["0"]["seconds"] == pytest.approx(sum(report.seconds for report in trial.reports))
    assert (rows["0"]["budget"], rows["0"]["status"]) == (trial.budget, "finished")
    assert rows["0"]["ms_per_row"] > 0
    assert (rows["extra_trees"]["family"], rows["linear"]["family"]) == ("forest", "linear")
    assert rows["extra_trees"]["seconds"] > 0
    assert table[:3]._repr_html_().count("<tr>") == 4


def test_members_of_the_final_model_are_scored_on_test_rows(classifier: AutoNetClassification, iris: Any) -> None:
    X, y = iris[0][::3], iris[1][::3]
    table = classifier.leaderboard(X, y)
    rows = {row["name"]: row for row in table}
    final = {*classifier.fit_result["ensemble"], "ensemble"}
    assert {name for name, row in rows.items() if row["test_score"] is not None} == final
    assert rows["ensemble"]["test_score"] == pytest.approx(classifier.score(X, y))
    assert all((row["ms_per_row"] or 0) > 0 for name, row in rows.items() if name in final)
    with pytest.raises(InvalidOption, match="X_test and y_test belong together; got only one of them"):
        classifier.leaderboard(X)


def test_errors_rank_the_smallest_first(regressor: AutoNetRegression, diabetes: Any) -> None:
    table = regressor.leaderboard(*diabetes)
    scores = table.column("val_score")
    assert scores == sorted(scores)
    prediction = regressor.predict(diabetes[0])
    best = next(row for row in table if row["weight"] == 1)
    assert best["test_score"] == pytest.approx(np.sqrt(np.mean((prediction - diabetes[1]) ** 2)), rel=1e-5)
    assert "ensemble" not in table.column("name")  # a single network predicts


def test_model_files_have_the_candidates_of_the_ensemble(classifier: AutoNetClassification, tmp_path: Path) -> None:
    classifier.save(tmp_path / "model")
    table, loaded = classifier.leaderboard(), autonet.load(tmp_path / "model").leaderboard()
    columns = ("rank", "name", "val_score", "weight")
    assert [[row[c] for c in columns] for row in loaded] == [[row[c] for c in columns] for row in table]
    families = {row["name"]: row["family"] for row in loaded if row["weight"]}
    assert families == {row["name"]: row["family"] for row in table if row["weight"]}
    assert autonet.load(Path(__file__).parents[1] / "assets" / "format1.autonet").leaderboard().column("rank")[0] == 1


def test_scores_of_the_test_rows_of_the_fit_are_there(iris: Any) -> None:
    options = {"budget_type": "epochs", "max_budget": 2, "max_trials": 1, "baseline": False, "random_state": 0}
    auto = AutoNetClassification("tiny_cs", **options).fit(*iris, X_test=iris[0][:50], y_test=iris[1][:50])
    assert auto.leaderboard()[0]["test_score"] == auto.history_.trials[0].metrics["test_accuracy"]


def long_history(n: int) -> History:
    """A history of many trials, some of which have crashed."""
    history = History(Rungs.geometric(1, 9, 3, "epochs"))
    for i in range(n):
        failed = i % 10 == 9
        report: dict[str, Any] = {"start": 0, "target": 1, "budget": 0 if failed else 1, "seconds": 0.1, "cost": 1.0}
        report |= {"loss": float("inf") if failed else i / n, "status": "crashed" if failed else "finished"}
        report["metrics"] = {} if failed else {"val_accuracy": 1 - i / n, "parameters": i}
        config = {"NetworkSelector:network": "mlpnet"}
        history.apply(Event("propose", i, {"config": config, "seed": 0, "origin": "sampler"}))
        history.apply(Event("start", i, {"start": 0, "target": 1}))
        history.apply(Event("end", i, {"report": report, "attributes": {}}))
    return history


def test_thousands_of_trials_are_ranked_in_a_moment(classifier: AutoNetClassification) -> None:
    parts = classifier.model_, classifier.fit_result, classifier._record
    table = leaderboard(*parts, "accuracy", history=long_history(2000))
    assert len(table) == 2000 + 4
    assert table.column("rank")[-200:] == [None] * 200
    assert {row["status"] for row in table[-200:]} == {"crashed"}
