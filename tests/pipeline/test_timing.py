"""How long an epoch takes, before any is trained."""

from typing import Any

from autonet.pipeline.trial import time_epoch
from tests.pipeline.trials import chosen, context


def test_an_epoch_is_timed(iris: Any) -> None:
    space = context(iris, unit="time")
    assert 0 < time_epoch(space, chosen(space)) < 1


def test_an_epoch_of_several_folds_is_one_of_each(iris: Any) -> None:
    one, five = context(iris, unit="time"), context(iris, unit="time", folds=5)
    assert time_epoch(five, chosen(five)) > 2.5 * time_epoch(one, chosen(one))
