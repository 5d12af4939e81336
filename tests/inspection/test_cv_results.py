"""Results as scikit-learn's searches give them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from autonet import AutoNetClassification, AutoNetRegression
from autonet.inspection.cv_results import cv_results
from autonet.search import minimize
from tests.search.objectives import LINE, quadratic


def test_the_keys_are_those_of_a_grid_search(classifier: AutoNetClassification) -> None:
    search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2).fit(*load_iris(return_X_y=True))
    mine, theirs = classifier.cv_results_, search.cv_results_
    assert set(theirs) - set(mine) == {"param_max_depth"}
    for name in set(theirs) & set(mine):
        assert len(mine[name]) == 6
        assert type(mine[name]) is type(theirs[name])
    assert len(pd.DataFrame(mine)) == 6


def test_scores_are_those_of_the_folds_and_rank_the_trials(classifier: AutoNetClassification) -> None:
    results = classifier.cv_results_
    splits = np.array([results[f"split{k}_test_score"] for k in range(2)])
    np.testing.assert_allclose(splits.mean(axis=0), results["mean_test_score"])
    np.testing.assert_allclose(splits.std(axis=0), results["std_test_score"])
    best = int(np.argmin(results["rank_test_score"]))
    assert results["mean_test_score"][best] == results["mean_test_score"].max()
    assert results["params"] == [dict(trial.config) for trial in classifier.history_]
    assert classifier.best_params_ == classifier.best_config_
    assert classifier.best_score_ == classifier.fit_result["best_network"]["val_accuracy"]


def test_inactive_hyperparameters_are_masked(classifier: AutoNetClassification) -> None:
    results = classifier.cv_results_
    masked = {name for name in results if name.startswith("param_") and np.ma.getmaskarray(results[name]).any()}
    assert masked
    for name in masked:
        missing = [name.removeprefix("param_") not in config for config in results["params"]]
        assert np.ma.getmaskarray(results[name]).tolist() == missing


def test_errors_are_negative(regressor: AutoNetRegression) -> None:
    scores = regressor.cv_results_["mean_test_score"]
    assert (scores < 0).all()
    assert regressor.cv_results_["rank_test_score"][scores.argmax()] == 1
    assert regressor.best_score_ == -regressor.fit_result["best_network"]["val_rmse"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trials_without_scores_come_last() -> None:
    study = minimize(quadratic, LINE, max_trials=3, random_state=0)
    results = cv_results(study.history, "accuracy", greater_is_better=True)
    assert np.isnan(results["mean_test_score"]).all()
    assert results["rank_test_score"].tolist() == [1, 1, 1]
