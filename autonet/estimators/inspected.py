"""Methods of fitted estimators that show what a fit came to; each passes the parts to a function of inspection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import optuna
    from ConfigSpace import ConfigurationSpace

    from autonet.core.resulttable import ResultTable
    from autonet.inspection.hyperparameters import HyperparameterImportance
    from autonet.inspection.record import FitRecord
    from autonet.models.model import FittedModel
    from autonet.search.history import History

__all__ = ["InspectedEstimator"]


class InspectedEstimator:
    """Methods of a fitted estimator that show what its fit came to.

    Functions of inspection are imported where they are called: predictions need none of them.
    """

    fit_result_: dict[str, Any]
    history_: History
    model_: FittedModel
    search_space_: ConfigurationSpace
    _record: FitRecord

    def trajectory(self) -> ResultTable:
        """Return the best validation score of the search over wall time, a row per improvement.

        Returns
        -------
        ResultTable
            ``seconds`` of wall time since the first trial began, without pauses; ``score`` by ``optimize_metric``;
            ``trial`` and ``budget`` that reached it.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        """
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415
        from autonet.inspection.trajectory import score_trajectory  # noqa: PLC0415

        return score_trajectory(self.history_, optimized_name(self.fit_result_))

    def learning_curves(self) -> ResultTable:
        """Return the learning curves of all trials.

        Returns
        -------
        ResultTable
            A row per validation of a network, of long trainings every second, fourth, ... one and the last:
            ``trial`` and ``fold``; ``budget`` that the job reached; ``epoch`` and ``seconds`` of training before it,
            in all jobs of the trial; ``train_loss``, the mean loss of the batches since the validation before, as they
            were trained, with dropout, mixup and weights of classes; ``val_loss``, log loss or squared error of the
            moving average of the weights on the validation rows (of standardized targets, the pinball loss of
            quantiles); ``train_score`` and ``val_score`` of it by `optimize_metric`, with the best threshold, the
            former on 256 training rows and only now and then, else None.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        """
        from autonet.inspection.curves import learning_curves  # noqa: PLC0415
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415

        return learning_curves(self.history_, optimized_name(self.fit_result_))

    def hyperparameter_importance(self, *, random_state: int = 0) -> HyperparameterImportance:
        """Compute which hyperparameters the validation loss depends on, by functional ANOVA.

        Parameters
        ----------
        random_state : int, default=0

        Returns
        -------
        HyperparameterImportance
            Main and total effects with a noise floor; prints as a table.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        InvalidOption
            If fewer than four configurations were tried.

        See Also
        --------
        autonet.inspection.hyperparameter_importance : The same of a study, with references.
        """
        from autonet.inspection.hyperparameters import hyperparameter_importance  # noqa: PLC0415

        return hyperparameter_importance(self.history_, self.search_space_, random_state=random_state)

    def summary(self) -> ResultTable:
        """Summarize the fit: what was tried, how the time was divided, and what was limited by what.

        Returns
        -------
        ResultTable
            Counts and seconds with a note, by ``section`` and ``item``: ``trials`` by the status of their last job;
            ``division``, new trials, promotions and continuations; ``rungs``, jobs to each of them; ``limits``, what
            ended the search and what ended jobs early; ``trees``, seconds of each tree ensemble; ``seconds`` of wall
            time of each stage of the fit.  An estimator from a model file without history has the last ones only.

        Raises
        ------
        NotFittedError
        """
        from autonet.inspection.summary import summarize_fit  # noqa: PLC0415

        _ = self.model_  # raises if there is none
        return summarize_fit(getattr(self, "history_", None), self._record)

    def failures(self) -> ResultTable:
        """Return the jobs that failed, in their order.

        Returns
        -------
        ResultTable
            ``trial``, the ``budget`` that it was to reach, ``status``, the ``reason`` in one line, ``seconds`` and, of
            exceptions, ``error``, the traceback.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        """
        from autonet.search.summary import failures  # noqa: PLC0415

        return failures(self.history_)

    def report(
        self, path: str | os.PathLike[str], X_test: Any = None, y_test: Any = None, *, title: str | None = None
    ) -> Path:
        """Write a report of the fit as one HTML page; needs the extra ``report``.

        It tells what the data were understood as, what was searched, what won, how good it is and how sure, which
        columns matter, what failed, and how to load the model.  The page loads nothing else, and has no scripts.  It
        holds names and levels of columns and labels, and pictures of the test rows' targets, but no rows; of images it
        shows some test images, those that are predicted worst, and a map of what matters.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.
        X_test, y_test : as in `fit`, optional
            Rows that `fit` has not seen.
        title : str, optional
            Default: the class of the estimator.

        Returns
        -------
        Path
            `path`.

        Raises
        ------
        NotFittedError
        InvalidOption
            If only one of `X_test` and `y_test` is given, or there is no such directory.
        InvalidData
            If they do not fit the model.
        MissingPackage
            If jinja2 or matplotlib is not installed.

        Notes
        -----
        The importance of columns is computed on up to 1000 of the test rows, as many as take a few seconds.
        """
        from autonet.inspection.report.page import write_report  # noqa: PLC0415 - an extra

        return write_report(self, path, X_test, y_test, title=title)

    def to_optuna(
        self,
        storage: str | os.PathLike[str] | optuna.storages.BaseStorage | None = None,
        study_name: str | None = None,
        *,
        budget: float | None = None,
        constants: bool = True,
        short_names: bool = False,
    ) -> optuna.Study:
        """Return the history of the search as a study of Optuna; needs the extra ``optuna``.

        Values are validation losses, to be minimized; scores are the user attributes ``metrics_val_*``.

        Parameters
        ----------
        storage : path-like, str or optuna.storages.BaseStorage, optional
            Path to a journal file, which ``optuna-dashboard`` opens; a database URL; or a storage.  Default: memory.
        study_name : str, optional
        budget : float, optional
            Compare trials at this budget, in seconds or epochs; by default, the latest value of each.
        constants : bool, default=True
            Whether hyperparameters with a single value are parameters of the trials.
        short_names : bool, default=False
            Whether to shorten names such as ``OptimizerSelector:sgd:momentum`` to the last parts that no other has,
            ``momentum``: plots cut long names.

        Returns
        -------
        optuna.Study

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        MissingPackage, InvalidOption
            As for `autonet.search.Study.to_optuna`, which says more.
        """
        from autonet.search.export.optuna import to_optuna  # noqa: PLC0415 - an extra

        options: Any = {"budget": budget, "constants": constants, "short_names": short_names}
        return to_optuna(self.history_, self.search_space_, storage, study_name, **options)

    def to_tensorboard(self, directory: str | os.PathLike[str]) -> None:
        """Write the history of the search, with learning curves, as a run of TensorBoard per trial.

        This needs the extra ``tensorboard``.

        Parameters
        ----------
        directory : path-like
            Made if it does not exist; shown by ``tensorboard --logdir``.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        MissingPackage, InvalidOption
            As for `autonet.search.Study.to_tensorboard`, which says more.
        """
        from autonet.search.export.tensorboard import to_tensorboard  # noqa: PLC0415 - an extra

        to_tensorboard(self.history_, directory, self.learning_curves())

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the history of the search as a CSV file, a row per job that has ended.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        InvalidOption
            If there is no such directory.

        See Also
        --------
        autonet.search.Study.to_csv : Lists the columns.
        """
        from autonet.search.export.tables import to_csv  # noqa: PLC0415 - predictions need no search

        to_csv(self.history_, self.search_space_, path)

    def to_jsonl(self, path: str | os.PathLike[str]) -> None:
        """Write the history of the search as a JSON Lines file, a record per job that has ended.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        InvalidOption
            If there is no such directory.

        See Also
        --------
        autonet.search.Study.to_jsonl : Lists the fields.
        """
        from autonet.search.export.tables import to_jsonl  # noqa: PLC0415 - predictions need no search

        to_jsonl(self.history_, self.search_space_, path)
