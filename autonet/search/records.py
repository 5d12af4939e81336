"""The nouns of the search: a job goes out, a result comes back, a report is kept; the history holds all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["History", "Job", "Report", "Result", "Status", "Trial"]

Config = Mapping[str, Any]


class Status(StrEnum):
    """How a job ended."""

    FINISHED = "finished"  # reached its budget
    CUT = "cut"  # ended early by the deadline, with a model
    INTERRUPTED = "interrupted"  # ended early by the user, with a model
    DIVERGED = "diverged"  # loss became NaN or infinite
    CRASHED = "crashed"  # raised an exception


@dataclass(frozen=True)
class Job:
    """Train one configuration from the budget already paid to a target.

    Attributes
    ----------
    trial : int
        Number of the trial, counted from 0.
    config : mapping
        The configuration, as plain Python values.
    start, target : float
        Budget already paid, and budget to reach; in the study's unit (seconds or epochs).
    seed : int
        The trial's own random seed; the same for all of its jobs.
    deadline : float
        Reading of ``time.monotonic()`` at which the job must have ended.
    checkpoint : object
        What the trial's last job left behind; None for a new trial.
    """

    trial: int
    config: Config
    start: float
    target: float
    seed: int
    deadline: float = float("inf")
    checkpoint: Any = None


@dataclass(frozen=True)
class Result:
    """What an objective hands back for a job.

    Attributes
    ----------
    loss : float
        To be minimized; infinite if there is no model.
    budget : float
        Budget reached, less than the target if the job was cut.
    tie_breaker : float
        Compared, smaller first, between results of equal loss.
    cost : float, optional
        What the job cost, in a unit of the objective's own that can be compared between trials; the sampler
        weighs it.  Default: wall seconds, which no seed reproduces.
    metrics : mapping
        Further numbers and short texts to keep with the report.
    checkpoint : object
        What the next job of the trial goes on from.
    """

    loss: float
    budget: float
    status: Status = Status.FINISHED
    tie_breaker: float = 0.0
    cost: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Any = None


@dataclass(frozen=True)
class Report:
    """The record of one job: what it was asked, what came out, what it cost.

    Attributes
    ----------
    seconds : float
        Wall time of the job.
    cost : float
        What the sampler weighs against the gain; see `Result`.
    error : str
        Traceback of a crashed job.
    """

    start: float
    target: float
    budget: float
    loss: float
    status: Status
    seconds: float
    cost: float
    tie_breaker: float = 0.0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether the job left no usable model."""
        return self.status in (Status.DIVERGED, Status.CRASHED)


@dataclass
class Trial:
    """One configuration with everything that is known about it."""

    number: int
    config: Config
    seed: int
    origin: str
    reports: list[Report] = field(default_factory=list)
    running: Job | None = None

    @property
    def usable(self) -> list[Report]:
        """The reports with a model behind them, in the order of their budgets."""
        return [r for r in self.reports if not r.failed]

    @property
    def last(self) -> Report | None:
        """The usable report at the highest budget."""
        return self.usable[-1] if self.usable else None

    @property
    def budget(self) -> float:
        """The budget paid so far."""
        return self.usable[-1].budget if self.usable else 0.0

    @property
    def failed(self) -> bool:
        """Whether the latest job of the trial failed: such a trial is never continued."""
        return bool(self.reports) and self.reports[-1].failed

    @property
    def rank(self) -> tuple[float, float, float]:
        """Key by which trials are compared: loss, then tie-breaker, then the larger budget."""
        last = self.last
        if last is None:
            return (float("inf"), float("inf"), 0.0)
        return (last.loss, last.tie_breaker, -last.budget)


@dataclass
class History:
    """All trials in the order in which they were proposed: the only state of a search."""

    trials: list[Trial] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the trials."""
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        """Go through the trials in the order in which they were proposed."""
        return iter(self.trials)

    @property
    def best(self) -> Trial | None:
        """The trial with the smallest loss; ties go to the tie-breaker, then to the larger budget."""
        usable = [t for t in self.trials if t.usable]
        return min(usable, key=lambda t: t.rank) if usable else None

    @property
    def trajectory(self) -> list[dict[str, float]]:
        """Losses of the best trial over the running total of seconds, a row per improvement."""
        rows: list[dict[str, float]] = []
        spent, best = 0.0, float("inf")
        for trial, report in self.reports:
            spent += report.seconds
            if not report.failed and report.loss < best:
                best = report.loss
                rows.append({"seconds": spent, "loss": best, "trial": trial.number, "budget": report.budget})
        return rows

    @property
    def reports(self) -> list[tuple[Trial, Report]]:
        """Every report with its trial, ordered by trial and budget."""
        return [(t, r) for t in self.trials for r in t.reports]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one plain dictionary per report, ready for a data frame or for JSON."""
        return [
            {
                "trial": t.number,
                "origin": t.origin,
                "start": r.start,
                "budget": r.budget,
                "loss": r.loss,
                "status": str(r.status),
                "seconds": r.seconds,
                **r.metrics,
                "config": dict(t.config),
            }
            for t, r in self.reports
        ]
