import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.search.history import History
from autonet.search.records import Report, Status
from autonet.search.rungs import Rungs
from autonet.search.schedulers.base import Continue, Start
from autonet.search.schedulers.halving import AsynchronousHalving, falling_exponent
from tests.search.schedulers.histories import RUNGS, decide, history, propose


def test_the_first_job_is_a_new_trial_at_the_lowest_rung() -> None:
    assert decide(History(RUNGS), left=100, may_start=True) == Start(1)


def test_the_best_third_of_a_rung_is_promoted() -> None:
    assert decide(history([0.3], [0.1]), left=100, may_start=True) == Start(1)
    assert decide(history([0.3], [0.1], [0.2]), left=100, may_start=True) == Continue(1, 3)


def test_higher_rungs_are_promoted_first() -> None:
    grown = history([0.1, 0.09], [0.2, 0.08], [0.3, 0.07], [0.4], [0.5], [0.01])
    assert decide(grown, left=100, may_start=True) == Continue(2, 9)


def completed(given: History, *numbers: int) -> History:
    """Say of trials, afterwards, that more budget would bring them nothing."""
    for number in numbers:
        trial = given.trials[number]
        trial.reports[-1] = trial.last = replace(trial.reports[-1], complete=True)
    return given


def test_a_complete_trial_is_never_continued_and_leaves_its_place_empty() -> None:
    assert decide(completed(history([0.3], [0.1], [0.2]), 1), left=100, may_start=True) == Start(1)
    of_six = [0.3], [0.1], [0.2], [0.5], [0.6], [0.7]
    assert decide(completed(history(*of_six), 1), left=100, may_start=True) == Continue(2, 3)


def test_nothing_need_reach_the_top_if_the_best_is_complete_but_a_better_one_must() -> None:
    assert decide(history([0.3], [0.1]), left=8.5, may_start=True) == Continue(1, 9)
    assert decide(completed(history([0.3], [0.1]), 1), left=8.5, may_start=True) == Start(1)
    assert decide(completed(history([0.3], [0.1]), 0), left=8.5, may_start=True) == Continue(1, 9)
    assert decide(completed(history([0.3], [0.1]), 0, 1), left=math.inf, may_start=False) is None


def test_the_best_trial_starts_for_the_top_while_it_can_still_get_there() -> None:
    # 8 seconds are needed from rung 1 to rung 9; a further trial would take one of the 8.5 left.
    assert decide(history([0.3], [0.1]), left=8.5, may_start=True) == Continue(1, 9)


def test_when_nothing_new_fits_the_best_checkpoint_goes_on_as_far_as_time_allows() -> None:
    climbed = history([0.1, 0.1, 0.1], [0.2], [0.3], [0.4])
    assert decide(climbed, left=0.9, may_start=True) == Continue(1, pytest.approx(1.9))


def test_a_checkpoint_goes_on_for_a_twentieth_of_its_budget_at_least() -> None:
    assert decide(history([0.1, 0.1]), left=0.16, may_start=True) == Continue(0, pytest.approx(3.16))
    assert decide(history([0.1, 0.1]), left=0.14, may_start=True) is None


def test_the_promotion_of_the_best_is_part_of_what_is_reserved_for_it() -> None:
    # From rung 1 to rung 9 it takes 8 seconds, of which its own promotion to rung 3 is a part.
    assert decide(history([0.1], [0.2], [0.3]), left=8.0, may_start=True) == Continue(0, 3)


def test_without_a_deadline_the_search_ends_when_trials_are_used_up_and_one_is_at_the_top() -> None:
    assert decide(history([0.3], [0.1]), left=math.inf, may_start=False) == Continue(1, 9)
    assert decide(history([0.3], [0.1, 0.1, 0.1]), left=math.inf, may_start=False) is None


@settings(max_examples=60)
@given(
    runtime=st.floats(1, 3000),
    low=st.floats(0.2, 100),
    ratio=st.floats(1, 100),
    losses=st.randoms(use_true_random=False),
    overhead=st.floats(0, 0.2),
)
def test_a_whole_search_keeps_to_its_time_uses_it_and_pays_for_nothing_twice(
    runtime: float, low: float, ratio: float, losses: object, overhead: float
) -> None:
    """Simulate a search in which a job takes its budget and an overhead."""
    low = min(max(low, runtime / 200), runtime / 2)
    rungs = Rungs.geometric(low, max(min(low * ratio, runtime * 0.9), low), 3)
    record, clock = History(rungs), 0.0
    for _ in range(20_000):
        move = decide(record, left=runtime - clock, may_start=True)
        if move is None:
            break
        trial = propose(record) if isinstance(move, Start) else record.trials[move.trial]
        assert move.target > trial.budget, "a fidelity that is paid for is not paid again"
        seconds = move.target - trial.budget + overhead
        reached = min(seconds, runtime - clock) - overhead
        status = Status.FINISHED if reached >= seconds - overhead - 1e-9 else Status.CUT
        budget = move.target if status is Status.FINISHED else trial.budget + max(reached, 0)
        loss = losses.random()  # type: ignore[attr-defined]
        seconds = min(seconds, runtime - clock)
        record.add(trial, Report(trial.budget, move.target, budget, loss, status, seconds, 1.0))
        clock += seconds
    else:
        pytest.fail("the search did not end")
    assert clock <= runtime + 1e-6
    starts_need = rungs.bottom + overhead
    assert clock >= 0.95 * runtime or runtime - clock < max(starts_need, 2 * overhead + 0.1 + 0.06 * rungs.top)


def test_the_call_of_the_book_starts_five_and_brings_one_to_the_top() -> None:
    """2000 seconds with budgets of 100 to 1500, one process: Auto-PyTorch started 4 and promoted none."""
    rungs = Rungs.geometric(100, 1500)
    record, clock = History(rungs), 3.0
    while (move := decide(record, left=1999.5 - clock, may_start=True)) is not None:
        trial = propose(record) if isinstance(move, Start) else record.trials[move.trial]
        seconds = move.target - trial.budget + 0.5
        loss = 0.02 + 0.001 * trial.number - 1e-6 * move.target
        record.add(trial, Report(trial.budget, move.target, move.target, loss, Status.FINISHED, seconds, 1.0))
        clock += seconds
    assert len(record) >= 5
    assert sum(t.budget >= 1500 for t in record) >= 1
    assert 0.95 * 2000 <= clock <= 2000


def curves(*plain_losses: list[float], budgets: tuple[float, ...] = RUNGS.budgets) -> History:
    """One trial per list: its plain losses, which are tie-breakers, at successive budgets; its losses are all 0."""
    given = History(RUNGS)
    for losses in plain_losses:
        trial, paid = propose(given), 0.0
        for plain, budget in zip(losses, budgets, strict=False):
            seconds = budget - paid
            given.add(trial, Report(paid, budget, budget, 0.0, Status.FINISHED, seconds, 1.0, tie_breaker=plain))
            paid = budget
    return given


@pytest.mark.parametrize("exponent", [0.0, 0.1, 0.5, 2.0])
def test_the_exponent_of_a_power_law_is_found(exponent: float) -> None:
    (trial,) = curves([budget**-exponent for budget in RUNGS.budgets]).trials
    assert falling_exponent(trial) == pytest.approx(exponent)


def test_one_report_has_no_exponent_and_neither_have_losses_that_are_not_positive() -> None:
    for losses in ([0.5], [0.5, 0.0], [-1.0, -2.0]):
        assert falling_exponent(curves(losses).trials[0]) == -math.inf


def stretching(given: History, left: float) -> Start | Continue | None:
    return AsynchronousHalving(min_exponent=0.2).decide(given, left=left, may_start=True)


def test_a_promotion_to_the_top_takes_all_the_time_left_if_the_loss_still_falls() -> None:
    others = [0.9, 0.8], [0.9, 0.8]
    assert stretching(curves([0.9, 0.3], *others), left=50) == Continue(0, pytest.approx(53))
    assert stretching(curves([0.9, 0.79], *others), left=50) == Continue(0, 9)  # an exponent of 0.12
    assert stretching(curves([0.9], [1.0], [1.1]), left=50) == Continue(0, 3)  # not yet known


def test_of_nine_trials_the_best_two_of_a_rung_are_promoted_at_once_if_their_loss_falls() -> None:
    others = [[0.9 + k] for k in range(8)]
    assert stretching(curves([0.9, 0.3], *others), left=50) == Continue(0, pytest.approx(53))
    assert stretching(curves([0.9, 0.79], *others), left=50) == Continue(1, 3)  # an exponent of 0.12
    assert stretching(curves([0.9, 0.3], *others[1:]), left=50) == Continue(1, 3)  # eight trials
    assert stretching(curves([0.9, 0.3], *others), left=5.9) == Continue(1, 3)  # no time for the top
    two = curves([0.6, 0.59], [0.9, 0.6], *others[1:])
    assert stretching(two, left=50) == Continue(1, pytest.approx(53))
    three = curves([0.6, 0.59], [0.7, 0.69], [0.9, 0.7], *others[2:])
    assert stretching(three, left=50) == Continue(0, 9)  # the best third
    waiting = curves([0.9, 0.3], *others)
    waiting.queue.append({"x": 1})
    assert stretching(waiting, left=50) == Continue(1, 3)


@pytest.mark.parametrize(("exponent", "longest"), [(0.0, 20.0), (0.1, 20.0), (0.3, 30.0), (1.0, 30.0)])
def test_how_the_loss_falls_decides_between_many_configurations_and_a_long_training(
    exponent: float, longest: float
) -> None:
    """Simulate a minute on losses ``factor * budget ** -exponent``."""
    given, scheduler, clock = History(Rungs.geometric(1.0, 20.0)), AsynchronousHalving(min_exponent=0.2), 0.0
    factors = np.random.default_rng(2).uniform(1, 2, size=60)
    while (move := scheduler.decide(given, left=60 - clock, may_start=True)) is not None:
        trial = propose(given) if isinstance(move, Start) else given.trials[move.trial]
        loss, seconds = factors[trial.number] * move.target**-exponent, move.target - trial.budget + 0.1
        given.add(
            trial,
            Report(trial.budget, move.target, move.target, loss, Status.FINISHED, seconds, 1.0, tie_breaker=loss),
        )
        clock += seconds
    assert 55 < clock < 60.5
    if exponent < 0.2:
        assert max(trial.budget for trial in given) <= longest
        assert len(given) > 15
    else:
        assert max(trial.budget for trial in given) > longest
        assert len(given) >= 9


def test_the_best_trial_goes_on_beyond_the_top_if_its_loss_still_falls() -> None:
    assert stretching(curves([0.9, 0.8, 0.3]), left=50) == Continue(0, pytest.approx(59))
    assert stretching(curves([0.9, 0.8, 0.79]), left=50) == Start(1)
    assert stretching(curves([0.9, 0.8, 0.3]), left=0.4) == Start(pytest.approx(0.4))  # too little for it


def test_nothing_is_stretched_when_no_trial_may_start() -> None:
    given, scheduler = curves([0.9, 0.3], [0.9, 0.8], [0.9, 0.8]), AsynchronousHalving(min_exponent=0.2)
    assert scheduler.decide(given, left=50, may_start=False) == Continue(0, 9)
    assert scheduler.decide(curves([0.9, 0.8, 0.3]), left=50, may_start=False) is None


def test_without_a_time_limit_nothing_is_stretched() -> None:
    assert stretching(curves([0.9, 0.3], [0.9, 0.8], [0.9, 0.8]), left=math.inf) == Continue(0, 9)
    assert stretching(curves([0.9, 0.8, 0.3]), left=math.inf) == Start(1)


def test_a_stretched_trial_counts_as_one_at_the_top() -> None:
    # Nothing is reserved for it.
    assert stretching(curves([0.9, 0.8, 0.78], budgets=(1.0, 3.0, 40.0)), left=5) == Start(1)
