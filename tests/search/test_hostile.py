"""Values that no store keeps, no range has and no timer takes: refused in a sentence, and the study goes on."""

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import AutonetError, InvalidOption, SearchFailed
from autonet.search import RunningTrial, Study, minimize
from autonet.search.records import Status


class Kind(StrEnum):
    A = "a"
    B = "b"


class Size(IntEnum):
    S = 1
    L = 2


class Silent:
    def __repr__(self) -> str:
        raise RuntimeError("cannot be shown")


def search(run_dir: Path | None, objective: Callable[[RunningTrial], Any], n_trials: int, space: Any = None) -> Study:
    with Study(space, run_dir=run_dir, random_state=0) as study:
        return study.optimize(objective, max_trials=n_trials, progress=False)


def huge_ends(trial: RunningTrial) -> float:
    side = trial.suggest_float("a", -1e308, 1e308)
    return trial.suggest_float("b", 0, 1) if side > 0 else float(trial.suggest_int("c", 0, 10))


def no_bool(trial: RunningTrial) -> float:
    return trial.suggest_float("x", 1, 2, log=None) + trial.suggest_int("n", 1, 9, log="yes")  # type: ignore[arg-type]


def surrogates(trial: RunningTrial) -> float:
    return trial.suggest_float("\ud800", 0, 1) + trial.suggest_float("\0", 0, 1)


def large_whole_numbers(trial: RunningTrial) -> float:
    return float(trial.suggest_int("n", 1 - 2**62, 2**62 - 1, step=1 + trial.number))


@pytest.mark.parametrize("objective", [huge_ends, no_bool, surrogates, large_whole_numbers])
def test_odd_ranges_and_names_run_and_can_be_opened_again(objective: Callable[..., Any], tmp_path: Path) -> None:
    search(tmp_path / "run", objective, 12)
    study = search(tmp_path / "run", objective, 14)
    assert [t.status for t in study.trials] == [Status.FINISHED] * 14


@pytest.mark.parametrize(
    ("suggest", "sentence"),
    [
        (
            lambda t: t.suggest_int("x", 0, 2**63),
            "'x': expected fewer than 2**63 steps; got int [0, 9223372036854775808]",
        ),
        (lambda t: t.suggest_int("x", 0, 2**70, step=2**60), "'x': high must be below 2**62"),
        (lambda t: t.suggest_int("x", -(10**308), 10**308, log=False), "'x': expected fewer than 2**63 steps"),
        (lambda t: t.suggest_int("x", 0, 10**400), "'x': high must be a finite number"),
        (lambda t: t.suggest_float("x", 0, 10**400), "'x': high must be a finite number"),
        (lambda t: t.suggest_float("x", 0, 1, step=1e-320), "'x': expected fewer than 2**63 steps"),
        (lambda t: t.suggest_categorical("x", [math.nan, 1.0]), "'x': categorical [nan, 1.0] is invalid"),
        (lambda t: t.suggest_categorical("x", [np.zeros(2), np.ones(2)]), "'x': categorical"),
        (lambda t: t.suggest_float(5, 0, 1), "5: float [0.0, 1.0] is invalid: Name must be a string"),
    ],
)
def test_suggestions_that_cannot_be_kept_or_drawn_fail_their_trial(
    suggest: Callable[[RunningTrial], Any], sentence: str, tmp_path: Path
) -> None:
    def objective(trial: RunningTrial) -> float:
        return float(trial.suggest_float("y", 0, 1) if trial.number != 2 else suggest(trial))

    study = search(tmp_path / "run", objective, 4)
    assert [t.status for t in study.trials] == ["finished", "finished", "crashed", "finished"]
    assert study.trials[2].reports[-1].reason.startswith(f"InvalidOption: {sentence}")
    assert len(search(tmp_path / "run", objective, 5).trials) == 5


def test_an_object_among_the_choices_of_a_later_trial_fails_that_trial(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        return len(str(trial.suggest_categorical("x", [int, float] if trial.number == 2 else ["a", "b", "c", "d"])))

    study = search(tmp_path / "run", objective, 4)
    assert [t.status for t in study.trials] == ["finished", "finished", "crashed", "finished"]
    assert "which cannot be saved in a run directory" in study.trials[2].reports[-1].reason


@pytest.mark.parametrize(
    ("key", "value", "n_jobs"),
    [("a", slice(1, 2), 1), ("a", [threading.Lock], 1), ("a", Silent(), 1), (5, 1, 1), ("a", slice(1, 2), 2)],
)
def test_attributes_changed_in_place_are_checked_too(key: Any, value: Any, n_jobs: int, tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        trial.set_user_attr("log", [])
        trial.user_attrs["log"].append(np.float32(trial.number))
        if trial.number == 1:
            trial.user_attrs[key] = value
        return trial["x"]

    for run_dir in (None, tmp_path / "run"):
        with Study({"x": (0.0, 1.0)}, run_dir=run_dir, random_state=0) as study:
            study.optimize(objective, max_trials=3, n_jobs=n_jobs, progress=False)
            assert [t.status for t in study.trials] == ["finished", "crashed", "finished"]
            assert study.trials[1].reports[-1].reason.startswith("TypeError: the ")
            assert [t.attributes for t in study.trials] == [{"log": [float(i)]} for i in range(3)]
            assert all(type(t.attributes["log"][0]) is float for t in study.trials)


def test_a_trial_that_could_not_be_told_of_may_be_told_again(tmp_path: Path) -> None:
    with Study({"x": (0.0, 1.0)}, run_dir=tmp_path / "run") as study:
        trial = study.ask()
        assert trial is not None
        trial.user_attrs["note"] = slice(1, 2)
        with pytest.raises(TypeError, match="the user attribute 'note' has a part of type slice"):
            study.tell(trial, 1.0)
        del trial.user_attrs["note"]
        assert study.tell(trial, 1.0).value == 1.0


def test_a_trial_of_another_study_is_not_taken_for_ones_own() -> None:
    mine, other = (Study({"x": (0.0, 1.0)}, random_state=seed) for seed in (0, 1))
    trial, foreign = mine.ask(), other.ask()
    assert trial is not None
    assert foreign is not None
    with pytest.raises(InvalidOption, match="Trial 0 belongs to another study"):
        mine.tell(foreign, 0.0)
    assert mine.tell(trial, 1.0).value == 1.0


@pytest.mark.parametrize(
    ("space", "value"),
    [(None, slice(1, 2)), (None, Silent()), (None, [int]), ({"x": (0, 5)}, 10**400), ({"x": (0.0, 5.0)}, Silent())],
)
def test_what_cannot_be_kept_cannot_be_enqueued(space: Any, value: Any, tmp_path: Path) -> None:
    with Study(space, run_dir=tmp_path / "run") as study, pytest.raises(InvalidOption, match="'x'"):
        study.enqueue({"x": value})
    assert not Study.open(tmp_path / "run").history.queue


def test_arrays_and_nan_are_not_enqueued_a_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        with Study(run_dir=tmp_path / "run") as study:
            study.enqueue({"x": np.array([1, 2]), "y": math.nan})
            assert repr(study.history.queue) == "[{'x': [1, 2], 'y': nan}]"


@pytest.mark.parametrize("where", ["memory", "run"])
def test_members_of_an_enumeration_stay_members(where: str, tmp_path: Path) -> None:
    seen: list[Any] = []
    space = {"kind": list(Kind), "size": list(Size), "fixed": [Kind.A], "x": (0.0, 1.0)}
    for n_trials in (3, 6):
        search(
            tmp_path / "run" if where == "run" else None,
            lambda trial: seen.append((trial["kind"].name, trial["size"].name, trial["fixed"].name)) or trial["x"],
            n_trials,
            space,
        )
    assert len(seen) == (6 if where == "run" else 9)


SETS = """
import sys
from autonet.search import Study
space = {"f": [frozenset("abcdef"), frozenset("uvwxyz"), {"q", "w", "e"}], "x": (0.0, 1.0)}
for make in (lambda: Study(space, run_dir=sys.argv[1]), lambda: Study.open(sys.argv[1])):
    with make() as study:
        study.optimize(lambda trial: trial["x"], max_trials=len(study.trials) + 2, progress=False)
print(len(study.trials))
"""


def test_sets_as_choices_are_the_same_in_each_process(tmp_path: Path) -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", SETS, str(tmp_path / "run")],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in (1, 2)
    ]
    assert printed == ["4", "8"]


@pytest.mark.parametrize(
    "options",
    [
        {"eta": 10**400},
        {"max_budget": 10**400},
        {"min_budget": 5e-324, "max_budget": 1e308},
        {"timeout": 10**400},
        {"callbacks": [5]},
        {"callbacks": len},
        {"data": threading.Lock()},
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(AutonetError):
        minimize(lambda t: t["x"], {"x": (0, 5)}, **{"max_trials": 1, "min_budget": 1, "max_budget": 9} | options)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 1e300},
        {"timeout": math.inf},
        {"timeout": Fraction(100)},
        {"callbacks": None},
        {"keep_best": 10**30},
        {"eta": Fraction(3)},
        {"min_budget": Fraction(1, 3)},
        {"max_budget": 1e300},
    ],
)
def test_odd_options_work(options: dict[str, Any], tmp_path: Path) -> None:
    given: dict[str, Any] = {"max_trials": 2, "min_budget": 1, "max_budget": 9, "run_dir": tmp_path / "run"} | options

    def objective(trial: RunningTrial) -> float:
        trial.checkpoint.save({"number": trial.number})
        return float(trial["x"])

    assert minimize(objective, {"x": (0, 5)}, **given).best.value is not None
    assert Study.open(tmp_path / "run").best.value is not None


def test_a_search_of_nothing_but_refused_suggestions_says_why(tmp_path: Path) -> None:
    with pytest.raises(SearchFailed, match="'x': categorical"):
        search(tmp_path / "run", lambda trial: trial.suggest_categorical("x", [math.nan]), 3)
