"""Pruners under Optuna's names."""

from typing import Any

import pytest

from autonet.core.clock import TimeLimit
from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna import create_study, pruners
from autonet.search.records import Job
from autonet.search.running_trial import RunningTrial


def make_trial(*steps: int, number: int = 9, value: float = 1.0, limit: TimeLimit | None = None) -> RunningTrial:
    """Return a trial that the median rule prunes at every step, if its value is above 0.5."""
    deadline = (limit or TimeLimit()).at
    trial = RunningTrial(Job(number, {}, 0.0, 1.0, 0, deadline, bounds={0: 0.5}))
    for step in steps:
        trial.report(value, step)
    return trial


@pytest.mark.parametrize(
    ("settings", "trial", "pruned"),
    [
        ({}, make_trial(0), True),
        ({}, make_trial(0, value=0.4), False),
        ({}, make_trial(), False),
        ({}, make_trial(0, number=4), False),
        ({"n_startup_trials": 0}, make_trial(0, number=4), True),
        ({"n_warmup_steps": 3}, make_trial(2), False),
        ({"n_warmup_steps": 3}, make_trial(2, 3), True),
        ({"interval_steps": 3}, make_trial(0, 1), False),
        ({"interval_steps": 3}, make_trial(0, 1, 4), True),
        ({"n_warmup_steps": 2, "interval_steps": 3}, make_trial(0, 2, 4), False),
        ({"n_warmup_steps": 9}, make_trial(0, limit=TimeLimit(0.0)), True),
    ],
)
def test_median(settings: dict[str, Any], trial: RunningTrial, pruned: bool) -> None:
    assert pruners.MedianPruner(**settings).should_prune(trial) is pruned


def test_nop() -> None:
    assert not pruners.NopPruner().should_prune(make_trial(0))
    assert pruners.NopPruner().should_prune(make_trial(0, limit=TimeLimit(0.0)))


def test_halving_is_replaced_and_says_so() -> None:
    with pytest.warns(AutonetWarning, match="HyperbandPruner: the median rule prunes in its place"):
        assert pruners.HyperbandPruner(min_resource=2, max_resource=9) == pruners.MedianPruner(n_warmup_steps=2)
    with pytest.warns(AutonetWarning, match="SuccessiveHalvingPruner: the median rule"):
        assert pruners.SuccessiveHalvingPruner() == pruners.MedianPruner()


def test_pruners_of_ones_own() -> None:
    class Never:
        def should_prune(self, trial: RunningTrial) -> bool:
            return False

    class OfOptuna(pruners.BasePruner):
        def prune(self, study: object, trial: object) -> bool:
            return True

    assert isinstance(create_study(pruner=Never()).pruner, Never)
    assert pruners.check_pruner(None) == pruners.MedianPruner()
    for pruner in (OfOptuna(), pruners.MedianPruner, "median"):
        with pytest.raises(InvalidOption, match=r"pruner must be one of autonet\.search\.optuna\.pruners"):
            pruners.check_pruner(pruner)


def test_other_pruners_are_refused() -> None:
    with pytest.raises(AttributeError, match=r"Unknown name in optuna\.pruners 'WilcoxonPruner'"):
        _ = pruners.WilcoxonPruner
