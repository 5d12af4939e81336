"""Trials in this process, and what a deadline leaves behind."""

import time

import torch

from autonet.search import RunningTrial, Study, minimize

LINE = {"x": (0.0, 1.0)}


def test_the_limit_of_a_search_holds_for_searches_within_its_trials() -> None:
    """optuna #5118: the inner search ends in time to hand its best on, and none of its trials is blamed."""
    inner: list[Study] = []

    def objective(trial: RunningTrial) -> float:
        inner.append(minimize(lambda t: time.sleep(0.01) or t["y"], {"y": (0.0, 1.0)}, max_trials=10**6))
        return float(inner[-1].best.value or 0.0)

    study = Study(LINE, random_state=0).optimize(objective, timeout=0.5)
    assert str(study.trials[0].status) == "finished"
    assert {str(trial.status) for trial in inner[0].trials} <= {"finished", "timeout"}


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
