import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.interrupts import interruptible
from autonet.models.ensemble import Ensemble, NetworkMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.refit import refit, refit_trial
from autonet.pipeline.refitted import add_refitted
from autonet.pipeline.trained import TrainedFold
from autonet.pipeline.trial import run_trial
from autonet.search.executors.in_process import InProcess
from autonet.search.records import Trial
from autonet.search.running_trial import RunningTrial
from autonet.training.loop import train_epoch
from tests.clocks import FakeClock
from tests.pipeline.tree_runs import SMALL, fit_trees, replace_learners
from tests.pipeline.trials import checking, context, default, job, rebuilt

LATER = TimeLimit()


def trained(space: TrialContext, *, best: int = 20) -> tuple[Trial, list[TrainedFold]]:
    """A trial of 20 epochs, and its networks as if the one so many epochs after the start had been their best."""
    folds = run_trial(space, job(space, 0, 20)).checkpoint
    folds = [replace(f, state={**f.state, "best": replace(f.best, epochs=best)}) for f in folds]
    return Trial(4, default(space.task), 3, "default"), folds


def refitted(
    space: TrialContext, trial: tuple[Trial, list[TrainedFold]], limit: TimeLimit = LATER
) -> list[NetworkMember]:
    return dict(refit(space, {4: trial}, [], {4: 1.0}, InProcess(), limit))[4].members


def weights(members: list[NetworkMember]) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for m in members for p in m.network.parameters()])


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize("best", [20, 7])
def test_networks_that_were_getting_better_go_on_and_others_begin_anew(iris: Any, folds: int, best: int) -> None:
    space = context(iris, folds=folds)
    trial = trained(space, best=best)
    members = refitted(space, trial)
    assert [m.encoder for m in members] == [fold.encoder for fold in trial[1]]
    torch.testing.assert_close(weights(members), weights(refitted(space, trial)), rtol=0, atol=0)
    one, other = (run_trial(space, RunningTrial(replace(job(space, 0, 20).job, seed=seed))) for seed in (17, 18))
    apart = (weights(rebuilt(space, one.checkpoint)) - weights(rebuilt(space, other.checkpoint))).norm()
    moved = (weights(members) - weights(rebuilt(space, trial[1]))).norm()
    assert 0 < moved < apart / 2 if best == 20 else moved > apart / 2


@pytest.mark.parametrize("best", [20, 7])
def test_networks_learn_all_rows(iris: Any, best: int) -> None:
    space = context(iris)
    trial = trained(space, best=best)
    before = weights(refitted(space, trial))
    for rows in (space.folds[0].train, space.folds[0].valid):
        y = space.y.copy()
        y[rows] = (y[rows] + 1) % 3
        assert not torch.equal(weights(refitted(replace(space, y=y), trial)), before)


def test_checked_rows_are_not_learned(iris: Any) -> None:
    many = np.tile(iris[0], (4, 1)), np.tile(iris[1], 4)
    space = checking(context(many), 30)
    checked = space.checked_rows
    assert len(np.intersect1d(checked, space.folds[0].valid)) == len(checked) == 30
    assert len(np.intersect1d(checked, space.refit_rows)) == 0
    assert len(space.refit_rows) == 600 - 30
    trial = trained(space)
    before = weights(refitted(space, trial))
    for rows, same in ((checked, True), (np.setdiff1d(space.folds[0].valid, checked), False)):
        y = space.y.copy()
        y[rows] = (y[rows] + 1) % 3
        assert torch.equal(weights(refitted(replace(space, y=y), trial)), before) == same


def test_all_validation_rows_may_be_checked(iris: Any) -> None:
    space = context(iris)
    space = replace(space, checked_rows=space.folds[0].valid)
    np.testing.assert_array_equal(space.refit_rows, np.sort(space.folds[0].train))
    trial = trained(space)
    y = space.y.copy()
    y[space.folds[0].valid] = 0
    torch.testing.assert_close(
        weights(refitted(replace(space, y=y), trial)), weights(refitted(space, trial)), rtol=0, atol=0
    )


def test_the_budget_is_the_whole_training(iris: Any) -> None:
    space = context(iris)
    for best, epochs in ((20, 26), (7, 7)):  # one goes on, the other begins anew
        again = dict(refit(space, {4: trained(space, best=best)}, [], {4: 1.0}, InProcess(), LATER))
        assert again[4].budget == epochs


@pytest.mark.parametrize(("best", "epochs"), [(20, 6), (7, 7)])
def test_epochs_are_those_to_the_best_one_or_a_share_of_them(
    iris: Any, best: int, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr("autonet.pipeline.refit.train_epoch", lambda *a: (counted.append(1), train_epoch(*a)))
    space = context(iris)
    refitted(space, trained(space, best=best))
    assert len(counted) == epochs


def test_where_time_is_short_those_that_weigh_most_are_trained(
    iris: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def epoch_of_a_seventh(*arguments: Any) -> None:
        train_epoch(*arguments)
        clock.sleep(0.143)

    monkeypatch.setattr("autonet.pipeline.refit.train_epoch", epoch_of_a_seventh)
    space, clock.tick = context(iris, unit="time"), 0.001
    folds, clock.tick = run_trial(space, job(space, 0, 0.5)).checkpoint, 0.0
    state = folds[0].state
    state["position"] |= {"epochs": 20, "seconds": 2.0}
    folds = [replace(folds[0], state={**state, "best": replace(folds[0].best, epochs=7)})]
    trials = {n: (Trial(n, default(space.task), 3, "default"), folds) for n in (1, 2, 3)}
    shares, began = {1: 0.2, 2: 0.7, 3: 0.1}, clock.now
    # A tenth of a second for an epoch on 105 rows: one for seven epochs on 150.
    assert list(dict(refit(space, trials, [], shares, InProcess(), TimeLimit(began + 1.5)))) == [2]
    assert clock.now - began == pytest.approx(1.0, abs=0.01)
    began = clock.now
    assert list(dict(refit(space, trials, [], shares, InProcess(), TimeLimit(began + 0.8)))) == [
        2
    ]  # shorter than it should be
    assert 0.5 < clock.now - began < 0.8
    assert dict(refit(space, trials, [], shares, InProcess(), TimeLimit(clock.now + 0.4))) == {}
    assert dict(refit(space, trials, [], shares, InProcess(), TimeLimit(clock.now - 1.0))) == {}


def test_epochs_are_all_trained_or_none(iris: Any) -> None:
    space = context(iris)
    _, folds = trained(space)
    late = replace(job(space, 0, 1, folds).job, deadline=time.monotonic() + 0.01)
    with pytest.raises(TimeoutError, match="no time for 6 epochs"):
        refit_trial(space, RunningTrial(late))


@pytest.mark.parametrize("n_checked", [0, 30])
def test_an_interrupt_keeps_the_weights_so_far_if_rows_are_left_to_check_them(
    iris: Any, n_checked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = checking(context((np.tile(iris[0], (4, 1)), np.tile(iris[1], 4))), n_checked)
    _, folds = trained(space)
    with interruptible(signals=()) as interrupt:

        def interrupted(*arguments: Any) -> None:
            train_epoch(*arguments)
            interrupt.request()

        monkeypatch.setattr("autonet.pipeline.refit.train_epoch", interrupted)
        if not n_checked:
            with pytest.raises(TimedOut, match="interrupted"):
                refit_trial(space, job(space, 0, 1, folds))
            return
        [weights] = refit_trial(space, job(space, 0, 1, folds)).checkpoint
    before = folds[0].state["ema"]["weights"]
    assert any(not torch.equal(weights[name], before[name]) for name in before if name in weights)


def test_a_trial_that_diverges_is_left_out(iris: Any) -> None:
    space = context(iris)
    trials = {1: trained(space), 4: trained(space)}
    for tensor in trials[1][1][0].state["network"].values():
        if tensor.is_floating_point():
            tensor.fill_(float("nan"))
    assert list(dict(refit(space, trials, [], {1: 0.5, 4: 0.5}, InProcess(), LATER))) == [4]


def test_infinite_weights_are_no_model(iris: Any) -> None:
    space = context(iris)
    _, before = trained(space)
    before[0].state["ema"]["weights"] = {
        name: torch.full_like(tensor, float("inf")) if tensor.is_floating_point() else tensor
        for name, tensor in before[0].state["ema"]["weights"].items()
    }
    with pytest.raises(ArithmeticError, match="weights became infinite"):
        refit_trial(space, job(space, 20, 21, before))


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_learners(monkeypatch, SMALL)


@pytest.mark.usefixtures("trees")
def test_tree_ensembles_learn_all_rows(iris: Any) -> None:
    space = context(iris)
    found = fit_trees(space)
    shares = {tree.name: 0.5 for tree in found}
    again = dict(refit(space, {}, found, shares, InProcess(), LATER))
    assert set(again) == {"boosting", "forest"}
    for tree in found:
        (before,), (after,) = tree.members(), again[tree.name].members
        growth = len(space.all_rows) / len(space.folds[0].train) if tree.name == "boosting" else 1.0
        assert after.trees.size == round(before.trees.size * growth)
        valid = space.folds[0].valid
        right = [
            (np.argmax(m.predict(m.encoder.inputs(space.data, space.device, valid)), 1) == space.y[valid]).mean()
            for m in (before, after)
        ]
        assert right[1] == 1.0 >= right[0]
        repeated = dict(refit(space, {}, found, shares, InProcess(), LATER))[tree.name].members[0]
        x = after.encoder.inputs(space.data, space.device)
        np.testing.assert_array_equal(repeated.predict(x), after.predict(x))


@pytest.mark.usefixtures("trees")
def test_trees_stay_as_they_are_on_folds_and_without_time(iris: Any, clock: FakeClock) -> None:
    folded, space = context(iris, folds=3), context(iris)
    found = fit_trees(folded)
    assert dict(refit(folded, {}, found, {tree.name: 0.5 for tree in found}, InProcess(), LATER)) == {}
    found = [replace(tree, budget=1.0) for tree in fit_trees(space)]
    shares = {"boosting": 0.4, "forest": 0.6}
    assert dict(refit(space, {}, found, shares, InProcess(), TimeLimit(clock.now + 0.5))) == {}
    assert set(dict(refit(space, {}, found, shares, InProcess(), TimeLimit(clock.now + 2)))) == {"forest"}
    assert set(dict(refit(space, {}, found, shares, InProcess(), TimeLimit(clock.now + 5)))) == {"forest", "boosting"}


@pytest.mark.usefixtures("trees")
def test_refitted_trees_replace_those_that_were_validated(iris: Any) -> None:
    space = context(iris)
    found = fit_trees(space)
    members = [member for tree in found for member in tree.members()]
    before = Ensemble(members, [0.3, 0.7], [tree.name for tree in found])
    new = dict(refit(space, {}, found, {"boosting": 0.3, "forest": 0.7}, InProcess(), LATER))
    after = add_refitted(before, {name: refitted.members for name, refitted in new.items()})
    assert (after.weights, after.names) == (before.weights, before.names)
    assert not any(a is b for a, b in zip(after.members, members, strict=True))
    np.testing.assert_allclose(sum(after.weights), 1)
