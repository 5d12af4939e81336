"""The study through its public names: what an objective may do and return, what is found, what is refused."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, UnknownName
from autonet.search import Result, RunningTrial, Study, maximize, minimize
from tests.search.objectives import LINE, quadratic

# --- finding things


def test_minimize_and_maximize_find_the_optimum() -> None:
    best = minimize(quadratic, LINE, max_trials=60, random_state=0).best
    assert best.config["x"] == pytest.approx(3, abs=0.1)
    assert best.value == quadratic(best.config)  # type: ignore[arg-type]  # a mapping is all it reads
    best = maximize(lambda trial: -quadratic(trial), LINE, max_trials=60, random_state=0).best
    assert best.config["x"] == pytest.approx(3, abs=0.1)
    assert best.value is not None
    assert -0.02 < best.value <= 0


def test_the_model_finds_the_optimum_better_than_chance() -> None:
    def distance(sampler: str) -> float:
        found = [minimize(quadratic, LINE, sampler=sampler, max_trials=30, random_state=s).best for s in range(4)]
        return sum(abs(best.config["x"] - 3) for best in found)

    assert distance("bohb") < 0.2 * distance("random")


# --- budgets


def test_a_promoted_trial_goes_on_from_its_checkpoint() -> None:
    seen: list[tuple[float, Any, float | None]] = []

    def objective(trial: RunningTrial) -> float:
        seen.append((trial.start, trial.checkpoint.load(), trial.budget))
        trial.checkpoint.save(trial.budget)
        return quadratic(trial) + 1 / (trial.budget or 1)

    study = minimize(objective, LINE, min_budget=1, max_budget=9, max_trials=9, random_state=0)
    assert all(state == (start or None) for start, state, _ in seen)
    assert [(start, budget) for start, _, budget in seen].count((1, 3)) >= 3
    assert [(start, budget) for start, _, budget in seen].count((3, 9)) >= 1
    assert study.best.budget == 9


def test_a_trial_that_is_complete_is_not_promoted_and_may_win(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> Result:
        value = quadratic(trial)
        return Result(value, checkpoint=trial.budget, complete=value < 0.1)

    bounds = {"min_budget": 1, "max_budget": 9, "random_state": 0}
    study = minimize(objective, LINE, **bounds, max_trials=27, run_dir=tmp_path / "run")
    complete = [trial for trial in study.history if trial.complete]
    assert study.best in complete
    assert all(len(trial.reports) == 1 for trial in complete)
    assert any(trial.budget > 1 for trial in study.history if not trial.complete)
    study.close()
    again = Study(LINE, **bounds, run_dir=tmp_path / "run")
    assert [trial.number for trial in again.history if trial.complete] == [trial.number for trial in complete]
    again.close()


def test_a_checkpoint_is_what_it_was_when_it_was_saved() -> None:
    def objective(trial: RunningTrial) -> float:
        weights = np.zeros(1)
        for value in (1.0, 0.5, 2.0):
            weights[0] = value
            if value == 0.5:
                trial.checkpoint.save({"weights": weights})
        return float(trial.checkpoint.load()["weights"][0])

    study = minimize(objective, LINE, max_trials=1)
    assert study.best.value == 0.5
    assert study.load_checkpoint(study.best) == {"weights": np.array([0.5])}


def test_without_a_checkpoint_a_promoted_trial_begins_anew() -> None:
    study = minimize(quadratic, LINE, min_budget=1, max_budget=9, max_trials=9, random_state=0)
    assert {r.start for _, r in study.history.reports} == {0.0}
    assert {r.target for _, r in study.history.reports} == {1, 3, 9}


def test_whole_budgets_stay_whole_and_others_do_not() -> None:
    assert Study(LINE, min_budget=1, max_budget=10).rungs.budgets == (1, 3, 10)
    assert Study(LINE, min_budget=0.1, max_budget=0.9).rungs.budgets == pytest.approx((0.1, 0.3, 0.9))
    assert Study(LINE, max_budget=9).rungs.budgets == (9,)
    assert Study(LINE).ask().budget is None  # type: ignore[union-attr]


def test_checkpoints_of_hopeless_trials_are_dropped() -> None:
    def objective(trial: RunningTrial) -> Result:
        return Result(quadratic(trial) + 1 / trial.job.target, checkpoint=trial.budget)

    study = minimize(objective, LINE, min_budget=1, max_budget=9, max_trials=40, random_state=0)
    assert len(study.checkpoints) < 30
    assert study.best.number in study.checkpoints


def test_the_best_trials_keep_their_checkpoints_if_they_are_wanted() -> None:
    def objective(trial: RunningTrial) -> Result:
        return Result(quadratic(trial) + 1 / trial.job.target, checkpoint=trial.budget)

    study = Study(LINE, min_budget=1, max_budget=9, random_state=0, keep_best=25)
    study.optimize(objective, max_trials=40)
    best = [trial.number for trial in study.history.ranked()][:25]
    assert set(best) <= set(study.checkpoints)
    assert len(study.checkpoints) < 40


@pytest.mark.parametrize("scheduler", ["asynchronous", "hyperband", "none"])
def test_every_scheduler_finds_the_optimum(scheduler: str) -> None:
    study = minimize(
        lambda t: quadratic(t) + 1 / t.budget,
        LINE,
        scheduler=scheduler,
        min_budget=1,
        max_budget=9,
        max_trials=40,
        random_state=0,
    )
    assert len(study.trials) == 40
    assert study.best.budget == 9
    assert study.best.config["x"] == pytest.approx(3, abs=0.3)


# --- threads


def test_a_study_cannot_optimize_itself() -> None:
    study, seen = Study(LINE, random_state=0), []

    def objective(_: RunningTrial) -> float:
        with pytest.raises(InvalidOption, match=r"optimize\(\) is already running on this study; use n_jobs"):
            study.optimize(lambda trial: trial["x"], max_trials=5)
        seen.append(minimize(quadratic, LINE, max_trials=2).best)  # another study will do
        return 1.0

    study.optimize(objective, max_trials=2)
    assert len(study.trials) == len(seen) == 2


def test_a_study_may_optimize_again_after_an_error_and_one_that_was_refused() -> None:
    study = Study(LINE, random_state=0)

    def callback(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        study.optimize(quadratic, callbacks=[callback])
    with pytest.raises(InvalidOption, match="objective must be callable"):
        study.optimize(3)  # type: ignore[arg-type]
    assert len(study.optimize(quadratic, max_trials=3).trials) == 3


@pytest.mark.parametrize("in_directory", [False, True])
def test_a_study_may_be_used_from_several_threads(in_directory: bool, tmp_path: Path) -> None:
    directory = tmp_path / "run" if in_directory else None
    study = Study({"x": (0.0, 1.0)}, sampler="random", random_state=0, run_dir=directory)
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for i in range(10):
                study.enqueue({"x": (number * 10 + i) / 100})
                trial = study.ask()
                assert trial is not None
                trial.report(trial["x"], 1)
                study.tell(trial, trial["x"])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    study.close()
    assert not failures
    assert [t.number for t in study.trials] == list(range(60))
    assert sorted(t.value for t in study.trials if t.value is not None) == [n / 100 for n in range(60)]
    if in_directory:
        with Study({"x": (0.0, 1.0)}, run_dir=directory) as again:
            assert [t.value for t in again.trials] == [t.value for t in study.trials]


# --- bad input


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sampler": "bohp"}, UnknownName, "Unknown sampler 'bohp'. Did you mean 'bohb'"),
        ({"sampler": object()}, InvalidOption, r"sampler must be one of .*, or an object with propose\(\)"),
        ({"scheduler": "hyperbnad"}, UnknownName, "Did you mean 'hyperband'"),
        ({"direction": "up"}, UnknownName, "Unknown direction 'up'"),
        ({"space": {}}, InvalidOption, "The space is empty"),
        ({"space": ConfigurationSpace()}, InvalidOption, "The space is empty"),
        ({"space": 3}, InvalidOption, "space must be a ConfigurationSpace or a dict; got int"),
        ({"space": {"x": (1, 1)}}, InvalidOption, r"space\['x'\] = \(1, 1\): expected \(low, high\) with low < high"),
        ({"space": {"x": []}}, InvalidOption, r"space\['x'\] has no choices"),
        ({"space": {"x": object}}, InvalidOption, r"space\['x'\] = .*: expected \(low, high\), a list of choices"),
        ({"min_budget": 9, "max_budget": 1}, InvalidOption, "0 < min_budget <= max_budget"),
        ({"min_budget": 1, "max_budget": 9, "eta": 1}, InvalidOption, "eta must be greater than 1"),
        ({"keep_best": -1}, InvalidOption, "keep_best must be an integer of at least 0; got -1"),
        ({"keep_best": "a"}, InvalidOption, "keep_best must be an integer of at least 0; got 'a'"),
        ({"random_state": "a"}, InvalidOption, "random_state must be an integer"),
        ({"random_state": -1}, InvalidOption, "random_state must be non-negative"),
    ],
)
def test_a_study_that_cannot_work_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Study(**{"space": LINE, **options})


def test_no_thread_stays_after_a_search() -> None:
    before = set(threading.enumerate())
    minimize(quadratic, LINE, max_trials=3, timeout=60, progress=True)
    worker = threading.Thread(target=minimize, args=(quadratic, LINE), kwargs={"max_trials": 3, "timeout": 60})
    worker.start()
    worker.join()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) == before
