"""Details of a trial: what its report keeps of each fold."""

from dataclasses import replace
from typing import Any

import pytest

from autonet.metrics.metric import Cost
from autonet.pipeline.details import new_curve
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


def test_a_sample_of_the_training_rows_is_scored_now_and_then(digits: Any) -> None:
    space = context((digits[0].astype("float32"), digits[1]))
    [fold] = run_trial(space, job(space, 0, 30)).details["folds"]
    scores = [score for score in fold["curve"]["train_score"] if score is not None]
    assert 0 < len(scores) < 10
    assert scores[-1] > 0.9
    assert scores[-1] >= fold["score"] - 0.05


def test_slow_metrics_are_not_computed_on_training_rows(digits: Any) -> None:
    space = context((digits[0].astype("float32"), digits[1]))
    slow = replace(space.metric, cost=Cost(0.2, 0.2))
    trial = job(space, 0, 1)
    components, space = space.resolve(trial.params), replace(space, metric=slow)
    encoded = space.encode_fold(components, 0)
    assert new_curve(space, encoded, 32).sample is None
    assert new_curve(replace(space, metric=replace(slow, cost=Cost())), encoded, 32).sample is not None


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
