from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, make_scorer

from autonet.metrics.metric import get_metric
from autonet.pipeline.context import TrialContext
from autonet.pipeline.images import Images
from autonet.pipeline.validation_scores import ValidationScorer, calibrated_loss, plain_loss, rank_loss, score_fold
from tests.pipeline.trials import context


@pytest.fixture
def space(iris: Any) -> TrialContext:
    return context((np.tile(iris[0], (4, 1)), np.tile(iris[1], 4)))


def predict(space: TrialContext, sharpness: float, n_wrong: int = 20) -> Any:
    """Probabilities for the validation rows, of which some are wrong."""
    y = space.y[space.folds[0].valid].copy()
    y[:n_wrong] = (y[:n_wrong] + 1) % 3
    odds = np.exp(sharpness * np.eye(3)[y])
    return odds / odds.sum(1, keepdims=True)


def test_a_temperature_makes_up_for_overconfidence(space: TrialContext) -> None:
    rows, sharp = space.folds[0].valid, predict(space, 8.0)
    y = space.y[rows]
    assert plain_loss(space, rows, sharp) == pytest.approx(log_loss(y, sharp))
    # The best probabilities of right classes are their share, 160 of 180.
    shares = predict(space, np.log(2 * 160 / 20))
    assert calibrated_loss(space, rows, sharp) == pytest.approx(log_loss(y, shares), rel=1e-3)
    assert calibrated_loss(space, rows, shares) == pytest.approx(log_loss(y, shares), rel=1e-6)


def test_regressions_have_no_temperature(diabetes: Any) -> None:
    space = context(diabetes, metric="r2")
    rows = space.folds[0].valid
    prediction = space.y[rows] + 2.0
    assert calibrated_loss(space, rows, prediction) == plain_loss(space, rows, prediction) > 0


def test_few_images_are_scored_by_the_loss_and_only_in_place_of_accuracy(space: TrialContext) -> None:
    sharp = predict(space, 8.0)
    rows = space.folds[0].valid
    scorer = ValidationScorer.sample(space, 1)
    np.testing.assert_array_equal(scorer.positions, rows)
    assert scorer(sharp) == pytest.approx((20 / 180, plain_loss(space, rows, sharp)))
    assert rank_loss(space, [sharp], 0.5) == 0.5
    images = replace(space, modality=Images())
    assert ValidationScorer.sample(images, 1)(sharp) == pytest.approx((calibrated_loss(space, rows, sharp), 20 / 180))
    assert rank_loss(images, [sharp], 0.5) == calibrated_loss(space, rows, sharp)
    f1 = replace(context((space.data.numbers, space.y), metric="f1_macro"), modality=Images())
    assert not f1.selects_by_loss
    assert rank_loss(f1, [sharp], 0.5) == 0.5


def test_a_sample_without_a_class_has_the_worst_score_of_a_metric_that_refuses_it(iris: Any) -> None:
    scorer = make_scorer(log_loss, greater_is_better=False, response_method="predict_proba")
    space = context(iris)
    space.metric = get_metric(scorer, "classification", np.arange(3))
    rows = np.flatnonzero(space.y < 2)
    prediction = np.tile([0.4, 0.4, 0.2], (len(rows), 1))
    loss, plain = score_fold(space, rows, prediction)
    assert loss == np.inf
    assert plain == pytest.approx(-np.log(0.4))
