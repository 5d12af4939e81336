"""History of a study, from which schedulers and samplers decide.

Trials are kept sorted by rank and rung, so that a decision is fast even with ten thousand trials.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace

from autonet.core.resulttable import ResultTable
from autonet.search.records import Config, Event, Job, Report, Status, Trial, check_types
from autonet.search.reporting import describe, html_table
from autonet.search.rungs import Rungs
from autonet.search.spaces.defined import DefinedSpace
from autonet.search.spaces.distributions import Distribution, from_dict
from autonet.search.table import TrialTable
from autonet.search.trajectory import trajectory

__all__ = ["EVENT_KINDS", "History", "make_enqueue_event"]

EVENT_KINDS = frozenset({"enqueue", "propose", "start", "cancel", "observe", "define", "end"})

MIN_CURVES = 5  # finished trials with a curve that the median rule requires


class History:
    """All trials of a study in the order of their proposals, and all reports in the order of their arrival.

    Parameters
    ----------
    rungs : Rungs
    maximize : bool
        Direction of the values of trials; losses are always minimized.

    Attributes
    ----------
    trials : list of Trial
    reports : list of (Trial, Report)
    queue : list of dict
        Enqueued configurations that no trial has taken yet.
    queued_attributes : list of dict
        User attributes of their trials.
    defined : DefinedSpace
        Space inferred from the suggestions of the objective.
    running : dict of int to Trial
    session : int
        Number of the process that runs the study, counted from 1 (see `begin_session`).
    preferred_from : float
        Budget below which trials rank after all others (see `prefer_from`).
    seconds_per_unit, overheads : dict of int to float
        By trial: wall seconds per unit of budget in its last job; largest overhead in seconds, if budgets are seconds.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> history = minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=5, random_state=0).history
    >>> len(history), [row["trial"] for row in history.to_dicts()]
    (5, [0, 1, 2, 3, 4])
    """

    def __init__(self, rungs: Rungs | None = None, *, maximize: bool = False) -> None:
        self.rungs, self.maximize = rungs or Rungs.without_budget(), maximize
        self.trials: list[Trial] = []
        self.reports: list[tuple[Trial, Report]] = []
        self.queue: list[dict[str, Any]] = []
        self.queued_attributes: list[dict[str, Any]] = []
        self.defined = DefinedSpace()
        self.running: dict[int, Trial] = {}
        self.seconds_per_unit: dict[int, float] = {}
        self.overheads: dict[int, float] = {}
        self.session = 0
        self.preferred_from = 0.0
        self._ranked: list[tuple[tuple[bool, float, float, float], int]] = []
        self._rungs: dict[float, list[tuple[float, float, int]]] = {}
        self._curves: dict[int, list[float]] = {}
        self._tables: dict[int, TrialTable] = {}

    def __len__(self) -> int:
        """Count the trials."""
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        """Iterate over the trials in the order of their proposals."""
        return iter(self.trials)

    def __repr__(self) -> str:
        """Show the number of trials and the best value."""
        return f"<History: {describe(self)}>"

    def _repr_html_(self) -> str:
        """Show the best trials as a table in a notebook."""
        return html_table("History", self)

    # --- events

    def apply(self, event: Event) -> None:
        """Apply an event; a history changes in no other way."""
        if event.kind not in EVENT_KINDS:
            raise ValueError(f"unknown kind of event {event.kind!r}")
        if event.kind not in ("enqueue", "propose") and not 0 <= event.trial < len(self.trials):
            raise ValueError(f"there is no trial {event.trial!r}")
        getattr(self, f"_on_{event.kind}")(event.trial, **event.body)

    def _on_enqueue(self, _: int, config: Mapping[str, Any], attributes: Mapping[str, Any] | None = None) -> None:
        """Enqueue a configuration, with user attributes of its trial."""
        attributes = {} if attributes is None else attributes
        check_types(config=(config, Mapping), attributes=(attributes, Mapping))
        self.queue.append(dict(config))
        self.queued_attributes.append(dict(attributes))

    def _on_propose(self, number: int, config: Config, seed: int, origin: str) -> None:
        """Add a new trial."""
        check_types(number=(number, int), config=(config, Mapping), seed=(seed, int), origin=(origin, str))
        if number != len(self.trials) or seed < 0:
            raise ValueError(f"trial {number} with seed {seed} cannot come after {len(self.trials)} trials")
        attributes = {}
        if origin == "enqueued":
            self.queue.pop(0)
            attributes = self.queued_attributes.pop(0)
        self.trials.append(Trial(number, config, seed, origin, maximize=self.maximize, attributes=attributes))

    def _on_start(
        self,
        number: int,
        start: float,
        target: float,
        session: int = 0,
        saves: int = 0,
        curve: Sequence[tuple[int, float]] = (),
    ) -> None:
        """Start a job; `saves` and `curve` are those of an earlier attempt."""
        check_types(start=(start, Real), target=(target, Real), session=(session, int), saves=(saves, int))
        if not (0 <= start < float("inf") and 0 < target < float("inf")):
            raise ValueError(f"a job cannot go from budget {start} to {target}")
        self.begin_session(session)
        trial = self.trials[number]
        del trial.curve[trial.settled :]  # reported by an attempt whose process died
        trial.curve += [_check_point(step, value) for step, value in curve]
        if saves > trial.saves:  # the earlier attempt made progress
            trial.attempts, trial.saves = 0.0, saves
        trial.running = Job(number, trial.config, start, target, trial.seed)
        trial.session = session
        self.running[number] = trial

    def begin_session(self, session: int) -> None:
        """Begin a new session; trials that were running share the blame for the death of the previous process."""
        if session <= self.session:
            return
        suspects = [trial for trial in self.running.values() if trial.session == self.session]
        for trial in suspects:
            trial.attempts += 1 / len(suspects)
        self.session = session

    def _on_cancel(self, number: int) -> None:
        """Cancel a job; its trial is not blamed."""
        self.trials[number].session = 0

    def _on_observe(self, number: int, step: int, value: float) -> None:
        """Add an intermediate value to a trial."""
        self.trials[number].curve.append(_check_point(step, value))

    def _on_define(self, number: int, config: Config, hyperparameters: Sequence[Mapping[str, Any]]) -> None:
        """Set the configuration that the objective has suggested."""
        self.defined.define(number, config, {item["name"]: from_dict(item) for item in hyperparameters})
        self.trials[number].config = config
        for table in self._tables.values():
            table.update(number)

    def _on_end(
        self, number: int, report: Mapping[str, Any], attributes: Mapping[str, Any], checkpoint: str | None = None
    ) -> None:
        """End a job with its report."""
        del checkpoint  # the journal handles it
        check_types(attributes=(attributes, Mapping))
        trial = self.trials[number]
        self.add(trial, Report.from_dict(report))
        trial.attributes.update(attributes)
        # An objective that returned a non-finite value ran completely.
        self.defined.observe(number, trial.config, complete=trial.status in (Status.FINISHED, Status.DIVERGED))

    def add(self, trial: Trial, report: Report) -> None:
        """Add a report to a trial."""
        number = trial.number
        if trial.usable:
            self._ranked.pop(bisect_left(self._ranked, (self._rank(trial), number)))
        trial.add(report)
        self.running.pop(number, None)
        self.reports.append((trial, report))
        if trial.usable:
            insort(self._ranked, (self._rank(trial), number))
        if trial.failed or report.status is Status.FINISHED:
            insort(self._rungs.setdefault(report.target, []), (report.loss, report.tie_breaker, number))
        paid = report.budget - report.start
        if paid > 0:
            self.seconds_per_unit[number] = report.seconds / paid
            self.overheads[number] = max(report.seconds - paid, self.overheads.get(number, 0.0))
        if not trial.failed and len(self.rungs) == 1:
            self._add_curve(trial)

    def _rank(self, trial: Trial) -> tuple[bool, float, float, float]:
        return (trial.budget < self.preferred_from, *trial.rank)

    def prefer_from(self, budget: float) -> None:
        """Rank trials below a budget after all others: their values are measured otherwise, such as on fewer rows."""
        self.preferred_from = budget
        self._ranked = sorted((self._rank(self.trials[number]), number) for _, number in self._ranked)

    def to_events(self) -> Iterator[Event]:
        """Yield events that build an equal history: for each job that has ended, what began it and its report.

        Curves come before the last job of their trial, configurations that are still enqueued last.
        """
        last = {trial.number: report for trial, report in self.reports}
        proposed = iter(self.trials)
        n_proposed = 0
        for trial, report in self.reports:
            while n_proposed <= trial.number:
                yield from _proposal(next(proposed))
                n_proposed += 1
            yield Event("start", trial.number, {"start": report.start, "target": report.target})
            attributes: Mapping[str, Any] = {}
            if last[trial.number] is report:
                attributes = dict(trial.attributes)
                for step, value in trial.curve:
                    yield Event("observe", trial.number, {"step": step, "value": value})
            copied = {"metrics": dict(report.metrics), "details": dict(report.details)}
            fields = {**vars(report), "status": str(report.status), **copied}
            yield Event("end", trial.number, {"report": fields, "attributes": attributes})
        for trial in proposed:
            yield from _proposal(trial)
        for config, attributes in zip(self.queue, self.queued_attributes, strict=True):
            yield make_enqueue_event(config, attributes)

    # --- views

    @property
    def definitions(self) -> Mapping[str, Distribution]:
        """Distributions that objectives suggested from, by name, in the order of their first suggestion."""
        return self.defined.distributions

    @property
    def best(self) -> Trial | None:
        """The trial with the smallest loss, of those that `prefer_from` prefers.

        Ties go to the tie-breaker, then to the larger budget.
        """
        return self.trials[self._ranked[0][1]] if self._ranked else None

    def ranked(self) -> Iterator[Trial]:
        """Iterate over the trials that have a value, best first."""
        return (self.trials[number] for _, number in self._ranked)

    def rung(self, budget: float) -> Sequence[tuple[float, float, int]]:
        """Return loss, tie-breaker and number of the trials that ended at a rung, failed ones included, best first."""
        return self._rungs.get(budget, ())

    def table(self, space: ConfigurationSpace) -> TrialTable:
        """Return the history as arrays; see `TrialTable`."""
        if id(space) not in self._tables:
            # Only the latest: an older version of a growing space is not needed again.
            self._tables = {id(space): TrialTable(space, self.trials, self.reports)}
        return self._tables[id(space)]

    @property
    def best_losses(self) -> Mapping[int, list[float]]:
        """By step: the smallest loss up to it of each trial that has ended without being pruned."""
        return self._curves

    @property
    def bounds(self) -> dict[int, float]:
        """Bounds of the median pruning rule: by step, the median of the smallest losses reported so far.

        After Golovin et al., "Google Vizier" (2017).  Empty until enough trials have finished, and with several
        rungs, which stop trials better.
        """
        return {step: float(np.median(losses)) for step, losses in self._curves.items() if len(losses) >= MIN_CURVES}

    def _add_curve(self, trial: Trial) -> None:
        best = float("inf")
        for step, value in trial.curve:
            best = min(best, -value if trial.maximize else value)
            self._curves.setdefault(step, []).append(best)

    def trajectory(self) -> ResultTable:
        """Return the best value so far over wall time, a row per improvement; see `Study.trajectory`."""
        return trajectory(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary per report, ready for a data frame; a metric never overwrites a field."""
        rows = []
        for trial in self.trials:
            for report in trial.reports:
                row = {
                    "trial": trial.number,
                    "origin": trial.origin,
                    "start": report.start,
                    "budget": report.budget,
                    "loss": report.loss,
                    "status": str(report.status),
                    "seconds": report.seconds,
                    "config": dict(trial.config),
                }
                rows.append(row | {f"metrics_{k}" if k in row else k: v for k, v in report.metrics.items()})
        return rows


def _check_point(step: Any, value: Any) -> tuple[int, float]:
    check_types(step=(step, int), value=(value, Real))
    return step, value


def make_enqueue_event(config: Config, attributes: Mapping[str, Any]) -> Event:
    """Make the event that enqueues a configuration, with user attributes of its trial."""
    return Event("enqueue", -1, {"config": config, **({"attributes": dict(attributes)} if attributes else {})})


def _proposal(trial: Trial) -> Iterator[Event]:
    """Yield the events of a proposal."""
    config = dict(trial.config)
    if trial.origin == "enqueued":
        yield make_enqueue_event(config, {} if trial.reports else trial.attributes)
    yield Event("propose", trial.number, {"config": config, "seed": trial.seed, "origin": trial.origin})
