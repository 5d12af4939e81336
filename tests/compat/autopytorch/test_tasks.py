"""Regression; classification is in the tests of the other modules."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error

from autonet.compat.autopytorch import CrossValTypes, TabularRegressionTask


def test_a_regression_without_an_ensemble(diabetes: Any) -> None:
    X, y = diabetes
    X, y = X[:120], pd.DataFrame({"y": y[:120]})
    api = TabularRegressionTask(
        ensemble_size=0,
        resampling_strategy=CrossValTypes.k_fold_cross_validation,
        resampling_strategy_args={"num_splits": 2},
    )
    scenario = {"runcount_limit": 1}
    api.search("mean_squared_error", X, y, enable_traditional_pipeline=False, smac_scenario_args=scenario)
    predicted = api.predict(X)
    assert predicted.shape == (120,)
    assert api.score(predicted, y)["mean_squared_error"] == pytest.approx(mean_squared_error(y, predicted))
    assert "Optimisation Metric: mean_squared_error" in api.sprint_statistics()
    assert len(api.get_models_with_weights()) == 1
    results = api.get_search_results()
    assert np.nanmin(results.opt_scores) > 0
    assert results.opt_metric_dict["r2"][0] < 1
    assert not hasattr(api, "predict_proba")
