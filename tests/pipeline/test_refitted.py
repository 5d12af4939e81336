from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from autonet.core.clock import TimeLimit
from autonet.models.ensemble import Ensemble, Member
from autonet.pipeline.context import TrialContext
from autonet.pipeline.refit import refit
from autonet.pipeline.refitted import CheckedEnsemble, add_refitted
from autonet.pipeline.trial import run_trial
from autonet.pipeline.validation_scores import calibrated_loss
from autonet.search.executors.in_process import InProcess
from autonet.search.records import Trial
from tests.clocks import FakeClock
from tests.pipeline.trials import checking, context, default, job, rebuilt

LATER = TimeLimit()


def trained(space: TrialContext, epochs: float) -> Any:
    return run_trial(space, job(space, 0, epochs)).checkpoint


def scaled(member: Member, factor: float) -> Member:
    """A network whose last layer is multiplied: overconfident, or at chance level."""
    with torch.no_grad():
        for parameter in list(member.network.parameters())[-2:]:  # type: ignore[union-attr]
            parameter.mul_(factor)
    return member


def test_validated_and_refitted_networks_are_averaged(iris: Any) -> None:
    space = context(iris)
    folds = trained(space, 20)
    members = [*rebuilt(space, folds), *rebuilt(space, trained(space, 5))]
    ensemble = Ensemble(members, [0.25, 0.75], [4, 7])
    trial = Trial(4, default(space.task), 3, "default")
    new = dict(refit(space, {4: (trial, folds)}, [], {4: 1.0}, InProcess(), LATER))[4].members
    both = add_refitted(ensemble, {4: new})
    assert both.shares == pytest.approx(ensemble.shares)
    assert both.weights == pytest.approx([0.125, 0.75, 0.125])
    gained = Ensemble.from_members(4, new).predict(space.data) - Ensemble.from_members(4, members[:1]).predict(
        space.data
    )
    expected = ensemble.predict(space.data) + 0.125 * gained
    np.testing.assert_allclose(both.predict(space.data), expected, atol=1e-6)
    assert add_refitted(ensemble, {}).weights == ensemble.weights
    unknown = add_refitted(ensemble, {5: new})  # weighed later
    assert (unknown.names, unknown.weights) == ([4, 7, 5], [0.25, 0.75, 0.0])


@pytest.fixture
def many(iris: Any) -> tuple[TrialContext, Ensemble]:
    """Members of three trials: good, at chance level and overconfident, all of the same weight."""
    data = np.tile(iris[0], (14, 1)), np.tile(iris[1], 14)
    space = checking(context(data), 100)
    (good,), (flat,), (bold,) = (rebuilt(space, trained(space, 3)) for _ in range(3))
    return space, Ensemble([scaled(flat, 0.0), scaled(bold, -30.0), good], [1 / 3] * 3, [0, 1, 2])


def test_members_are_weighed_by_checked_rows(many: tuple[TrialContext, Ensemble]) -> None:
    space, ensemble = many
    scaled(ensemble.members[1], -1.0)  # overconfident, but right
    checked = CheckedEnsemble.weigh(space, ensemble, LATER)
    assert checked is not None
    assert sum(checked.ensemble.weights) == pytest.approx(1.0)
    weights = dict(zip(checked.ensemble.names, checked.ensemble.weights, strict=True))
    assert 0 not in weights  # at chance level
    assert min(weights[1], weights[2]) >= 30 / 130 / 3 - 1e-9  # the weights before count as 30 rows
    y = space.y[space.checked_rows]
    for loss, prediction in zip(checked.losses, checked.predictions, strict=True):
        assert loss == calibrated_loss(space, space.checked_rows, prediction)
        assert loss < log_loss(y, prediction, labels=[0, 1, 2]) + 1e-6
    np.testing.assert_allclose(
        checked.ensemble.predict(space.data.rows(space.checked_rows)), checked.prediction, atol=1e-6
    )
    assert log_loss(y, checked.prediction) < log_loss(y, ensemble.predict(space.data.rows(space.checked_rows)))


def test_members_of_little_weight_are_dropped(many: tuple[TrialContext, Ensemble]) -> None:
    space, ensemble = many
    checked = CheckedEnsemble.weigh(space, replace(ensemble, weights=[0.05, 0.05, 0.9]), LATER)
    assert checked is not None
    assert checked.ensemble.names == [2]
    assert checked.ensemble.members == [ensemble.members[2]]
    assert checked.ensemble.weights == [1.0]


def test_the_best_member_has_the_smallest_loss(many: tuple[TrialContext, Ensemble]) -> None:
    space, ensemble = many
    checked = CheckedEnsemble.weigh(space, replace(ensemble, names=[4, 7, 7]), LATER)
    assert checked is not None
    assert checked.best == (7, ensemble.members[2])


def test_a_single_member_is_that_of_the_smallest_loss(many: tuple[TrialContext, Ensemble]) -> None:
    space, ensemble = many
    checked = CheckedEnsemble.weigh(space, replace(ensemble, weights=[0.5, 0.5, 0.0]), LATER, single=True)
    assert checked is not None
    assert (checked.ensemble.names, checked.ensemble.weights) == ([2], [1.0])
    assert checked.ensemble.members == [ensemble.members[2]]
    np.testing.assert_allclose(
        checked.ensemble.predict(space.data.rows(space.checked_rows)), checked.prediction, atol=1e-6
    )


def test_weights_stay_without_rows_or_time(many: tuple[TrialContext, Ensemble], clock: FakeClock) -> None:
    space, ensemble = many
    assert CheckedEnsemble.weigh(checking(space, 0), ensemble, LATER) is None
    assert CheckedEnsemble.weigh(space, ensemble, TimeLimit(clock.now)) is None


def test_the_selection_ends_with_the_time(
    many: tuple[TrialContext, Ensemble], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, ensemble = many
    scored = []

    def slow(*arguments: Any) -> float:
        scored.append(1)
        clock.now += 1.0
        return calibrated_loss(*arguments)

    monkeypatch.setattr("autonet.pipeline.refitted.calibrated_loss", slow)
    checked = CheckedEnsemble.weigh(space, ensemble, TimeLimit(clock.now + 5.5))
    assert checked is not None
    assert len(scored) == 3 + 1 + 2  # each member, the best one to begin with, and two more until the limit


@pytest.mark.parametrize(("n_validated", "names"), [(None, [0, 1, 2]), (1, [0, 2]), (2, [0, 1, 2])])
def test_validated_members_of_a_regression_remain(diabetes: Any, n_validated: Any, names: list[int]) -> None:
    """Intervals rest on their disagreement."""
    space = context(diabetes, metric="r2")
    space = checking(space, 40)
    members = [rebuilt(space, trained(space, 20))[0] for _ in range(3)]
    ensemble = Ensemble([scaled(members[0], 0.0), scaled(members[1], -30.0), members[2]], [0.5, 0.0, 0.5], [0, 1, 2])
    checked = CheckedEnsemble.weigh(space, ensemble, LATER, n_validated=n_validated)
    assert checked is not None
    assert checked.ensemble.names == names
    assert checked.ensemble.weights[-1] > 0.9
