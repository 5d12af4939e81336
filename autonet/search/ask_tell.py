"""Ask-and-tell interface of a study."""

import threading
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from autonet.core.clock import TimeLimit
from autonet.core.errors import EnqueuedIgnored, InvalidOption
from autonet.core.validation import check_choice
from autonet.search.dispatch import draw_trial_seed, start_next_job
from autonet.search.evaluation import Outcome, make_told_outcome
from autonet.search.proposals import describe_ignored_values
from autonet.search.records import Event, Job, Status, Trial
from autonet.search.running_trial import RunningTrial, normalize_attribute
from autonet.search.spaces.distributions import Distribution, merge
from autonet.search.spaces.space import complete_config
from autonet.search.spaces.values import safe_repr
from autonet.search.view import StudyView

__all__ = ["AskTell"]


class AskTell(StudyView):
    """Ask-and-tell interface for custom loops; `Study` adds `optimize`."""

    errors: list[Exception]
    on_report: Callable[[Trial, int, float], None] | None = None  # gets intermediate values, which are not kept then
    _n_before: int
    _repeats: int
    _lock: threading.RLock
    _limit: TimeLimit
    _mine: set[int]
    _asked: dict[int, tuple[RunningTrial, float, float]]

    def enqueue(self, config: Mapping[str, Any], *, attributes: Mapping[str, Any] | None = None) -> None:
        """Enqueue a configuration to be tried next.

        Missing values are filled with defaults, or sampled if the objective defines the space.  In that case, illegal
        values are detected when the trial runs: they are replaced, and `EnqueuedIgnored` is warned.

        In a resumed study, configurations that an earlier run of the script enqueued are not enqueued again.

        Parameters
        ----------
        config : mapping of str to value
        attributes : mapping, optional
            User attributes of the trial.

        Raises
        ------
        InvalidOption
            If `config` is not a mapping, is not legal in the space, or cannot be saved in a run directory.
        TypeError
            If an attribute cannot be stored.
        """
        if not isinstance(config, Mapping) or not all(isinstance(name, str) for name in config):
            raise InvalidOption(f"enqueue() expects a mapping from names to values; got {safe_repr(config)}.")
        kept = {name: normalize_attribute(name, value) for name, value in (attributes or {}).items()}
        with self._lock:
            self._journal.enqueue(config if self._journal.defines else complete_config(self.encoding, config), kept)

    def ask(self) -> RunningTrial | None:
        """Return the next trial to run; None if there is none until a running trial ends."""
        with self._lock:
            job = self._next_job(max_trials=None, isolated=False)
            if job is None:
                return None
            trial = RunningTrial(job, self._observe)
            self._asked[job.trial] = (trial, time.monotonic(), time.time())
            return trial

    def report(self, trial: RunningTrial, value: float, step: int, **metrics: float) -> bool:
        """Report an intermediate value of a trial; return whether to stop the trial."""
        trial.report(value, step, **metrics)
        return trial.should_prune()

    def tell(self, trial: RunningTrial, value: Any = None, *, status: Status | str | None = None) -> Trial:
        """Record the value or status of a trial returned by `ask`.

        Parameters
        ----------
        trial : RunningTrial
        value : float, dict or Result
            What an objective would return.
        status : Status, optional
            ``"crashed"`` or ``"pruned"``, instead of a value.

        Returns
        -------
        Trial

        Raises
        ------
        InvalidOption
            If the trial is not running here, or the status is unknown or inconsistent with the value.
        TypeError, ValueError
            If the value is not a number; the trial continues, and `tell` may be called again.
        """
        ended = None if status is None else Status(check_choice("status", str(status), tuple(Status)))
        with self._lock:
            if trial.number not in self._asked:
                raise InvalidOption(
                    f"Trial {trial.number} is not running; call ask() first and tell() each trial once."
                )
            asked, clock, began = self._asked[trial.number]
            if asked.seed != trial.seed:
                raise InvalidOption(f"Trial {trial.number} belongs to another study; call tell() on that one.")
            outcome = make_told_outcome(trial, value, ended, time.monotonic() - clock, began)
            ended_trial = self._end(outcome)
            del self._asked[trial.number]  # last, so that tell() can be called again after an error
            return ended_trial

    def add(
        self,
        config: Mapping[str, Any],
        value: Any = None,
        *,
        status: Status | str | None = None,
        definitions: Mapping[str, Distribution] | None = None,
        curve: Iterable[tuple[int, float]] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> Trial:
        """Add a trial that was run elsewhere; samplers learn from it as from any other.

        Parameters
        ----------
        config : mapping of str to value
            In a study with a space: a configuration of it.
        value, status : optional
            See `tell`.
        definitions : mapping of str to Distribution, optional
            If the objective defines the space: what each value was suggested from.
        curve : iterable of (int, float)
            Steps and values that were reported, in the direction of the study.
        attributes : mapping, optional
            User attributes.

        Returns
        -------
        Trial
            At the highest budget, with the origin "added".

        Raises
        ------
        InvalidOption
            If the configuration is not legal in the space, or in the definitions.
        TypeError, ValueError
            If a value is not a number.

        Examples
        --------
        >>> from autonet.search import Study
        >>> study = Study({"x": (0.0, 9.0)}, random_state=0)
        >>> study.add({"x": 3.0}, 0.5).origin, study.best.config
        ('added', {'x': 3.0})
        """
        ended = None if status is None else Status(check_choice("status", str(status), tuple(Status)))
        with self._lock:
            number, definitions = len(self.history), dict(definitions or {})
            config = self._check_added(config, definitions)
            seed, top, maximize = draw_trial_seed(self._journal.seed, number), self.rungs.top, self.history.maximize
            trial = RunningTrial(Job(number, config, 0.0, top, seed, maximize=maximize))
            for step, reported in curve:
                trial.report(reported, step)
            for name, attribute in (attributes or {}).items():
                trial.set_user_attr(name, attribute)
            outcome = make_told_outcome(trial, value, ended, 0.0, time.time())
            proposed = Event("propose", number, {"config": config, "seed": seed, "origin": "added"})
            self._journal.begin(number, top, TimeLimit(), proposed)
            return self._end(replace(outcome, config=config, definitions=definitions, curve=trial.curve))

    def _check_added(self, config: Mapping[str, Any], definitions: Mapping[str, Distribution]) -> dict[str, Any]:
        """Return the configuration of an added trial; raise if it is not legal."""
        if not self._journal.defines:
            return complete_config(self.encoding, config)
        if config.keys() != definitions.keys():
            raise InvalidOption(
                f"add() got values of {sorted(config)} and definitions of {sorted(definitions)}; expected a definition "
                "of every value."
            )
        for name, definition in definitions.items():
            merge(name, self.history.definitions.get(name), definition)
            if not definition.is_legal(config[name]):
                raise InvalidOption(f"{name!r} = {safe_repr(config[name])} is not in {definition}.")
        return {name: definitions[name].cast(value) for name, value in config.items()}

    # --- the next job

    def _next_job(self, max_trials: int | None, *, isolated: bool) -> Job | None:
        """Start the next job; return None if there is none until a running job ends."""
        with self._lock:
            job = start_next_job(
                self._journal,
                self.sampler,
                self.scheduler,
                max_trials=max_trials,
                limit=self._limit,
                running_here=self._mine,
                n_before=self._n_before,
                repeats=self._repeats,
                isolated=isolated,
            )
            if job is not None:
                self._mine.add(job.trial)
            return job

    def _observe(self, number: int, step: int, value: float) -> None:
        """Record an intermediate value of a running trial, or pass it on."""
        if self.on_report is not None:
            self.on_report(self.history.trials[number], step, value)
            return
        with self._lock:
            self._journal.record(Event("observe", number, {"step": step, "value": value}))

    def _end(self, outcome: Outcome) -> Trial:
        """Record the outcome of a job."""
        with self._lock:
            ignored = describe_ignored_values(self.history.trials[outcome.job.trial], outcome)
            trial = self._journal.end(outcome)
            self._mine.discard(trial.number)
            if outcome.exception is not None:
                self.errors.append(outcome.exception)
        if ignored:
            warnings.warn(ignored, EnqueuedIgnored, stacklevel=4)
        return trial
