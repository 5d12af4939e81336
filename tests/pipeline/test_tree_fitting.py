"""Tree ensembles that are fitted on the folds, within a time."""

import signal
from collections import OrderedDict
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import interruptible
from autonet.data.table import Table
from autonet.models.ensemble import Ensemble
from autonet.models.trees import BoostedTrees
from autonet.pipeline import tree_fitting
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tree_fitting import GROWERS
from autonet.pipeline.tree_jobs import TreeJobs
from autonet.pipeline.tree_learners import TreeLearner
from autonet.pipeline.trees import Boosting, Forest
from autonet.pipeline.trial import run_trial
from autonet.search.executors.in_process import InProcess
from tests.clocks import FakeClock
from tests.pipeline.tree_runs import BOOSTING, SMALL, fit_trees, replace_learners
from tests.pipeline.trials import context


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two learners that are fitted in a moment."""
    replace_learners(monkeypatch, SMALL)
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_SIZE", 20)
    monkeypatch.setattr("autonet.pipeline.trees.MAX_ITERATIONS", 40)


@pytest.mark.usefixtures("small")
def test_candidates_are_described_by_their_validation_rows(iris: Any) -> None:
    space = context(iris, folds=3)
    fitted = fit_trees(space)
    assert [c.name for c in fitted] == ["boosting", "forest"]
    for candidate in fitted:
        wrong = [
            np.mean(p.argmax(1) != iris[1][f.valid]) for p, f in zip(candidate.predictions, space.folds, strict=True)
        ]
        assert candidate.rank[0] == pytest.approx(np.mean(wrong))
        assert candidate.rank[0] < 0.2
        assert candidate.rank[1] < 0.6
        for part, fold, prediction in zip(candidate.members(), space.folds, candidate.predictions, strict=True):
            again = Ensemble.from_members("", [part]).predict(space.data.rows(fold.valid))
            np.testing.assert_allclose(again, prediction)


@pytest.mark.usefixtures("small")
def test_targets_come_back_in_their_unit(diabetes: Any) -> None:
    X, y = diabetes
    space = context((X, 1e9 + 1e-3 * y), metric="rmse")
    for candidate in fit_trees(space):
        assert candidate.rank[0] < 0.9e-3 * y.std()


@pytest.mark.usefixtures("small")
def test_a_seed_repeats_the_trees(diabetes: Any) -> None:
    space = context(diabetes, metric="r2", folds=2)
    first, second = (fit_trees(space) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.rank == b.rank
        np.testing.assert_array_equal(a.predictions[0], b.predictions[0])


@pytest.mark.usefixtures("small")
def test_rows_without_weight_are_not_seen_and_others_count_by_theirs(iris: Any) -> None:
    y, space = iris[1], context(iris)
    train, n = space.folds[0].train, 20
    weights, wrong = np.ones(len(y)), y.copy()
    weights[train[:n]] = 0
    wrong[train[:n]] = 2
    ignored = TrialContext(**{**vars(space), "y": wrong, "weights": weights, "_encoded": OrderedDict()})
    without = TrialContext(**{**vars(space), "_encoded": OrderedDict()})
    without.folds = [type(f)(f.train[n:], f.valid) for f in space.folds]
    heavy = TrialContext(**{**vars(without), "weights": np.where(y == 1, 100.0, 1.0), "_encoded": OrderedDict()})
    results = [fit_trees(s) for s in (ignored, without, heavy)]
    for a, b, c in zip(*(r for r in results), strict=True):
        np.testing.assert_allclose(a.predictions[0], b.predictions[0], rtol=1e-6)
        assert not np.allclose(c.predictions[0], b.predictions[0])
    assert np.mean(results[2][0].predictions[0][:, 1]) > np.mean(results[1][0].predictions[0][:, 1])


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_there_are_no_learners(seconds: float, diabetes: Any) -> None:
    assert fit_trees(context(diabetes, metric="r2", unit="time", folds=5), seconds=seconds) == []


@pytest.mark.usefixtures("full_trees")
def test_time_is_kept_with_trees_that_are_fewer(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Boosting, Forest):

        def grow(self: Any, size: int, x: Any, y: Any, weights: Any, grow: Any = kind.grow) -> None:
            clock.sleep(1e-6 * len(x) * (size - self.size))
            grow(self, size, x, y, weights)

        monkeypatch.setattr(kind, "grow", grow)
    random = np.random.default_rng(0)
    X = random.normal(size=(8000, 8))
    y = X[:, 0] * X[:, 1] + random.normal(size=len(X))
    space = context((X, y), metric="r2", unit="time")
    began = clock.now
    fitted = fit_trees(space, seconds=15, weight=1.0)
    assert 1.0 < clock.now - began < 0.4 * 15
    trees = [part.trees for candidate in fitted for part in candidate.members()]
    assert trees
    sizes = [len(t.columns[0].roots) / 500 if isinstance(t, BoostedTrees) else len(t.trees.roots) / 100 for t in trees]
    assert any(0 < size < 1 for size in sizes)


class Interrupted(Boosting):
    """The user has pressed Ctrl-C."""

    def grow(self, size: int, x: Any, y: Any, weights: Any) -> None:
        super().grow(size, x, y, weights)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, before)


class Failing(Forest):
    """A library has a defect."""

    def grow(self, size: int, x: Any, y: Any, weights: Any) -> None:
        raise ArithmeticError("the oven is cold")


def test_an_interrupt_leaves_what_was_fitted(iris: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(GROWERS, "interrupted", Interrupted)
    replace_learners(monkeypatch, {"boosting": BOOSTING, "interrupted": TreeLearner("interrupted", 0.1)})  # type: ignore[arg-type]
    space, found = context(iris), list[str]()
    jobs = TreeJobs(InProcess(), space, TimeLimit(), (), lambda _: 0.0, lambda c: found.extend(x.name for x in c))
    jobs.prepare(partial(run_trial, space))
    with interruptible() as interrupt:
        with interrupt.abandoning():
            jobs.finish()
        assert interrupt.requested
        jobs.finish()  # nothing begins after it
    assert found == ["boosting"]


def test_a_learner_that_fails_leaves_the_others(iris: Any, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setitem(GROWERS, "failing", Failing)
    replace_learners(monkeypatch, {"failing": TreeLearner("failing", 0.1), "boosting": BOOSTING})  # type: ignore[arg-type]
    space = context(iris)
    fitted = fit_trees(space)
    assert [c.name for c in fitted] == ["boosting"]
    assert "failing failed" in caplog.text
    assert "the oven is cold" in caplog.text


def test_a_sparse_table_that_would_be_wide_is_left_to_networks(iris: Any) -> None:
    wide = sparse.random_array((150, 600), density=0.5, random_state=np.random.default_rng(0), format="csr")
    space = context(iris)
    space.data = Table.from_numbers(wide)
    assert fit_trees(space) == []


def test_the_next_step_fits_the_time_left_and_is_worth_what_every_step_costs() -> None:
    pace = tree_fitting._Pace(fixed=1.0, each=0.1)
    assert pace.step(16, left=100.0) == 16
    assert pace.step(64, left=100.0) == 64
    assert pace.step(16, left=2.0) == pytest.approx(10)
    assert pace.step(16, left=4.0) == pytest.approx(30)  # after 16 there would be no time for as many again
    assert pace.step(16, left=0.5) < 0
    assert tree_fitting._Pace(fixed=10.0, each=0.1).step(16, left=100.0) == 100
    pace.learn(0.5, 10)
    assert (pace.fixed, pace.each) == pytest.approx((0.45, 0.005))
    pace.learn(1.45, 10)
    assert (pace.fixed, pace.each) == pytest.approx((0.45, 0.1))
