"""scikit-learn's own checks of an estimator."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from autonet import AutoNetClassification, AutoNetRegression

OPTIONS: dict[str, Any] = {
    "max_trials": 2,
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 3,
    "random_state": 0,
}

# Tables of one column or a handful of rows: the warnings that they deserve are not what is checked.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@parametrize_with_checks([AutoNetClassification("tiny_cs", **OPTIONS), AutoNetRegression("tiny_cs", **OPTIONS)])
def test_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)
