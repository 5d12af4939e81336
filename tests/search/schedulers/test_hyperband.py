"""Synchronous Hyperband keeps to HpBandSter's brackets, whatever crashes, waits or is begun again."""

import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.search import RunningTrial, Status, Study
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Continue, Start
from autonet.search.schedulers.hyperband import SynchronousHyperband

# (min_budget, max_budget, eta): trials at each rung of each bracket of one cycle; cost of the cycle in trainings up
# to max_budget, from the beginning and from checkpoints.
TABLE = {
    (1, 9, 3): ([[9, 3, 1], [3, 1], [3]], 8.0, 7.0),
    (1, 27, 3): ([[27, 9, 3, 1], [9, 3, 1], [6, 2], [4]], 15.0, 12.7),
    (10, 300, 3): ([[27, 9, 3, 1], [9, 3, 1], [6, 2], [4]], 15.0, 12.7),
    (1, 81, 3): ([[81, 27, 9, 3, 1], [27, 9, 3, 1], [9, 3, 1], [6, 2], [5]], 21.0, 17.3),
    (1, 8, 2): ([[8, 4, 2, 1], [4, 2, 1], [4, 2], [4]], 15.0, 11.5),
    (12, 50, 3): ([[3, 1], [2]], 4.0, 3.7),
    (5, 5, 3): ([[1]], 1.0, 1.0),
}
LINE = {"x": (0.0, 1.0)}

Fails = Callable[[int, float], bool]  # number of the trial, target


def never(number: int, target: float) -> bool:
    return False


class Simulation:
    """Drive the scheduler with `n_workers`, jobs ending in random order."""

    def __init__(
        self, rungs: Rungs, *, n_workers: int = 1, fails: Fails = never, completes: Fails = never, seed: int = 0
    ) -> None:
        self.history, self.fails, self.completes, self.n_workers = History(rungs), fails, completes, n_workers
        self.random = random.Random(seed)
        self.jobs: list[tuple[int, float, float]] = []  # trial, budget paid before, target
        self.waited = False

    def run(self, n_trials: int, *, until: int | None = None) -> "Simulation":
        while until is None or len(self.jobs) < until:
            while len(self.history.running) < self.n_workers and self._start(n_trials):
                pass
            self.waited |= 0 < len(self.history.running) < self.n_workers
            if not self.history.running:
                break
            self._end(self.random.choice(sorted(self.history.running)))
        return self

    def _start(self, n_trials: int) -> bool:
        may_start = len(self.history) < n_trials
        move = SynchronousHyperband().decide(self.history, left=math.inf, may_start=may_start)
        if move is None:
            return False
        number = len(self.history) if isinstance(move, Start) else move.trial
        if isinstance(move, Start):
            self.apply("propose", number, config={}, seed=0, origin="sampler")
        paid = self.history.trials[number].budget
        self.apply("start", number, start=paid, target=move.target)
        self.jobs.append((number, paid, move.target))
        return True

    def _end(self, number: int) -> None:
        job = self.history.trials[number].running
        assert job is not None
        failed, complete = self.fails(number, job.target), self.completes(number, job.target)
        report: dict[str, Any] = {"start": job.start, "target": job.target, "seconds": 1.0, "cost": 1.0}
        if failed:
            report |= {"budget": job.start, "loss": math.inf, "status": "crashed"}
        else:
            report |= {"budget": job.target, "loss": self.random.random(), "status": "finished", "complete": complete}
        self.apply("end", number, report=report, attributes={})

    def apply(self, kind: str, trial: int, **body: Any) -> None:
        self.history.apply(Event(kind, trial, body))

    def brackets(self) -> list[list[int]]:
        """Count the jobs at each rung of each bracket that was begun."""
        return brackets(self.history)


def brackets(history: History) -> list[list[int]]:
    """Count the trials that ran to each rung of each bracket that was begun."""
    result, first, iteration = [], 0, 0
    while first < len(history):
        members = history.trials[first : first + history.rungs.bracket_size(iteration)]
        targets = Counter(b for t in members for b in {r.target for r in t.reports})
        result.append([targets[b] for b in history.rungs.budgets[iteration % len(history.rungs) :]])
        first, iteration = first + history.rungs.bracket_size(iteration), iteration + 1
    return result


@pytest.mark.parametrize("n_workers", [1, 4, 40])
@pytest.mark.parametrize(("low", "high", "eta"), TABLE)
def test_two_cycles_have_the_sizes_and_the_cost_of_the_table(low: int, high: int, eta: int, n_workers: int) -> None:
    expected, scratch, resumed = TABLE[low, high, eta]
    n_trials = 2 * sum(bracket[0] for bracket in expected)
    run = Simulation(Rungs.geometric(low, high, eta), n_workers=n_workers).run(n_trials)
    assert run.brackets() == 2 * expected
    assert len(run.jobs) == 2 * sum(map(sum, expected)), "no rung is run twice"
    if math.log(high / low, eta).is_integer():  # else the lowest rung is not where HpBandSter puts it
        assert sum(target for *_, target in run.jobs) / high == pytest.approx(2 * scratch)
        assert sum(target - paid for _, paid, target in run.jobs) / high == pytest.approx(2 * resumed, abs=0.1)


def test_the_best_of_each_rung_go_on() -> None:
    run = Simulation(Rungs.geometric(1, 9, 3), seed=1).run(9)
    losses = {b: {t.number: r.loss for t in run.history for r in t.reports if r.target == b} for b in (1, 3, 9)}
    assert set(losses[3]) == set(sorted(losses[1], key=losses[1].__getitem__)[:3])
    assert set(losses[9]) == set(sorted(losses[3], key=losses[3].__getitem__)[:1])


def test_complete_trials_are_compared_at_all_rungs_and_run_at_none_of_them() -> None:
    run = Simulation(Rungs.geometric(1, 9, 3), completes=lambda n, b: b == 3).run(15)
    assert run.brackets() == [[9, 3, 0], [3, 0], [3]]
    all_complete = Simulation(Rungs.geometric(1, 9, 3), completes=lambda n, b: True).run(15)
    assert all_complete.brackets() == [[9, 0, 0], [3, 0], [3]]


def test_brackets_follow_each_other_when_nobody_waits() -> None:
    targets = [target for *_, target in Simulation(Rungs.geometric(1, 9, 3)).run(15).jobs]
    assert targets == [1] * 9 + [3] * 3 + [9] + [3] * 3 + [9] + [9] * 3


def test_the_next_bracket_begins_while_a_rung_waits_so_that_no_worker_does() -> None:
    run = Simulation(Rungs.geometric(1, 9, 3), n_workers=4).run(10_000, until=200)
    assert not run.waited
    ten = Simulation(Rungs.geometric(1, 9, 3), n_workers=10)
    while ten._start(100) and len(ten.jobs) < 10:
        pass
    assert [target for *_, target in ten.jobs] == [1] * 9 + [3], "the tenth belongs to the second bracket"


def test_failed_trials_leave_their_places_empty_and_hold_nobody_up() -> None:
    run = Simulation(Rungs.geometric(1, 9, 3), fails=lambda n, b: n in (0, 1, 2) or b == 9).run(15)
    assert run.brackets() == [[9, 3, 1], [3, 1], [3]]
    assert all(n > 2 for n, _, target in run.jobs if target > 1 and n < 9)
    seven_fail = Simulation(Rungs.geometric(1, 9, 3), fails=lambda n, b: n < 7).run(12)
    assert seven_fail.brackets() == [[9, 2, 1], [3, 1]]
    promoted_fail = Simulation(Rungs.geometric(1, 9, 3), fails=lambda n, b: n < 9 and b == 3).run(12)
    assert promoted_fail.brackets() == [[9, 3, 0], [3, 1]]
    all_fail = Simulation(Rungs.geometric(1, 9, 3), fails=lambda n, b: True).run(15)
    assert all_fail.brackets() == [[9, 0, 0], [3, 0], [3]]


def test_a_bracket_that_may_not_be_filled_is_judged_by_what_it_has() -> None:
    assert Simulation(Rungs.geometric(1, 27, 3)).run(20).brackets() == [[20, 6, 2, 1]]
    run = Simulation(Rungs.geometric(1, 27, 3)).run(20).run(27)
    assert run.brackets()[0][0] == 27, "more trials fill it up later"
    assert run.brackets()[0][3] >= 1


@settings(max_examples=60)
@given(
    low=st.sampled_from([1, 2, 5]),
    ratio=st.sampled_from([1, 2, 4, 8, 9, 20, 27]),
    eta=st.sampled_from([2, 3, 4]),
    n_workers=st.integers(1, 12),
    n_trials=st.integers(1, 90),
    share=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_whatever_fails_no_bracket_is_larger_than_its_table_and_every_search_ends(
    low: int, ratio: int, eta: int, n_workers: int, n_trials: int, share: float, seed: int
) -> None:
    failing = random.Random(seed)
    rungs = Rungs.geometric(low, low * ratio, eta, "epochs")
    run = Simulation(rungs, n_workers=n_workers, fails=lambda n, b: failing.random() < share / 2, seed=seed)
    run.run(n_trials)
    assert len(run.history) == n_trials
    assert len(run.jobs) == len({(n, target) for n, _, target in run.jobs}), "no rung is run twice"
    for iteration, counts in enumerate(run.brackets()):
        steps = len(counts) - 1
        table = [max(int(rungs.bracket_size(iteration) * eta**-j), 1) for j in range(steps + 1)]
        assert all(n <= most for n, most in zip(counts, table, strict=True))


# --- driven by a study


def loss(trial: RunningTrial) -> float:
    return float(trial["x"]) + 0.1 / float(trial.budget or 1)


def test_a_study_with_several_asked_before_any_is_told() -> None:
    study = Study(LINE, sampler="random", scheduler="hyperband", min_budget=1, max_budget=9, eta=3, random_state=0)
    asked = [study.ask() for _ in range(12)]
    running = [trial for trial in asked if trial is not None]
    assert [trial.budget for trial in running] == [1] * 9 + [3] * 3
    extra = study.ask()
    assert extra is not None
    assert extra.budget == 9, "the third bracket"
    for trial in reversed(running):
        study.tell(trial, loss(trial))
    third, first = study.ask(), sorted(running[:9], key=lambda t: t["x"])[:3]
    promoted = [third, study.ask(), study.ask()]
    assert {t.number for t in promoted if t} == {t.number for t in first}
    assert {t.budget for t in promoted if t} == {3}


def test_a_crash_told_of_leaves_a_place_empty() -> None:
    study = Study(LINE, scheduler="hyperband", sampler="random", min_budget=1, max_budget=9, random_state=0)
    for i in range(9):
        trial = study.ask()
        assert trial is not None
        study.tell(trial, loss(trial)) if i % 2 else study.tell(trial, status="crashed")
    promoted = study.ask()
    assert promoted is not None
    assert promoted.number % 2 == 1


def test_checkpoints_dropped_on_the_way_do_not_change_a_bracket() -> None:
    """The study keeps the checkpoints of the best over all brackets; the best of a poor bracket goes on without."""

    def objective(trial: RunningTrial) -> float:
        trial.checkpoint.save({"budget": trial.budget})
        return loss(trial) + (10.0 if trial.number > 300 else 0.0)

    study = Study(LINE, scheduler="hyperband", sampler="random", min_budget=1, max_budget=9, random_state=0)
    study.optimize(objective, max_trials=27 * 15)
    assert brackets(study.history) == 27 * [[9, 3, 1], [3, 1], [3]]
    jobs = [r for t in study.trials for r in t.reports]
    assert any(r.start == 0 and r.target == 9 for t in study.trials if len(t.reports) > 1 for r in t.reports)
    assert sum(r.start > 0 for r in jobs) > 27


@pytest.mark.parametrize("stop_after", [5, 9, 11, 16])
def test_a_study_that_is_opened_again_goes_on_in_its_bracket(tmp_path: Path, stop_after: int) -> None:
    def study(run_dir: Path | None) -> Study:
        return Study(
            LINE, scheduler="hyperband", sampler="random", min_budget=1, max_budget=9, run_dir=run_dir, random_state=0
        )

    whole = study(None).optimize(loss, max_trials=30)
    with study(tmp_path) as first:
        first.optimize(loss, max_trials=30, callbacks=[lambda s, _: len(s.history.reports) >= stop_after])
        assert len(first.history.reports) == stop_after
    with study(tmp_path) as second:
        second.optimize(loss, max_trials=30)
        assert brackets(second.history) == brackets(whole.history) == 2 * [[9, 3, 1], [3, 1], [3]]
        assert [t.config for t in second.trials] == [t.config for t in whole.trials]


def test_a_trial_that_was_cut_short_is_finished_before_its_rung_is_judged() -> None:
    history = Simulation(Rungs.geometric(1, 9, 3)).run(9, until=9).history
    scheduler = SynchronousHyperband()
    move = scheduler.decide(history, left=math.inf, may_start=True)
    assert isinstance(move, Continue)
    report = {"start": 1, "target": 3, "budget": 2, "loss": 0.5, "status": "cut", "seconds": 1.0, "cost": 1.0}
    history.apply(Event("start", move.trial, {"start": 1, "target": 3}))
    history.apply(Event("end", move.trial, {"report": report, "attributes": {}}))
    assert history.trials[move.trial].status is Status.CUT
    assert scheduler.decide(history, left=math.inf, may_start=True) == move
    history.apply(Event("start", move.trial, {"start": 2, "target": 3}))
    history.apply(Event("end", move.trial, {"report": {**report, "start": 2}, "attributes": {}}))
    assert scheduler.decide(history, left=math.inf, may_start=True) != move, "it gets nowhere"


def test_a_trial_that_was_proposed_and_never_begun_is_begun() -> None:
    history = History(Rungs.geometric(1, 9, 3))
    history.apply(Event("propose", 0, {"config": {}, "seed": 0, "origin": "default"}))
    assert SynchronousHyperband().decide(history, left=math.inf, may_start=True) == Continue(0, 1)


def test_nothing_is_begun_when_the_time_is_up() -> None:
    history = Simulation(Rungs.geometric(1, 9, 3)).run(9, until=9).history
    assert SynchronousHyperband().decide(history, left=0.0, may_start=True) is None
