"""The short ways into the search, and any estimator of scikit-learn as an objective."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from autonet.core.errors import InvalidOption, RunMismatch, SearchFailed, UnknownName
from autonet.search import RunningTrial, Status, Study, TrialPruned, cv_objective, maximize, minimize
from tests.clocks import FakeClock


def asked(space: dict[str, Any], **options: Any) -> RunningTrial:
    """The first trial of a study, its default configuration."""
    trial = Study(space, direction="maximize", **options).ask()
    assert trial is not None
    return trial


# --- minimize and maximize


def test_options_go_to_the_study_and_to_its_optimization(tmp_path: Path) -> None:
    study = minimize(
        lambda t: t["x"], {"x": (0.0, 1.0)}, sampler="random", run_dir=tmp_path, max_trials=30, stop_at=0.2
    )
    assert study.direction == "minimize"
    assert study.best.value is not None
    assert study.best.value <= 0.2
    again = minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, run_dir=tmp_path, max_trials=len(study.trials))
    assert [t.config for t in again.trials] == [t.config for t in study.trials], "the run directory was let go"


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'timeout'"):
        minimize(lambda t: t["x"], {"x": (0.0, 1.0)}, time_out=3)


def test_a_failure_lets_go_of_the_run_directory(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        minimize(lambda _: 1 / 0, {"x": (0.0, 1.0)}, run_dir=tmp_path, max_trials=3, on_error="raise")
    Study({"x": (0.0, 1.0)}, run_dir=tmp_path).close()


def test_a_trial_that_prunes_itself_because_the_time_is_up_keeps_its_last_report(clock: FakeClock) -> None:
    def objective(trial: RunningTrial) -> float:
        for step in range(10_000):
            trial.report(1 / (step + 1), step)
            clock.sleep(0.01)
            if trial.should_prune():
                raise TrialPruned
        return 0.0

    study = minimize(objective, {"x": (0.0, 1.0)}, timeout=0.3)
    assert study.best.status is Status.CUT
    assert study.best.value == study.best.curve[-1][1] < 0.5

    def silent(trial: RunningTrial) -> float:
        while not trial.should_prune():
            clock.sleep(0.01)
        raise TrialPruned

    assert minimize(silent, {"x": (0.0, 1.0)}, timeout=0.1).trials[0].status is Status.TIMEOUT


# --- any estimator


def test_the_value_is_the_mean_of_cross_val_score() -> None:
    X, y = load_iris(return_X_y=True)
    returned = cv_objective(KNeighborsClassifier(), X, y)(asked({"n_neighbors": [7]}))
    scores = cross_val_score(KNeighborsClassifier(7), X, y, cv=5)
    assert returned == {"value": scores.mean(), "std": scores.std()}
    returned = cv_objective(Ridge(), X, y, cv=KFold(4, shuffle=True, random_state=1), scoring="r2")(
        asked({"alpha": [2.0]})
    )
    assert returned["value"] == cross_val_score(Ridge(2.0), X, y, cv=KFold(4, shuffle=True, random_state=1)).mean()


@pytest.mark.parametrize("kind", ["lists", "data frames"])
def test_data_may_be_lists_or_data_frames(kind: str) -> None:
    X, y = load_iris(return_X_y=True)
    expected = cv_objective(KNeighborsClassifier(), X, y)(asked({"n_neighbors": [7]}))
    if kind == "data frames":
        pd = pytest.importorskip("pandas")
        given = pd.DataFrame(X, index=range(500, 650)), pd.Series(y, index=range(500, 650))
    else:
        given = X.tolist(), y.tolist()
    assert cv_objective(KNeighborsClassifier(), *given)(asked({"n_neighbors": [7]})) == expected
    budgeted = cv_objective(KNeighborsClassifier(), *given, budget="n_samples")
    assert budgeted(asked({"n_neighbors": [7]}, min_budget=30, max_budget=90))["value"] > 0.8


def test_groups_come_in_as_folds_and_an_estimator_may_do_without_y() -> None:
    X, y = load_iris(return_X_y=True)
    folds = GroupKFold(3).split(X, y, groups=np.arange(150) % 10)
    assert cv_objective(KNeighborsClassifier(), X, y, cv=folds)(asked({"n_neighbors": [7]}))["value"] > 0.9
    density = maximize(cv_objective(KernelDensity(), X), {"bandwidth": (0.05, 5.0)}, max_trials=10, random_state=0)
    assert density.best.config["bandwidth"] < 1


def test_a_small_space_is_searched_to_its_best() -> None:
    X, y = load_iris(return_X_y=True)
    study = maximize(cv_objective(KNeighborsClassifier(), X, y), {"n_neighbors": (1, 12)}, random_state=0)
    scores = [cross_val_score(KNeighborsClassifier(n), X, y).mean() for n in range(1, 13)]
    assert study.best.value == max(scores)
    assert len(study.trials) == 12


def test_hyperparameters_of_a_pipeline_and_conditional_ones_are_set_by_name() -> None:
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {
        "standardscaler__with_mean": [True, False],
        "svc__kernel": {"linear": None, "poly": {"svc__degree": (2, 4)}, "rbf": {"svc__gamma": (0.01, 1.0)}},
    }
    study = maximize(cv_objective(pipeline, X, y), space, max_trials=15, random_state=0, on_error="raise")
    poly = next(t for t in study.trials if t.config["svc__kernel"] == "poly")
    degree = poly.config["svc__kernel:poly:svc__degree"]
    expected = make_pipeline(
        StandardScaler(with_mean=poly.config["standardscaler__with_mean"]), SVC(kernel="poly", degree=degree)
    )
    assert poly.value == cross_val_score(expected, X, y).mean()


def test_a_seed_repeats_the_search_of_a_random_estimator_and_the_estimator_is_left_alone() -> None:
    X, y = make_classification(200, flip_y=0.2, random_state=0)
    tree = DecisionTreeClassifier(splitter="random")
    space = {"max_depth": (1, 6)}

    def values(estimator: Any, seed: int) -> list[float | None]:
        study = maximize(cv_objective(estimator, X, y), space, sampler="random", random_state=seed)
        return [t.value for t in sorted(study.trials, key=lambda t: t.config["max_depth"])]

    assert values(tree, 1) == values(tree, 1) != values(tree, 2)
    assert tree.random_state is None
    fixed = DecisionTreeClassifier(splitter="random", random_state=3)
    assert values(fixed, 1) == values(fixed, 2)


def test_the_budget_may_be_a_hyperparameter() -> None:
    X, y = load_iris(return_X_y=True)
    objective = cv_objective(RandomForestClassifier(random_state=0), X, y, cv=3, budget="n_estimators")
    study = maximize(objective, {"max_depth": (1, 4)}, min_budget=1, max_budget=9, max_trials=4, random_state=0)
    assert {r.budget for _, r in study.history.reports} == {1, 3, 9}
    forest = RandomForestClassifier(9, max_depth=study.best.config["max_depth"], random_state=0)
    assert study.best.value == cross_val_score(forest, X, y, cv=3).mean()


def test_the_budget_may_be_rows_which_hold_every_class_and_grow() -> None:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["common", "rare"], [970, 30]))
    X = rng.normal(size=(1000, 3)) + (y == "rare")[:, None]
    objective = cv_objective(LogisticRegression(), X, y, scoring="roc_auc", budget="n_samples")
    study = maximize(objective, {"C": (0.1, 10.0)}, min_budget=10, max_budget=90, max_trials=4, random_state=0)
    assert {t.status for t in study.trials} == {Status.FINISHED}, "a class would be missing from ten of the rows"
    train = objective.folds[0][0]
    few, many = (set(objective._subset(train, n)) for n in (10, 400))
    assert len(few) == 10
    assert few < many < set(train)
    assert np.mean(y[list(many)] == "rare") == pytest.approx(0.03, abs=0.005)
    assert set(objective._subset(train, 10_000)) == set(train)


def test_rows_of_a_regression_are_a_random_sample() -> None:
    X = np.linspace(0, 1, 200)[:, None]
    objective = cv_objective(Ridge(), X, X[:, 0], cv=KFold(5), budget="n_samples")
    chosen = objective._subset(objective.folds[0][0], 50)
    assert len(set(chosen)) == 50
    assert np.mean(chosen) == pytest.approx(np.mean(objective.folds[0][0]), abs=20)


# --- what cannot work


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"budget": "n_neighbours"}, UnknownName, "Unknown budget 'n_neighbours'. Did you mean 'n_neighbors'"),
        ({"scoring": "acuracy"}, ValueError, "acuracy"),
        ({"cv": "five"}, ValueError, "five"),
    ],
)
def test_an_objective_that_cannot_work_is_refused_before_any_trial(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cv_objective(KNeighborsClassifier(), *load_iris(return_X_y=True), **options)


def test_the_direction_must_be_that_of_a_score() -> None:
    with pytest.raises(
        InvalidOption, match="This objective must be maximized; create the study with direction='maximize'"
    ):
        minimize(cv_objective(KNeighborsClassifier(), *load_iris(return_X_y=True)), {"n_neighbors": (1, 9)})


def test_a_budget_needs_a_study_with_budgets() -> None:
    objective = cv_objective(KNeighborsClassifier(), *load_iris(return_X_y=True), budget="n_samples")
    with pytest.raises(SearchFailed, match="needs a study with min_budget and max_budget"):
        maximize(objective, {"n_neighbors": (1, 9)}, max_trials=3)


def test_a_value_that_the_estimator_refuses_fails_its_trial_with_the_estimators_words() -> None:
    objective = cv_objective(KNeighborsClassifier(), *load_iris(return_X_y=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = maximize(objective, {"n_neighbors": [5, 0]}, max_trials=5)
    assert [t.status for t in study.trials] == [Status.FINISHED, Status.CRASHED]
    assert "n_neighbors" in study.trials[1].reports[0].reason


def test_a_run_directory_refuses_other_data(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    space = {"n_neighbors": (1, 9)}
    maximize(cv_objective(KNeighborsClassifier(), X, y), space, run_dir=tmp_path, max_trials=2)
    maximize(cv_objective(KNeighborsClassifier(), X.copy(), y), space, run_dir=tmp_path, max_trials=3)
    with pytest.raises(RunMismatch, match="data was"):
        maximize(cv_objective(KNeighborsClassifier(), X + 1, y), space, run_dir=tmp_path, max_trials=3)
