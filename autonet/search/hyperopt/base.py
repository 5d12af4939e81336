"""Trials of Hyperopt: the records of a study in Hyperopt's form."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.search.hyperopt.pyll.base import CompiledSpace
from autonet.search.records import Status, Trial
from autonet.search.study import Study

__all__ = [
    "JOB_STATE_DONE",
    "JOB_STATE_ERROR",
    "JOB_STATE_NEW",
    "JOB_STATE_RUNNING",
    "STATUS_FAIL",
    "STATUS_NEW",
    "STATUS_OK",
    "STATUS_RUNNING",
    "STATUS_STRINGS",
    "STATUS_SUSPENDED",
    "Trials",
    "refuse",
]

STATUS_NEW, STATUS_RUNNING, STATUS_SUSPENDED, STATUS_OK, STATUS_FAIL = "new", "running", "suspended", "ok", "fail"
STATUS_STRINGS = (STATUS_NEW, STATUS_RUNNING, STATUS_SUSPENDED, STATUS_OK, STATUS_FAIL)
JOB_STATE_NEW, JOB_STATE_RUNNING, JOB_STATE_DONE, JOB_STATE_ERROR = range(4)

INSTEAD = {
    "SparkTrials": "pass n_jobs or executor to Study.optimize",
    "mongoexp": "pass n_jobs or executor to Study.optimize",
    "mix": "name one algorithm",
    "trials_from_docs": "pass earlier points to fmin as points_to_evaluate",
    "plotting": "use the plots of trials.study, or trials.study.to_optuna()",
}


def refuse(name: str) -> NoReturn:
    """Raise an error for a name that the drop-in lacks; for those of Hyperopt it says what to use.

    Raises
    ------
    ImportError
        For names of Hyperopt, so that imports show the message.
    AttributeError
    """
    if name in INSTEAD:
        raise ImportError(f"{name} of Hyperopt is not available in autonet; {INSTEAD[name]}.")
    raise AttributeError(f"module 'autonet.search.hyperopt' has no attribute {name!r}")


class Trials:
    """Trials of `fmin`, as Hyperopt shows them.

    Parameters
    ----------
    exp_key : None
    refresh : bool
        Not used.

    Attributes
    ----------
    study : Study or None
        The study that ran them, whose ``best.config`` holds values rather than indices; None before `fmin`.
    """

    def __init__(self, exp_key: None = None, refresh: bool = True) -> None:
        if exp_key is not None:
            raise InvalidOption(f"exp_key belongs to MongoDB, which autonet does not use; got {exp_key!r}.")
        self.study: Study | None = None
        self.queue: list[Mapping[str, Any]] = []  # points to evaluate first
        self.save_file: str | None = None
        self._space: CompiledSpace | None = None
        self._returned: dict[int, Mapping[str, Any]] = {}  # what a run directory may not be able to keep

    def use(self, study: Study, space: CompiledSpace, save_file: str | None) -> None:
        """Show the trials of a study."""
        self.study, self._space, self.save_file = study, space, save_file

    def keep(self, number: int, returned: Mapping[str, Any]) -> None:
        """Keep the dict that the objective returned."""
        self._returned[number] = returned

    def __len__(self) -> int:
        """Count the trials without an exception."""
        return len(self.trials)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the trials without an exception."""
        return iter(self.trials)

    def __getitem__(self, index: Any) -> Any:
        """Return a trial, or a list of them for a slice."""
        return self.trials[index]

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The trials whose objective raised no exception, as dicts."""
        return [document for document in self._dynamic_trials if document["state"] != JOB_STATE_ERROR]

    @property
    def _dynamic_trials(self) -> list[dict[str, Any]]:
        """All trials, under the name that Hyperopt has for them."""
        return [] if self.study is None else [self._document(trial) for trial in self.study.trials]

    @property
    def tids(self) -> list[int]:
        """Numbers of the trials."""
        return [trial["tid"] for trial in self.trials]

    @property
    def results(self) -> list[dict[str, Any]]:
        """What the objective returned, each as a dict."""
        return [trial["result"] for trial in self.trials]

    @property
    def miscs(self) -> list[dict[str, Any]]:
        """Values of the trials, by label as lists of at most one value."""
        return [trial["misc"] for trial in self.trials]

    @property
    def vals(self) -> dict[str, list[Any]]:
        """Values by label, of the trials in which it is active; indices of the options of choices."""
        return self._columns("vals")

    @property
    def idxs(self) -> dict[str, list[int]]:
        """Numbers of the trials with a value, by label."""
        return self._columns("idxs")

    def losses(self) -> list[float | None]:
        """Return the losses; None for failed trials."""
        return [result.get("loss") for result in self.results]

    def statuses(self) -> list[str]:
        """Return the statuses, such as `STATUS_OK`."""
        return [result["status"] for result in self.results]

    @property
    def best_trial(self) -> dict[str, Any]:
        """The trial with the smallest loss."""
        if self.study is None or self.study.history.best is None:
            raise SearchFailed("There is no trial with a loss; see results, and the exceptions in study.errors.")
        return self._document(self.study.history.best)

    @property
    def argmin(self) -> dict[str, Any]:
        """The best values by label; indices of the options of choices (see `space_eval`)."""
        return {label: values[0] for label, values in self.best_trial["misc"]["vals"].items() if values}

    def trial_attachments(self, trial: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attachments of a trial."""
        number = trial["tid"]
        if number in self._returned:
            return dict(self._returned[number].get("attachments", {}))
        return {} if self.study is None else dict(self.study.trials[number].metrics.get("attachments", {}))

    def fmin(
        self, fn: Callable[..., Any], space: Any, algo: Any = None, max_evals: int | None = None, **options: Any
    ) -> Any:
        """Minimize a function, and get its trials; see `autonet.search.hyperopt.fmin`."""
        from autonet.search.hyperopt.fmin import fmin  # noqa: PLC0415 - it takes trials

        return fmin(fn, space, algo, max_evals, trials=self, **options)

    def refresh(self) -> None:
        """Do nothing: the trials are always those of the study."""

    def _columns(self, name: str) -> dict[str, list[Any]]:
        labels = [] if self._space is None else list(self._space.parameters)
        miscs = self.miscs
        return {label: [value for misc in miscs for value in misc[name][label]] for label in labels}

    def _document(self, trial: Trial) -> dict[str, Any]:
        """Return a trial as Hyperopt does."""
        assert self._space is not None  # noqa: S101 - set with the study
        report = trial.reports[-1] if trial.reports else None
        assigned = self._space.assign(trial.config)
        labels = self._space.parameters
        misc: dict[str, Any] = {
            "tid": trial.number,
            "cmd": None,
            "workdir": None,
            "idxs": {label: [trial.number] if label in assigned else [] for label in labels},
            "vals": {label: [assigned[label]] if label in assigned else [] for label in labels},
        }
        state = JOB_STATE_RUNNING if report is None else JOB_STATE_DONE
        if report is not None and report.failed and (report.error or report.status in (Status.TIMEOUT, Status.MEMOUT)):
            state = JOB_STATE_ERROR
            misc["error"] = (str(report.status), report.error or report.reason)
        began = None if report is None else datetime.fromtimestamp(report.began, UTC)
        ended = None if report is None else datetime.fromtimestamp(report.began + report.seconds, UTC)
        return {
            "state": state,
            "tid": trial.number,
            "spec": None,
            "result": self._result(trial),
            "misc": misc,
            "exp_key": None,
            "owner": None,
            "version": 0,
            "book_time": began,
            "refresh_time": ended,
        }

    def _result(self, trial: Trial) -> dict[str, Any]:
        """Return what the objective returned, as a dict; from a run directory, what it could keep of it."""
        status = STATUS_NEW if not trial.reports else STATUS_OK if trial.usable else STATUS_FAIL
        result: dict[str, Any] = {"status": status}
        if trial.usable:
            result = {"loss": trial.value, **result}
        result |= self._returned.get(trial.number, trial.metrics)
        result.pop("attachments", None)
        return result | {"status": status}
