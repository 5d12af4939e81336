"""Search, refit, predictions and scores of a task."""

import logging
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score

from autonet.compat.autopytorch import HoldoutValTypes, TabularClassificationTask
from autonet.core.errors import InvalidData, InvalidOption, UnknownName


def test_predictions_and_their_score(searched: Any, quadrants: Any) -> None:
    _, X_test, _, y_test = quadrants
    predicted, probabilities = searched.predict(X_test), searched.predict_proba(X_test, batch_size=10)
    assert set(predicted) <= {"bad", "good"}
    assert searched.score(predicted, y_test) == {"accuracy": pytest.approx(accuracy_score(y_test, predicted))}
    assert searched.score(probabilities, y_test.to_frame())["accuracy"] > 0.5
    assert searched.estimator_.fit_result["info"]["test_accuracy"] > 0.5


def test_options_reach_the_estimator(searched: Any) -> None:
    estimator = searched.estimator_
    assert (estimator.ensemble_size, estimator.random_state, estimator.validation_split) == (5, 42, 0.33)
    assert {trial.config["NetworkSelector:network"] for trial in estimator.history_} <= {"mlpnet", "shapedmlpnet"}
    assert len(estimator.history_) == 3
    assert estimator.refit_on_all_rows is False


def test_refit_trains_the_members_on_all_rows(searched: Any, quadrants: Any, caplog: pytest.LogCaptureFixture) -> None:
    X_train, X_test, y_train, y_test = quadrants
    api = TabularClassificationTask(seed=1, ensemble_size=2)
    options = {"total_walltime_limit": 120, "smac_scenario_args": {"runcount_limit": 1}, "min_budget": 9}
    rows = api.get_dataset(X_train, y_train, X_test, y_test)
    api.search("roc_auc", *rows[:4], max_budget=9, enable_traditional_pipeline=False, **options)
    before = api.predict_proba(X_test)
    with pytest.raises(InvalidData, match="refit takes the rows of search, and X_train or y_train hold others"):
        api.refit(X_train=X_train[:100], y_train=y_train[:100])
    with pytest.raises(InvalidOption, match="refit trains on all rows; got resampling_strategy"):
        api.refit(resampling_strategy=HoldoutValTypes.holdout_validation)
    with pytest.raises(UnknownName, match=r"argument of refit 'run_time_limit'\. Did you mean 'run_time_limit_secs'"):
        api.refit(run_time_limit=3)
    with caplog.at_level(logging.INFO, "autonet"):
        assert api.refit(dataset=rows, dataset_name="again", run_time_limit_secs=50) is api
    assert (
        "run_time_limit_secs of Auto-PyTorch is ignored: total_walltime_limit ends trainings in time" in caplog.messages
    )
    assert any("trained on all rows" in message for message in caplog.messages)
    assert not np.allclose(api.predict_proba(X_test), before)
    assert len(api.estimator_.history_) == 1
    assert "Dataset name: again" in api.sprint_statistics()
    copied = pickle.loads(pickle.dumps(api))
    assert np.array_equal(copied.predict_proba(X_test), api.predict_proba(X_test))
    with pytest.raises(InvalidOption, match="refit continues a search, which pickles and copies leave out"):
        copied.refit(dataset=rows)
    assert 0 <= copied.score(copied.predict_proba(X_test), y_test)["roc_auc"] <= 1


def test_nothing_works_before_a_search() -> None:
    for call in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError, match="Call 'search' with appropriate arguments"):
            getattr(TabularClassificationTask(), call)([[0.0]])
    with pytest.raises(NotFittedError):
        TabularClassificationTask().refit()
