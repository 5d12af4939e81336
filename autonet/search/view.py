"""Read-only interface of a study."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import NoFinishedTrial
from autonet.core.resulttable import ResultTable
from autonet.search.aggregate import aggregate
from autonet.search.export.methods import Exports
from autonet.search.history import History
from autonet.search.pruners.base import check_pruner
from autonet.search.records import Trial
from autonet.search.reporting import describe, html_table, list_failures, trials_dataframe
from autonet.search.rungs import Rungs
from autonet.search.samplers.base import Sampler
from autonet.search.schedulers.base import Scheduler
from autonet.search.spaces.encoding import Encoding
from autonet.search.storage.attachments import list_attachments, read_attachment
from autonet.search.storage.checkpoints import read_checkpoint
from autonet.search.storage.journal import Journal
from autonet.search.summary import failures, summarize

__all__ = ["StudyView"]

# Attributes of studies of Optuna, which its plots and those who know it look for, and what to use here.
INSTEAD: Mapping[str, str] = {
    "best_trial": "best",
    "best_params": "best.params",
    "best_value": "best.value",
    "enqueue_trial": "enqueue()",
    **dict.fromkeys(
        ("_is_multi_objective", "best_trials", "directions", "get_trials", "metric_names", "study_name", "user_attrs"),
        "to_optuna(), which returns a study of Optuna, for its plots for example",
    ),
}


class StudyView(Exports):
    """Read-only interface of a study: its space, trials and best trial.

    Attributes
    ----------
    history : History
    sampler : Sampler
    scheduler : Scheduler
    """

    history: History
    sampler: Sampler
    scheduler: Scheduler
    _journal: Journal

    @property
    def space(self) -> ConfigurationSpace:
        """The search space; if the objective defines it, the part that is known so far."""
        return self._journal.space

    @property
    def encoding(self) -> Encoding:
        """The encoding of configurations as rows of numbers."""
        return self._journal.encoding

    @property
    def rungs(self) -> Rungs:
        """The budgets at which trials are compared."""
        return self.history.rungs

    @property
    def checkpoints(self) -> Mapping[int, Any]:
        """Checkpoints, or paths to them, by trial number; dropped when a promotion has become unlikely."""
        return self._journal.checkpoints

    def load_checkpoint(self, trial: Trial) -> Any:
        """Load the latest checkpoint of a trial; None if it saved none, or if it was dropped."""
        kept = self.checkpoints.get(trial.number)
        return read_checkpoint(kept) if isinstance(kept, Path) else kept

    def list_attachments(self, trial: Trial) -> list[str]:
        """Return the names of the files in the directory of a trial, such as those of `RunningTrial.attach`."""
        return list_attachments(self._journal.files / str(trial.number))

    def load_attachment(self, trial: Trial, name: str) -> bytes:
        """Return the bytes of a file in the directory of a trial.

        Raises
        ------
        UnknownName
            If there is no such file.
        """
        return read_attachment(self._journal.files / str(trial.number), name)

    @property
    def pruner(self) -> Any:
        """The pruner; None is the median rule.  Can be set, and is not saved in a run directory."""
        return self._journal.pruner

    @pruner.setter
    def pruner(self, value: Any) -> None:
        self._journal.pruner = check_pruner(value)

    @property
    def log_trials(self) -> bool:
        """Whether the end of each trial is logged at info level; can be set."""
        return self._journal.log_trials

    @log_trials.setter
    def log_trials(self, value: bool) -> None:
        self._journal.log_trials = value

    @property
    def keep_best(self) -> int:
        """Number of best trials whose checkpoints are kept from now on; can be set."""
        return self._journal.keep_best

    @keep_best.setter
    def keep_best(self, value: int) -> None:
        self._journal.keep_best = value

    @property
    def trials(self) -> list[Trial]:
        """All trials, in the order in which they were proposed."""
        return self.history.trials

    @property
    def best(self) -> Trial:
        """The trial with the best value; ties go to the larger budget.

        Raises
        ------
        NoFinishedTrial
            If no trial has a value; the message lists the reasons.
        """
        best = self.history.best
        if best is None:
            raise NoFinishedTrial(f"No trial has a value yet.{list_failures(self.history)}")
        return best

    def trajectory(self) -> ResultTable:
        """Return the best value so far over wall time.

        Returns
        -------
        ResultTable
            A row per improvement: ``seconds`` of wall time since the first trial began, in which at least one trial
            ran (pauses between two sessions of a run directory do not count); ``value`` in the direction of the study;
            ``trial`` and ``budget`` that reached it.
        """
        return self.history.trajectory()

    def aggregate(self) -> ResultTable:
        """Return statistics of the trials of each configuration, for a search with ``repeats``.

        Returns
        -------
        ResultTable
            A row per configuration, the best mean value first; where there are budgets, per configuration and budget
            reached: numbers of its ``trials``, how many of them ``failed``, hyperparameters as ``params_*``, and
            ``_mean``, ``_std`` (None of a single trial), ``_min``, ``_median`` and ``_max`` of the ``value`` and of
            each metric that is a number in all of them.
        """
        return aggregate(self.history)

    def summary(self) -> ResultTable:
        """Summarize the search.

        Returns
        -------
        ResultTable
            Counts and seconds with a note, by ``section`` and ``item``: ``trials`` by the status of their last job;
            ``division``, new trials, promotions and continuations; ``rungs``, jobs to each of them; ``limits``, what
            the time limit, the memory limit, the user or pruning ended; ``seconds``, the wall time in which trials ran.
        """
        return summarize(self.history)

    def failures(self) -> ResultTable:
        """Return the jobs that failed, in their order.

        Returns
        -------
        ResultTable
            ``trial``, the ``budget`` that it was to reach, ``status``, the ``reason`` in one line, ``seconds`` and, of
            exceptions, ``error``, the traceback.
        """
        return failures(self.history)

    def trials_dataframe(self) -> Any:
        """Return a pandas data frame with a row per trial, under Optuna's column names.

        Optuna's columns are ``number``, ``value``, ``datetime_start``, ``datetime_complete``, ``duration``,
        ``params_*``, ``user_attrs_*`` and ``state``, which is "COMPLETE" if there is a value.  Further ones are
        ``metrics_*`` (values returned beside the objective's value), ``budget``, ``status`` (see `Status`), ``origin``,
        ``seed`` and ``reason`` (of a failure).
        """
        return trials_dataframe(self.history)

    def _exported(self) -> tuple[History, ConfigurationSpace]:
        """Return the history to export, and its space."""
        return self.history, self.space

    if not TYPE_CHECKING:  # a type checker would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            """Say what to use instead of an attribute of Optuna's studies."""
            hint = f"; use {INSTEAD[name]}" if name in INSTEAD else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)

        def __iter__(self) -> Any:
            """Refuse; some plots of Optuna take what is none of its studies for several."""
            raise TypeError(
                f"{type(self).__name__!r} object is not iterable; its trials are in trials.  Pass to_optuna() to the "
                "plots of Optuna."
            )

    def __repr__(self) -> str:
        """Show the number of trials and the best value."""
        directory = self._journal.directory
        place = "" if directory is None else f", run_dir={str(Path(directory).parent)!r}"
        return f"<{type(self).__name__}: {describe(self.history)}{place}>"

    def _repr_html_(self) -> str:
        """Show the best trials as a table in a notebook."""
        return html_table(type(self).__name__, self.history)
