"""`AutoNetClassification`: labels in, labels and probabilities out."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.estimators.base import AutoNet
from autonet.pipeline.workspace import Target

__all__ = ["AutoNetClassification"]

Array = NDArray[Any]


class AutoNetClassification(ClassifierMixin, AutoNet):  # type: ignore[misc]  # scikit-learn is untyped
    """Find a neural network that classifies the rows of a table.

    Parameters
    ----------
    preset : str or Path, default="medium_cs"
        Search space to start from: "tiny_cs", "medium_cs", "full_cs", or the path of a TOML file.
    max_runtime : float, optional
        Seconds after which fit has returned.  Default: 300, unless the number of trials is limited.
    max_trials : int, optional
        Number of configurations to start.
    num_iterations : int, optional
        Limit the configurations to what so many Hyperband brackets would start (Auto-PyTorch's option).
    min_budget, max_budget : float, optional
        Lowest and highest budget of a configuration: seconds of its own training, or epochs.
        Default: derived from max_runtime; 5 and 150 for epochs.
    budget_type : {"time", "epochs"}, default="time"
        Unit of the budgets.  Epochs are reproducible bit for bit.
    eta : float, default=3
        One in eta configurations goes on from a budget to the next.
    optimize_metric : str, optional
        Metric that chooses epochs, promotions and the winner.  Default: "accuracy" for classes, "r2" for regression.
    validation_split : float, default=0.3
        Share of the rows held out for validation, stratified by class.
    cross_validator : {"none", "k_fold", "stratified_k_fold"}, default="none"
        Validate every configuration on folds instead; predictions are the mean over the folds' networks.
    cross_validator_args : dict, optional
        Keywords of scikit-learn's splitter, such as {"n_splits": 3}.
    hyperparameter_search_space_updates : HyperparameterSearchSpaceUpdates or path, optional
        Edits of the search space, over those of the preset.
    networks, optimizer, lr_scheduler, preprocessors, normalization_strategies, imputation_strategies, \
initialization_methods, loss_modules, batch_loss_computation_techniques : list of str, optional
        Components to choose from, instead of the preset's.
    device : str, default="auto"
        Where to train: "auto" (a GPU if there is one), "cpu", "cuda".
    random_state : int, RandomState or None, default=None
        Root of all random streams.
    log_level : {"debug", "info", "warning", "error", "critical"}, default="warning"
    progress_bar : bool, default=False
        Show time, trials per budget and the best loss while fitting.
    **others
        Options of Auto-PyTorch 0.0.2: renamed ones are translated, those about its servers are ignored.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, in the type of `y`.
    best_config_ : dict
        The configuration of the network that is kept.
    history_ : History
        Every trial with its budgets and reports.
    fit_result : dict
        What Auto-PyTorch's fit returned: configuration, budget, loss and scores.
    search_space_ : ConfigurationSpace
        The space that was searched.
    n_features_in_ : int

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    >>> auto.fit(X, y).predict(X).shape
    (150,)
    """

    kind: ClassVar[TaskKind] = "classification"
    default_metric: ClassVar[str] = "accuracy"

    def _fit_targets(self, X: Any, y: Any) -> tuple[Array, Target, int]:
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype="numeric")
        y = column_or_1d(y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return X, Target.classes(codes), len(self.classes_)

    def _more_targets(self, X: Any, y: Any) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, reset=False, ensure_all_finite="allow-nan", dtype="numeric")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise InvalidOption(f"y_valid has labels that y does not have: {unknown.tolist()}.")
        return X, np.searchsorted(self.classes_, y)

    def predict(self, X: Any) -> Array:
        """Predict labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            In the type of the `y` that was fitted.
        """
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Predict probabilities, columns in the order of `classes_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return self._predict_outputs(X)

    def score(
        self, X: Any = None, y: Any = None, sample_weight: Any = None, *, X_test: Any = None, Y_test: Any = None
    ) -> float:
        """Return the accuracy; ``X_test`` and ``Y_test`` are Auto-PyTorch's names of `X` and `y`."""
        X, y = X if X_test is None else X_test, y if Y_test is None else Y_test
        return float(super().score(X, y, sample_weight))
