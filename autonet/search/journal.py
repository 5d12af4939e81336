"""The journal of a study: events go to the store, then into the history; checkpoints are kept beside them."""

import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import RunMismatch
from autonet.search.definitions import defined_space
from autonet.search.encoding import Encoding
from autonet.search.evaluation import Outcome
from autonet.search.history import History
from autonet.search.records import Event, Job, Status, Trial
from autonet.search.spaces import described
from autonet.search.store import MemoryStore, RunDirectory, Store, differences

__all__ = ["Journal"]

logger = logging.getLogger("autonet.search")


class Journal:
    """Everything that a study must not lose.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace, optional
        None if the objective defines it.
    history : History
        Empty; what the run directory holds is read into it.
    run_dir : path-like, optional
        None keeps everything in memory.
    seed : int, optional
        Root of the random streams; None takes the run directory's, or `fresh_seed`.
    fresh_seed : int
    data : object
        What the objective depends on; None is not compared.

    Attributes
    ----------
    space : ConfigSpace.ConfigurationSpace
        Of a study whose objective defines it: what is known of it.
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
        run_dir: str | os.PathLike[str] | None,
        *,
        seed: int | None,
        fresh_seed: int,
        data: Any = None,
    ) -> None:
        self.defines, self.space = space is None, ConfigurationSpace() if space is None else space
        self.history = history
        self.checkpoints: dict[int, Any] = {}
        self.lost: set[int] = set()
        self._store: Store = MemoryStore() if run_dir is None else RunDirectory(run_dir)
        try:
            self.seed = self._agree(seed, fresh_seed, data)
            for event in self._store.events():
                self._take_up(event)
        except BaseException:
            self._store.close()
            raise
        self._sweep()

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
        self._store.append(*events)
        for event in events:
            self._take_up(event)

    def begin(self, trial: Trial, target: float, deadline: float) -> Job:
        """Note that a trial begins a job, and make the job."""
        resumes = trial.number in self.checkpoints
        start = trial.budget if resumes else 0.0  # without a checkpoint it is paid for again
        self.record(Event("start", trial.number, {"start": start, "target": target}))
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
        )

    def end(self, outcome: Outcome) -> Trial:
        """Take up the outcome of a job; all of it is kept, or nothing."""
        job, result = outcome.job, outcome.result
        trial = self.history.trials[job.trial]
        before = self.checkpoints.get(job.trial)
        usable = math.isfinite(result.loss)
        if usable and result.checkpoint is not None:  # before its report: whoever sees the report finds it
            self.checkpoints[job.trial] = result.checkpoint
        kept = self.checkpoints.get(job.trial)
        events = [Event("observe", job.trial, {"step": s, "value": v}) for s, v in outcome.curve]
        if outcome.definitions or (self.defines and dict(outcome.config) != dict(trial.config)):
            parts = ConfigurationSpace()
            parts.add(*outcome.definitions.values())
            hyperparameters = parts.to_serialized_dict()["hyperparameters"]
            events.append(
                Event("define", job.trial, {"config": dict(outcome.config), "hyperparameters": hyperparameters})
            )
        body = {
            "report": _report(outcome),
            "attributes": dict(outcome.attributes),
            "checkpoint": kept.name if isinstance(kept, Path) else None,
        }
        self.record(*events, Event("end", job.trial, body))
        if isinstance(before, Path) and before != kept:
            before.unlink(missing_ok=True)
        if trial.failed and trial.status is not Status.PRUNED:
            logger.warning("trial %d %s: %s", trial.number, trial.status, outcome.reason)
        self._drop_checkpoints()
        return trial

    def _take_up(self, event: Event) -> None:
        """Take up an event, live or from the run directory."""
        self.history.apply(event)
        if event.kind == "define":
            self._extend_space(self.history.trials[event.trial])
        elif event.kind == "end" and event.body["checkpoint"] is not None and self.directory is not None:
            path = Path(self.directory) / Path(event.body["checkpoint"]).name
            if path.exists():
                self.checkpoints[event.trial] = path
                self.lost.discard(event.trial)
            else:
                self.checkpoints.pop(event.trial, None)
                self.lost.add(event.trial)

    def _extend_space(self, trial: Trial) -> None:
        """Bring the space up to what an objective has defined, if it tells anything new."""
        predicted = self.encoding.active_names(trial.config) if len(self.space) else set()
        if set(trial.config) != predicted or self.history.definitions != dict(self.space):
            chosen = [dict(t.config) for t in self.history if t.reports or t is trial]
            self.space = defined_space(self.history.definitions, chosen)

    def _agree(self, seed: int | None, fresh_seed: int, data: Any) -> int:
        """Compare the settings with those of the run directory, or keep them; return the seed."""
        rungs = self.history.rungs
        given: dict[str, Any] = {
            "space": {"defined by": "the objective"} if self.defines else described(self.space),
            "direction": "maximize" if self.history.maximize else "minimize",
            "budgets": str(rungs),
            "eta": rungs.eta,
            "data": None if data is None else joblib.hash(data),
            "random_state": seed,
        }
        kept: Mapping[str, Any] = self._store.settings()
        if not kept:
            kept = {**given, "random_state": fresh_seed if seed is None else seed}
            self._store.keep(kept)
        found = differences(kept, given)
        if found:
            raise RunMismatch(str(Path(self.directory or "").parent), found)
        return int(kept["random_state"])

    def _drop_checkpoints(self) -> None:
        """Keep what may still be promoted with a margin of half as much again, what runs, and the best of all."""
        keep = {self.history.best.number} if self.history.best else set()
        kept = [self.history.trials[number] for number in self.checkpoints]
        for budget in {t.budget for t in kept}:
            rung = [number for _, _, number in self.history.rung(budget)]
            keep |= set(rung[: 3 + int(1.5 * len(rung) / self.history.rungs.eta)])
        keep |= {t.number for t in kept if t.running or (t.last and t.last.status is not Status.FINISHED)}
        for number in [n for n in self.checkpoints if n not in keep]:
            dropped = self.checkpoints.pop(number)
            self.lost.add(number)
            if isinstance(dropped, Path):
                dropped.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Delete files that no event speaks of: their jobs did not live to tell of them."""
        if self.directory is None:
            return
        spoken_of = set(self.checkpoints.values())
        for path in Path(self.directory).iterdir():
            if path not in spoken_of:
                path.unlink()


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
        "began": outcome.began,
        "reason": outcome.reason,
        "error": outcome.error,
    }
