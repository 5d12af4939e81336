"""The study through its public names: what an objective may do and return, what is found, what is refused."""

import gc
import logging
import math
import re
import subprocess
import sys
import threading
import time
import traceback
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    Integer,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption, NoFinishedTrial, SearchFailed, TrialPruned, UnknownName
from autonet.search import NoProgress, Result, RunningTrial, Status, Study, maximize, minimize
from tests.clocks import FakeClock

LINE = {"x": (-10.0, 10.0)}


def quadratic(trial: RunningTrial) -> float:
    return float((trial["x"] - 3) ** 2)


def mixed_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["a", "b"], default="a")
    rate, depth = Float("rate", (1e-4, 1.0), log=True, default=0.1), Integer("depth", (1, 8), default=2)
    space.add(kind, rate, depth, EqualsCondition(rate, kind, "a"), EqualsCondition(depth, kind, "b"))
    return space


# --- finding things


def test_minimize_and_maximize_find_the_optimum() -> None:
    best = minimize(quadratic, LINE, max_trials=60, random_state=0).best
    assert best.config["x"] == pytest.approx(3, abs=0.1)
    assert best.value == quadratic(best.config)  # type: ignore[arg-type]  # a mapping is all it reads
    best = maximize(lambda trial: -quadratic(trial), LINE, max_trials=60, random_state=0).best
    assert best.config["x"] == pytest.approx(3, abs=0.1)
    assert best.value is not None
    assert -0.02 < best.value <= 0


def test_the_default_configuration_is_tried_first() -> None:
    study = minimize(quadratic, {"x": Float("x", (-10.0, 10.0), default=-1.0)}, max_trials=2)
    assert study.trials[0].config == {"x": -1.0}
    assert [t.origin for t in study.trials] == ["default", "sampler"]


def test_the_model_finds_the_optimum_better_than_chance() -> None:
    def distance(sampler: str) -> float:
        found = [minimize(quadratic, LINE, sampler=sampler, max_trials=30, random_state=s).best for s in range(4)]
        return sum(abs(best.config["x"] - 3) for best in found)

    assert distance("bohb") < 0.2 * distance("random")


def test_conditional_spaces_are_searched_with_inactive_hyperparameters_absent() -> None:
    def objective(trial: RunningTrial) -> float:
        assert set(trial) == ({"kind", "rate"} if trial["kind"] == "a" else {"kind", "depth"})
        assert all(type(v) in (str, int, float) for v in trial.values())
        return float(abs(math.log10(trial["rate"]) + 2) if trial["kind"] == "a" else 5 + trial["depth"])

    best = minimize(objective, mixed_space(), max_trials=25, random_state=1, on_error="raise").best
    assert best.config["kind"] == "a"
    assert best.config["rate"] == pytest.approx(0.01, rel=1)


def test_a_nested_dict_is_a_conditional_space() -> None:
    space = {"a": {"case 1": {"c1": (0.1, 10.0)}, "case 2": {"c2": (-10.0, 10.0)}, "case 3": None}}

    def objective(trial: RunningTrial) -> float:
        if trial["a"] == "case 1":
            return float(1 + trial["a:case 1:c1"])
        return float(trial["a:case 2:c2"] ** 2) if trial["a"] == "case 2" else 2.0

    best = minimize(objective, space, max_trials=100, random_state=0, on_error="raise").best
    assert set(best.config) == {"a", "a:case 2:c2"}
    assert best.value is not None
    assert best.value < 0.01


def test_values_are_what_the_user_wrote() -> None:
    choices = [None, True, 3, 2.5, "text", (1, 2), [500, 500]]
    seen: list[Any] = []
    minimize(lambda t: seen.append(t["c"]) or 0.0, {"c": choices, "n": (1, 3), "k": 7}, max_trials=21, random_state=0)
    assert all(any(value == c and type(value) is type(c) for c in choices) for value in seen)
    assert len(seen) == 21


def test_no_configuration_is_tried_twice_and_a_small_space_is_exhausted() -> None:
    study = minimize(lambda t: float(t["n"]), {"n": (1, 3), "c": ["a", "b"]}, max_trials=50)
    assert sorted((t.config["n"], t.config["c"]) for t in study.trials) == [(n, c) for n in (1, 2, 3) for c in "ab"]


def test_forbidden_configurations_are_never_tried() -> None:
    space = ConfigurationSpace({"n": (1, 4), "c": ["a", "b", "c"]})
    clause = ForbiddenAndConjunction(ForbiddenEqualsClause(space["c"], "b"), ForbiddenEqualsClause(space["n"], 2))
    space.add(clause)
    study = minimize(lambda t: float(t["n"]), space, max_trials=50)
    assert len(study.trials) == 11
    assert {"c": "b", "n": 2} not in [t.config for t in study.trials]


def test_one_seed_gives_one_history_in_any_process() -> None:
    program = """
from autonet.search import minimize
space = {"x": (-10.0, 10.0), "kind": {"a": {"r": (0.1, 1.0)}, "b": {}}}
study = minimize(lambda t: t["x"] ** 2 + t.get("kind:a:r", 2.0) / t.budget, space, min_budget=1, max_budget=9,
                 max_trials=30, random_state=5)
print([(t.number, t.config, [r.loss for r in t.reports]) for t in study.trials])
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert len(next(iter(printed))) > 1000
    configs = [[t.config for t in minimize(quadratic, LINE, max_trials=12, random_state=s).trials] for s in (3, 4)]
    assert configs[0] != configs[1]


def test_the_random_state_of_the_caller_is_untouched() -> None:
    np.random.seed(0)  # noqa: NPY002 - the very state that must not change
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    minimize(quadratic, LINE, max_trials=12, random_state=0)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


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


# --- define by run


def test_an_objective_may_define_its_space_as_it_goes() -> None:
    def objective(trial: RunningTrial) -> float:
        x = trial.suggest_float("x", -10, 10)
        kind = trial.suggest_categorical("kind", ["small", "large"])
        layers = trial.suggest_int("layers", 1, 3)
        widths = [trial.suggest_int(f"width {i}", 8, 64, log=True) for i in range(layers)]
        rate = trial.suggest_float("rate", 1e-4, 1, log=True) if kind == "small" else 1.0
        assert trial.params == {"x": x, "kind": kind, "layers": layers, **_named(widths), **_rate(kind, rate)}
        return (x - 3) ** 2 + abs(math.log10(rate) + 2) + 0.1 * layers

    study = minimize(objective, max_trials=80, random_state=0, on_error="raise")
    best = study.best
    assert best.config["kind"] == "small"
    assert best.config["layers"] == 1
    assert set(best.config) == {"x", "kind", "layers", "width 0", "rate"}
    assert best.value is not None
    assert best.value < 0.6
    conditions = {c.child.name: str(c) for c in study.space.conditions}
    assert conditions == {
        "rate": "rate | kind in {'small'}",
        "width 1": "width 1 | layers > 1",
        "width 2": "width 2 | layers > 2",
    }


def _named(widths: list[int]) -> dict[str, int]:
    return {f"width {i}": width for i, width in enumerate(widths)}


def _rate(kind: str, rate: float) -> dict[str, float]:
    return {"rate": rate} if kind == "small" else {}


@settings(max_examples=25)
@given(st.data())
def test_suggestions_keep_to_their_ranges_and_types(data: st.DataObject) -> None:
    low = data.draw(st.integers(1, 50))
    high = low + data.draw(st.integers(0, 50))
    log, step = data.draw(st.booleans()), data.draw(st.integers(1, 7))
    choices = data.draw(st.lists(st.one_of(st.none(), st.booleans(), st.text(max_size=3)), min_size=1, unique=True))

    def objective(trial: RunningTrial) -> float:
        i = trial.suggest_int("i", low, high, log=log)
        j = trial.suggest_int("j", low, high, step=step)
        x = trial.suggest_float("x", low, high, log=log)
        y = trial.suggest_float("y", low, high, step=0.25)
        c = trial.suggest_categorical("c", choices)
        assert type(i) is type(j) is int
        assert type(x) is type(y) is float
        assert low <= i <= high
        assert low <= j <= high
        assert (j - low) % step == 0
        assert low <= x <= high + 1e-9
        assert (y - low) % 0.25 == 0
        assert any(c is choice or c == choice for choice in choices)
        assert trial.suggest_int("i", low, high, log=log) == i, "asked again, it answers the same"
        return float(x)

    minimize(objective, max_trials=12, random_state=data.draw(st.integers(0, 99)), on_error="raise")


def test_a_range_that_changes_grows_and_a_meaning_that_changes_is_refused() -> None:
    def growing(trial: RunningTrial) -> float:
        top = 5 + trial.number
        assert 0 <= trial.suggest_float("x", 0, top) <= top
        return float(trial.suggest_categorical("c", list(range(2 + trial.number % 3))))

    study = minimize(growing, max_trials=15, random_state=0, on_error="raise")
    assert study.space["x"].upper == 19
    assert sorted(study.space["c"].choices) == [0, 1, 2, 3]

    def changing(trial: RunningTrial) -> float:
        return trial.suggest_float("x", 0, 1) if trial.number == 0 else float(trial.suggest_categorical("x", [1, "a"]))

    sentence = (
        r"'x' was suggested as float \[0.0, 1.0\] in earlier trials and now as categorical \[1, 'a'\]; use another"
    )
    study = minimize(changing, max_trials=3)
    assert [str(t.status) for t in study.trials] == ["finished", "crashed", "crashed"]
    assert re.search(sentence, study.trials[1].reports[0].reason)
    with pytest.raises(InvalidOption, match=sentence):
        minimize(changing, max_trials=3, on_error="raise")


def test_suggesting_reads_a_given_space_and_refuses_what_is_not_in_it() -> None:
    study = minimize(lambda t: t.suggest_float("x", -10, 10), LINE, max_trials=3, on_error="raise")
    assert all(t.value == t.config["x"] for t in study.trials)
    with pytest.raises(InvalidOption, match=r"'y' is not active in the space of the study; active are \['x'\]"):
        minimize(lambda t: t.suggest_float("y", 0, 1), LINE, max_trials=3, on_error="raise")


# --- reports and pruning


def test_reports_are_kept_and_bad_trials_are_pruned() -> None:
    def objective(trial: RunningTrial) -> float:
        for step in range(10):
            trial.report(trial["x"] + 1 / (step + 1), step)
            if trial.should_prune():
                raise TrialPruned
        return float(trial["x"] + 0.1)

    study = minimize(objective, {"x": (0.0, 1.0)}, sampler="random", max_trials=40, random_state=0)
    pruned = [t for t in study.trials if t.status is Status.PRUNED]
    finished = [t for t in study.trials if t.status is Status.FINISHED]
    assert len(pruned) >= 10
    assert len(finished) >= 10
    assert all(len(t.curve) == 10 for t in finished)
    assert all(len(t.curve) < 10 and t.value is None for t in pruned)
    assert np.mean([t.config["x"] for t in pruned]) > np.mean([t.config["x"] for t in finished])


def test_a_value_that_is_not_finite_asks_to_be_pruned() -> None:
    trial = Study(LINE).ask()
    assert trial is not None
    assert not trial.should_prune()
    trial.report(math.nan, 0)
    assert trial.should_prune()


def test_attributes_and_metrics_are_kept_also_of_a_trial_that_crashes() -> None:
    def objective(trial: RunningTrial) -> dict[str, Any]:
        trial.set_user_attr("note", [trial.number])
        if trial.number == 1:
            raise ValueError("no such luck")
        return {"loss": 1.0, "accuracy": 0.9, "status": "ok"}

    study = minimize(objective, LINE, max_trials=2)
    assert [t.attributes for t in study.trials] == [{"note": [0]}, {"note": [1]}]
    assert study.best.last is not None
    assert study.best.last.metrics == {"accuracy": 0.9}


# --- what an objective may return


@pytest.mark.parametrize("returned", [1, 1.0, np.float32(1), np.array(1.0), np.array([1.0]), Result(1.0), {"value": 1}])
def test_anything_that_is_one_number_is_a_value(returned: Any) -> None:
    assert minimize(lambda _: returned, LINE, max_trials=1).best.value == 1.0


@pytest.mark.parametrize(("search", "best"), [(minimize, min), (maximize, max)])
def test_a_value_is_the_result_and_a_loss_beside_it_a_metric(search: Any, best: Any) -> None:
    study = search(lambda t: {"loss": -10 * t["x"], "value": t["x"]}, LINE, max_trials=8, random_state=0)
    assert study.best.value == best(t.config["x"] for t in study.trials)
    assert study.best.metrics == {"loss": -10 * study.best.value}
    row = study.history.to_dicts()[0]
    assert row["metrics_loss"] == -10 * study.trials[0].value
    assert abs(row["loss"]) == abs(study.trials[0].value)


def test_a_loss_is_minimized_whatever_the_direction() -> None:
    study = maximize(lambda t: {"loss": t["x"]}, LINE, max_trials=20, random_state=0)
    assert study.best.config["x"] == min(t.config["x"] for t in study.trials)


@pytest.mark.parametrize(
    ("returned", "status", "reason"),
    [
        (math.nan, Status.DIVERGED, "the objective returned nan"),
        (math.inf, Status.DIVERGED, "the objective returned inf"),
        (-math.inf, Status.DIVERGED, "the objective returned -inf"),
        (
            None,
            Status.CRASHED,
            "TypeError: the objective returned None; expected a number, a dict with 'value' or 'loss'",
        ),
        ("0.1", Status.CRASHED, "TypeError: the objective returned '0.1'; expected a number"),
        (True, Status.CRASHED, "TypeError: the objective returned True; expected a number"),
        ([1.0], Status.CRASHED, "TypeError: the objective returned [1.0]; expected a number"),
        (np.ones(2), Status.CRASHED, "TypeError: the objective returned a ndarray of several values"),
        (
            {"acc": 1},
            Status.CRASHED,
            "TypeError: the objective returned a dict with the keys ['acc']; expected 'value'",
        ),
        ({"loss": 1, "status": "fail"}, Status.CRASHED, "the objective returned status 'fail'"),
    ],
)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_anything_else_fails_the_trial_with_a_reason_and_never_wins(
    returned: Any, status: Status, reason: str, direction: Any
) -> None:
    study = Study(LINE, direction=direction, random_state=0)
    study.optimize(lambda t: returned if t.number % 2 else 0.5, max_trials=4)
    failed = study.trials[1]
    assert failed.status is status
    assert failed.reports[0].reason.startswith(reason)
    assert failed.value is None
    assert study.best.value == 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cost": math.nan}, "cost = nan; expected a finite number of at least 0, or None"),
        ({"cost": math.inf}, "cost = inf; expected a finite number of at least 0"),
        ({"cost": -1}, "cost = -1; expected a finite number of at least 0"),
        ({"cost": "a"}, "cost = 'a'; expected a finite number of at least 0"),
        ({"tie_breaker": math.nan}, "tie_breaker = nan; expected a number"),
        ({"tie_breaker": None}, "tie_breaker = None; expected a number"),
        ({"budget": math.nan}, "budget = nan; expected a number from 0 to the target of 1"),
        ({"budget": -5}, "budget = -5; expected a number from 0 to the target of 1"),
        ({"budget": 10**9}, "budget = 1e+09; expected a number from 0 to the target of 1"),
        ({"budget": "a"}, "budget = 'a'; expected a number"),
        ({"loss": None}, "loss = None; expected a number"),
        ({"loss": "a"}, "loss = 'a'; expected a number"),
        ({"status": "great"}, "status = 'great'; expected one of 'finished', 'cut'"),
        ({"complete": "yes"}, "complete = 'yes'; expected True or False"),
        ({"metrics": None}, "metrics of type NoneType; expected a dict"),
        ({"metrics": {3: 1}}, "the metric 3; expected a str as its name"),
    ],
    ids=str,
)
def test_a_result_out_of_range_fails_its_trial_and_the_study_goes_on(
    fields: dict[str, Any], message: str, tmp_path: Path
) -> None:
    def objective(trial: RunningTrial) -> Result:
        return Result(**{"loss": trial["x"] ** 2, "cost": 1.0, **(fields if trial.number == 2 else {})})

    for n_trials in (8, 10):
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(objective, max_trials=n_trials)
            assert [t.status for t in study.trials].count(Status.CRASHED) == 1
            assert f"the objective returned {'a Result with ' * ('metric' not in message)}{message}" in (
                study.trials[2].reports[0].reason
            )


@pytest.mark.parametrize("budget", [0, 1, None])
def test_a_trial_that_calls_itself_cut_does_not_go_on_for_ever(budget: float | None) -> None:
    study = Study(LINE, min_budget=1, max_budget=9, random_state=0)
    study.optimize(lambda t: Result(t["x"], budget, Status.CUT, checkpoint=1), max_trials=2)
    assert 2 <= len(study.history.reports) <= 8


def test_fields_of_a_result_become_plain_numbers() -> None:
    result = Result(np.float32(0.5), np.int64(1), "finished", np.float64(2), np.int32(3), {"a": np.float32(1)})  # type: ignore[arg-type]
    report = minimize(lambda _: result, LINE, max_trials=1).trials[0].reports[0]
    assert (report.loss, report.budget, report.tie_breaker, report.cost, report.metrics) == (0.5, 1, 2, 3, {"a": 1})
    assert report.status is Status.FINISHED
    assert all(type(v) in (int, float) for v in (report.loss, report.budget, report.tie_breaker, report.cost))


@pytest.mark.parametrize(
    "odd",
    [
        lambda t: t.report("a", 1),
        lambda t: t.report(1.0, 10**5000),
        lambda t: t.report(1.0, math.nan),
        lambda t: t.set_user_attr(3, 4),
        lambda _: {"value": 1.0, 3: 4},
        lambda _: {"value": 1.0, "status": 3},
        lambda _: Unprintable(),
        lambda _: _raise(BadMessage()),
        lambda _: _raise(ValueError("\ud800" + "x" * 10**6)),
    ],
)
def test_an_odd_objective_fails_its_trial_with_one_line(odd: Any, tmp_path: Path) -> None:
    for n_trials in (4, 5):
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(lambda t: odd(t) if t.number == 1 else 0.5, max_trials=n_trials)
            report = study.trials[1].reports[0]
            assert report.status is Status.CRASHED
            assert 0 < len(report.reason) < 600
            assert len(report.error) < 30_000
            study.trials_dataframe()


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


class BadMessage(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def _raise(error: Exception) -> None:
    raise error


def test_a_failed_trial_keeps_its_traceback_but_not_its_variables() -> None:
    class Weights:
        pass

    kept: list[weakref.ref[Weights]] = []

    def objective(trial: RunningTrial) -> float:
        weights = Weights()
        kept.append(weakref.ref(weights))
        if trial.number == 0:
            return 1.0
        try:
            raise ValueError("first")
        except ValueError as error:
            if trial.number == 1:
                _ = weights.missing  # type: ignore[attr-defined]
            raise ExceptionGroup("several", [KeyError("one")]) from error

    study = minimize(objective, LINE, max_trials=3)
    gc.collect()
    assert [ref() for ref in kept] == [None] * 3
    assert [type(error) for error in study.errors] == [AttributeError, ExceptionGroup]
    assert "in objective" in "".join(study.errors[0].__notes__)
    with pytest.raises(AttributeError) as caught:
        minimize(objective, LINE, max_trials=3, on_error="raise")
    assert "objective" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_crashes_are_recorded_with_their_traceback_and_the_search_goes_on() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number % 3 == 1:
            raise ValueError("no such luck")
        return 1.0

    study = minimize(objective, LINE, max_trials=9)
    assert [t.status for t in study.trials] == [Status.FINISHED, Status.CRASHED, Status.FINISHED] * 3
    assert "no such luck" in study.trials[1].reports[0].error
    assert "in objective" in study.trials[1].reports[0].error
    assert len(study.errors) == 3
    with pytest.raises(ValueError, match="no such luck"):
        minimize(objective, LINE, max_trials=9, on_error="raise")


def test_when_all_trials_fail_the_reasons_are_listed() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number % 3 == 0:
            return math.nan
        raise ValueError("broken")

    with pytest.raises(SearchFailed, match="All 10 trials failed") as caught:
        minimize(objective, LINE, max_trials=10)
    assert "6 x crashed   ValueError: broken" in str(caught.value)
    assert "4 x diverged  the objective returned nan" in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    study = Study(LINE)
    with pytest.raises(NoFinishedTrial, match="No trial has a value yet"):
        _ = study.best


# --- limits


def test_pruned_and_infeasible_trials_do_not_end_a_search(caplog: pytest.LogCaptureFixture) -> None:
    def pruned(trial: RunningTrial) -> float:
        if trial.number < 120:
            raise TrialPruned
        return 1.0

    study = Study(LINE, sampler="random", random_state=0)
    study.optimize(pruned, max_trials=110)
    assert len(study.trials) == 110
    assert "no trial has a value: of 110 trials, 110 were pruned" in caplog.text
    assert len(study.optimize(pruned, max_trials=125).trials) == 125

    def infeasible(trial: RunningTrial) -> float:
        return math.nan if trial["n"] != 140 else 1.0

    study = minimize(infeasible, {"n": list(range(150))}, sampler="grid")
    assert len(study.trials) == 150
    assert study.best.config == {"n": 140}


def test_different_errors_do_not_end_a_search_but_the_same_one_does(caplog: pytest.LogCaptureFixture) -> None:
    def objective(trial: RunningTrial) -> float:
        raise ValueError(f"no luck in {trial.number}" if trial.number < 105 else "no luck")

    study = Study(LINE, sampler="random", random_state=0)
    with pytest.raises(SearchFailed, match="All 205 trials failed"):
        study.optimize(objective)
    assert "the last 100 trials crashed with the same error (ValueError: no luck), and no trial has a" in caplog.text
    with pytest.raises(SearchFailed, match="All 305 trials failed"):  # each call is a new chance
        study.optimize(objective)


def test_the_deadline_ends_a_running_trial() -> None:
    def objective(trial: RunningTrial) -> float:
        trial.report(0.25, 0)
        try:
            time.sleep(1000)
        except Exception:
            time.sleep(1000)
        return 1.0

    study = minimize(objective, LINE, timeout=0.5)
    assert study.trials[0].status is Status.CUT
    assert study.best.value == 0.25


def test_the_deadline_ends_a_trial_in_another_thread() -> None:
    def objective(_: RunningTrial) -> float:
        while True:
            time.sleep(0.01)

    studies: list[Study] = []
    thread = threading.Thread(target=lambda: studies.append(minimize(objective, LINE, timeout=0.3)))
    thread.start()
    thread.join(100)
    assert studies[0].trials[0].status is Status.TIMEOUT


def test_a_trial_can_end_itself_by_its_deadline(clock: FakeClock) -> None:
    def objective(trial: RunningTrial) -> float:
        while not trial.should_prune():
            clock.sleep(0.005)
        return 1.0

    study = minimize(objective, LINE, timeout=0.2)
    assert study.best.value == 1.0


def test_the_deadline_ends_the_search(clock: FakeClock) -> None:
    def objective(trial: RunningTrial) -> Result:
        clock.sleep(min(trial.job.target - trial.start, max(trial.deadline - clock.now, 0)))
        return Result(trial["x"] ** 2, checkpoint=1)

    began = clock.now
    minimize(objective, LINE, min_budget=0.05, max_budget=0.45, budget_type="time", timeout=1.5)
    assert 1.3 < clock.now - began <= 1.5 + 1e-6


def test_max_trials_is_the_total_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    study = Study(LINE, random_state=0).optimize(quadratic, max_trials=5)
    with caplog.at_level(logging.WARNING, "autonet.search"):
        study.optimize(quadratic, max_trials=8)
    assert len(study.trials) == 8
    assert "the study has 5 trials already; max_trials=8 is the total, so 3 more will be started" in caplog.text
    at_once = Study(LINE, random_state=0).optimize(quadratic, max_trials=8)
    assert [t.config for t in study.trials] == [t.config for t in at_once.trials]


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_stop_at_ends_the_search_at_the_first_value_that_is_good_enough(direction: Any, sign: int) -> None:
    study = Study(LINE, direction=direction, random_state=0)
    study.optimize(lambda t: sign * quadratic(t), max_trials=200, stop_at=sign * 1.0)
    values = [sign * t.value for t in study.trials if t.value is not None]
    assert values[-1] <= 1.0
    assert all(value > 1.0 for value in values[:-1])


def test_no_progress_ends_the_search_n_trials_after_the_last_improvement() -> None:
    study = minimize(quadratic, LINE, sampler="random", max_trials=500, random_state=0, callbacks=[NoProgress(20)])
    assert len(study.trials) == study.best.number + 21
    with pytest.raises(InvalidOption, match=r"NoProgress requires an integer of at least 1; got 0\."):
        NoProgress(0)


def test_a_callback_sees_study_and_trial_and_may_end_the_search() -> None:
    seen: list[int] = []

    def callback(study: Study, trial: Any) -> bool:
        seen.append(trial.number)
        assert study.trials[trial.number] is trial
        return len(seen) == 4

    assert len(minimize(quadratic, LINE, callbacks=[callback]).trials) == 4
    assert seen == [0, 1, 2, 3]
    study = Study(LINE)
    study.optimize(lambda _: study.stop() or 1.0)  # type: ignore[func-returns-value]
    assert len(study.trials) == 1


def test_an_interrupt_keeps_what_is_finished_and_the_trial_is_begun_again() -> None:
    interrupted: list[int] = []

    def objective(trial: RunningTrial) -> float:
        if trial.number == 2 and not interrupted:
            interrupted.append(2)
            raise KeyboardInterrupt
        return quadratic(trial)

    study = Study(LINE, random_state=0).optimize(objective, max_trials=9)
    assert study.interrupted
    assert [t.number for t in study.trials if t.usable] == [0, 1]
    study.optimize(objective, max_trials=9)
    assert not study.interrupted
    assert [t.config for t in study.trials] == [
        t.config for t in minimize(quadratic, LINE, max_trials=9, random_state=0).trials
    ]

    def at_once(_: RunningTrial) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(at_once, LINE)


def test_the_progress_bar_shows_trials_rungs_and_the_best_value(capsys: pytest.CaptureFixture[str]) -> None:
    minimize(lambda t: 1.5, LINE, min_budget=1, max_budget=3, max_trials=4, progress=True)
    shown = capsys.readouterr().err
    assert "4/4 trials" in shown
    assert "per rung 4-1, best 1.5" in shown
    minimize(quadratic, LINE, max_trials=4, progress=False)
    assert capsys.readouterr().err == ""


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


# --- ask and tell


def test_ask_and_tell_are_all_that_is_needed() -> None:
    study = Study(LINE, random_state=0)
    for _ in range(40):
        trial = study.ask()
        assert trial is not None
        told = study.tell(trial, quadratic(trial))
        assert told.value == quadratic(trial)
    assert [t.config for t in study.trials] == [
        t.config for t in minimize(quadratic, LINE, max_trials=40, random_state=0).trials
    ]


def test_several_trials_may_be_asked_for_before_any_is_told_of() -> None:
    study = Study(LINE, random_state=0, min_budget=1, max_budget=9)
    for _ in range(12):
        asked = [study.ask() for _ in range(4)]
        assert len({t["x"] for t in asked if t is not None}) == 4, "what runs is not proposed again"
        for trial in reversed(asked):
            assert trial is not None
            assert study.report(trial, quadratic(trial), step=1) is False
            study.tell(trial, quadratic(trial))
    assert study.best.config["x"] == pytest.approx(3, abs=0.5)


def test_telling_of_failures_and_of_what_was_not_asked() -> None:
    study = Study(LINE)
    first, second = study.ask(), study.ask()
    assert first is not None
    assert second is not None
    assert study.tell(first, status="crashed").status is Status.CRASHED
    assert study.tell(second, math.nan).status is Status.DIVERGED
    with pytest.raises(InvalidOption, match=r"Trial 0 is not running; call ask\(\) first and tell\(\) each trial once"):
        study.tell(first, 1.0)
    third = study.ask()
    assert third is not None
    with pytest.raises(UnknownName, match="Unknown status 'great'"):
        study.tell(third, status="great")
    with pytest.raises(InvalidOption, match="status='finished' requires a value"):
        study.tell(third, status="finished")
    with pytest.raises(InvalidOption, match="status='pruned' excludes a value"):
        study.tell(third, 1.0, status="pruned")
    with pytest.raises(ValueError, match="cost = nan"):
        study.tell(third, Result(1.0, cost=math.nan))
    assert study.tell(third, 1.0, status="finished").value == 1.0


def test_enqueued_configurations_come_first_in_their_order() -> None:
    study = Study({"x": (-10.0, 10.0), "n": (1, 5)}, random_state=0)
    study.enqueue({"x": 3.0})
    study.enqueue({"x": -1.0, "n": 5})
    study.optimize(lambda t: t["x"] ** 2, max_trials=4)
    assert [t.config for t in study.trials[:2]] == [{"x": 3.0, "n": 3}, {"x": -1.0, "n": 5}]
    assert [t.origin for t in study.trials] == ["enqueued", "enqueued", "sampler", "sampler"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"y": 1}, "The space has no hyperparameter 'y'; it has 'kind', 'depth', 'rate'"),
        ({"rate": 2.0}, "'rate' = 2.0 is not in its range"),
        ({"kind": "b", "rate": 0.1}, "'rate' is not active in the configuration"),
    ],
)
def test_a_configuration_that_is_not_in_the_space_is_refused_at_once(config: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        Study(mixed_space()).enqueue(config)


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_trials": 0}, "max_trials must be an integer of at least 1; got 0"),
        ({"max_trials": 1.5}, "max_trials must be an integer of at least 1; got 1.5"),
        ({"timeout": -1}, "timeout must be a non-negative number of seconds; got -1"),
        ({"stop_at": "x"}, "stop_at must be a number; got 'x'"),
        ({"on_error": "ignore"}, "Unknown on_error 'ignore'"),
        ({"max_trails": 3}, "Unknown option 'max_trails'. Did you mean 'max_trials'"),
    ],
)
def test_limits_that_cannot_work_are_refused_before_any_trial(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        minimize(quadratic, LINE, **options)
    with pytest.raises(InvalidOption, match="objective must be callable; got 3"):
        minimize(3, LINE)  # type: ignore[arg-type]


def test_a_sampler_that_proposes_what_is_not_legal_is_named() -> None:
    class Careless:
        def propose(self, *_: Any) -> dict[str, Any]:
            return {"kind": "a", "depth": 3}

    with pytest.raises(InvalidOption, match=r"Careless proposed .* which is not legal in the space"):
        minimize(lambda _: 1.0, mixed_space(), sampler=Careless(), max_trials=3)


# --- what can be read afterwards


def test_the_data_frame_has_the_columns_of_optuna() -> None:
    pd = pytest.importorskip("pandas")

    def objective(trial: RunningTrial) -> float:
        trial.set_user_attr("square", trial["x"] ** 2)
        if trial.number == 3:
            raise ValueError("broken")
        return quadratic(trial)

    study = minimize(objective, {"x": (-10.0, 10.0), "seed": (0, 1000)}, max_trials=8, random_state=0)
    frame = study.trials_dataframe()
    assert list(frame.columns[:5]) == ["number", "value", "datetime_start", "datetime_complete", "duration"]
    assert frame["state"].tolist() == ["COMPLETE"] * 3 + ["FAIL"] + ["COMPLETE"] * 4
    assert np.array_equal(frame["user_attrs_square"], frame["params_x"] ** 2)
    best = frame.sort_values("value")[["number", "value", "params_seed"]].iloc[0]
    assert best["number"] == study.best.number
    assert (frame["duration"].dropna() >= pd.Timedelta(0)).all()


def test_the_data_frame_says_what_was_returned_why_a_trial_failed_and_its_seed() -> None:
    pytest.importorskip("pandas")

    def objective(trial: RunningTrial) -> dict[str, float]:
        if trial.number == 1:
            raise ValueError("broken\nin the second line")
        return {"value": trial["x"], "std": 0.5}

    study = Study(LINE, random_state=0)
    empty = study.trials_dataframe()
    study.optimize(objective, max_trials=3)
    frame = study.trials_dataframe()
    assert len(empty) == 0
    assert list(empty.columns) == [name for name in frame.columns if name not in ("params_x", "metrics_std")]
    assert list(frame.columns[-7:]) == ["state", "metrics_std", "budget", "status", "origin", "seed", "reason"]
    assert frame["metrics_std"].tolist()[::2] == [0.5, 0.5]
    assert frame["seed"].tolist() == [t.seed for t in study.trials]
    assert frame["reason"].tolist() == ["", "ValueError: broken", ""]


def test_a_trial_prints_as_one_line() -> None:
    best = minimize(lambda t: 2.0, {"x": [1, 2]}, max_trials=1).best
    assert str(best) == "trial 0: value 2 at budget 1, {'x': 1}"


def test_the_trajectory_only_improves() -> None:
    study = minimize(quadratic, LINE, max_trials=15, random_state=0)
    losses = [row["loss"] for row in study.history.trajectory]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == study.best.value


def test_a_study_and_its_history_can_be_read_in_a_console_and_in_a_notebook(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            raise ValueError("broken")
        return 1 - 0.01 * trial.number

    with Study({"<b>": (0.0, 1.0), "c": ["<i>", "\ud800"]}, random_state=0, run_dir=tmp_path / "run") as study:
        assert repr(study) == f"<Study: minimize, 0 trials, no value yet, run_dir='{tmp_path / 'run'}'>"
        study.optimize(objective, max_trials=15)
        assert "15 trials (14 finished, 1 crashed), best 0.86 (trial 14), run_dir=" in repr(study)
        assert repr(study.history) == "<History: minimize, 15 trials (14 finished, 1 crashed), best 0.86 (trial 14)>"
        for html in (study._repr_html_(), study.history._repr_html_()):
            assert "the best 10 of 15 trials" in html
            assert html.count("<tr>") == 11
            assert "<td>0.86</td>" in html
            assert "&lt;b&gt;" in html
            assert "<b>" not in html
            assert html.encode()


def test_a_line_is_logged_for_each_trial(caplog: pytest.LogCaptureFixture) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            raise ValueError("broken")
        if trial.number == 2:
            raise TrialPruned
        return float(trial["x"])

    study = Study(LINE, random_state=0, sampler="random", max_budget=3)
    with caplog.at_level(logging.INFO, "autonet.search"):
        study.optimize(objective, max_trials=3)
        study.log_trials = False
        study.optimize(objective, max_trials=5)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines[0][0] == "INFO"
    assert re.fullmatch(
        r"trial 0 finished: value 0 at budget 3 in [\d.e-]+ s with \{x: 0\}; best: trial 0, 0", lines[0][1]
    )
    assert lines[1] == ("WARNING", "trial 1 crashed: ValueError: broken")
    assert lines[2][1].startswith("trial 2 pruned: no value")
    assert len(lines) == 4
    assert "the study has 3 trials already" in lines[3][1]


def test_no_thread_stays_after_a_search() -> None:
    before = set(threading.enumerate())
    minimize(quadratic, LINE, max_trials=3, timeout=60, progress=True)
    worker = threading.Thread(target=minimize, args=(quadratic, LINE), kwargs={"max_trials": 3, "timeout": 60})
    worker.start()
    worker.join()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert set(threading.enumerate()) == before
