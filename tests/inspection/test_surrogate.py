"""The random forest of losses: which results it is fitted to."""

import sys
from typing import Literal

import numpy as np
import pytest

from autonet.inspection import hyperparameter_importance
from autonet.inspection.surrogate import LossForest, LossTable, cap_losses, count_tried
from autonet.search import RunningTrial, Study, TrialPruned
from tests.inspection.histories import search_budgets, search_failing


def test_losses_keep_the_order_within_a_rung() -> None:
    study = search_budgets()
    table = LossTable(study.history, study.space)
    assert len(table.losses) == len(study.trials)
    lowest = [trial.number for trial in study.trials if trial.budget == 1]
    values = [study.trials[number].value for number in lowest]
    assert np.argsort(table.losses[lowest]).tolist() == np.argsort(values).tolist()


def test_far_losses_are_capped_and_failures_are_as_bad_as_the_worst() -> None:
    losses = np.r_[np.linspace(0, 1, 99), 1e9, np.inf]
    capped = cap_losses(losses)
    assert capped[:99] == pytest.approx(losses[:99])
    assert 1 < capped[99] == capped[100] < 4


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_largest_float_stands_for_a_failure_without_overflow(direction: Literal["minimize", "maximize"]) -> None:
    worst = sys.float_info.max if direction == "minimize" else -sys.float_info.max
    study = Study({"x": (0.0, 1.0), "y": (0.0, 1.0)}, direction=direction, sampler="random", random_state=0)
    study.optimize(lambda trial: worst if trial["x"] > 0.5 else trial["y"], max_trials=30)
    assert np.isfinite(LossTable(study.history, study.space).losses).all()
    found = hyperparameter_importance(study.history, study.space)
    assert found.names[0] == "x"
    assert found.main_effects[0] > 0.8


def test_failures_count_as_tried_and_trials_without_a_result_do_not() -> None:
    study = search_failing()
    assert count_tried(study.history, study.space) == len(study.trials)
    study.ask()
    assert count_tried(study.history, study.space) == len(study.trials) - 1


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_pruned_trials_get_the_median_change_of_those_that_went_on(direction: Literal["minimize", "maximize"]) -> None:
    sign = 1 if direction == "minimize" else -1

    def objective(trial: RunningTrial) -> float:
        trial.report(sign * (10.0 + trial.number), 1)
        if trial.number % 2:
            raise TrialPruned
        trial.report(sign * (5.0 + trial.number), 2)
        return sign * (2.0 + trial.number)

    study = Study({"x": (0.0, 1.0)}, direction=direction, random_state=0).optimize(objective, max_trials=8)
    table = LossTable(study.history, study.space)
    assert table.losses.tolist() == [2.0 + number for number in range(8)]


def test_the_forest_predicts_losses_and_ignores_random_numbers() -> None:
    study = Study({"x": (0.0, 1.0)}, sampler="random", random_state=0).optimize(lambda t: t["x"], max_trials=100)
    forest = LossForest(LossTable(study.history, study.space), np.random.default_rng(0), n_noise=1)
    x = np.linspace(0.1, 0.9, 9)
    for noise in (0.1, 0.9):
        assert forest.predict(np.column_stack([x, np.full(9, noise)])) == pytest.approx(x, abs=0.1)
