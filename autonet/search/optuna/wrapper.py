"""Study with Optuna's attributes and methods, which wraps a `Study` of `autonet.search`."""

import gc
import weakref
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption, NoFinishedTrial, SearchFailed, UnknownName
from autonet.core.validation import check_choice
from autonet.search import study as search
from autonet.search.evaluation import summarize_exception
from autonet.search.optuna.exceptions import check_single, make_refusal
from autonet.search.optuna.pruners import BasePruner, check_pruner
from autonet.search.optuna.samplers import GridSampler, enqueue_grid, translate_sampler
from autonet.search.optuna.storages.base import read_attributes, write_attributes
from autonet.search.optuna.trial import FrozenTrial, Trial, TrialState, freeze
from autonet.search.records import Status
from autonet.search.records import Trial as SearchTrial
from autonet.search.registry import SAMPLERS, resolve
from autonet.search.running_trial import RunningTrial
from autonet.search.spaces.distributions import CategoricalDistribution, Distribution, IntDistribution
from autonet.search.stopping import check_callbacks

__all__ = ["OPEN_STUDIES", "Study", "StudyDirection"]

Callback = Callable[["Study", FrozenTrial], Any]

# Attributes of `trials_dataframe`, and the columns of Optuna's that are not there.
ATTRIBUTES = ("number", "value", "datetime_start", "datetime_complete", "duration", "params", "user_attrs", "state")

OPTIONS = ("executor", "max_trials", "repeats", "stop_at")  # of `autonet.search.Study.optimize`, beyond Optuna's

# Studies of run directories that are open in this process: one may be created, loaded and loaded again.
OPEN_STUDIES: weakref.WeakValueDictionary[Path, search.Study] = weakref.WeakValueDictionary()


class StudyDirection(IntEnum):
    """Direction of a study."""

    NOT_SET = 0
    MINIMIZE = 1
    MAXIMIZE = 2


@dataclass(frozen=True)
class _Objective:
    """Objective that takes a trial of Optuna's form; exceptions in `catch` fail its trial only."""

    function: Callable[[Trial], Any]
    catch: tuple[type[Exception], ...]
    study: "Study | None" = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Exclude the study, of which worker processes would get a copy."""
        return {**vars(self), "study": None}

    def __call__(self, running: RunningTrial) -> Any:
        try:
            return check_single(self.function(Trial(running, self.study)))
        except self.catch as problem:
            if any(kind.__name__ == "TrialPruned" for kind in type(problem).__mro__):
                raise
            return {"status": "fail", "reason": summarize_exception(problem)}


class Study:
    """Study with Optuna's attributes and methods.

    Parameters
    ----------
    wrapped : autonet.search.Study
        What runs the search, with all that Optuna's studies do not have: ``study.wrapped.summary()``.
    study_name : str
    sampler : object
    directory : Path, optional
        Run directory.
    """

    def __init__(self, wrapped: search.Study, study_name: str, sampler: Any, directory: Path | None = None) -> None:
        self.wrapped, self.study_name, self._sampler = wrapped, study_name, sampler
        self._directory = directory
        self._user_attrs = read_attributes(directory)
        self._asked: dict[int, RunningTrial] = {}

    def __repr__(self) -> str:
        """Show name, number of trials and best value."""
        return f"<{self.study_name}: {self.wrapped!r}>"

    if not TYPE_CHECKING:  # a type checker would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            """Say what to use instead of a name that is not there."""
            return make_refusal("Study", dir(type(self)))(name)

    # --- results

    @property
    def sampler(self) -> Any:
        """The sampler; another one may be set between two calls of `optimize`."""
        return self._sampler

    @sampler.setter
    def sampler(self, sampler: Any) -> None:
        chosen = translate_sampler(sampler).get("sampler", "bohb")
        self.wrapped.sampler = resolve("sampler", chosen, SAMPLERS, "propose")
        enqueue_grid(self.wrapped, sampler)
        self._sampler = self.wrapped.sampler if sampler is None else sampler

    @property
    def pruner(self) -> BasePruner:
        """The pruner; another one may be set between two calls of `optimize`."""
        pruner: BasePruner = self.wrapped.pruner
        return pruner

    @pruner.setter
    def pruner(self, pruner: BasePruner | None) -> None:
        self.wrapped.pruner = check_pruner(pruner)

    @property
    def direction(self) -> StudyDirection:
        """The direction."""
        return StudyDirection.MAXIMIZE if self.wrapped.history.maximize else StudyDirection.MINIMIZE

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction in a list."""
        return [self.direction]

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials; those that wait in the queue come last."""
        return self.get_trials()

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """Return the trials, those in certain states if given; always as copies."""
        del deepcopy
        history = self.wrapped.history
        trials = [freeze(trial, history) for trial in history]
        waiting = zip(history.queue, history.queued_attributes, strict=True)
        for number, (config, attributes) in enumerate(waiting, len(trials)):
            fixed = {"fixed_params": dict(config)}
            trials.append(FrozenTrial(number, TrialState.WAITING, user_attrs=dict(attributes), system_attrs=fixed))
        return trials if states is None else [trial for trial in trials if trial.state in states]

    @property
    def best_trial(self) -> FrozenTrial:
        """The trial with the best value.

        Raises
        ------
        ValueError
            If no trial has a value.
        """
        try:
            return freeze(self.wrapped.best, self.wrapped.history)
        except NoFinishedTrial as error:
            raise ValueError(str(error)) from error

    @property
    def best_params(self) -> dict[str, Any]:
        """The hyperparameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float:
        """The best value."""
        value = self.best_trial.value
        assert value is not None  # noqa: S101 - for the type checker
        return value

    def trials_dataframe(self, attrs: Sequence[str] = ATTRIBUTES, multi_index: bool = False) -> Any:
        """Return a pandas data frame with a row per trial that has started.

        Parameters
        ----------
        attrs : sequence of str
            Of ``number``, ``value``, ``datetime_start``, ``datetime_complete``, ``duration``, ``params``,
            ``user_attrs`` and ``state``; those of autonet are ``metrics``, ``budget``, ``status``, ``origin``, ``seed``
            and ``reason``.
        multi_index : bool
            Whether columns such as ``params_x`` are pairs, such as ``("params", "x")``.
        """
        frame, trials = self.wrapped.trials_dataframe(), [freeze(t, self.wrapped.history) for t in self.wrapped.trials]
        for name in ("datetime_start", "datetime_complete"):  # in local time, as Optuna has them
            frame[name] = [getattr(trial, name) for trial in trials]
        several = ("params", "user_attrs", "metrics")
        valid = [*several, *(name for name in frame.columns if not name.startswith(tuple(f"{s}_" for s in several)))]
        chosen: dict[str, tuple[str, str]] = {}
        for attribute in attrs:
            if attribute == "system_attrs":  # autonet has none
                continue
            if attribute not in valid:
                raise UnknownName("attribute of trials_dataframe", attribute, valid)
            prefix = attribute + "_"
            for name in frame.columns:
                if name == attribute or (attribute in several and name.startswith(prefix)):
                    chosen[name] = attribute, "" if name == attribute else name.removeprefix(prefix)
        frame = frame[list(chosen)]
        if multi_index:
            import pandas as pd  # noqa: PLC0415 - an extra

            frame.columns = pd.MultiIndex.from_tuples(chosen.values())
        return frame

    def to_optuna(self, *args: Any, **options: Any) -> Any:
        """Return a copy as a study of Optuna itself; see `autonet.search.Study.to_optuna`."""
        return self.wrapped.to_optuna(*args, **options)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """A copy of the user attributes of the study."""
        return dict(self._user_attrs)

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the study, which its run directory keeps."""
        attributes = {**self._user_attrs, key: value}
        if self._directory is not None:
            write_attributes(self._directory, attributes)
        self._user_attrs = attributes

    # --- running

    def optimize(
        self,
        func: Callable[[Trial], Any],
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: type[Exception] | Iterable[type[Exception]] = (),
        callbacks: Iterable[Callback] | None = None,
        gc_after_trial: bool = False,
        show_progress_bar: bool = False,
        **options: Any,
    ) -> None:
        """Run trials.

        Parameters
        ----------
        func : callable
            Objective, which takes a `Trial` and returns a number.
        n_trials : int, optional
            Number of new trials.
        timeout : float, optional
            Seconds, after which running trials are stopped too.
        n_jobs : int
            Number of trials at once, in worker processes.
        catch : type of Exception, or iterable of them
            Exceptions that fail their trial only.
        callbacks : iterable of callable, optional
            Called as ``callback(study, trial)`` after each trial.
        gc_after_trial : bool
            Whether to collect garbage after each trial.
        show_progress_bar : bool
        **options
            Further ones of `autonet.search.Study.optimize`: ``max_trials`` instead of `n_trials`, ``stop_at``,
            ``executor``, ``repeats``.
        """
        for option in options:
            check_choice("option", option, OPTIONS)
        objective = _Objective(func, _check_catch(catch), self) if callable(func) else func
        calls = check_callbacks(callbacks)
        if isinstance(self.sampler, GridSampler) and "max_trials" not in options:
            n_left = len(self.wrapped.history.queue)  # the grid
            n_trials = n_left if n_trials is None else min(n_trials, n_left)
            if not n_left:
                return

        def call_back(_: search.Study, trial: SearchTrial) -> None:
            if gc_after_trial:
                gc.collect()
            for callback in calls:
                callback(self, freeze(trial, self.wrapped.history))

        try:
            self.wrapped.optimize(
                objective,
                n_trials=n_trials,
                timeout=timeout,
                n_jobs=n_jobs,
                on_error="raise",
                callbacks=[call_back],
                progress=show_progress_bar,
                **options,
            )
        except SearchFailed:  # all failed, as `catch` allows, unless an executor was lost
            if options.get("executor") is not None:
                raise

    def close(self) -> None:
        """Release the run directory."""
        if self._directory is not None:
            OPEN_STUDIES.pop(self._directory.resolve(), None)
        self.wrapped.close()

    def stop(self) -> None:
        """Stop the running `optimize` after the current trials."""
        self.wrapped.stop()

    def enqueue_trial(
        self, params: Mapping[str, Any], user_attrs: Mapping[str, Any] | None = None, skip_if_exists: bool = False
    ) -> None:
        """Enqueue hyperparameters to be tried next.

        Parameters
        ----------
        params : mapping of str to value
        user_attrs : mapping, optional
            User attributes of the trial.
        skip_if_exists : bool
            Whether to do nothing if a trial has these hyperparameters, or waits for them.
        """
        history = self.wrapped.history
        if skip_if_exists and dict(params) in [*history.queue, *(dict(trial.config) for trial in history)]:
            return
        self.wrapped.enqueue(params, attributes=user_attrs)

    def ask(self, fixed_distributions: Mapping[str, Distribution] | None = None) -> Trial:
        """Return the next trial to run, with values of the distributions that are given."""
        running = self.wrapped.ask()
        if running is None:
            raise InvalidOption("ask() has no trial left: all configurations of the space have been tried.")
        self._asked[running.number] = running
        trial = Trial(running, self)
        for name, distribution in (fixed_distributions or {}).items():
            _suggest(trial, name, distribution)
        return trial

    def tell(
        self,
        trial: Trial | int,
        values: float | Sequence[float] | None = None,
        state: TrialState | None = None,
        skip_if_finished: bool = False,
    ) -> FrozenTrial:
        """Record the value or the state of a trial of `ask`, which may be given by its number.

        Without a value, and for the states PRUNED and FAIL, the trial has none.
        """
        number = trial if isinstance(trial, int) else trial.number
        history, running = self.wrapped.history, self._asked.get(number)
        if running is None:
            known = 0 <= number < len(history)
            if known and skip_if_finished and not history.trials[number].running:
                return freeze(history.trials[number], history)
            raise ValueError(f"Trial {number} is not running; call ask() first, and tell() once, on the same study.")
        value = check_single(values)
        if state is None:
            status = Status.CRASHED if value is None else None
        else:
            status = _STATUSES.get(TrialState(state))
            if status is None and state is not TrialState.COMPLETE:
                raise ValueError(f"tell() cannot set the state {TrialState(state).name}.")
        told = self.wrapped.tell(running, value, status=status)
        del self._asked[number]
        return freeze(told, history)

    def add_trial(self, trial: FrozenTrial) -> None:
        """Add a trial that has ended elsewhere; see `create_trial`."""
        if not trial.state.is_finished():
            self.enqueue_trial(trial.system_attrs.get("fixed_params", trial.params), trial.user_attrs)
            return
        status = _STATUSES.get(trial.state)
        self.wrapped.add(
            trial.params,
            None if status else trial.value,
            status=status,
            definitions=trial.distributions,
            curve=trial.intermediate_values.items(),
            attributes=trial.user_attrs,
        )

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Add trials that have ended elsewhere."""
        for trial in trials:
            self.add_trial(trial)


def _check_catch(catch: Any) -> tuple[type[Exception], ...]:
    """Return the exceptions to catch as a tuple."""
    kinds: tuple[Any, ...] = (catch,) if isinstance(catch, type) or not isinstance(catch, Iterable) else tuple(catch)
    if not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise InvalidOption(f"catch must be a type of Exception, or several; got {catch!r:.100}.")
    return kinds


_STATUSES = {TrialState.PRUNED: Status.PRUNED, TrialState.FAIL: Status.CRASHED}


def _suggest(trial: Trial, name: str, distribution: Distribution) -> Any:
    """Suggest from a distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    suggest: Any = trial.suggest_int if isinstance(distribution, IntDistribution) else trial.suggest_float
    range_: Any = distribution
    return suggest(name, range_.low, range_.high, step=range_.step, log=range_.log)
