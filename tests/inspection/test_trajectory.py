"""The trajectory of a fit: validation scores over wall time."""

from typing import Any

import pytest

from autonet import AutoNetRegression


@pytest.fixture(scope="module")
def fitted(diabetes: Any) -> AutoNetRegression:
    options = {"budget_type": "epochs", "min_budget": 1, "max_budget": 9, "max_trials": 4, "tree_ensembles": False}
    return AutoNetRegression("tiny_cs", optimize_metric="neg_mean_absolute_error", random_state=0, **options).fit(
        *diabetes
    )


def test_the_trajectory_has_scores_of_the_metric(fitted: AutoNetRegression) -> None:
    table = fitted.trajectory()
    scores = table.column("score")
    assert table.columns == ("seconds", "score", "trial", "budget")
    assert scores == sorted(scores)
    best = fitted.history_.best
    assert best is not None
    assert (table[-1]["trial"], scores[-1]) == (best.number, best.metrics["val_neg_mean_absolute_error"])
    assert "validation neg_mean_absolute_error" in repr(table)
