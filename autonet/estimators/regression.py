"""The estimator for regression: `AutoNetRegression`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sklearn.base import RegressorMixin

from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.targets.targets import RegressionTargets, TargetEncoder, Targets
from autonet.estimators.autopytorch import AutoPyTorchMixin
from autonet.estimators.base import AutoNet
from autonet.estimators.params import document_parameters

__all__ = ["AutoNetRegression"]


@document_parameters
class AutoNetRegression(AutoPyTorchMixin, RegressorMixin, AutoNet):  # type: ignore[misc]  # scikit-learn is untyped
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

    def _read_targets(self, y: Any) -> Targets:
        return RegressionTargets.fit(y)

    def predict(self, X: Any) -> Array:
        """Predict targets in their own units.

        Parameters
        ----------
        X : as in `fit`, of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            As `y` in `fit`.
        """
        return self.model_.predict(X, owner=type(self).__name__)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """Predict intervals that hold the target in a share of the rows.

        Calibrated on the validation rows (split conformal prediction); an interval is the wider, the more the members
        of the ensemble disagree about the row, and where predictions like its own were off.

        Parameters
        ----------
        X : as in `fit`, of shape (n_samples, n_features)
        coverage : float, default=0.9
            Share of rows whose target is in its interval, on average over rows like those of `fit`.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, n_targets, 2)
            Lower and upper end.  Of several targets, each has intervals of this coverage.

        Raises
        ------
        InvalidOption
            If there were too few validation rows for the coverage: a share of n / (n + 1) is possible.
        """
        return self.model_.predict_interval(X, coverage, owner=type(self).__name__)

    @property
    def target_scale_(self) -> TargetEncoder:
        """Scale of the targets for the network of `get_pytorch_model`.

        ``transform`` is a `NoTransform`, `SignedLog` or `PowerTransform`; ``center`` and ``scale``, of shape
        (n_targets,), are mean and standard deviation of the transformed targets in training.  ``decode(outputs)``
        returns targets in their units for outputs of shape (n, n_targets), float64; ``encode(y)`` is the way back.

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
        tags.target_tags.multi_output = True
        return tags
