"""Tree ensembles that are fitted without a search."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from autonet.core.clock import TimeLimit
from autonet.models.ensemble import TreeMember
from autonet.pipeline import tree_fitting, tree_jobs, tree_learners
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate
from autonet.pipeline.tree_jobs import TreeJobs
from autonet.pipeline.tree_learners import TreeLearner
from autonet.pipeline.trial import run_trial
from autonet.search.executors.base import Executor
from autonet.search.executors.in_process import InProcess

BOOSTING = TreeLearner("boosting", 0.08, {"learning_rate": 0.5})
SMALL = {"boosting": BOOSTING, "forest": TreeLearner("forest", 0.04)}


def replace_learners(monkeypatch: pytest.MonkeyPatch, learners: dict[str, Any]) -> None:
    """Replace the learners; their dictionary stays as it is, because its order matters."""
    for module in (tree_learners, tree_jobs, tree_fitting):
        monkeypatch.setattr(module, "LEARNERS", learners)


def fit_trees(
    space: TrialContext, *, seconds: float = math.inf, weight: float = 0.0, executor: Executor | None = None
) -> list[Candidate[TreeMember]]:
    """Fit the learners without trials beside them."""
    found = list[Candidate[TreeMember]]()

    def keep(candidates: Sequence[Candidate[TreeMember]]) -> None:
        found[:] = candidates

    jobs = TreeJobs(executor or InProcess(), space, TimeLimit.after(seconds), (), lambda _: weight, keep)
    jobs.prepare(partial(run_trial, space))
    jobs.finish()
    return found
