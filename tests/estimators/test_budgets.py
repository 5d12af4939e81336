"""Algorithms of the search and units of budgets, through whole fits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates, open_run
from autonet.pipeline import trial
from tests.estimators.refusals import refused

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

X, Y = load_iris(return_X_y=True)
SMALL: dict[str, Any] = {"budget_type": "epochs", "min_budget": 1, "max_budget": 9, "random_state": 0}


SHALLOW = HyperparameterSearchSpaceUpdates()
SHALLOW.append("NetworkSelector", "shapedresnet:num_groups", [1])
SHALLOW.append("NetworkSelector", "shapedresnet:max_units", [16, 32])


def classifier(**options: Any) -> AutoNetClassification:
    return AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=SHALLOW, **options)


def reports(estimator: Any) -> list[tuple[Any, ...]]:
    found = estimator.history_.reports
    return [(t.number, r.start, r.target, r.budget, r.loss, r.cost, dict(t.config)) for t, r in found]


@pytest.fixture(scope="module")
def of_subsets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A fit, in a run directory, that trains for 8 epochs on each share of the rows."""
    folder = tmp_path_factory.mktemp("subsets") / "run"
    auto = classifier(budget_type="subset", max_trials=4, eta=2, random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "SUBSET_EPOCHS", 8)
        yield auto.fit(X, Y, min_budget=0.25, max_budget=1.0, run_dir=folder), folder


def test_budgets_are_shares_of_the_rows(of_subsets: Any) -> None:
    auto, _ = of_subsets
    assert auto.history_.rungs.budgets == (0.25, 0.5, 1.0)
    assert {r.target for _, r in auto.history_.reports} == {0.25, 0.5, 1.0}
    assert all(r.metrics["epochs"] == 8 and r.budget == r.target for _, r in auto.history_.reports)
    assert not any(r.complete for _, r in auto.history_.reports if r.target < 1)  # more rows may help
    assert [row["item"] for row in auto.summary() if row["section"] == "rungs"] == [
        f"{share} of the rows" for share in ("0.25", "0.5", "1")
    ]
    assert auto.score(X, Y) > 0.8


def test_shares_of_the_rows_repeat_themselves_and_go_on_in_a_run_directory(of_subsets: Any) -> None:
    auto, folder = of_subsets
    given = {"min_budget": 0.25, "max_budget": 1.0, "run_dir": folder}
    again = clone(auto).fit(X, Y, min_budget=0.25, max_budget=1.0)
    assert reports(again) == reports(auto)
    np.testing.assert_array_equal(again.predict_proba(X), auto.predict_proba(X))
    more = clone(auto).fit(X, Y, **given, max_trials=5)
    assert reports(more)[: len(reports(auto))] == reports(auto)
    assert len(more.history_) == 5
    assert set(open_run(folder).best_estimator().predict(X)) == {0, 1, 2}


def test_one_configuration_on_a_share_of_the_rows_and_then_on_all(of_subsets: Any) -> None:
    auto = clone(of_subsets[0]).refit(X, Y, budget=0.5, refit_on_all_rows=True)
    assert [r.target for _, r in auto.history_.reports] == [0.5]
    assert auto.fit_result["budget"] == 0.5
    rows = [row for row in clone(of_subsets[0]).plan(X, Y, eta=3) if row["section"] == "rungs"]
    assert [row["item"] for row in rows] == [f"{share} of the rows" for share in ("0.1111", "0.3333", "1")]
    assert rows[2]["seconds"] == pytest.approx(9 * rows[0]["seconds"])


def test_configurations_of_ones_own_come_first() -> None:
    first = {"OptimizerSelector:sgd:learning_rate": 0.02}
    given = {**SMALL, "max_budget": 3, "max_trials": 2}
    auto = classifier(initial_configs=[first], algorithm="random", **given).fit(X, Y)
    assert [found.origin for found in auto.history_] == ["enqueued", "sampler"]
    assert auto.history_.trials[0].config["OptimizerSelector:sgd:learning_rate"] == 0.02
    refused(lambda: classifier(initial_configs=[{"OptimizerSelector:sgd:rate": 1}]).fit(X, Y), "sgd:rate'")
    refused(lambda: classifier(initial_configs=first).fit(X, Y), "initial_configs must be a list of mappings")


@pytest.mark.parametrize("algorithm", ["hyperband", "random"])
def test_algorithms_without_a_model(algorithm: str) -> None:
    auto = classifier(algorithm=algorithm, max_trials=4, **{**SMALL, "max_budget": 3}).fit(X, Y)
    targets = [(found.number, report.target) for found, report in auto.history_.reports]
    if algorithm == "random":
        assert targets == [(number, 3) for number in range(4)]
    else:  # a bracket of three from the lowest rung, of which the best goes on, and one of those at the top
        assert sorted(targets[:3]) == [(0, 1), (1, 1), (2, 1)]
        assert [budget for _, budget in targets[3:]] == [3, 3]
    assert [found.origin for found in auto.history_] == ["default", "sampler", "sampler", "sampler"]


def test_a_training_ends_when_its_patience_has_run_out() -> None:
    given: dict[str, Any] = {**SMALL, "min_budget": 40, "max_budget": 40, "max_trials": 1}
    auto = classifier(cross_validator="none", **given)
    impatient, patient = (clone(auto).fit(X, Y, early_stopping_patience=epochs) for epochs in (3, np.inf))
    curve = impatient.learning_curves()
    best = min(curve, key=lambda row: (-row["val_score"], row["val_loss"]))
    assert curve[-1]["epoch"] == best["epoch"] + 3 < 40
    assert patient.history_.trials[0].metrics["epochs"] == 40


def test_low_budgets_are_validated_on_one_fold(tmp_path: Path) -> None:
    auto = classifier(cross_validator=3, min_budget_for_cv=3, max_trials=3, **SMALL)
    auto.fit(X, Y, ensemble_size=4, tree_ensembles=True, run_dir=tmp_path)
    reported = auto.history_.reports
    assert {(r.target, len(r.details["folds"])) for _, r in reported} == {(1, 1), (3, 3), (9, 3)}
    ranked = [found.budget for found in auto.history_.ranked()]
    assert min(ranked[: sum(budget >= 3 for budget in ranked)]) >= 3
    chosen = [name for name in auto.fit_result["models"] if name.isdigit()]
    assert chosen
    assert all(auto.history_.trials[int(name)].budget >= 3 for name in chosen)
    assert set(open_run(tmp_path).best_estimator().predict(X)) == {0, 1, 2}
