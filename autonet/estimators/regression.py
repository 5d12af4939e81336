"""The estimator for regression: `AutoNetRegression`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.targets.targets import RegressionTargets, Targets
from autonet.data.targets.transforms import TargetEncoder
from autonet.estimators.autopytorch.methods import AutoPyTorchMixin
from autonet.estimators.base import AutoNet
from autonet.estimators.param_docs import document_parameters
from autonet.models.model import FittedModel

__all__ = ["AutoNetRegression"]


class _QuantileRegressorMixin(RegressorMixin):  # type: ignore[misc]  # scikit-learn is untyped
    """Score of predicted values or quantiles."""

    model_: FittedModel

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R2; of quantiles the mean over the levels of the share of the pinball loss that they explain."""
        targets = self.model_.targets
        if not targets.quantiles:
            return float(super().score(X, y, sample_weight))
        from sklearn.metrics import d2_pinball_score  # noqa: PLC0415 - loading a model needs no metrics

        truth = targets.encode(y)[:, 0]
        columns = self.predict(X).reshape(len(truth), -1).T
        levels = zip(targets.quantiles, columns, strict=True)
        return float(np.mean([d2_pinball_score(truth, p, sample_weight=sample_weight, alpha=q) for q, p in levels]))


@document_parameters
class AutoNetRegression(AutoPyTorchMixin, _QuantileRegressorMixin, AutoNet):
    """Regressor, of one or several targets, that searches for neural networks on tables.

    Targets are standardized for training; predictions are in their own units.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    columns_ : tuple of Column
        The columns of the table: kind, levels, whether and why one is unused; prints as a table.
    best_config_ : dict
        Configuration of the best network.
    history_ : History
        Every trial with its budgets and reports.
    fit_result : dict
        Configuration, budget, loss and scores, as returned by Auto-PyTorch's fit.
    cv_results_ : dict
        Every trial as scikit-learn's searches give them; greater scores are better.
    best_params_, best_score_ : dict and float
        Configuration of the best network and its validation score, under scikit-learn's names.
    search_space_ : ConfigurationSpace
        The space that was searched.
    model_ : FittedModel
        The fitted model, without the search.
    target_scale_ : TargetEncoder
        The scale that the best network is trained in: of its outputs, ``decode`` makes targets in their units.
    n_features_in_ : int

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> X, y = make_friedman1(300, random_state=0)
    >>> auto = AutoNetRegression("tiny_cs", max_trials=2, budget_type="epochs", max_budget=27, random_state=0)
    >>> auto.fit(X, y).predict(X).shape
    (300,)
    """

    kind: ClassVar[TaskKind] = "regression"
    default_metrics: ClassVar[Mapping[TaskKind, str]] = {"regression": "r2"}

    def _read_targets(self, y: Any, quantiles: tuple[float, ...]) -> Targets:
        return RegressionTargets.fit(y, quantiles)

    def predict(self, X: Any) -> Array:
        """Predict targets, or their quantiles, in their own units.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            As `y` in `fit`; (n_samples, n_quantiles) for several `quantiles`, with a column for each in their order, in
            which a higher level is never lower.

        Examples
        --------
        >>> from sklearn.datasets import make_friedman1
        >>> X, y = make_friedman1(300, random_state=0)
        >>> auto = AutoNetRegression("tiny_cs", quantiles=[0.1, 0.9], max_trials=1, budget_type="epochs", max_budget=27)
        >>> low, high = auto.fit(X, y).predict(X).T
        >>> bool((low <= high).all())
        True
        """
        return self.model_.predict(self._list_rows(X), owner=type(self).__name__)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Predict intervals that hold the target in a share of the rows.

        Calibrated on the validation rows (split conformal prediction); an interval is the wider, the more the members
        of the ensemble disagree about the row, and where predictions like its own were off.  Of an estimator with
        `quantiles`, an interval lies between the two of them that suit the coverage best, each moved so far that it
        holds the coverage (conformalized quantile regression).

        Parameters
        ----------
        X : as in `fit`
        coverage : float, default=0.9
            Share of rows whose target is in its interval, on average over rows like those of `fit`.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_targets, 2)
            Lower and upper end.  Of several targets, each has intervals of this coverage.

        Raises
        ------
        InvalidOption
            If there were too few validation rows for the coverage: a share of n / (n + 1) is possible, of quantiles
            (n - 1) / (n + 1).  If there is not a quantile below 0.5 and one above.
        """
        return self.model_.predict_interval(self._list_rows(X), coverage, owner=type(self).__name__)

    def _list_rows(self, X: Any) -> Any:
        """Return the rows to predict; X may name those of images."""
        return X

    @property
    def target_scale_(self) -> TargetEncoder:
        """Scale of the targets for the network of `get_pytorch_model`.

        ``transform`` is a `NoTransform`, `SignedLog` or `PowerTransform`; ``center`` and ``scale``, of shape
        (n_targets,), are mean and standard deviation of the transformed targets in training.  ``decode(outputs)``
        returns targets in their units for outputs of shape (n, n_targets), float64; ``encode(y)`` is the way back.
        Outputs for `quantiles` have shape (n, n_quantiles), may cross, and are sorted in ``decode``.

        Examples
        --------
        >>> import torch
        >>> from sklearn.datasets import make_friedman1
        >>> X, y = make_friedman1(300, random_state=0)
        >>> auto = AutoNetRegression("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9, random_state=0)
        >>> network = auto.fit(X, y).get_pytorch_model()
        >>> outputs = network(torch.from_numpy(auto.transform(X))).detach().numpy()
        >>> bool(abs(auto.target_scale_.decode(outputs)[:, 0] - auto.predict(X)).max() < 1e-4)
        True
        """
        return self.model_.best[0].targets

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = getattr(self, "quantiles", None) is None  # estimators of images have none
        return tags
