"""A history as a study of Optuna; needs the extra ``optuna``."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.files import find_target
from autonet.core.validation import is_real
from autonet.search.export.distributions import Parameter, make_parameters
from autonet.search.export.values import make_step_counter, shorten_names, to_json, value_of
from autonet.search.history import History
from autonet.search.records import Report, Status, Trial
from autonet.search.reporting import choose_optuna_state, escape_surrogates

try:
    import optuna
    from optuna.storages import BaseStorage, JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    from optuna.trial import FrozenTrial, TrialState
except ImportError as problem:
    raise MissingPackage("to_optuna", "optuna", "optuna") from problem

__all__ = ["to_optuna"]

PREFIX = "autonet:"  # of user attributes that are not the user's own


def to_optuna(
    history: History,
    space: ConfigurationSpace,
    storage: "str | os.PathLike[str] | BaseStorage | None" = None,
    study_name: str | None = None,
    *,
    budget: float | None = None,
    constants: bool = True,
    short_names: bool = False,
) -> optuna.Study:
    """Return a history as a study of Optuna; see `Study.to_optuna`.

    Parameters
    ----------
    history : History
    space : ConfigurationSpace
    storage, study_name, budget, constants, short_names : optional
        See `Study.to_optuna`.
    """
    _check_budget(history, budget)
    parameters = make_parameters(space, history.definitions)
    kept = [name for name, parameter in parameters.items() if constants or not parameter.is_constant]
    names = shorten_names(kept) if short_names else {name: name for name in kept}
    is_defined = bool(history.definitions) or not len(space)
    trials = _Freezer(parameters, names, budget, is_defined).freeze(history)
    opened = _open_storage(storage)
    try:
        study = optuna.create_study(
            storage=opened, study_name=study_name, direction="maximize" if history.maximize else "minimize"
        )
    except optuna.exceptions.DuplicatedStudyError as error:
        raise InvalidOption(
            f"The storage has a study {study_name!r} already; pass another study_name, or delete that study with "
            "optuna.delete_study."
        ) from error
    with _deleted_on_error(study, opened):
        for name, value in _describe_study(history).items():
            study.set_user_attr(name, value)
        study.add_trials(trials)
    return study


@dataclass(frozen=True)
class _Freezer:
    """Converts trials to those of Optuna.

    Attributes
    ----------
    parameters : mapping of str to Parameter
    names : mapping of str to str
        Names of the parameters to keep, as Optuna has them.
    budget : float, optional
        Budget at which trials are compared; None for the latest value of each.
    is_defined : bool
        Whether the objective defines the space.
    """

    parameters: Mapping[str, Parameter]
    names: Mapping[str, str]
    budget: float | None
    is_defined: bool

    def freeze(self, history: History) -> list[FrozenTrial]:
        """Return all trials, in the order of their numbers."""
        intermediate = _choose_intermediate_values(history)
        # When a trial without a report began is not recorded: not before others ended, mostly.
        ended = max((r.began + r.seconds for _, r in history.reports), default=datetime.now().timestamp())
        return [self._freeze(trial, intermediate(trial), ended) for trial in history]

    def _freeze(self, trial: Trial, intermediate: dict[int, float], ended: float) -> FrozenTrial:
        value = self._value(trial)
        state = TrialState[choose_optuna_state(trial, value)]
        params, left_out = self._params(trial)
        start = min((r.began for r in trial.reports), default=ended)
        end = max((r.began + r.seconds for r in trial.reports), default=ended)
        return FrozenTrial(
            number=trial.number,
            trial_id=-1,
            state=state,
            value=value,
            datetime_start=None if state is TrialState.WAITING else datetime.fromtimestamp(start),
            datetime_complete=datetime.fromtimestamp(end) if state.is_finished() else None,
            params={self._rename(name): value for name, value in params.items()},
            distributions={self._rename(name): self.parameters[name].distribution for name in params},
            user_attrs=_list_attributes(trial, left_out),
            system_attrs={},
            intermediate_values=intermediate,
        )

    def _value(self, trial: Trial) -> float | None:
        """Return the value at the budget, or at a smaller one if more would not help."""
        if self.budget is None or trial.complete:
            return trial.value
        values = [value_of(trial, r) for r in trial.reports if r.budget == self.budget and r.status != Status.PRUNED]
        return values[-1] if values else None

    def _params(self, trial: Trial) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters of a trial, and values that their distributions do not contain."""
        if self.is_defined and not trial.reports:  # proposed; the objective may suggest others
            return {}, {}
        params, left_out = {}, {}
        for name, value in trial.config.items():
            if name in self.parameters and name not in self.names:
                continue
            try:
                params[name] = self.parameters[name].convert(value)
            except LookupError:
                left_out[name] = value
        return params, left_out

    def _rename(self, name: str) -> str:
        """Return the name of a parameter as Optuna has it."""
        return escape_surrogates(self.names[name])


def _choose_intermediate_values(history: History) -> Callable[[Trial], dict[int, float]]:
    """Return the function from a trial to its values by step.

    Steps are those that objectives reported; if none did, the values of jobs are intermediate values by budget.
    """
    if history.rungs.unit == "none" or any(trial.curve for trial in history):
        return lambda trial: dict(trial.curve)
    step, _ = make_step_counter(history)
    return lambda trial: {
        step(report.budget): value for report in trial.reports if (value := value_of(trial, report)) is not None
    }


def _list_attributes(trial: Trial, left_out: Mapping[str, Any]) -> dict[str, Any]:
    """Return the user attributes of a trial: its own, metrics, and what Optuna has no place for."""
    status = "running" if trial.running else str(trial.status or "waiting")
    fields = {"status": status, "budget": trial.budget, "origin": trial.origin, "seed": trial.seed}
    if trial.reports and trial.reports[-1].reason:
        fields["reason"] = trial.reports[-1].reason
    if len(trial.reports) > 1:
        fields["jobs"] = [_describe_job(trial, report) for report in trial.reports]
    if left_out:
        fields["values without distribution"] = dict(left_out)
    attributes = {f"metrics_{name}": value for name, value in trial.metrics.items()} | dict(trial.attributes)
    attributes |= {f"{PREFIX}{name}": value for name, value in fields.items()}
    return {escape_surrogates(name): to_json(value) for name, value in attributes.items()}


def _describe_job(trial: Trial, report: Report) -> str:
    """Describe a job in one line, which the plots of Optuna show beside a point."""
    value = value_of(trial, report)
    found = "no value" if value is None else f"value {value:.6g}"
    return f"budget {report.budget:g}: {found}, {report.status} in {report.seconds:.3g} s"


def _describe_study(history: History) -> dict[str, Any]:
    """Return the user attributes of the study."""
    if history.rungs.unit == "none":
        return {}
    is_reported = any(trial.curve for trial in history)
    step = "as reported" if is_reported else make_step_counter(history)[1]
    return {f"{PREFIX}budgets": list(history.rungs.budgets), f"{PREFIX}step of intermediate values": step}


def _check_budget(history: History, budget: float | None) -> None:
    """Raise unless trials can be compared at a budget."""
    if budget is None:
        return
    known = sorted({*history.rungs.budgets, *(report.budget for _, report in history.reports)})
    if history.rungs.unit == "none" or not is_real(budget) or budget not in known:
        listed = "the study has no budgets" if history.rungs.unit == "none" else f"the rungs are {history.rungs}"
        raise InvalidOption(f"budget must be None or a budget of the study; got {budget!r}, and {listed}.")


def _open_storage(storage: Any) -> "str | BaseStorage | None":
    """Open a journal file if `storage` is a path; return anything else unchanged."""
    if storage is None or isinstance(storage, BaseStorage) or (isinstance(storage, str) and "://" in storage):
        return storage
    if not isinstance(storage, str | os.PathLike):
        raise InvalidOption(
            f"storage must be a path to a journal file, a database URL or a storage of Optuna; got "
            f"{type(storage).__name__}."
        )
    target = find_target(storage, "The study")
    if target.exists() and not _is_journal(target):  # Optuna would append to some
        raise InvalidOption(f"{storage} is not a journal file of Optuna; pass another path.")
    path = str(target)
    lock = JournalFileOpenLock(path) if os.name == "nt" else None  # links need a privilege on Windows
    try:
        return JournalStorage(JournalFileBackend(path, lock_obj=lock))
    except ValueError as error:  # of JSON
        raise InvalidOption(f"{storage} is not a journal file of Optuna, or is damaged; pass another path.") from error


def _is_journal(path: Path) -> bool:
    """Return whether a file is empty, or its first line an operation of Optuna."""
    with path.open("rb") as file:
        head = file.readline()
    try:
        operation = json.loads(head or "{}")
    except ValueError:
        return False
    return isinstance(operation, dict) and (not head or "op_code" in operation)


@contextmanager
def _deleted_on_error(study: optuna.Study, storage: "str | BaseStorage | None") -> Iterator[None]:
    """Delete a study that could not be written completely."""
    try:
        yield
    except BaseException:
        if storage is not None:
            optuna.delete_study(study_name=study.study_name, storage=storage)
        raise
