"""Methods that write a history for other programs."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ConfigSpace import ConfigurationSpace

from autonet.search.history import History

if TYPE_CHECKING:
    import optuna

__all__ = ["Exports"]


class Exports(ABC):
    """Methods of studies and saved runs that write their history for other programs.

    The packages of the extras are imported when they are needed.
    """

    @abstractmethod
    def _exported(self) -> tuple[History, ConfigurationSpace]:
        """Return the history to write, and the space of its configurations."""

    def _learning_curves(self) -> Iterable[Mapping[str, Any]]:
        """Return the rows of learning curves, if objectives keep any that are known here."""
        return ()

    def to_optuna(
        self,
        storage: "str | os.PathLike[str] | optuna.storages.BaseStorage | None" = None,
        study_name: str | None = None,
        *,
        budget: float | None = None,
        constants: bool = True,
        short_names: bool = False,
    ) -> "optuna.Study":
        """Return a copy as a study of Optuna, for its plots and for optuna-dashboard; needs the extra ``optuna``.

        Parameters
        ----------
        storage : path-like, str or optuna.storages.BaseStorage, optional
            Where to write it: path to a journal file, to which the study is added, which ``optuna-dashboard`` opens; a
            database URL; or a storage.  Default: memory.
        study_name : str, optional
            Default: a name of Optuna's.
        budget : float, optional
            Compare trials at this budget: a trial that did not reach it is pruned.  Default: the latest value of each
            trial, whatever its budget, as in ``best``.
        constants : bool, default=True
            Whether hyperparameters with a single value are parameters of the trials.
        short_names : bool, default=False
            Whether to shorten names such as ``OptimizerSelector:sgd:momentum`` to the last parts that no other has,
            ``momentum``: plots cut long names.

        Returns
        -------
        optuna.Study
            Numbers, values and parameters of its trials are those here.  A trial is complete if it has a value, failed
            or pruned if it has none.  Intermediate values are those that the objective reported; if it reported none,
            the value at each budget, by epoch or by thousandth of a second.  Times are local.  User attributes are
            those of the trial, ``metrics_*``, and under ``autonet:*`` status, budget, origin, seed, reason of a failure
            and the jobs of a trial that was resumed.

        Raises
        ------
        MissingPackage
            If Optuna is not installed.
        InvalidOption
            If the file cannot be written or is not a journal, the name exists, or no trial can have the budget.

        Notes
        -----
        Choices other than None, booleans, finite numbers and strings become strings.  Ordinal hyperparameters are
        categorical, in their order.  Optuna's storages keep integers as floats, exactly up to 2**53.

        Examples
        --------
        >>> from autonet.search import minimize
        >>> study = minimize(lambda trial: trial["x"], {"x": (0, 9)}, max_trials=5, random_state=0)
        >>> study.to_optuna().best_value == study.best.value
        True
        """
        from autonet.search.export.optuna import to_optuna  # noqa: PLC0415 - an extra

        history, space = self._exported()
        options: Any = {"budget": budget, "constants": constants, "short_names": short_names}
        return to_optuna(history, space, storage, study_name, **options)

    def to_tensorboard(self, directory: str | os.PathLike[str]) -> None:
        """Write a run of TensorBoard per trial, with its hyperparameters; needs the extra ``tensorboard``.

        Parameters
        ----------
        directory : path-like
            Made if it does not exist; shown by ``tensorboard --logdir``.  Event files of an earlier call are replaced.

        Raises
        ------
        MissingPackage
            If TensorBoard is not installed.
        InvalidOption
            If `directory` is a file.

        Notes
        -----
        Scalars of a trial are ``value`` and ``metrics/*`` by budget, in the steps of `to_optuna`, and
        ``intermediate_value`` by the steps that the objective reported.  Those of the study are ``study/value`` and
        ``study/best_value`` by the number of jobs that have ended.  The tab HPARAMS compares trials by their latest
        value.  A fit of an estimator has ``learning/*``, the columns of ``learning_curves()``, by epoch, or by
        thousandth of an epoch if validations were in between.
        """
        from autonet.search.export.tensorboard import to_tensorboard  # noqa: PLC0415 - an extra

        to_tensorboard(self._exported()[0], directory, self._learning_curves())

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a CSV file with a row per report, that is, per job that has ended.

        The file is there whole or not at all.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.

        Raises
        ------
        InvalidOption
            If there is no such directory.

        Notes
        -----
        Columns are ``trial``, ``job`` (counted from 0 in each trial), ``origin``, ``seed``, ``start``, ``target`` and
        ``budget`` reached (in the unit of the study), ``value`` (in its direction; empty if there is none), ``loss``
        (always minimized), ``tie_breaker``, ``status`` (see `Status`), ``began`` (UTC), ``seconds``, ``cost``,
        ``complete`` and ``reason``; then ``params_*`` in the order of the space, empty where inactive, ``metrics_*``
        and ``user_attrs_*``.  None is ``None``, a list or dict is JSON.
        """
        from autonet.search.export.tables import to_csv  # noqa: PLC0415 - rarely needed

        to_csv(*self._exported(), path)

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write a JSON Lines file with a record per report, that is, per job that has ended.

        The file is there whole or not at all.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.

        Raises
        ------
        InvalidOption
            If there is no such directory.

        Notes
        -----
        Fields are the first columns of `to_csv`, then ``error`` (traceback of a crash), the objects ``params``,
        ``metrics``, ``user_attrs`` and ``details`` (see `Result`), and ``curve``: the steps and values that the
        objective reported, in the last record of a trial.  Numbers that JSON does not have are the strings ``"nan"``
        and ``"inf"``; an absent ``value`` or ``loss`` is null.
        """
        from autonet.search.export.tables import to_jsonl  # noqa: PLC0415 - rarely needed

        to_jsonl(*self._exported(), path)
