"""Tree ensembles that are fitted beside the trials of a search."""

from collections.abc import Callable
from typing import Any

import pytest

from autonet.core.clock import TimeLimit
from autonet.models.ensemble import TreeMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate
from autonet.pipeline.tree_jobs import TreeJobs
from autonet.pipeline.trees import Boosting
from autonet.pipeline.trial import run_trial
from autonet.search.evaluation import Outcome, evaluate
from autonet.search.records import Job, Result
from tests.clocks import FakeClock
from tests.pipeline.tree_runs import BOOSTING, SMALL, fit_trees, replace_learners
from tests.pipeline.trials import context


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two learners that are fitted in a moment."""
    replace_learners(monkeypatch, SMALL)
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_SIZE", 20)
    monkeypatch.setattr("autonet.pipeline.trees.MAX_ITERATIONS", 40)


class Slots:
    """Executor of several slots, which ends the jobs in the order in which they began."""

    def __init__(self, n_slots: int) -> None:
        self.n_slots = n_slots
        self.running = list[tuple[Any, Job]]()
        self.began = list[str]()

    def prepare(self, objective: Any) -> None:
        pass

    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        self.running.append((objective, job))
        self.began.append(job.config.get("tree_learner", "trial"))
        assert len(self.running) <= self.n_slots

    def wait(self) -> list[Outcome]:
        return [evaluate(*self.running.pop(0))] if self.running else []

    def cancel(self) -> None:
        self.running.clear()

    close = cancel


def search(jobs: TreeJobs, space: TrialContext, n_trials: int, train: Callable[[], None] = lambda: None) -> int:
    """Run trials as a study does; return how many have ended."""

    def objective(trial: Any) -> Result:
        if "tree_learner" in trial:
            return run_trial(space, trial)
        train()
        return Result(0.0)

    jobs.prepare(objective)
    started = ended = 0
    while ended < n_trials:
        while started < n_trials and started - ended < jobs.n_slots:
            jobs.submit(objective, Job(started, {}, 0.0, 1.0, 0))
            started += 1
        ended += len(jobs.wait())
    return ended


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("n_slots", "at_first"), [(1, 1), (2, 1), (4, 2)])
def test_trees_take_half_of_the_slots_and_leave_them_when_they_are_ready(
    n_slots: int, at_first: int, iris: Any
) -> None:
    space, executor, found = context(iris, folds=3), Slots(n_slots), list[str]()
    jobs = TreeJobs(executor, space, TimeLimit(), (), lambda _: 0.0, lambda c: found.append(str(c[-1].name)))
    assert jobs.n_slots == at_first
    assert search(jobs, space, 20) == 20
    assert jobs.n_slots == n_slots
    assert found == ["boosting", "forest"]
    assert executor.began.count("boosting") == executor.began.count("forest") == 3
    first = executor.began[:6]
    assert ("trial" in first) is (n_slots > 1)  # a single slot has trees first


def test_trees_get_more_time_where_they_have_weight(
    iris: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_learners(monkeypatch, {f"boosting {i}": BOOSTING for i in range(5)})  # 8 % of the time each

    def grow(self: Any, size: int, x: Any, y: Any, weights: Any, grow: Any = Boosting.grow) -> None:
        clock.sleep(0.5 * (size - self.size))
        grow(self, size, x, y, weights)

    monkeypatch.setattr(Boosting, "grow", grow)

    def count_learners(weight: float) -> int:
        space, ended = context(iris, unit="time"), list[int]()
        jobs = TreeJobs(Slots(1), space, TimeLimit.after(100), (), lambda _: weight, lambda c: ended.append(len(c)))
        search(jobs, space, 18, lambda: clock.sleep(4))
        return len(ended)

    assert 1 <= count_learners(0.0) < count_learners(0.5) < count_learners(1.0)


@pytest.mark.usefixtures("small")
def test_what_was_cancelled_is_fitted_after_the_search(iris: Any) -> None:
    space, executor, found = context(iris, folds=3), Slots(2), list[str]()
    jobs = TreeJobs(executor, space, TimeLimit(), (), lambda _: 0.0, lambda c: found.append(str(c[-1].name)))
    assert search(jobs, space, 1) == 1
    jobs.cancel()
    assert not executor.running
    jobs.finish()
    assert found == ["boosting", "forest"]


@pytest.mark.usefixtures("small")
def test_learners_of_an_earlier_fit_are_not_fitted_again(iris: Any) -> None:
    space, executor = context(iris, folds=3), Slots(2)
    earlier = fit_trees(space)[:1]
    found = list[Candidate[TreeMember]]()
    jobs = TreeJobs(executor, space, TimeLimit(), earlier, lambda _: 0.0, found.extend)
    search(jobs, space, 3)
    jobs.finish()
    assert [candidate.name for candidate in found] == ["boosting", "forest"]
    assert set(executor.began) == {"trial", "forest"}
