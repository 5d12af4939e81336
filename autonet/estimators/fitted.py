"""Attributes and methods of a fitted estimator."""

from typing import Any

from ConfigSpace import ConfigurationSpace
from sklearn.exceptions import NotFittedError
from torch import nn

from autonet.estimators.columns import ColumnSummary
from autonet.estimators.pickling import PortableEstimator
from autonet.estimators.report import describe_search
from autonet.models.model import FittedModel
from autonet.search.history import History

__all__ = ["FittedEstimator"]


class _NotFitted:
    """Value of an attribute that `fit` sets: reading it before raises an error, and takes no time afterwards.

    `check_is_fitted` makes all tags of the estimator first.
    """

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        raise NotFittedError(
            f"This {owner.__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before using "
            "this estimator."
        )


NOT_FITTED: Any = _NotFitted()


class FittedEstimator(PortableEstimator):
    """Attributes and methods of an estimator after `fit`."""

    best_config_: dict[str, Any] = NOT_FITTED
    fit_result_: dict[str, Any] = NOT_FITTED
    history_: History = NOT_FITTED
    search_space_: ConfigurationSpace = NOT_FITTED
    model_: FittedModel = NOT_FITTED

    @property
    def fit_result(self) -> dict[str, Any]:
        """Result of the fit in plain values, under Auto-PyTorch's names and a few more.

        Returns
        -------
        optimized_hyperparameter_config : dict
            Configuration of the best network; ``NetworkSelector:network`` is "linear" if that is the baseline.
        budget : float
            Budget of the best network, in seconds or epochs; 0 for "linear".
        loss : float
            Validation loss of the final model: distance of ``optimize_metric`` from its optimum (1 - accuracy), or the
            metric itself if smaller is better.
        info : dict
            Scores of the final model: ``loss`` again, ``train_<metric>`` on some training rows, and
            ``val_<metric>`` for ``optimize_metric`` and ``additional_metrics``.
        best_network : dict
            ``name`` (number of the trial, or "linear"), ``loss`` and ``val_<metric>`` of the best network alone.
        ensemble : dict of str to float
            Members of the final model, trials and others, with their weights.
        models : dict of str to dict
            ``weight``, ``loss`` and ``val_<metric>`` of each candidate for the ensemble, the best first.
        threshold : float, list of float or None
            Decision threshold; None if 0.5 or the most probable class decides.
        pos_label : label or None
            Positive class of ``optimize_metric``; None for a metric of all classes.

        Notes
        -----
        Validation scores are means over the folds, with the best threshold for each where the metric depends on one.
        Epochs, configurations, the ensemble, its temperature and threshold were selected on these rows, so that scores
        are slightly optimistic: compare models on rows that `fit` has not seen.  Scores are computed before `refit`.
        """
        return self.fit_result_

    @property
    def columns_(self) -> ColumnSummary:
        """Columns of the table: kind, levels, whether and why one is unused; prints as a table."""
        return ColumnSummary(getattr(self.model_.schema, "columns", ()))

    def get_pytorch_model(self) -> nn.Module:
        """Return the network of the best configuration; of several folds, that of the first.

        Returns
        -------
        nn.Module
            On the CPU, in evaluation mode.  For the built-in networks an ``nn.Sequential`` that begins with a
            ``Linear``, the scale of a ``realmlp``, or with embeddings of numbers or categories if there are any:
            ``model[0].in_features`` is the width after preprocessing.  Classification networks give logits, regression
            networks standardized targets.
        """
        return self.model_.network

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the parameters and, once fitted, the result of the search."""
        text: str = super().__repr__(N_CHAR_MAX)
        if not hasattr(self, "fit_result_"):
            return text
        return "\n".join([text, *describe_search(self.fit_result_, self.history_, self.search_space_)])
