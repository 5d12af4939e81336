"""The plan of the time of a fit: its stages, their deadlines, workers, and the rungs of the search."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autonet.core.cores import available_cores
from autonet.core.modality import Data
from autonet.metrics.metric import Metric
from autonet.search.executors.base import Executor
from autonet.search.registry import make_executor
from autonet.search.rungs import Rungs, Unit

__all__ = ["DEFAULT_RUNTIME", "Stage", "TimePlan"]

Stage = Literal["search", "selection", "refit", "closing"]

# n_jobs="auto": a worker process takes three seconds or so to start, and has a copy of the table.
PARALLEL_FROM_SECONDS, PARALLEL_UP_TO_BYTES, MOST_WORKERS = 25.0, 2**29, 8
# n_jobs=2: below so many seconds worker processes, which take half of them to start on a busy machine, would leave no
# time for a network.
PROCESSES_FROM_SECONDS = 10.0

# Without any limit a search takes five minutes.
DEFAULT_RUNTIME = 300.0
# The baseline gets a fiftieth of the time, from a tenth of a second to two seconds.
BASELINE_SHARE, BASELINE_SECONDS = 0.02, (0.1, 2.0)
# Traditional learners get so much of the time before the search, if they need it: boosting a table of ten thousand
# rows takes seconds, and what they leave the search has.
TRADITIONAL_SHARE = 0.15
# What is kept back of the runtime at the end: fit must return by max_runtime.
CLOSING_SHARE, CLOSING_SECONDS = 0.01, 2.0
SELECTION_SHARE, SELECTION_SECONDS = 0.02, 10.0
REFIT_SHARE = 0.12
# A metric may take so much of a training at the lowest rung; five folds at once so much of the runtime; slow metrics
# that are recorded only so much of it at the end.
METRIC_SHARE, FOLDED_METRIC_SHARE, SCORING_SHARE = 0.1, 0.01, 0.25
LEAVING_SECONDS = 0.3  # for worker processes to end, which take a tenth of that on a machine that is not busy
# The default top rung is a third of the time, so that more than one configuration can reach it; three rungs of
# eta 3 lie below it.
TOP_SHARE, RUNG_SPAN = 1 / 3, 27
EPOCHS_LOW, EPOCHS_HIGH = 5.0, 150.0  # as in Auto-PyTorch
# At the lowest rung: rankings after one epoch say little about the end.  Twenty are wanted if there are two rungs all
# the same: with 60 s on two cores, long lowest rungs gained 2 and 3 % where epochs take long (phoneme and nyc_taxis on
# five folds), and lost 2 and 3 % where they are short (credit_g, colleges).  That was ten epochs of wall time, which
# the start of worker processes doubled, before trainings ended early and when some rungs lost their promotions.
EPOCHS_AT_LEAST, EPOCHS_WANTED = 4, 20


@dataclass(frozen=True)
class TimePlan:
    """Plan of the time of a fit.

    Attributes
    ----------
    runtime : float or None
        Seconds that fit may take; None if only the number of trials is limited.
    unit : {"time", "epochs"}
        Of the budgets of trials.
    min_budget, max_budget : float or None
        Lowest and top rung, where the user gave them.
    eta : float
        How much longer the next rung is.
    selects : bool
        Whether an ensemble is selected at the end.
    refits : bool
        Whether its networks then go on training on all rows.
    n_jobs : int, str or None
        Trials at a time, as the user put it.
    scoring : float
        Seconds for metrics that are slow and recorded only.
    began : float
        Reading of ``time.monotonic()`` at the beginning of the fit.
    """

    runtime: float | None
    unit: Unit
    min_budget: float | None
    max_budget: float | None
    eta: float
    selects: bool
    refits: bool
    n_jobs: int | str | None
    scoring: float = 0.0
    began: float = field(default_factory=lambda: time.monotonic())  # noqa: PLW0108 - a clock that tests replace

    def until(self, stage: Stage) -> float:
        """Return the reading of ``time.monotonic()`` at which a stage must be over; infinite without a limit."""
        selecting, refitting, closing = self._reserved
        reserved = {
            "search": selecting + self.scoring + refitting + closing,
            "selection": refitting + closing,
            "refit": closing,
            "closing": 0.0,
        }
        return self.began + (self.runtime or math.inf) - reserved[stage]

    def left(self, stage: Stage) -> float:
        """Return the seconds that are left until a stage must be over."""
        return self.until(stage) - time.monotonic()

    @property
    def baseline_seconds(self) -> float:
        """Seconds for training the baseline."""
        low, high = BASELINE_SECONDS
        return min(max(BASELINE_SHARE * (self.runtime or high), low), high)

    @property
    def tree_ensemble_seconds(self) -> float:
        """Seconds for traditional learners; without a limit of the runtime they take what they need."""
        return TRADITIONAL_SHARE * (self.runtime or math.inf)

    @property
    def _reserved(self) -> tuple[float, float, float]:
        """Seconds at the end: for selecting networks, for training them on all rows, and for closing."""
        runtime = self.runtime or 0.0
        selecting = min(SELECTION_SHARE * runtime, SELECTION_SECONDS) if self.selects else 0.0
        refitting = REFIT_SHARE * runtime if self.refits else 0.0
        wants_processes = self._repays_processes if self.n_jobs == "auto" else self.n_jobs not in (1, None)
        may_be_parallel = wants_processes and self._has_time_for_processes
        closing = min(CLOSING_SHARE * runtime, CLOSING_SECONDS) + (LEAVING_SECONDS if may_be_parallel else 0.0)
        return selecting, refitting, closing

    def workers(self, data: Data) -> int:
        """Return how many trials to train at once.

        "auto": one per core that is available where that repays the start of processes, and where a result need not
        be repeatable.  In a few seconds no process would be ready in time: one.
        """
        if not self._has_time_for_processes:
            return 1
        if self.n_jobs != "auto":
            return available_cores() if self.n_jobs == -1 else int(self.n_jobs or 1)
        fits = data.nbytes <= PARALLEL_UP_TO_BYTES
        return min(available_cores(), MOST_WORKERS) if self._repays_processes and fits else 1

    def executor(self, data: Data) -> Executor:
        """Return what trials run in; worker processes start, and import torch, while the baseline is fitted."""
        return make_executor(self.workers(data), imports=["autonet.pipeline.trial"])

    @property
    def _has_time_for_processes(self) -> bool:
        return self.runtime is None or self.runtime >= PROCESSES_FROM_SECONDS

    @property
    def _repays_processes(self) -> bool:
        return self.unit == "time" and (self.runtime or 0.0) >= PARALLEL_FROM_SECONDS

    @property
    def needs_timing(self) -> bool:
        """Whether the lowest rung depends on what an epoch takes."""
        return self.unit == "time" and self.min_budget is None

    def scoring_seconds(self, metrics: Sequence[Metric], n_folds: int) -> float:
        """Return the seconds for slow metrics that are recorded only: one score of the final model by each, if it fits.

        Without a limit of the runtime they take what they need.
        """
        seconds = sum(metric.seconds for metric in metrics if metric.is_slow) * n_folds
        return seconds if seconds <= SCORING_SHARE * (self.runtime or math.inf) else 0.0

    def rungs(self, epoch_seconds: float, metric_seconds: float = 0.0) -> Rungs:
        """Place the rungs; a budget not given follows from the runtime and from what an epoch takes.

        Parameters
        ----------
        epoch_seconds : float
            Time of an epoch of the default configuration, for budgets in seconds.
        metric_seconds : float
            Of a validation, what the metric takes: at the lowest rung no more than a share of the training.
        """
        if self.unit == "epochs":
            low = self.min_budget or min(EPOCHS_LOW, self.max_budget or EPOCHS_LOW)
            high = self.max_budget or max(EPOCHS_HIGH, low)
            return Rungs.geometric(low, high, self.eta, "epochs")
        runtime = self.runtime or DEFAULT_RUNTIME
        high = self.max_budget or max(TOP_SHARE * runtime, self.min_budget or 0.0)
        wanted = min(EPOCHS_WANTED * epoch_seconds, high / self.eta)
        least = max(high / RUNG_SPAN, EPOCHS_AT_LEAST * epoch_seconds, metric_seconds / METRIC_SHARE)
        low = self.min_budget or min(max(least, wanted), high)
        return Rungs.geometric(low, high, self.eta, "time")
