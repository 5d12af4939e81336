"""Methods of fitted estimators that score the final model and its members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption

if TYPE_CHECKING:
    from autonet.core.resulttable import ResultTable
    from autonet.inspection.record import FitRecord
    from autonet.models.model import FittedModel
    from autonet.search.history import History

__all__ = ["EvaluatedEstimator"]


class EvaluatedEstimator:
    """Methods of a fitted estimator that score the final model and its members.

    Functions of inspection are imported where they are called: predictions need none of them.
    """

    best_config_: dict[str, Any]
    fit_result_: dict[str, Any]
    history_: History
    model_: FittedModel
    optimize_metric: Any
    additional_metrics: Any
    pos_label: Any
    _record: FitRecord

    def leaderboard(self, X_test: Any = None, y_test: Any = None) -> ResultTable:
        """Return a row per trial, tree ensemble and baseline, and one for the final ensemble, the best first.

        Parameters
        ----------
        X_test, y_test : as in `fit`, optional
            Rows to score the final model and its members on.

        Returns
        -------
        ResultTable
            ``rank`` by validation score; ``name`` as in `fit_result`; ``family``, the network or the kind of trees;
            ``val_score`` and ``test_score`` by `optimize_metric`, the latter on `X_test` with the decision threshold of
            the final model, else on that of `fit`; ``budget`` reached; ``seconds`` of all jobs; ``parameters`` of the
            networks, of all folds; ``ms_per_row``, milliseconds to encode and predict a row of `X_test`, without it
            those of the networks alone in their last validation; ``weight`` in the final ensemble; ``status`` of the
            last job.  Values that are not known are None: members that are not part of the final model have no score
            on `X_test`, and a model file without history lacks trials that were not candidates for the ensemble.

        Raises
        ------
        NotFittedError
        InvalidOption
            If only one of `X_test` and `y_test` is given, or a custom metric is not in the model file.
        InvalidData
            If they do not fit the model.
        """
        from autonet.inspection.leaderboard import leaderboard, score_members  # noqa: PLC0415
        from autonet.inspection.scoring import ScoredRows, find_optimized_metric, optimized_name  # noqa: PLC0415

        model, result, tested = self.model_, self.fit_result_, None
        X_test, y_test = self._find_rows(X_test, y_test)  # type: ignore[attr-defined]  # of an estimator
        if (X_test is None) != (y_test is None):
            raise InvalidOption("X_test and y_test belong together; got only one of them.")
        if X_test is not None:
            metric = find_optimized_metric(result, model.targets, self.optimize_metric, self.pos_label)
            tested = score_members(model, metric, ScoredRows.read(model, X_test, y_test, owner=type(self).__name__))
        history = getattr(self, "history_", None)
        return leaderboard(model, result, self._record, optimized_name(result), history=history, tested=tested)

    def evaluate(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        metrics: Sequence[str] | None = None,
        n_bootstrap: int | None = None,
        coverage: float = 0.95,
        random_state: int = 0,
    ) -> ResultTable:
        """Score the final model by every metric of the task, with bootstrap intervals.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            Rows that `fit` has not seen.
        metrics : sequence of str, optional
            Names of metrics.  Default: `optimize_metric`, `additional_metrics`, and all others with a fast formula.
        n_bootstrap : int, optional
            Number of resamples of the rows; 0 leaves the intervals out.  Default: 200, down to 50 for many rows.
        coverage : float, default=0.95
            Of the intervals, between the percentiles of the scores of the resamples.
        random_state : int, default=0
            Seed of the resamples.

        Returns
        -------
        ResultTable
            ``metric``, ``score``, and ``low`` and ``high``, the ends of its interval; None where a score is undefined,
            and for intervals of a metric that takes more than a tenth of a second.

        Raises
        ------
        NotFittedError
        InvalidOption, UnknownName
            If an option is out of range, or a metric does not exist or suit the task.
        InvalidData
            If the rows do not fit the model.
        """
        from autonet.inspection.evaluation import evaluate  # noqa: PLC0415
        from autonet.inspection.scoring import ScoredRows, find_metrics  # noqa: PLC0415

        model = self.model_
        X, y = self._find_rows(X, y)  # type: ignore[attr-defined]  # of an estimator
        rows = ScoredRows.read(model, X, y, sample_weight, owner=type(self).__name__)
        given = [self.optimize_metric, *(self.additional_metrics or ())]
        found = find_metrics(self.fit_result_, model.targets, given, self.pos_label, metrics)
        return evaluate(model, found, rows, n_bootstrap=n_bootstrap, coverage=coverage, random_state=random_state)

    @property
    def cv_results_(self) -> dict[str, Any]:
        """Trials under the keys of scikit-learn's ``GridSearchCV.cv_results_``; scores are those of validation.

        Greater scores are better: those of an error are negative.  Further keys are ``trial``, ``budget`` and
        ``status``.  Not there in an estimator from a model file without history.
        """
        from autonet.inspection.cv_results import cv_results  # noqa: PLC0415
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415

        metric = optimized_name(self.fit_result_)
        return cv_results(self.history_, metric, greater_is_better=self._record.greater_is_better)

    @property
    def best_params_(self) -> dict[str, Any]:
        """Configuration of the best network, ``best_config_`` under scikit-learn's name."""
        return dict(self.best_config_)

    @property
    def best_score_(self) -> float:
        """Validation score of the best network, of which greater is better: an error is negative."""
        from autonet.inspection.cv_results import signed_score  # noqa: PLC0415
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415

        score = self.fit_result_["best_network"][f"val_{optimized_name(self.fit_result_)}"]
        return signed_score(score, greater_is_better=self._record.greater_is_better)

    def feature_importance(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        metric: str | None = None,
        n_repeats: int = 5,
        max_rows: int | None = 1000,
        random_state: int = 0,
    ) -> ResultTable:
        """Return the permutation importance of each column: how much worse the model scores if it is shuffled.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            Rows that `fit` has not seen.
        metric : str, optional
            Default: `optimize_metric`.
        n_repeats : int, default=5
            Shuffles of each column, at least 2.
        max_rows : int or None, default=1000
            Rows that are drawn if there are more; None for all.
        random_state : int, default=0
            Seed of the draws.

        Returns
        -------
        ResultTable
            A row per column of the table, the most important first: ``importance``, the mean drop of the score, of an
            error its mean rise; ``std`` from shuffle to shuffle; ``noise``, which the importance of a column of noise
            exceeds in one of twenty cases; ``above_noise``.  Of columns that tell the same, each may seem unimportant.

        Raises
        ------
        NotFittedError
        InvalidOption, UnknownName
            If an option is out of range, or the metric does not exist or suit the task.
        InvalidData
            If the rows do not fit the model.
        """
        from autonet.inspection.importance import feature_importance  # noqa: PLC0415
        from autonet.inspection.scoring import ScoredRows, find_metrics, find_optimized_metric  # noqa: PLC0415

        model, result, given, pos_label = self.model_, self.fit_result_, self.optimize_metric, self.pos_label
        X, y = self._find_rows(X, y)  # type: ignore[attr-defined]  # of an estimator
        rows = ScoredRows.read(model, X, y, sample_weight, owner=type(self).__name__)
        if metric is None:
            scored_by = find_optimized_metric(result, model.targets, given, pos_label)
        else:
            [scored_by] = find_metrics(result, model.targets, [given], pos_label, [metric])
        return feature_importance(
            model, scored_by, rows, n_repeats=n_repeats, max_rows=max_rows, random_state=random_state
        )
