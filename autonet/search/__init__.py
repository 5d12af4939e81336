"""Hyperparameter search with samplers and schedulers that are functions of the history; never imports torch.

>>> from autonet.search import minimize
>>> best = minimize(lambda trial: (trial["x"] - 3) ** 2, {"x": (-10.0, 10.0)}, max_trials=40, random_state=0).best
"""

from typing import TYPE_CHECKING

from autonet.core.errors import TrialPruned as TrialPruned
from autonet.core.lazy import make_lazy_attributes
from autonet.search.evaluation import Outcome as Outcome
from autonet.search.evaluation import evaluate as evaluate
from autonet.search.executors.base import Executor as Executor
from autonet.search.executors.in_process import InProcess as InProcess
from autonet.search.history import History as History
from autonet.search.objectives import cv_objective as cv_objective
from autonet.search.objectives import maximize as maximize
from autonet.search.objectives import minimize as minimize
from autonet.search.records import Event as Event
from autonet.search.records import Job as Job
from autonet.search.records import Result as Result
from autonet.search.records import Status as Status
from autonet.search.records import Trial as Trial
from autonet.search.running_trial import RunningTrial as RunningTrial
from autonet.search.samplers.base import Sampler as Sampler
from autonet.search.schedulers.base import Continue as Continue
from autonet.search.schedulers.base import Scheduler as Scheduler
from autonet.search.schedulers.base import Start as Start
from autonet.search.spaces.seeds import Seed as Seed
from autonet.search.spaces.space import Space as Space
from autonet.search.stopping import NoProgress as NoProgress
from autonet.search.storage.replay import read_history as read_history
from autonet.search.storage.store import Store as Store
from autonet.search.study import Study as Study

if TYPE_CHECKING:
    from autonet.search.executors.dask import Dask as Dask
    from autonet.search.executors.futures import Futures as Futures
    from autonet.search.executors.processes import Processes as Processes

# Imported lazily: most searches need none of them, and dask is an extra.
__getattr__, __dir__ = make_lazy_attributes(
    __name__,
    {
        "Dask": "autonet.search.executors.dask",
        "Futures": "autonet.search.executors.futures",
        "Processes": "autonet.search.executors.processes",
    },
)

# Without Dask: a star import must not require the extra.
__all__ = [
    "Continue",
    "Event",
    "Executor",
    "Futures",
    "History",
    "InProcess",
    "Job",
    "NoProgress",
    "Outcome",
    "Processes",
    "Result",
    "RunningTrial",
    "Sampler",
    "Scheduler",
    "Seed",
    "Space",
    "Start",
    "Status",
    "Store",
    "Study",
    "Trial",
    "TrialPruned",
    "cv_objective",
    "evaluate",
    "maximize",
    "minimize",
    "read_history",
]
