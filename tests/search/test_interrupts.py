"""What ends a search from outside: deadlines around it, Ctrl-C, and objectives that do not hear."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autonet.core.errors import SearchFailed
from autonet.search import RunningTrial, Study, minimize

LINE = {"x": (0.0, 1.0)}


def throw(exception: type[BaseException]) -> None:
    raise exception


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda: sys.exit(3), r"the objective called sys.exit\(3\)"),
        (lambda: throw(asyncio.CancelledError), "CancelledError"),
        (lambda: throw(GeneratorExit), "GeneratorExit"),
    ],
)
def test_whatever_an_objective_raises_ends_its_trial_alone(leave: Callable[[], Any], reason: str) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            leave()
        return float(trial["x"])

    study = Study(LINE, random_state=0).optimize(objective, max_trials=3)
    assert [str(trial.status) for trial in study.trials] == ["finished", "crashed", "finished"]
    with pytest.raises(Exception, match=reason):
        Study(LINE, random_state=0).optimize(objective, max_trials=3, on_error="raise")


def test_a_search_in_which_every_trial_exits_says_so() -> None:
    with pytest.raises(SearchFailed, match=r"sys.exit\(0\)"):
        minimize(lambda _: sys.exit(0), LINE, max_trials=2)


def test_the_limit_of_a_search_holds_for_searches_within_its_trials() -> None:
    """optuna #5118: the inner search ends in time to hand its best on, and none of its trials is blamed."""
    inner: list[Study] = []

    def objective(trial: RunningTrial) -> float:
        inner.append(minimize(lambda t: time.sleep(0.01) or t["y"], {"y": (0.0, 1.0)}, max_trials=10**6))
        return float(inner[-1].best.value or 0.0)

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.5)
    assert [str(trial.status) for trial in study.trials] == ["finished"]
    assert len(inner) == 1


def test_an_alarm_of_the_outer_search_is_not_taken_for_one_of_the_inner() -> None:
    went_on: list[int] = []

    def objective(trial: RunningTrial) -> float:
        minimize(lambda _: time.sleep(60), LINE, max_trials=5)
        went_on.append(1)
        return 0.0

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.2)
    assert [str(trial.status) for trial in study.trials] == ["timeout"]


def test_modes_of_torch_that_a_deadline_left_changed_are_put_back() -> None:
    def objective(trial: RunningTrial) -> float:
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        trial.report(1.0, 1)
        time.sleep(60)
        return 0.0

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.2)
    assert study.trials[0].value == 1.0
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
