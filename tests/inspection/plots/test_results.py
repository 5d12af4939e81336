"""What displays read of studies, histories and estimators."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.inspection.plots.results import SearchResults
from autonet.search import History, Study, maximize
from tests.inspection.histories import search_failing


def test_values_are_in_the_direction_of_the_study() -> None:
    study = maximize(lambda trial: trial["x"], {"x": (0.0, 1.0)}, max_trials=5, random_state=0)
    results = SearchResults.from_study(study)
    assert results.trials.values.tolist() == [trial.value for trial in study.trials]
    assert results.higher_is_better
    assert results.space is study.space


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_values_of_estimators_are_scores_by_their_metric(name: str, request: pytest.FixtureRequest) -> None:
    estimator = request.getfixturevalue(name)
    metric = {"classifier": "accuracy", "regressor": "neg_mean_absolute_error"}[name]
    results = SearchResults.from_estimator(estimator)
    assert results.label == f"validation {metric}"
    assert results.higher_is_better
    scores = [trial.metrics[f"val_{metric}"] for trial in estimator.history_]
    assert results.trials.values == pytest.approx(scores)


def test_a_loss_that_is_the_score_itself_is_lower_the_better(diabetes: Any) -> None:
    options = {"budget_type": "epochs", "max_budget": 3, "max_trials": 2, "tree_ensembles": False, "random_state": 0}
    auto = AutoNetRegression("tiny_cs", optimize_metric="rmse", **options).fit(*diabetes)
    results = SearchResults.from_estimator(auto)
    assert not results.higher_is_better
    assert results.trials.values == pytest.approx([trial.metrics["val_rmse"] for trial in auto.history_])


def test_trials_without_a_value_failed() -> None:
    study = search_failing()
    trials = SearchResults.from_study(study).trials
    assert trials.failed.tolist() == [trial.value is None for trial in study.trials]
    assert np.isnan(trials.values[trials.failed]).all()


def test_the_space_of_a_history_is_asked_for_where_it_is_needed(conditional: Study) -> None:
    results = SearchResults.from_study(conditional.history)
    with pytest.raises(InvalidOption, match=r"pass the study, or space=study\.space"):
        results.space  # noqa: B018
    assert SearchResults.from_study(conditional.history, conditional.space).space is conditional.space


def test_a_space_that_the_objective_defines_is_known() -> None:
    study = Study(random_state=0).optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=3)
    assert list(SearchResults.from_study(study.history).space) == ["x"]


def test_rungs_have_names_with_their_unit(with_budgets: Study, conditional: Study) -> None:
    results = SearchResults.from_study(with_budgets)
    assert [results.name_rung(level) for level in range(4)] == ["1 epoch", "3 epochs", "9 epochs", "27 epochs"]
    assert SearchResults.from_study(conditional).name_rung(0) == "trial"
    timed = Study({"x": (0.0, 1.0)}, min_budget=0.5, max_budget=2, budget_type="time")
    assert SearchResults.from_study(timed).name_rung(0) == "0.5 s"


def test_other_objects_are_refused() -> None:
    with pytest.raises(InvalidOption, match="must be a Study or a History; got LinearRegression"):
        SearchResults.from_study(LinearRegression())
    with pytest.raises(InvalidOption, match="must be a fitted estimator of autonet; got History"):
        SearchResults.from_estimator(History())
    with pytest.raises(NotFittedError):
        SearchResults.from_estimator(AutoNetClassification())


def test_an_opened_run_is_a_study(iris: Any, tmp_path: Path) -> None:
    options = {"budget_type": "epochs", "max_budget": 3, "max_trials": 2, "tree_ensembles": False, "random_state": 0}
    AutoNetClassification("tiny_cs", run_dir=tmp_path / "run", **options).fit(*iris)
    run = autonet.open_run(tmp_path / "run")
    results = SearchResults.from_study(run)
    assert results.trials.values.tolist() == [trial.value for trial in run.history]
    assert results.space is run.search_space
