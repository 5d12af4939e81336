"""Predictions that displays draw: checked against the task of the estimator."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidData, InvalidOption
from autonet.inspection.plots.predictions import predict_classes, predict_values

OPTIONS: dict[str, Any] = {
    "max_trials": 1,
    "budget_type": "epochs",
    "max_budget": 3,
    "tree_ensembles": False,
    "random_state": 0,
}


def test_classes_have_their_names_and_a_column_each(classifier: AutoNetClassification, iris: Any) -> None:
    X, y = iris
    names = classifier.classes_[y]
    found = predict_classes(classifier, X, names, "X")
    assert found.names == ["setosa", "versicolor", "virginica"]
    assert found.truth.argmax(axis=1).tolist() == y.tolist()
    assert (found.probabilities == classifier.predict_proba(X)).all()
    assert not found.is_multilabel


def test_other_tasks_and_objects_are_refused(
    classifier: AutoNetClassification, regressor: AutoNetRegression, iris: Any
) -> None:
    X, y = iris
    with pytest.raises(InvalidOption, match="X is for a classification; this estimator was fitted to a regression"):
        predict_classes(regressor, X, y, "X")
    with pytest.raises(InvalidOption, match="X is for a regression; this estimator was fitted to a classification"):
        predict_values(classifier, X, y, None, "X")
    with pytest.raises(InvalidOption, match=r"got LogisticRegression\. scikit-learn's displays draw others"):
        predict_classes(LogisticRegression(), X, y, "X")
    with pytest.raises(NotFittedError):
        predict_classes(AutoNetClassification(), X, y, "X")


def test_rows_and_labels_are_checked(classifier: AutoNetClassification, iris: Any) -> None:
    X, y = iris
    with pytest.raises(InvalidData, match="X has 150 rows and y has 9"):
        predict_classes(classifier, X, classifier.classes_[y[:9]], "X")
    with pytest.raises(InvalidData, match="labels that the y of fit does not have: 'rose'"):
        predict_classes(classifier, X[:1], ["rose"], "X")


def test_of_quantiles_the_median_is_compared() -> None:
    X = np.random.default_rng(0).normal(size=(120, 2))
    y = X[:, 0]
    auto = AutoNetRegression("tiny_cs", quantiles=[0.9, 0.5], **OPTIONS).fit(X, y)
    truth, predicted = predict_values(auto, X, y, None, "X")
    assert (truth == y).all()
    assert (predicted == auto.predict(X)[:, 1]).all()
    outer = AutoNetRegression("tiny_cs", quantiles=[0.1, 0.9], **OPTIONS).fit(X, y)
    with pytest.raises(InvalidOption, match=r"predicts the quantiles \[0.1, 0.9\]. Fit one with 0.5 among them"):
        predict_values(outer, X, y, None, "X")


def test_of_several_targets_one_is_chosen() -> None:
    X = np.random.default_rng(0).normal(size=(120, 2))
    auto = AutoNetRegression("tiny_cs", **OPTIONS).fit(X, X)
    truth, predicted = predict_values(auto, X, X, 1, "X")
    assert (truth == X[:, 1]).all()
    assert (predicted == auto.predict(X)[:, 1]).all()
    with pytest.raises(InvalidOption, match="predicts 2 targets; choose one: target=0 to 1"):
        predict_values(auto, X, X, None, "X")
    with pytest.raises(InvalidOption, match="target must be an integer from 0 to 1; got 2"):
        predict_values(auto, X, X, 2, "X")


def test_of_targets_with_names_one_is_chosen_by_name() -> None:
    X = np.random.default_rng(0).normal(size=(120, 2))
    y = pd.DataFrame(X, columns=["width", "height"])
    auto = AutoNetRegression("tiny_cs", **OPTIONS).fit(X, y)
    for target in ("height", 1, np.int64(1)):
        truth, predicted = predict_values(auto, X, y[["height", "width"]], target, "X")
        assert (truth == X[:, 1]).all()
        assert (predicted == auto.predict(X)[:, 1]).all()
    with pytest.raises(InvalidOption, match="integer from 0 to 1, or one of 'width', 'height'; got 'depth'"):
        predict_values(auto, X, y, "depth", "X")
    with pytest.raises(InvalidOption, match="or one of 'width', 'height'; got True"):
        predict_values(auto, X, y, True, "X")
