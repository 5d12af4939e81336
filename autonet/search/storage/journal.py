"""Journal of a study: saves events in the store, applies them to the history, manages checkpoints."""

import math
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.clock import TimeLimit
from autonet.core.errors import InvalidOption, RunCorrupted
from autonet.core.jsonvalues import is_storable, normalize, to_text
from autonet.search.evaluation import Outcome
from autonet.search.history import History, make_enqueue_event
from autonet.search.records import Event, Job, Progress, Result, Status, Trial
from autonet.search.reporting import log_trial
from autonet.search.spaces.distributions import merge
from autonet.search.spaces.encoding import Encoding, get_choices
from autonet.search.spaces.values import copy_value, safe_repr, to_plain
from autonet.search.storage.attachments import TRIALS
from autonet.search.storage.checkpoints import checkpoint_path, read_notes
from autonet.search.storage.files import defer_signals
from autonet.search.storage.replay import CHECKPOINT, replay, store_name
from autonet.search.storage.settings import load_space, open_store, reconcile_settings
from autonet.search.storage.store import MemoryStore, Store

__all__ = ["Journal"]


class Journal:
    """Persistent state of a study: its history, random seed and checkpoints.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace, optional
        Default: that of the run directory; in a new study, the objective defines it.
    history : History
        Empty history, to which the events of the run directory are applied.
    run_dir : path-like or Store, optional
        None keeps everything in memory.
    seed : int, optional
        Seed of all random streams.  Default: that of the run directory, or `fresh_seed`.
    fresh_seed : int
    keep_best : int, optional
        Number of best trials whose checkpoints are always kept.  Default: that of the run directory, or 1.
    data : object
        Data of the objective; not compared if None.
    names : mapping
        Names of sampler and scheduler, for `Study.open`.

    Attributes
    ----------
    seed : int
    checkpoints : dict of int to object
        By trial: the state, or the path to it.
    lost : set of int
        Trials that cannot be continued, because their checkpoints were dropped.
    pruner : Pruner, optional
    keep_best : int
    log_trials : bool
        Whether each job that ends is logged at info level; failures are always logged as warnings.
    """

    def __init__(
        self,
        space: ConfigurationSpace | None,
        history: History,
        run_dir: str | os.PathLike[str] | Store | None,
        *,
        seed: int | None,
        fresh_seed: int,
        keep_best: int | None = None,
        data: Any = None,
        names: Mapping[str, str | None] | None = None,
    ) -> None:
        self.history = history
        self.checkpoints: dict[int, Any] = {}
        self.lost: set[int] = set()
        self._enqueued_before: list[str] = []  # by earlier runs of the script
        self.log_trials = True
        self.pruner: Any = None
        self._resumed = False
        self._store = open_store(run_dir)
        self._temporary = (
            Path(tempfile.gettempdir()) / f"autonet-{uuid.uuid4().hex}"
        )  # made by the first trial that asks
        weakref.finalize(self, _delete, self._temporary, os.getpid())
        try:
            space = load_space(self._store) if space is None else space
            self.defines, self._space = space is None, space
            self._check_choices(self.space)
            kept = reconcile_settings(
                self._store,
                space,
                history.rungs,
                maximize=history.maximize,
                seed=seed,
                fresh_seed=fresh_seed,
                data=data,
                keep_best=1 if keep_best is None else keep_best,
                **(names or {}),
            )
            self.seed = int(kept["random_state"])
            self.keep_best = int(kept.get("keep_best", 1)) if keep_best is None else keep_best
            self._read()
            self._delete_orphans()
        except BaseException:
            self._store.close()
            raise
        history.begin_session(history.session + 1)

    @property
    def space(self) -> ConfigurationSpace:
        """The search space; if the objective defines it, the part that is known so far."""
        return self.history.defined.space if self._space is None else self._space

    @property
    def encoding(self) -> Encoding:
        """The encoding of configurations as rows of numbers."""
        return self.history.table(self.space).encoding

    @property
    def directory(self) -> str | None:
        """Directory of checkpoints; None if they are in memory."""
        return self._store.checkpoints

    @property
    def files(self) -> Path:
        """Directory in which each trial has a directory of its own; perhaps it does not exist yet."""
        return Path(self.directory).parent / TRIALS if self.directory else self._temporary

    def close(self) -> None:
        """Release the run directory."""
        self._store.close()

    def record(self, *events: Event) -> None:
        """Append events to the store, then apply them to the history."""
        with defer_signals():
            for event in self._store.append(*events):
                self._apply(event)

    def enqueue(self, config: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        """Enqueue a configuration with user attributes, unless an earlier run of the script has enqueued it."""
        if isinstance(self._store, MemoryStore):
            self.record(make_enqueue_event({name: copy_value(v) for name, v in config.items()}, attributes))
            return
        try:
            config = {name: normalize(value, f"the enqueued {name!r}") for name, value in config.items()}
        except TypeError as error:
            raise InvalidOption(str(error)) from None
        if _config_key(config) in self._enqueued_before:
            self._enqueued_before.remove(_config_key(config))
        else:
            self.record(make_enqueue_event(config, attributes))

    def resume(self) -> None:
        """Drop superfluous checkpoints of an earlier process before the first job; opening a study drops none."""
        if not self._resumed:
            self._resumed = True
            self._drop_checkpoints()

    def begin(self, number: int, target: float, limit: TimeLimit, *proposal: Event, isolated: bool = False) -> Job:
        """Record the start of a job, together with the proposal of a new trial, and return the job.

        If it is `isolated`, a worker process runs it, so that it is not blamed when this process dies.
        """
        resumes = number in self.checkpoints
        start = self.history.trials[number].budget if resumes else 0.0  # without a checkpoint, from the beginning
        progress = self._load_progress(number, start, target)
        body: dict[str, Any] = {"start": start, "target": target}
        if not isolated:
            body["session"] = self.history.session
        if progress is not None:
            body |= {"saves": progress.saves, "curve": progress.curve}
        self.record(*proposal, Event("start", number, body))
        trial = self.history.trials[number]
        return Job(
            trial=trial.number,
            config=trial.config if self.defines else self.encoding.restore_choices(trial.config),
            start=start,
            target=target,
            seed=trial.seed,
            deadline=limit.at,
            checkpoint=self.checkpoints.get(number)
            if progress is None
            else self._checkpoint_path(number, start, target),
            directory=self.directory,
            maximize=self.history.maximize,
            bounds=self._make_bounds(number),
            budgeted=self.history.rungs.unit != "none",
            defines=self.defines,
            known=dict(self.history.definitions),
            fixed=bool(trial.reports),
            progress=progress,
            files=str(self.files),
            attributes=dict(trial.attributes),
            best=best.rank[0] if (best := self.history.best) else math.inf,
            pruner=self.pruner,
        )

    def _make_bounds(self, number: int) -> Mapping[int, float]:
        """Return the bounds of the pruner for a trial."""
        make = getattr(self.pruner, "bounds", None)
        return self.history.bounds if make is None else dict(make(self.history, number))

    def _checkpoint_path(self, number: int, start: float, target: float) -> Path | None:
        """Return the checkpoint file of a job; None in memory."""
        return None if self.directory is None else checkpoint_path(self.directory, number, start, target)

    def _load_progress(self, number: int, start: float, target: float) -> Progress | None:
        """Load the progress of a job whose process died; None if it saved no checkpoint."""
        trial = self.history.running.get(number)
        path = self._checkpoint_path(number, start, target)
        if trial is None or path is None or not path.exists():
            return None
        try:
            return Progress.from_text(read_notes(path))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise RunCorrupted(f"The checkpoint {path} cannot be read: {type(error).__name__}: {error}.") from error

    def has_progressed(self, number: int) -> bool:
        """Return whether the running job of a trial has saved a checkpoint in this attempt."""
        trial = self.history.running.get(number)
        if trial is None or trial.running is None:
            return False
        progress = self._load_progress(number, trial.running.start, trial.running.target)
        return progress is not None and progress.saves > trial.saves

    def end(self, outcome: Outcome) -> Trial:
        """Record the outcome of a job atomically, and drop superfluous checkpoints."""
        outcome = self._reject_conflicts(outcome)
        job, result = outcome.job, outcome.result
        trial = self.history.trials[job.trial]
        before = self.checkpoints.get(job.trial)
        kept = result.checkpoint if math.isfinite(result.loss) and result.checkpoint is not None else before
        events = [Event("observe", job.trial, {"step": s, "value": v}) for s, v in outcome.curve]
        # A later job may end before it suggests anything.
        config = {**(trial.config if trial.reports else {}), **outcome.config}
        if outcome.definitions or (self.defines and config != dict(trial.config)):
            hyperparameters = [{"name": name, **d.to_dict()} for name, d in outcome.definitions.items()]
            events.append(Event("define", job.trial, {"config": config, "hyperparameters": hyperparameters}))
        body = {
            "report": _get_report_fields(outcome),
            "attributes": dict(outcome.attributes),
            "checkpoint": kept.name if isinstance(kept, Path) else None,
        }
        with defer_signals():
            self.record(*events, Event("end", job.trial, body))
            if kept is not None:
                self.checkpoints[job.trial] = kept
            for path in (before, self._checkpoint_path(job.trial, job.start, job.target)):
                if isinstance(path, Path) and path != kept:
                    path.unlink(missing_ok=True)
            self._drop_checkpoints()
        log_trial(self.history, trial, failures_only=not self.log_trials)
        return trial

    def cancel(self, trials: Iterable[int]) -> None:
        """Record that jobs were cancelled by the study; they are started again before any other."""
        events = [Event("cancel", number, {}) for number in trials if number in self.history.running]
        if events:
            self.record(*events)

    def _read(self) -> None:
        """Apply the events of the store."""
        for event in replay(self._store, self._apply):
            if event.kind == "enqueue":
                self._enqueued_before.append(_config_key(event.body["config"]))
        if not self.defines:
            try:
                _ = self.history.table(self.space).rows
            except Exception as error:
                raise RunCorrupted(
                    f"{store_name(self._store)} holds a configuration that is not in its space: {error}."
                ) from error

    def _apply(self, event: Event) -> None:
        """Apply an event, new or from the store."""
        self.history.apply(event)
        if event.kind == "end" and event.body["checkpoint"] is not None and self.directory is not None:
            name = event.body["checkpoint"]
            if not CHECKPOINT.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a checkpoint")
            path = Path(self.directory) / name
            if path.exists():
                self.checkpoints[event.trial] = path
                self.lost.discard(event.trial)
            else:
                self.checkpoints.pop(event.trial, None)
                self.lost.add(event.trial)

    def _reject_conflicts(self, outcome: Outcome) -> Outcome:
        """Fail a trial whose distributions conflict with those of other trials or cannot be stored; drop these."""
        kept, conflicts = {}, []
        for name, distribution in outcome.definitions.items():
            try:
                merge(name, self.history.definitions.get(name), distribution)
                self._check_choices({name: distribution})
            except InvalidOption as error:
                conflicts.append(error)
            else:
                kept[name] = distribution
        if not conflicts:
            return outcome
        if self.history.best is None:  # the objective never worked: raise
            self._check_choices(outcome.definitions)
        config = {name: value for name, value in outcome.config.items() if name in kept}
        result = Result(math.inf, outcome.job.start, Status.CRASHED)
        reason = f"InvalidOption: {conflicts[0]}"
        return replace(outcome, result=result, reason=reason, exception=conflicts[0], config=config, definitions=kept)

    def _check_choices(self, hyperparameters: Mapping[str, Any]) -> None:
        """Raise if a choice, such as a function or class, cannot be stored."""
        if isinstance(self._store, MemoryStore):
            return
        for name, hyperparameter in hyperparameters.items():
            for choice in map(to_plain, get_choices(hyperparameter)):
                if not is_storable(choice):
                    raise InvalidOption(
                        f"{name!r} has the choice {safe_repr(choice)}, which cannot be saved in a run "
                        "directory; use names as choices, and look up the objects in the objective."
                    )

    def _drop_checkpoints(self) -> None:
        """Keep the checkpoints of running, interrupted and best trials, and of 1.5 times those that may be promoted."""
        keep = {trial.number for trial in islice(self.history.ranked(), self.keep_best)}
        kept = [self.history.trials[number] for number in self.checkpoints]
        for budget in {t.budget for t in kept}:
            rung = [number for _, _, number in self.history.rung(budget)]
            keep |= set(rung[: 3 + int(1.5 * len(rung) / self.history.rungs.eta)])
        keep |= {t.number for t in kept if t.running or (t.last and t.last.status is not Status.FINISHED)}
        for number in [n for n in self.checkpoints if n not in keep]:
            self.lost.add(number)
            dropped = self.checkpoints.pop(number)
            if isinstance(dropped, Path):
                dropped.unlink(missing_ok=True)

    def _delete_orphans(self) -> None:
        """Delete checkpoints of no trial; those of running jobs are kept."""
        if self.directory is None:
            return
        jobs = [trial.running for trial in self.history.running.values() if trial.running]
        kept = set(self.checkpoints.values()) | {self._checkpoint_path(j.trial, j.start, j.target) for j in jobs}
        for path in Path(self.directory).iterdir():
            if path not in kept and CHECKPOINT.fullmatch(path.with_suffix(".safetensors").name):
                path.unlink()


def _delete(directory: Path, owner: int) -> None:
    """Delete a directory, but not in a forked process."""
    if os.getpid() == owner:
        shutil.rmtree(directory, ignore_errors=True)


def _config_key(config: Mapping[str, Any]) -> str:
    """Return a key that is equal for equal configurations, including NaN."""
    return to_text(dict(sorted(config.items())))


def _get_report_fields(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of the `Report` of an outcome."""
    job, result = outcome.job, outcome.result
    usable = math.isfinite(result.loss)
    status = result.status
    if not usable and status in (Status.FINISHED, Status.CUT, Status.INTERRUPTED):
        status = Status.DIVERGED
    budget = job.start if result.budget is None else result.budget
    # Seconds would make proposals irreproducible; they matter only if the search has a time limit.
    cost = max(budget - job.start, 0) if math.isinf(job.limit.at) else outcome.seconds
    return {
        "start": job.start,
        "target": job.target,
        "budget": budget,
        "loss": result.loss if usable else math.inf,
        "status": str(status),
        "seconds": outcome.seconds,
        "cost": cost if result.cost is None else result.cost,
        "tie_breaker": result.tie_breaker,
        "metrics": dict(result.metrics),
        "details": dict(result.details),
        "complete": result.complete,
        "began": outcome.began,
        "reason": outcome.reason,
        "error": outcome.error,
    }
