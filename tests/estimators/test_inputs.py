"""Weights of rows and of classes, and groups of rows."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import DataWarning
from autonet.estimators.inputs import keep_read
from tests.estimators.refusals import BOTH, GROUPS, LABELS, X, refused
from tests.estimators.tasks import rare

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_weight": np.ones(59)}, "sample_weight has 59 entries and X has 60 rows; pass one per row"),
        ({"sample_weight": np.ones((60, 1))}, "sample_weight has shape (60, 1)"),
        (
            {"sample_weight": np.zeros(60)},
            "All entries of sample_weight are zero; pass a positive weight",
        ),
        ({"sample_weight": -np.ones(60)}, "row 0 has -1.0; pass finite weights of at least 0"),
        ({"sample_weight": np.full(60, np.nan)}, "row 0 has nan; pass finite weights of at least 0"),
        ({"sample_weight": np.full(60, np.inf)}, "row 0 has inf; pass finite weights of at least 0"),
        ({"sample_weight": ["much"] * 60}, "sample_weight must hold numbers (could not convert string to float"),
        ({"sample_weight": np.ones(60, "m8[s]")}, "sample_weight must hold real numbers; got durations"),
        ({"sample_weight": np.ones(60) * 1j}, "sample_weight must hold real numbers; got complex numbers"),
        ({"groups": np.ones(59)}, "groups has shape (59,) and X has 60 rows; pass one group per row"),
        ({"groups": np.ones(60)}, "All rows are in one group, so none can be held out; pass at least two groups"),
        ({"groups": GROUPS, "cross_validator": "k_fold"}, "ignores groups; use 'group_k_fold'"),
        ({"X_valid": X}, "X_valid and y_valid belong together; got only one of them"),
        ({"y_valid": LABELS}, "X_valid and y_valid belong together; got only one of them"),
        ({"X_valid": X, "y_valid": LABELS[1:]}, "X_valid has 60 rows and y_valid 59 entries; pass one entry per row"),
        ({"X_valid": X[:, 1:], "y_valid": LABELS}, "X_valid has 2 features, but AutoNet"),
        ({"X_valid": X[:0], "y_valid": LABELS[:0]}, "Found array with 0 sample(s)"),
        ({"X_valid": X, "y_valid": LABELS * np.nan}, "y_valid contains NaN, infinity or missing values in 60 of 60"),
        ({"X_valid": X, "y_valid": LABELS, "cross_validator": 3}, "cross_validator has no effect with X_valid"),
        ({"X_valid": X, "y_valid": LABELS, "groups": LABELS}, "groups has no effect with X_valid"),
    ],
)
def test_weights_groups_and_rows_to_validate_on_that_do_not_fit(
    arguments: dict[str, Any], message: str, cls: Any
) -> None:
    arguments = {"X": X, "y": LABELS, **arguments}
    refused(lambda: cls().fit(**arguments), message)


def test_a_split_beside_rows_to_validate_on_is_warned_of(quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1}, validation_split=0.2)
    with pytest.warns(DataWarning, match="validation_split has no effect with X_valid"):
        auto.fit(X, LABELS, X_valid=X, y_valid=LABELS)


@pytest.mark.parametrize("how", [{"class_weight": "balanced"}, {"loss_modules": ["cross_entropy_weighted"]}])
def test_weighted_losses_find_the_rare_class(how: dict[str, Any], quick: dict[str, Any]) -> None:
    X, y = rare()
    options = {**quick, **how, "max_trials": 1, "max_budget": 3}
    auto = AutoNetClassification("tiny_cs", **options, optimize_metric="roc_auc").fit(X, y)
    assert auto.predict(X)[y == 1].mean() > 0.8
    assert auto.predict(X)[y == 0].mean() < 0.2


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("Balanced", "class_weight must be 'balanced', a dictionary or None; got 'Balanced'"),
        ([1, 2, 3], "class_weight must be 'balanced', a dictionary or None; got [1, 2, 3]"),
        (np.ones(3), "class_weight must be 'balanced', a dictionary or None; got array("),
        ({"0": 2}, "class_weight has weights for ['0'], which are not in y; its labels: 0, 1, 2"),
        ({0: -1}, "class_weight must hold finite numbers of at least 0; 0 has -1"),
        ({0: float("nan")}, "class_weight must hold finite numbers of at least 0; 0 has nan"),
        ({0: 0, 1: 0, 2: 0}, "All training rows of a fold have weight 0"),
    ],
)
def test_weights_of_classes_that_cannot_be(weights: Any, message: str) -> None:
    refused(lambda: AutoNetClassification(class_weight=weights).fit(X, LABELS), message)


@pytest.mark.parametrize(
    "make", [list, tuple, np.array, pd.Series, pl.Series, lambda values: pd.DataFrame({"a": values})]
)
def test_entries_of_the_rows_that_were_read(make: Any) -> None:
    kept = np.array([True, False, True])
    found, nothing, weight = keep_read(kept, y=make([4, 5, 6]), groups=None, sample_weight=2.5)
    assert np.ravel(found).tolist() == [4, 6]
    assert (nothing, weight) == (None, 2.5)
    assert keep_read(None, X="X") == ["X"]
