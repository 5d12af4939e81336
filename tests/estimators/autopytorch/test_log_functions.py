"""Test rows of log functions, which trials are scored on."""

import logging
import pickle
from typing import Any

import pytest
from sklearn.base import clone

from autonet import AutoNetClassification
from autonet.compat.autopytorch import LogFunctionsSelector, test_result
from autonet.core.errors import InvalidOption


def test_trials_are_scored_on_the_rows_of_a_log_function(
    quick: Any, iris: Any, caplog: pytest.LogCaptureFixture
) -> None:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "baseline": False})
    logs = auto.pipeline[LogFunctionsSelector.get_name()]
    logs.add_log_function("test_result", test_result(auto, X[:30], y[:30]), True)
    auto.fit(X, y)
    assert "test_accuracy" not in auto.fit_result["info"]
    assert "_logged_rows" not in vars(clone(auto))
    assert "_logged_rows" not in vars(pickle.loads(pickle.dumps(auto)))
    auto.fit(X, y, additional_logs=["test_result"])
    assert auto.fit_result["info"]["test_accuracy"] == auto.score(X[:30], y[:30])
    logs.add_log_function("test_result", test_result(auto, None, None))
    with caplog.at_level(logging.INFO, "autonet"):
        auto.fit(X, y, additional_logs=["test_result"])
    assert "test_result has no test rows, so that nothing is logged" in caplog.messages
    logs.remove_log_function("test_result")
    with pytest.raises(InvalidOption, match=r"needs rows to score; pass X_test and y_test to fit"):
        auto.fit(X, y, additional_logs=["test_result"])


def test_other_functions_are_callbacks() -> None:
    logs = AutoNetClassification().pipeline["LogFunctionsSelector"]
    assert repr(logs) == "LogFunctionsNode('LogFunctionsSelector')"
    for name, function in (("mine", print), ("test_result", print)):
        with pytest.raises(InvalidOption, match=r"must be 'test_result' with test rows; got .*Pass other functions"):
            logs.add_log_function(name, function)
