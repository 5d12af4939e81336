"""Records of a search: jobs, their results, and the reports that trials keep."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from numbers import Real
from typing import Any, Self

from autonet.core.clock import TimeLimit
from autonet.core.jsonvalues import from_text, to_text

__all__ = ["MAX_OVERSHOOT", "Config", "Event", "Job", "Progress", "Report", "Result", "Status", "Trial", "check_types"]

Config = Mapping[str, Any]


class Status(StrEnum):
    """How a job ended.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=5).best.status is Status.FINISHED
    True
    """

    FINISHED = "finished"  # reached its budget
    CUT = "cut"  # stopped by the time limit, with a value
    INTERRUPTED = "interrupted"  # stopped by the user, with a value
    PRUNED = "pruned"  # stopped early because other trials are better
    DIVERGED = "diverged"  # value became NaN or infinite
    CRASHED = "crashed"  # raised an exception, or its process died
    TIMEOUT = "timeout"  # stopped by the time limit, without a value
    MEMOUT = "memout"  # exceeded the memory limit


MAX_OVERSHOOT = 2.0  # factor by which a measured budget, such as seconds, may exceed its target

FAILED = frozenset({Status.DIVERGED, Status.CRASHED, Status.TIMEOUT, Status.MEMOUT})


def check_types(**fields: tuple[Any, type]) -> None:
    """Raise a TypeError if a value is not of its type; `fields` are pairs of both.  Booleans are not numbers."""
    for name, (value, kind) in fields.items():
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{name} is of type {type(value).__name__}, not {kind.__name__}")


@dataclass(frozen=True)
class Event:
    """Event of a study: its kind, the number of its trial (-1 for none), and plain values.

    Examples
    --------
    >>> Event("observe", 0, {"step": 1, "value": 0.5}).kind
    'observe'
    """

    kind: str
    trial: int
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """Progress of a job at its latest checkpoint, saved with it so that another attempt can resume there.

    Attributes
    ----------
    saves : int
        Number of checkpoints that the job has saved in all attempts.
    curve : list of (int, float)
        Reported steps and values.
    attributes : mapping
        User attributes; see `RunningTrial.set_user_attr`.
    metrics : mapping of str to list of (int, float)
        Steps and values of reported metrics.
    """

    saves: int
    curve: list[tuple[int, float]]
    attributes: Mapping[str, Any]
    metrics: Mapping[str, list[tuple[int, float]]] = field(default_factory=dict)

    def to_text(self) -> str:
        """Serialize to JSON."""
        return to_text(vars(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote."""
        progress = cls(**from_text(text))
        check_types(saves=(progress.saves, int), curve=(progress.curve, list))
        check_types(attributes=(progress.attributes, Mapping), metrics=(progress.metrics, Mapping))
        for step, value in chain(progress.curve, *progress.metrics.values()):
            check_types(step=(step, int), value=(value, Real))
        return progress


@dataclass(frozen=True)
class Job:
    """Job of an executor: train one configuration from the budget already spent to a target.

    Attributes
    ----------
    trial : int
        Number of the trial, counted from 0.
    config : mapping
        The configuration, as plain Python values.
    start, target : float
        Budget already spent, and budget to reach, in the study's unit.
    seed : int
        Random seed of the trial, the same for all of its jobs.
    deadline : float
        Reading of ``time.monotonic()`` at which the job must have ended; see also `limit`.
    checkpoint : object
        Latest checkpoint of the trial, or the path to it; None for a new trial.
    directory : str, optional
        Directory of new checkpoints; None keeps them in memory.
    maximize : bool
        Whether the objective's values are to be maximized.
    bounds : mapping of int to float
        By step: the loss above which the trial is pruned (see `RunningTrial.should_prune`).
    budgeted : bool
        Whether the study has budgets.
    defines : bool
        Whether the objective defines the space (define-by-run); `config` then holds proposals for known names.
    known : mapping of str to Distribution
        Distributions that earlier trials suggested from.
    fixed : bool
        Whether the values of `config` must be used unchanged, because an earlier job of the trial has used them.
    progress : Progress, optional
        Progress of an earlier attempt at the job whose process was killed.
    files : str, optional
        Directory in which each trial has a directory of its own.
    best : float
        Smallest loss in the study when the job began.
    pruner : Pruner, optional
        Default: the median rule.
    attributes : mapping
        User attributes that the trial has already: those it was enqueued with, and those of its earlier jobs.

    Examples
    --------
    >>> Job(trial=0, config={"x": 2.0}, start=0.0, target=1.0, seed=0).target
    1.0
    """

    trial: int
    config: Config
    start: float
    target: float
    seed: int
    deadline: float = float("inf")
    checkpoint: Any = None
    directory: str | None = None
    maximize: bool = False
    bounds: Mapping[int, float] = field(default_factory=dict)
    budgeted: bool = True
    defines: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)
    fixed: bool = False
    progress: Progress | None = None
    files: str | None = None
    best: float = math.inf
    pruner: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def limit(self) -> TimeLimit:
        """The deadline as a `TimeLimit`."""
        return TimeLimit(self.deadline)


@dataclass(frozen=True)
class Result:
    """Result of a job; an objective may return one instead of a number.

    Attributes
    ----------
    loss : float
        Minimized, whatever the direction of the study.
    budget : float, optional
        Budget reached, less than the target if the job was stopped early.  Default: the target.
    tie_breaker : float
        Breaks ties between equal losses; smaller is better.
    cost : float, optional
        Cost of the job in any unit that is comparable between trials; samplers weigh it.  Default: wall seconds if
        the search has a time limit, else the budget, so that a seed reproduces the search.
    metrics : mapping
        Further values to keep with the report.
    checkpoint : object
        State from which the next job of the trial resumes; not copied.
    complete : bool
        Whether more budget would not help: the trial counts as being at the top rung and is never continued.
    details : mapping
        Plain values to keep with the report, such as learning curves; in no data frame, in contrast to metrics.

    Examples
    --------
    >>> from autonet.search import maximize
    >>> def objective(trial):
    ...     return Result(loss=-trial["x"], cost=2.0, metrics={"twice": 2 * trial["x"]})
    >>> best = maximize(objective, {"x": (0, 9)}, max_trials=10, random_state=0).best
    >>> best.value, best.metrics["twice"]
    (9.0, 18)
    """

    loss: float
    budget: float | None = None
    status: Status = Status.FINISHED
    tie_breaker: float = 0.0
    cost: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: Any = None
    complete: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Report of a job that has ended.

    Attributes
    ----------
    loss : float
        Minimized; infinite if the job has no value.
    began : float
        Start of the job, in seconds since the epoch.
    seconds : float
        Wall time of the job.
    cost : float
        Cost that samplers weigh against the gain; see `Result`.
    complete : bool
        Whether more budget would not help; see `Result`.
    reason : str
        Why the job did not finish, in one line.
    error : str
        Traceback of a crashed job.
    details : mapping
        See `Result`.
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
    began: float = 0.0
    complete: bool = False
    reason: str = ""
    error: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Make a report from the fields in a store, which are checked.

        Raises
        ------
        TypeError, ValueError
        """
        report = cls(**{**fields, "status": Status(fields["status"])})
        numbers = ("start", "target", "budget", "loss", "seconds", "cost", "tie_breaker", "began")
        check_types(**{name: (getattr(report, name), Real) for name in numbers})
        check_types(metrics=(report.metrics, Mapping), complete=(report.complete, bool))
        check_types(reason=(report.reason, str), error=(report.error, str), details=(report.details, Mapping))
        in_range = 0 <= report.cost < math.inf and 0 <= report.budget <= MAX_OVERSHOOT * max(
            report.target, report.start
        )
        if any(math.isnan(getattr(report, name)) for name in numbers) or not in_range:
            raise ValueError("a number of the report is out of its range")
        return report

    @property
    def failed(self) -> bool:
        """Whether the job has no result that can be used or continued."""
        return self.status in FAILED


@dataclass
class Trial:
    """A configuration with the reports of its jobs.

    Attributes
    ----------
    number : int
        Counted from 0, in the order of the proposals.
    config : mapping
        Python values; inactive hyperparameters are absent.
    origin : {"default", "enqueued", "sampler", "repeat", "added"}
        Who proposed it; "repeat" has the configuration of an earlier trial, and another seed; "added" was run
        elsewhere.
    reports : list of Report
        One per job, by increasing budget.
    curve : list of (int, float)
        Steps and values that the objective reported.
    attributes : dict
        User attributes; see `RunningTrial.set_user_attr`.
    running : Job or None
    attempts : float
        Number of deaths of the process that ran the job, each divided by the number of trials that it was running;
        reset when the trial saves a checkpoint.
    session : int
        Number of the session, that is, of the process that runs the job; 0 if a worker process runs it.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> best = minimize(lambda trial: trial["x"] / 2, {"x": (3, 9)}, max_trials=7, random_state=0).best
    >>> best.value, best.config, best.origin in ("default", "sampler")
    (1.5, {'x': 3}, True)
    """

    number: int
    config: Config
    seed: int
    origin: str
    maximize: bool = False
    reports: list[Report] = field(default_factory=list)
    curve: list[tuple[int, float]] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    running: Job | None = None
    attempts: float = 0.0
    session: int = 0
    saves: int = 0  # number of checkpoints that earlier attempts at the running job have saved
    settled: int = 0  # number of values of the curve from jobs that have ended
    last: Report | None = field(default=None, repr=False)  # the usable report at the highest budget

    def __str__(self) -> str:
        """Show number, value, budget and configuration in one line."""
        value = "no value" if self.value is None else f"value {self.value:g}"
        return f"trial {self.number}: {value} at budget {self.budget:g}, {dict(self.config)}"

    def add(self, report: Report) -> None:
        """Add the report of a job that has ended."""
        self.reports.append(report)
        self.running, self.attempts, self.session, self.saves = None, 0.0, 0, 0
        self.settled = len(self.curve)
        if not report.failed and report.status is not Status.PRUNED:
            self.last = report

    @property
    def budget(self) -> float:
        """The budget spent so far."""
        return self.last.budget if self.last else 0.0

    @property
    def value(self) -> float | None:
        """The latest value of the objective, in the direction of the study; None without a usable report."""
        if self.last is None:
            return None
        return -self.last.loss if self.maximize else self.last.loss

    @property
    def params(self) -> Config:
        """The configuration, under Optuna's name."""
        return self.config

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Metrics of the latest usable report; without one, of the latest report."""
        latest = self.last or (self.reports[-1] if self.reports else None)
        return latest.metrics if latest else {}

    @property
    def status(self) -> Status | None:
        """Status of the latest job; None while the first one is running."""
        return self.reports[-1].status if self.reports else None

    @property
    def usable(self) -> bool:
        """Whether the trial has a value."""
        return self.last is not None

    @property
    def failed(self) -> bool:
        """Whether the latest job of the trial failed or was pruned: such a trial is never continued."""
        return bool(self.reports) and (self.reports[-1].failed or self.reports[-1].status is Status.PRUNED)

    @property
    def complete(self) -> bool:
        """Whether the objective reported that more budget would not help: such a trial is never continued."""
        return self.last is not None and self.last.complete

    @property
    def rank(self) -> tuple[float, float, float]:
        """Sort key of trials: loss, tie-breaker, negative budget; smaller is better."""
        if self.last is None:
            return (float("inf"), float("inf"), 0.0)
        return (self.last.loss, self.last.tie_breaker, -self.last.budget)
