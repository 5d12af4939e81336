"""What a pruner is."""

import pickle

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial, Study, pruners
from autonet.search.history import History
from autonet.search.pruners.base import check_pruner
from tests.search.pruners.pruning import LINES, steps_of


def test_a_job_takes_pruner_and_bounds_to_another_process() -> None:
    study = Study({"x": (0.0, 1.0)}, pruner=pruners.MedianPruner(1), random_state=0)
    study.add({"x": 0.5}, 1.0, curve=[(0, 1.0)])
    trial = study.ask()
    assert trial is not None
    sent = RunningTrial(pickle.loads(pickle.dumps(trial.job)))
    sent.report(2.0, 0)
    assert sent.should_prune()
    sent.report(0.5, 1)
    assert not sent.should_prune()


def test_own_pruners_and_what_is_none() -> None:
    class Third:
        def bounds(self, history: History, number: int) -> dict[int, float]:
            return {0: float(len(history.reports))}

        def should_prune(self, trial: RunningTrial) -> bool:
            return trial.job.bounds[0] == 2

    assert steps_of(Third(), LINES) == [4, 4, 1, 4, 4]
    study = Study({"x": (0, 1)})
    assert study.pruner is None
    study.pruner = pruners.NopPruner()
    for wrong in ("median", pruners.NopPruner, 3):
        with pytest.raises(InvalidOption, match=r"pruner must be one of autonet\.search\.pruners, or an object with"):
            check_pruner(wrong)
        with pytest.raises(InvalidOption, match="pruner must be one of"):
            Study({"x": (0, 1)}, pruner=wrong)  # type: ignore[arg-type]
