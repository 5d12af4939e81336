"""Details of a trial: what its report keeps of each fold."""

from typing import Any

import pytest

from autonet.pipeline.trial import run_trial
from autonet.search.records import Status
from tests.pipeline.trials import context, job


def test_each_fold_has_its_score_its_speed_and_its_curve(iris: Any) -> None:
    space = context(iris, folds=3)
    result = run_trial(space, job(space, 0, 4))
    folds = result.details["folds"]
    assert len(folds) == 3
    assert sum(fold["score"] for fold in folds) / 3 == pytest.approx(1 - result.loss)
    for fold in folds:
        assert fold["ms_per_row"] > 0
        assert fold["curve"]["epoch"] == [1, 2, 3, 4]
        assert max(fold["curve"]["val_score"]) == pytest.approx(fold["score"], abs=1e-4)
        assert {len(values) for values in fold["curve"].values()} == {4}


def test_scores_of_a_curve_have_the_direction_of_the_metric(diabetes: Any) -> None:
    space = context(diabetes, metric="rmse")
    fold = run_trial(space, job(space, 0, 4)).details["folds"][0]
    assert min(fold["curve"]["val_score"]) == pytest.approx(fold["score"], rel=1e-4)


def test_a_trial_that_diverges_keeps_its_curve(diabetes: Any) -> None:
    space = context(diabetes, metric="r2")
    changes = {"OptimizerSelector:sgd:learning_rate": 30.0, "TrainNode:use_gradient_clipping": False}
    result = run_trial(space, job(space, 0, 60, **changes))
    assert result.status is Status.DIVERGED
    assert "curve" in result.details["folds"][0]
