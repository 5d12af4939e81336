"""Trials under Optuna's names: running, fixed and frozen ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.search.history import History
from autonet.search.optuna.exceptions import check_single, make_refusal
from autonet.search.pruners.base import NopPruner
from autonet.search.records import Job
from autonet.search.records import Trial as SearchTrial
from autonet.search.reporting import choose_optuna_state
from autonet.search.running_trial import RunningTrial
from autonet.search.spaces.distributions import Distribution

__all__ = ["BaseTrial", "FixedTrial", "FrozenTrial", "Trial", "TrialState", "create_trial", "freeze"]


class TrialState(IntEnum):
    """State of a trial."""

    RUNNING = 0
    COMPLETE = 1
    PRUNED = 2
    FAIL = 3
    WAITING = 4

    def is_finished(self) -> bool:
        """Return whether the trial has ended."""
        return self not in (TrialState.RUNNING, TrialState.WAITING)


class BaseTrial:
    """Suggestions of a trial, from the `RunningTrial` that it wraps, with Optuna's older forms.

    What `RunningTrial` has beyond Optuna's trials, such as ``budget`` and ``checkpoint``, is there as well.
    """

    def __init__(self, running: RunningTrial) -> None:
        self._running = running

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the running trial."""
        if name.startswith("_"):
            raise AttributeError(name)
        if hasattr(self._running, name):
            return getattr(self._running, name)
        return make_refusal("Trial", [*dir(type(self)), *dir(self._running)])(name)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a float from [low, high]; with `step`, from ``low, low + step, ...``."""
        return self._running.suggest_float(name, low, high, step=step, log=log)

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """Suggest a float from [low, high]."""
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """Suggest a float from [low, high], uniform on a logarithmic scale."""
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """Suggest one of ``low, low + q, ...`` up to `high`."""
        return self.suggest_float(name, low, high, step=q)

    def suggest_int(self, name: str, low: int, high: int, step: int = 1, log: bool = False) -> int:
        """Suggest an integer from [low, high]; with `step`, from ``low, low + step, ...``."""
        return self._running.suggest_int(name, low, high, step=step, log=log)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of `choices`."""
        return self._running.suggest_categorical(name, choices)

    def report(self, value: float, step: int, **metrics: float) -> None:
        """Report an intermediate value."""
        self._running.report(value, step, **metrics)

    def should_prune(self) -> bool:
        """Return whether to stop the trial now, by raising `TrialPruned`."""
        return self._running.should_prune()

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute."""
        self._running.set_user_attr(key, value)


class Trial(BaseTrial):
    """Running trial, the argument of objectives.

    Parameters
    ----------
    running : RunningTrial
    study : Study, optional

    Attributes
    ----------
    datetime_start : datetime
        Local time.
    """

    def __init__(self, running: RunningTrial, study: Any = None) -> None:
        super().__init__(running)
        self.datetime_start = datetime.now()
        self._study = study

    @property
    def study(self) -> Any:
        """The study, in the process that runs it.

        Raises
        ------
        InvalidOption
            In a worker process, of ``n_jobs`` or an executor.
        """
        if self._study is None:
            raise InvalidOption(
                "trial.study is not available in worker processes; use n_jobs=1, or a callback of optimize()."
            )
        return self._study

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Distributions that were suggested from, by name."""
        return dict(self._running.definitions)


class _FixedRunningTrial(RunningTrial):
    """Running trial with given values, which are not replaced by legal ones."""

    def _choose(self, name: str, distribution: Distribution) -> Any:
        if name not in self.job.config:
            raise ValueError(f"There is no value of {name!r}; the values are of {sorted(self.job.config)}.")
        value = self.job.config[name]
        if not distribution.is_legal(value):
            raise InvalidOption(f"{name!r} = {value!r} is not in {distribution}.")
        return distribution.cast(value)


def _fix(params: Mapping[str, Any], number: int) -> RunningTrial:
    return _FixedRunningTrial(Job(number, dict(params), 0.0, 1.0, 0, budgeted=False, defines=True, pruner=NopPruner()))


class FixedTrial(BaseTrial):
    """Trial with given values, to call an objective without a study.

    Parameters
    ----------
    params : mapping of str to value
    number : int

    Examples
    --------
    >>> FixedTrial({"x": 2.0}).suggest_float("x", 0, 9)
    2.0
    """

    def __init__(self, params: Mapping[str, Any], number: int = 0) -> None:
        super().__init__(_fix(params, number))

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Distributions that were suggested from, by name."""
        return dict(self._running.definitions)


@dataclass
class FrozenTrial(BaseTrial):
    """Trial of a study as it was when the study was asked; an objective may be called with it again.

    Attributes
    ----------
    number : int
    state : TrialState
    value : float or None
        For a pruned trial, the value reported last.
    datetime_start, datetime_complete : datetime or None
        Local times.
    params, user_attrs, system_attrs : dict
    distributions : dict of str to Distribution
        Each covers what all trials of the study suggested from.
    intermediate_values : dict of int to float
        By step.
    """

    number: int
    state: TrialState
    value: float | None = None
    datetime_start: datetime | None = None
    datetime_complete: datetime | None = None
    params: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    user_attrs: dict[str, Any] = field(default_factory=dict)
    system_attrs: dict[str, Any] = field(default_factory=dict)
    intermediate_values: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(_fix(self.params, self.number))
        self._running.user_attrs = self.user_attrs

    @property
    def values(self) -> list[float] | None:
        """The value in a list."""
        return None if self.value is None else [self.value]

    @property
    def duration(self) -> timedelta | None:
        """Time from start to end; None while it runs."""
        if self.datetime_start is None or self.datetime_complete is None:
            return None
        return self.datetime_complete - self.datetime_start

    @property
    def last_step(self) -> int | None:
        """The highest step that was reported."""
        return max(self.intermediate_values, default=None)


def create_trial(
    *,
    state: TrialState = TrialState.COMPLETE,
    value: float | None = None,
    values: Sequence[float] | None = None,
    params: Mapping[str, Any] | None = None,
    distributions: Mapping[str, Distribution] | None = None,
    user_attrs: Mapping[str, Any] | None = None,
    intermediate_values: Mapping[int, float] | None = None,
) -> FrozenTrial:
    """Make a trial for `Study.add_trial`."""
    return FrozenTrial(
        -1,
        TrialState(state),
        value if values is None else check_single(list(values)),
        params=dict(params or {}),
        distributions=dict(distributions or {}),
        user_attrs=dict(user_attrs or {}),
        intermediate_values=dict(intermediate_values or {}),
    )


def freeze(trial: SearchTrial, history: History) -> FrozenTrial:
    """Return a trial of a history as one of Optuna's."""
    state = TrialState[choose_optuna_state(trial, trial.value)]
    value = trial.value
    if state is TrialState.PRUNED and trial.reports and math.isfinite(trial.reports[-1].loss):
        value = -trial.reports[-1].loss if trial.maximize else trial.reports[-1].loss
    began = [report.began for report in trial.reports]
    ended = [report.began + report.seconds for report in trial.reports]
    return FrozenTrial(
        trial.number,
        state,
        value,
        datetime.fromtimestamp(min(began)) if began else None,
        datetime.fromtimestamp(max(ended)) if ended and state.is_finished() else None,
        params=dict(trial.config),
        distributions={name: history.definitions[name] for name in trial.config if name in history.definitions},
        user_attrs=dict(trial.attributes),
        intermediate_values=dict(trial.curve),
    )


__getattr__ = make_refusal("optuna.trial", __all__)
