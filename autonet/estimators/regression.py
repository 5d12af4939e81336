"""`AutoNetRegression`: one or several numbers per row."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.targets.targets import RegressionTargets, Targets
from autonet.estimators.base import AutoNet

__all__ = ["AutoNetRegression"]


class AutoNetRegression(RegressorMixin, AutoNet):  # type: ignore[misc]  # scikit-learn is untyped
    """Find a neural network that predicts one or several numbers for the rows of a table.

    Parameters and further attributes are those of `AutoNetClassification`; the loss modules and metrics are those
    of regression.  Targets are standardized for training; predictions come back in their own units.

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
            As the `y` that was fitted.
        """
        check_is_fitted(self, "model_")
        return self.model_.predict(X)

    def score(
        self, X: Any = None, y: Any = None, sample_weight: Any = None, *, X_test: Any = None, Y_test: Any = None
    ) -> float:
        """Return R2; ``X_test`` and ``Y_test`` are Auto-PyTorch's names of `X` and `y`."""
        X, y = X if X_test is None else X_test, y if Y_test is None else Y_test
        return float(super().score(X, y, sample_weight))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the estimator can do."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
