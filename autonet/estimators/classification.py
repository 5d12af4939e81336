"""The estimator for classification: `AutoNetClassification`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, overload

import numpy as np
from sklearn.base import ClassifierMixin

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.targets.targets import ClassTargets, Targets
from autonet.estimators.autopytorch.methods import AutoPyTorchMixin
from autonet.estimators.base import AutoNet
from autonet.estimators.param_docs import document_parameters

__all__ = ["AutoNetClassification", "AutoNetMultilabel"]

BINARY = 2  # classes


@document_parameters
class AutoNetClassification(AutoPyTorchMixin, ClassifierMixin, AutoNet):  # type: ignore[misc]  # scikit-learn is untyped
    """Classifier that searches for neural networks on tables.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The labels, in the type of `y`; for several labels per row 0 and 1 for each.
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
    threshold_ : float, ndarray of shape (n_labels,) or None
        Decision threshold: `predict` returns ``classes_[1]``, or a label, above this probability; can be set.  None
        for other numbers of classes, of which the most probable one is predicted.
    n_features_in_ : int

    Notes
    -----
    Options of Auto-PyTorch 0.0.2 are accepted: renamed ones are translated, those about its servers are ignored.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    >>> auto.fit(X, y).predict(X).shape
    (150,)
    """

    kind: ClassVar[TaskKind] = "classification"
    default_metrics: ClassVar[Mapping[TaskKind, str]] = {
        "classification": "accuracy",
        "multilabel": "multilabel_accuracy",
    }

    def _read_targets(self, y: Any, quantiles: tuple[float, ...]) -> Targets:
        if quantiles:
            raise InvalidOption(
                f"quantiles={list(quantiles)} are for a regression; remove them, or use AutoNetRegression."
            )
        return ClassTargets.fit(y)

    @overload
    def predict(self, X: Any, return_probabilities: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: Any, return_probabilities: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: Any, return_probabilities: bool = False) -> Array | tuple[Array, Array]:
        """Predict labels.

        Parameters
        ----------
        X : as in `fit`
        return_probabilities : bool, default=False
            Return what `predict_proba` returns, too, as Auto-PyTorch does.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            In the type of `y` in `fit`.  With `return_probabilities` a tuple of it and of the probabilities.
        """
        if not return_probabilities:
            return self.model_.predict(self._list_rows(X), owner=type(self).__name__)
        probabilities = self.predict_proba(X)
        return self.model_.decide(probabilities), probabilities

    @overload
    def predict_proba(self, X: Any, *, as_frame: Literal[False] = False) -> Array: ...

    @overload
    def predict_proba(self, X: Any, *, as_frame: Literal[True]) -> Any: ...

    def predict_proba(self, X: Any, *, as_frame: bool = False) -> Any:
        """Predict probabilities, columns in the order of `classes_`.

        Parameters
        ----------
        X : as in `fit`
        as_frame : bool, default=False
            Return a pandas data frame with a column for each class or label, and the index of `X` if it has one; the
            index of images in a folder, a CSV file or a list of paths is their paths.

        Returns
        -------
        ndarray or DataFrame of shape (n_samples, n_classes) or (n_samples, n_labels)
            For several labels, the probability of each.

        Raises
        ------
        MissingPackage
            If a frame is asked for, and pandas is not installed.
        """
        return self.model_.predict_proba(self._list_rows(X), as_frame=as_frame, owner=type(self).__name__)

    def predict_set(self, X: Any, coverage: float = 0.9) -> Array:
        """Predict sets of classes that hold the true one in a share of the rows.

        Calibrated on the validation rows (split conformal prediction): sure rows get one class, others several.

        Parameters
        ----------
        X : as in `fit`
        coverage : float, default=0.9
            Share of rows whose class is in its set, on average over rows like those of `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), bool
            Whether each class of ``classes_`` is in the set; at least one is.

        Raises
        ------
        InvalidOption
            For several labels per row, or if there were too few validation rows for the coverage.
        """
        return self.model_.predict_set(self._list_rows(X), coverage, owner=type(self).__name__)

    def _list_rows(self, X: Any) -> Any:
        """Return the rows to predict; X may name those of images."""
        return X

    @property
    def threshold_(self) -> float | Array | None:
        """Probability above which `predict` returns ``classes_[1]``, or a label; None for other numbers of classes.

        The best one for `optimize_metric` on the validation rows if the metric depends on it, else 0.5.  Can be set to
        a number from 0 to 1, or one per label; None stands for 0.5.
        """
        n_outputs, threshold = self.model_.targets.n_outputs, self.model_.threshold
        if self.model_.targets.kind == "multilabel":
            return np.full(n_outputs, 0.5) if threshold is None else np.array(threshold)
        if n_outputs != BINARY:
            return None
        return 0.5 if threshold is None else float(threshold)

    @threshold_.setter
    def threshold_(self, value: Any) -> None:
        self.model_ = replace(self.model_, threshold=_check_threshold(value, self.model_.targets))

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _check_threshold(value: Any, targets: Targets) -> float | Array | None:
    """Check a threshold, or one per label."""
    n_labels = targets.n_outputs
    if value is None:
        return None
    if targets.kind == "classification" and n_labels != BINARY:
        raise InvalidOption(f"threshold_ requires two classes or several labels; y has {n_labels} classes.")
    expected = f"a number or {n_labels}, one per label," if targets.kind == "multilabel" else "a number"
    try:
        threshold = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        threshold = np.array(np.nan)
    shapes: tuple[tuple[int, ...], ...] = ((), (n_labels,)) if targets.kind == "multilabel" else ((),)
    if threshold.shape not in shapes or not ((threshold >= 0) & (threshold <= 1)).all():
        raise InvalidOption(f"threshold_ must be {expected} from 0 to 1; got {value!r:.60}.")
    return np.full(n_labels, threshold) if targets.kind == "multilabel" else float(threshold)


class AutoNetMultilabel(AutoNetClassification):
    """`AutoNetClassification` under the name that Auto-PyTorch gives it for several labels per row.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> X, y = make_multilabel_classification(200, n_classes=3, random_state=0)
    >>> auto = AutoNetMultilabel("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9, random_state=0)
    >>> auto.fit(X, y).predict(X).shape
    (200, 3)
    """
