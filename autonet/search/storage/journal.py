"""The journal of a study: events go to the store, then into the history; checkpoints are kept beside them."""

import logging
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import joblib
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, RunCorrupted, RunMismatch
from autonet.search.evaluation import Outcome
from autonet.search.history import History
from autonet.search.records import Event, Job, Result, Status, Trial
from autonet.search.spaces.distributions import merge
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import described
from autonet.search.spaces.values import plain
from autonet.search.storage.jsonvalues import is_kept
from autonet.search.storage.signals import held_back
from autonet.search.storage.store import MemoryStore, RunDirectory, Store, differences

__all__ = ["Journal", "read_history"]

logger = logging.getLogger("autonet.search")

# Trial, budgets it goes from and to; nothing else is read or deleted, whatever a run directory from elsewhere says.
CHECKPOINT = re.compile(r"\d+-[\d.e+-]+-[\d.e+-]+\.safetensors")


class Journal:
    """Everything that a study must not lose.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace, optional
        None if the objective defines it.
    history : History
        Empty; what the run directory holds is read into it.
    run_dir : path-like or Store, optional
        None keeps everything in memory.
    seed : int, optional
        Root of the random streams; None takes the run directory's, or `fresh_seed`.
    fresh_seed : int
    keep_best : int
        How many of the best trials keep their checkpoints, whether or not they may still go on.
    data : object
        What the objective depends on; None is not compared.

    Attributes
    ----------
    seed : int
    checkpoints : dict of int to object
        By trial: its state, or the path to it.
    lost : set of int
        Trials that cannot go on, because their checkpoints were dropped.
    """

    def __init__(
        self,
        space: ConfigurationSpace | None,
        history: History,
        run_dir: str | os.PathLike[str] | Store | None,
        *,
        seed: int | None,
        fresh_seed: int,
        keep_best: int = 1,
        data: Any = None,
    ) -> None:
        self.defines, self._space = space is None, space
        self.history = history
        self.checkpoints: dict[int, Any] = {}
        self.lost: set[int] = set()
        self._keep_best = keep_best
        self._enqueued_before: list[Any] = []  # what an earlier run of the same script has enqueued
        self._store = _store(run_dir)
        try:
            self.seed = self._agree(seed, fresh_seed, data)
            self._read()
        except BaseException:
            self._store.close()
            raise
        self._drop_checkpoints()  # the process may have died before it did
        self._sweep()

    @property
    def space(self) -> ConfigurationSpace:
        """What may vary; of a study whose objective defines it, what is known of it."""
        return self.history.defined.space if self._space is None else self._space

    @property
    def encoding(self) -> Encoding:
        """The space as columns of numbers."""
        return self.history.table(self.space).encoding

    @property
    def directory(self) -> str | None:
        """Where checkpoints are written; None keeps them in memory."""
        return self._store.checkpoints

    def close(self) -> None:
        """Let go of the run directory."""
        self._store.close()

    def record(self, *events: Event) -> None:
        """Keep events, then take them up: what is in the history is in the store."""
        with held_back():
            for event in self._store.append(*events):
                self._take_up(event)

    def enqueue(self, config: Mapping[str, Any]) -> None:
        """Keep a configuration that is to be tried, unless it is what an earlier run of the script has enqueued."""
        if config in self._enqueued_before:
            self._enqueued_before.remove(config)
        else:
            self.record(Event("enqueue", -1, {"config": dict(config)}))

    def begin(self, number: int, target: float, deadline: float, *proposal: Event) -> Job:
        """Note that a trial begins a job, and make the job; what proposed a new trial is kept with it or not at all."""
        resumes = number in self.checkpoints
        start = self.history.trials[number].budget if resumes else 0.0  # without a checkpoint it is paid for again
        self.record(*proposal, Event("start", number, {"start": start, "target": target}))
        trial = self.history.trials[number]
        return Job(
            trial=trial.number,
            config=trial.config,
            start=start,
            target=target,
            seed=trial.seed,
            deadline=deadline,
            checkpoint=self.checkpoints.get(trial.number),
            directory=self.directory,
            maximize=self.history.maximize,
            bounds=self.history.bounds,
            budgeted=self.history.rungs.unit != "none",
            defines=self.defines,
            known=dict(self.history.definitions),
            fixed=bool(trial.reports),
        )

    def end(self, outcome: Outcome) -> Trial:
        """Take up the outcome of a job; all of it is kept, or nothing."""
        outcome = self._refuse_conflicts(outcome)
        job, result = outcome.job, outcome.result
        trial = self.history.trials[job.trial]
        before = self.checkpoints.get(job.trial)
        kept = result.checkpoint if math.isfinite(result.loss) and result.checkpoint is not None else before
        self._refuse_objects(outcome.definitions)
        events = [Event("observe", job.trial, {"step": s, "value": v}) for s, v in outcome.curve]
        # A later job that ends before it suggests anything leaves the configuration as it is.
        config = {**(trial.config if trial.reports else {}), **outcome.config}
        if outcome.definitions or (self.defines and config != dict(trial.config)):
            hyperparameters = [{"name": name, **d.to_dict()} for name, d in outcome.definitions.items()]
            events.append(Event("define", job.trial, {"config": config, "hyperparameters": hyperparameters}))
        body = {
            "report": _report(outcome),
            "attributes": dict(outcome.attributes),
            "checkpoint": kept.name if isinstance(kept, Path) else None,
        }
        with held_back():
            self.record(*events, Event("end", job.trial, body))
            if kept is not None:
                self.checkpoints[job.trial] = kept
            if isinstance(before, Path) and before != kept:
                before.unlink(missing_ok=True)
            self._drop_checkpoints()
        if trial.failed and trial.status is not Status.PRUNED:
            logger.warning("trial %d %s: %s", trial.number, trial.status, outcome.reason)
        return trial

    def cancel(self, trials: Iterable[int]) -> None:
        """Note that jobs were ended by the study itself; they are begun again before anything else."""
        events = [Event("cancel", number, {}) for number in trials if number in self.history.running]
        if events:
            self.record(*events)

    def _read(self) -> None:
        """Take up what the store holds."""
        for number, event in enumerate(self._store.events(), 1):
            try:
                self._take_up(event)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise RunCorrupted(
                    f"Event {number} ({event.kind}) of {self._where} cannot be understood: {type(error).__name__}: "
                    f"{error}; restore it from a copy, or give another run_dir."
                ) from error
            if event.kind == "enqueue":
                self._enqueued_before.append(event.body["config"])

    def _take_up(self, event: Event) -> None:
        """Take up an event, live or from the run directory."""
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

    def _refuse_conflicts(self, outcome: Outcome) -> Outcome:
        """Fail a trial that suggested what contradicts a trial that ended while it ran; keep what does not."""
        kept, conflicts = {}, []
        for name, distribution in outcome.definitions.items():
            try:
                merge(name, self.history.definitions.get(name), distribution)
            except InvalidOption as error:
                conflicts.append(error)
            else:
                kept[name] = distribution
        if not conflicts:
            return outcome
        config = {name: value for name, value in outcome.config.items() if name in kept}
        result = Result(math.inf, outcome.job.start, Status.CRASHED)
        reason = f"InvalidOption: {conflicts[0]}"
        return replace(outcome, result=result, reason=reason, exception=conflicts[0], config=config, definitions=kept)

    def _refuse_objects(self, hyperparameters: Mapping[str, Any]) -> None:
        """Refuse choices that a store would not give back as they are: functions, classes and other objects."""
        if isinstance(self._store, MemoryStore):
            return
        for name, hyperparameter in hyperparameters.items():
            for choice in map(plain, getattr(hyperparameter, "choices", getattr(hyperparameter, "sequence", ()))):
                if not is_kept(choice):
                    raise InvalidOption(
                        f"{name!r} has the choice {choice!r}, which a run directory cannot hold; choose between names, "
                        "and look up in the objective what they stand for."
                    )

    @property
    def _where(self) -> str:
        return type(self._store).__name__ if self.directory is None else str(Path(self.directory).parent)

    def _agree(self, seed: int | None, fresh_seed: int, data: Any) -> int:
        """Compare the settings with those of the run directory, or keep them; return the seed."""
        self._refuse_objects(self.space)
        rungs = self.history.rungs
        given: dict[str, Any] = {
            "space": {"defined by": "the objective"} if self.defines else described(self.space),
            "direction": "maximize" if self.history.maximize else "minimize",
            "budgets": str(rungs),
            "eta": rungs.eta,
            "data": None if data is None else joblib.hash(_arrays(data)),
            "random_state": seed,
        }
        kept: Mapping[str, Any] = self._store.settings()
        if not kept:
            kept = {**given, "random_state": fresh_seed if seed is None else seed}
            self._store.keep(kept)
        found = differences(kept, given)
        if found:
            raise RunMismatch(self._where, found)
        return int(kept["random_state"])

    def _drop_checkpoints(self) -> None:
        """Keep what may still be promoted with a margin of half as much again, what runs, and the best of all."""
        keep = {trial.number for trial in islice(self.history.ranked(), self._keep_best)}
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

    def _sweep(self) -> None:
        """Delete files that no event speaks of: their jobs did not live to tell of them."""
        if self.directory is None:
            return
        spoken_of = set(self.checkpoints.values())
        for path in Path(self.directory).iterdir():
            if path not in spoken_of and CHECKPOINT.fullmatch(path.with_suffix(".safetensors").name):
                path.unlink()


def read_history(run_dir: str | os.PathLike[str]) -> History:
    """Look at a study from outside, even while another process is writing it; nothing is locked or changed.

    Parameters
    ----------
    run_dir : path-like

    Returns
    -------
    History
        As of now; `trials_dataframe` makes a table of it.

    Raises
    ------
    RunUnavailable, RunCorrupted
        If there is no study, or it cannot be read.
    """
    with RunDirectory(run_dir, read_only=True) as store:
        history = History(maximize=store.settings().get("direction") == "maximize")
        for event in store.events():
            history.apply(event)
    return history


def _arrays(data: Any) -> Any:
    """Turn tensors into arrays: the hash of equal tensors differs from process to process."""
    if isinstance(data, Mapping):
        return {key: _arrays(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_arrays(value) for value in data]
    return data.detach().cpu().numpy() if hasattr(data, "detach") else data


def _store(run_dir: str | os.PathLike[str] | Store | None) -> Store:
    """Return where the events go."""
    if run_dir is None:
        return MemoryStore()
    return RunDirectory(run_dir) if isinstance(run_dir, str | os.PathLike) else run_dir


def _report(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of a `Report`, as plain values."""
    job, result = outcome.job, outcome.result
    usable = math.isfinite(result.loss)
    status = result.status
    if not usable and status in (Status.FINISHED, Status.CUT, Status.INTERRUPTED):
        status = Status.DIVERGED
    budget = job.start if result.budget is None else result.budget
    # Without a deadline seconds are no matter, and a seed gives the same proposals again.
    cost = budget - job.start if math.isinf(job.deadline) else outcome.seconds
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
        "complete": result.complete,
        "began": outcome.began,
        "reason": outcome.reason,
        "error": outcome.error,
    }
