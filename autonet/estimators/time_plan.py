"""The time plan of a fit: stages and their time limits, workers, rungs of the search."""

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from autonet.core.clock import TimeLimit
from autonet.core.cores import available_cores
from autonet.core.modality import Data, RefitShares
from autonet.metrics.metric import Metric
from autonet.search.executors.base import Executor
from autonet.search.registry import make_executor
from autonet.search.rungs import Rungs, Unit

__all__ = ["DEFAULT_RUNTIME", "WORKER_IMPORTS", "Stage", "TimePlan"]

Stage = Literal["search", "selection", "refit", "closing"]

DEFAULT_RUNTIME = 300.0  # seconds, without any limit

WORKER_IMPORTS = ("autonet.pipeline.trial",)  # while the baseline is trained

# n_jobs="auto": worker processes take about three seconds to start (docs/benchmarks/tables.md).
MIN_PARALLEL_SECONDS = 15.0
MAX_PARALLEL_BYTES = 2**29  # of data that every worker copies
MAX_SHARED_BYTES = 2**33  # of data that all of them map, from memory or a temporary file
MAX_WORKERS = 8
# Any n_jobs: below it worker processes, which take up to half of it to start, would leave no time for a network.
MIN_PROCESS_SECONDS = 10.0

# Shares of the runtime before the search.
BASELINE_SHARE = 0.02
BASELINE_SECONDS = (0.1, 2.0)  # at least, at most
TIMING_SHARE = 0.03  # for each duration that is measured
MIN_TIMING_SECONDS = 0.3

# Shares of the runtime reserved at the end: fit must return by max_runtime.
SELECTION_SHARE = 0.02
MAX_SELECTION_SECONDS = 10.0
CLOSING_SHARE = 0.01
MAX_CLOSING_SECONDS = 2.0
SHUTDOWN_SECONDS = 0.3  # for worker processes to end: ten times what it takes on an idle machine

# Time for metrics.
METRIC_SHARE = 0.1  # of a training at the lowest rung
FOLDED_METRIC_SHARE = 0.01  # of the runtime, for five folds
SCORING_SHARE = 0.25  # of the runtime, for slow additional metrics

TESTING_SHARE = 0.1  # of the runtime, at most, for test rows

# Rungs.
TOP_SHARE = 1 / 3  # of the runtime, so that more than one configuration can reach the top rung
LONGEST_SHARE = 0.95  # of the time for the search, for a single configuration per worker
SHORT_SHARE = 0.35  # of the runtime: where networks need more for their epochs, a few get all of it
CHOSEN_SHARE = 0.5  # of the time for the search, at most; the rest is for short trainings to choose from
RUNG_SPAN = 27  # top rung over lowest rung: three promotions with eta=3
DEFAULT_EPOCHS = (5.0, 150.0)  # lowest and top rung, as in Auto-PyTorch
DEFAULT_SHARES = (1 / 9, 1.0)  # the same, of the rows
MIN_EPOCHS = 4  # at the lowest rung: rankings after one epoch say little about the end
WANTED_EPOCHS = 20  # at the lowest rung, if two rungs remain (docs/benchmarks/method.md)


@dataclass(frozen=True)
class TimePlan:
    """Time plan of a fit.

    Attributes
    ----------
    runtime : float or None
        Time limit in seconds; None if only the number of trials is limited.
    unit : {"time", "epochs", "subset"}
        Unit of the budgets.
    min_budget, max_budget : float or None
        Lowest and top rung, if the user set them.
    eta : float
        Ratio of a rung to the one below.
    selects : bool
        Whether an ensemble is selected at the end.
    refits : bool
        Whether its networks are then trained on all rows.
    n_jobs : int, str or None
        Number of trials at a time, as the user set it.
    refit_share : float
        Share of the runtime that is reserved for it.
    memory_limit_mb : float or None
        Memory of a trial, which is then trained in a worker process.
    copies : bool
        Whether each trial has a copy of the data, encoded or on another device; else they share one.
    scoring : float
        Seconds for slow additional metrics.
    testing : float
        Seconds for predictions of test rows by the final model.
    began : float
        Start of the fit, on the clock of ``time.monotonic()``.
    """

    runtime: float | None
    unit: Unit
    min_budget: float | None
    max_budget: float | None
    eta: float
    selects: bool
    refits: bool
    n_jobs: int | str | None
    refit_share: float = RefitShares.runtime
    memory_limit_mb: float | None = None
    copies: bool = True
    scoring: float = 0.0
    testing: float = 0.0
    began: float = field(default_factory=lambda: time.monotonic())  # noqa: PLW0108 - a clock that tests replace

    def limit(self, stage: Stage) -> TimeLimit:
        """Return when a stage must have ended."""
        selecting, refitting, closing = self._reserved
        reserved = {
            "search": selecting + self.scoring + refitting + closing,
            "selection": refitting + closing,
            "refit": closing,
            "closing": 0.0,
        }
        return TimeLimit(self.began + (self.runtime or math.inf) - reserved[stage])

    def after(self, searched: float) -> "TimePlan":
        """Return the plan of a fit that continues after so many seconds of search."""
        return replace(self, began=self.began - min(searched, max(self.limit("search").left(), 0.0)))

    @property
    def baseline_seconds(self) -> float:
        """Seconds for training the baseline."""
        low, high = BASELINE_SECONDS
        return min(max(BASELINE_SHARE * (self.runtime or high), low), high)

    @property
    def timing_seconds(self) -> float:
        """Seconds that the measurement of a duration may take; without a time limit, any."""
        return math.inf if self.runtime is None else max(TIMING_SHARE * self.runtime, MIN_TIMING_SECONDS)

    @property
    def _reserved(self) -> tuple[float, float, float]:
        """Seconds reserved at the end: for selection, refit and closing."""
        runtime = self.runtime or 0.0
        selecting = min(SELECTION_SHARE * runtime, MAX_SELECTION_SECONDS) if self.selects else 0.0
        refitting = self.refit_share * runtime if self.refits else 0.0
        wants_processes = self.repays_processes if self.n_jobs == "auto" else self.n_jobs not in (1, None)
        has_processes = (wants_processes and self._has_time_for_processes) or self.memory_limit_mb is not None
        closing = min(CLOSING_SHARE * runtime, MAX_CLOSING_SECONDS) + (SHUTDOWN_SECONDS if has_processes else 0.0)
        return selecting, refitting, closing + self.testing

    def workers(self, data: Data) -> int:
        """Return the number of trials to train at once.

        "auto": one per available core if that repays the start of processes and results need not be reproducible.
        """
        if not self._has_time_for_processes:
            return 1
        if self.n_jobs != "auto":
            return available_cores() if self.n_jobs == -1 else int(self.n_jobs or 1)
        maps = not self.copies and sys.platform.startswith("linux")
        fits = data.nbytes <= (MAX_SHARED_BYTES if maps else MAX_PARALLEL_BYTES)
        return min(available_cores(), MAX_WORKERS) if self.repays_processes and fits else 1

    def executor(self, data: Data) -> Executor:
        """Return the executor of trials; its worker processes start, and import torch, while the baseline is fitted."""
        return make_executor(self.workers(data), imports=WORKER_IMPORTS, memory_limit_mb=self.memory_limit_mb)

    @property
    def _has_time_for_processes(self) -> bool:
        return self.runtime is None or self.runtime >= MIN_PROCESS_SECONDS

    @property
    def repays_processes(self) -> bool:
        """Whether there is time for worker processes, or several threads, to be worth their start.

        Without a limit of the runtime, the longest training decides.
        """
        seconds = self.max_budget or TOP_SHARE * DEFAULT_RUNTIME if self.runtime is None else self.runtime
        return self.unit == "time" and seconds >= MIN_PARALLEL_SECONDS

    @property
    def needs_timing(self) -> bool:
        """Whether the lowest rung depends on the duration of an epoch."""
        return self.unit == "time" and self.min_budget is None

    def scoring_seconds(self, metrics: Sequence[Metric], n_folds: int) -> float:
        """Return the seconds for one score of the final model by each slow additional metric; 0 if that is too much."""
        seconds = sum(metric.seconds for metric in metrics if metric.is_slow) * n_folds
        return seconds if seconds <= SCORING_SHARE * (self.runtime or math.inf) else 0.0

    def testing_seconds(self, seconds: float) -> float:
        """Return the seconds to reserve for the predictions of test rows, which take this long."""
        return min(seconds, TESTING_SHARE * (self.runtime or 0.0))

    def is_short(self, epoch_seconds: float, compared_epochs: float) -> bool:
        """Return whether so many epochs leave too little of the runtime to choose from configurations."""
        if self.runtime is None or self.unit != "time" or self.min_budget is not None or self.max_budget is not None:
            return False
        has_begun_late = replace(self, refits=False)._longest <= TOP_SHARE * self.runtime  # noqa: SLF001 - its own
        return not has_begun_late and SHORT_SHARE * self.runtime < compared_epochs * epoch_seconds

    def without_refit_if_short(self, epoch_seconds: float, compared_epochs: float) -> "TimePlan":
        """Return a plan in which the search gets the time of the refit, if there is too little for so many epochs."""
        return replace(self, refits=False) if self.is_short(epoch_seconds, compared_epochs) else self

    @property
    def _longest(self) -> float:
        """Seconds for one configuration per worker."""
        return LONGEST_SHARE * (self.limit("search").left() if self.runtime else DEFAULT_RUNTIME)

    def rungs(self, epoch_seconds: float, metric_seconds: float = 0.0, compared_epochs: float = 0.0) -> Rungs:
        """Place the rungs; default budgets follow from the runtime and the duration of an epoch.

        Parameters
        ----------
        epoch_seconds : float
            Duration of an epoch of the default configuration, for budgets in seconds.
        metric_seconds : float
            Duration of the metric in a validation: at the lowest rung at most a share of the training.
        compared_epochs : float
            Epochs of a network before it is compared with others, for budgets in seconds: at the lowest rung, which
            is the top one where a further rung would be close to it.  If they take most of the runtime, there is one
            rung, for one configuration per worker.
        """
        if self.unit == "epochs":
            low = self.min_budget or min(DEFAULT_EPOCHS[0], self.max_budget or DEFAULT_EPOCHS[0])
            high = self.max_budget or max(DEFAULT_EPOCHS[1], low)
            return Rungs.geometric(low, high, self.eta, "epochs")
        if self.unit == "subset":
            high = self.max_budget or max(DEFAULT_SHARES[1], self.min_budget or 0.0)
            return Rungs.geometric(self.min_budget or min(DEFAULT_SHARES[0], high), high, self.eta, "subset")
        longest = self._longest
        if self.is_short(epoch_seconds, compared_epochs):
            return Rungs.geometric(longest, longest, self.eta, "time")
        top = TOP_SHARE * (self.runtime or DEFAULT_RUNTIME)
        if compared_epochs and longest > 0:
            top = min(max(top, compared_epochs * epoch_seconds), CHOSEN_SHARE * longest)
        high = self.max_budget or max(top, self.min_budget or 0.0)
        wanted = compared_epochs * epoch_seconds or min(WANTED_EPOCHS * epoch_seconds, high / self.eta)
        least = max(high / RUNG_SPAN, MIN_EPOCHS * epoch_seconds, metric_seconds / METRIC_SHARE)
        low = self.min_budget or min(max(least, wanted), high)
        if compared_epochs and self.min_budget is None and low > high / self.eta:
            low = high  # a rung in between would compare twice after nearly the same time
        return Rungs.geometric(low, high, self.eta, "time")
