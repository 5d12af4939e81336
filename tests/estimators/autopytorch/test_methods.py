"""Methods of Auto-PyTorch 0.0.2, and arguments in the places that they had there."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score, mean_absolute_error
from sklearn.utils.validation import check_array

from autonet import AutoNetClassification, AutoNetRegression
from autonet.estimators.autopytorch.methods import accept_old_order, is_table
from tests.estimators.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

QUICK: dict[str, Any] = {
    "budget_type": "epochs",
    "max_budget": 2,
    "max_trials": 1,
    "networks": ["shapedmlpnet"],
    "random_state": 0,
}


@pytest.fixture(scope="module")
def fitted(iris: Any) -> AutoNetClassification:
    X, y = iris
    auto = AutoNetClassification("tiny_cs", **QUICK, optimize_metric="balanced_accuracy")
    return auto.fit(X[::2], y[::2], X[1::2], y[1::2])


def test_third_and_fourth_arguments_of_fit_may_be_rows_to_validate_on(fitted: AutoNetClassification, iris: Any) -> None:
    X, y = iris
    named = AutoNetClassification(**fitted.get_params()).fit(X[::2], y[::2], X_valid=X[1::2], y_valid=y[1::2])
    np.testing.assert_array_equal(named.predict_proba(X), fitted.predict_proba(X))
    config = {"OptimizerSelector:sgd:learning_rate": 0.1}
    again: Any = AutoNetClassification(**fitted.get_params())
    again.refit(X[::2], y[::2], X[1::2], y[1::2], config, None, 1)
    assert (again.best_config_["OptimizerSelector:sgd:learning_rate"], again["budget"]) == (0.1, 1)
    assert again.fit_result["info"]["val_balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(y[1::2], again.predict(X[1::2])), abs=0.05
    )


def test_the_order_of_arguments_of_refit_is_told_by_the_third_and_the_fifth() -> None:
    seen: Any = accept_old_order(lambda self, *args, **keywords: (args, keywords))
    X, y, config = [[1.0]], [1], {"CreateDataLoader:batch_size": 40}
    assert seen(None, X, y, config, 2, [1.0]) == ((X, y, config, 2, [1.0]), {})
    assert seen(None, X, y, None, None, [1.0]) == ((X, y, None, None, [1.0]), {})
    old = {"X_valid": X, "y_valid": y, "hyperparameter_config": config}
    assert seen(None, X, y, X, y, config) == ((X, y), old)
    assert seen(None, X, y, X, y, hyperparameter_config=config) == ((X, y), old)
    assert seen(None, X, y, None, None, config) == ((X, y), {**old, "X_valid": None, "y_valid": None})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.ones((3, 1)), True),
        (pd.DataFrame({"a": [1]}), True),
        (sparse.csr_matrix(np.ones((3, 2))), True),
        ([[1], [2]], True),
        ([{"a": 1}], True),
        ({"a": [1, 2]}, True),
        (np.zeros(2, [("a", float)]), True),
        (np.ones(3), False),
        (pd.Series([1.0]), False),
        ([1.0, 2.0], False),
        ([], False),
        (None, False),
    ],
    ids=str,
)
def test_weights_and_rows_are_told_apart(value: Any, expected: bool) -> None:
    assert is_table(value) is expected


def test_a_third_argument_of_fit_that_is_neither_is_refused(iris: Any) -> None:
    auto, (X, y) = AutoNetClassification("tiny_cs", **QUICK), iris
    refused(lambda: auto.fit(X, y, X), "sample_weight has shape (150, 4), which is a table; pass weights of shape")
    refused(lambda: auto.fit(X, y, X, y, X_valid=X), "The third argument of fit is a table, and X_valid is given, too")
    refused(lambda: auto.fit(X, y, np.ones(150), y), "X_valid and y_valid belong together; got only one of them.")


def test_labels_and_probabilities_come_together(fitted: AutoNetClassification, iris: Any) -> None:
    labels, probabilities = fitted.predict(iris[0], return_probabilities=True)
    np.testing.assert_array_equal(labels, fitted.predict(iris[0]))
    np.testing.assert_array_equal(probabilities, fitted.predict_proba(iris[0]))


def test_the_score_of_a_classification(fitted: AutoNetClassification, iris: Any) -> None:
    X, y = iris[0][:120], iris[1][:120]
    accuracy, balanced = (fitted.predict(X) == y).mean(), balanced_accuracy_score(y, fitted.predict(X))
    assert fitted.score(X, y) == pytest.approx(accuracy)
    assert fitted.score(X, y, True) == fitted.score(X_test=X, Y_test=y, return_loss_value=True)
    assert fitted.score(X, y, True) == pytest.approx(1 - balanced)
    assert fitted.score(X, y, False) == fitted.score(X, y)
    by_metric = AutoNetClassification(score_metric="optimize_metric")
    by_metric.__dict__ = {**vars(fitted), "score_metric": "optimize_metric"}
    assert by_metric.score(X, y) == pytest.approx(balanced)
    refused(
        lambda: AutoNetClassification(score_metric="optimise").get_current_autonet_config(),
        "Unknown score_metric 'optimise'. Did you mean 'optimize_metric'?",
    )


def test_the_score_of_a_regression_is_greater_if_it_is_better(diabetes: Any) -> None:
    X, y = diabetes
    options: dict[str, Any] = {"optimize_metric": "mean_distance", "score_metric": "optimize_metric"}
    auto = AutoNetRegression("tiny_cs", **QUICK, **options).fit(X, y)
    assert auto.score(X, y) == pytest.approx(-mean_absolute_error(y, auto.predict(X)))
    assert auto.score(X, y, return_loss_value=True) == pytest.approx(mean_absolute_error(y, auto.predict(X)))


def test_the_estimator_is_indexed_as_the_dictionary_that_fit_returned(
    fitted: AutoNetClassification,
) -> None:
    for key in ("optimized_hyperparameter_config", "budget", "loss", "info"):
        assert fitted[key] == fitted.fit_result[key]
    assert json.loads(json.dumps(fitted.fit_result))["loss"] == fitted["loss"]
    with pytest.raises(KeyError, match="fit_result has no 'los'; it has optimized_hyperparameter_config, budget, loss"):
        fitted["los"]
    with pytest.raises(TypeError, match=r"is indexed by the keys of fit_result, such as 'loss'; got 0\."):
        fitted[0]  # type: ignore[index]
    with pytest.raises(NotFittedError):
        AutoNetClassification()["loss"]
    with pytest.raises(TypeError, match="not iterable"):
        iter(fitted)  # type: ignore[call-overload]
    assert np.asarray(fitted).shape == ()
    with pytest.raises(ValueError, match="Expected 2D array, got scalar array"):
        check_array(fitted, dtype=object)


def test_options_of_a_fit_may_make_up_for_those_of_the_constructor(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", **{**QUICK, "min_budget": 3}).fit(*iris, min_budget=1)
    assert auto.score(*iris) > 0.3
    refused(auto.get_hyperparameter_search_space, "min_budget must not exceed max_budget; got min_budget=3")


def test_options_are_updated() -> None:
    auto = AutoNetClassification("tiny_cs")
    auto.update_autonet_config(max_runtime=60, random_seed=3)
    assert (auto.max_runtime, auto.random_state) == (60, 3)
    assert auto.get_current_autonet_config()["max_runtime"] == 60
    refused(lambda: auto.update_autonet_config(max_runtme=60), "Did you mean 'max_runtime'")


def test_the_search_space_takes_all_of_the_data_of_a_fit(iris: Any) -> None:
    X, y = iris
    space = AutoNetClassification("tiny_cs").get_hyperparameter_search_space(X, y, X, y, networks=["mlpnet"])
    assert space["NetworkSelector:network"].default_value == "mlpnet"
    with pytest.raises(ValueError, match="X_valid has 3 features"):
        AutoNetClassification("tiny_cs").get_hyperparameter_search_space(X, y, X[:, :3], y)


def test_the_help_lists_options_and_components(capsys: Any) -> None:
    AutoNetClassification("tiny_cs", networks=["mlpnet", "shapedresnet"]).print_help()
    options, _, table = capsys.readouterr().out.partition("\n\n")
    assert "max_runtime : float, optional" in options
    rows = [line.split() for line in table.splitlines()]
    assert rows[1] == ["node", "component", "hyperparameter", "range", "scale", "default", "if"]
    assert ["NetworkSelector", "network", "mlpnet,", "shapedresnet", "mlpnet"] in rows
    assert ["OptimizerSelector", "sgd", "learning_rate", "0.005", "to", "0.2", "log", "0.05000"] in rows
    assert [row[:5] for row in rows if "max_units" in row] == [
        ["NetworkSelector", "shapedresnet", "max_units", "64", "to"]
    ]
    assert rows[0][-6:] == ["the", "others", "have", "a", "single", "value"]
