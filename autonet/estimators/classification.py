"""`AutoNetClassification`: labels in, labels and probabilities out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.data.targets.targets import ClassTargets, Targets
from autonet.estimators.base import AutoNet

__all__ = ["AutoNetClassification", "AutoNetMultilabel"]

BINARY = 2  # classes


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
    optimize_metric : str or callable, optional
        Metric that chooses epochs, promotions, decision thresholds and the winner: a name of scikit-learn's scorers
        ("roc_auc", "f1_macro", "neg_log_loss", ...) or of Auto-PyTorch ("auc_metric", "cross_entropy", ...), a scorer,
        or a function ``f(y_true, y_pred)``, greater is better.  Default: "accuracy" for classes,
        "multilabel_accuracy" for several labels, "r2" for regression.
    additional_metrics : list of str or callable, optional
        Metrics that are recorded only.
    pos_label : label of `y`, optional
        Of two classes, the one that "f1", "jaccard", "precision", "recall", "average_precision" and the likelihood
        ratios are of; "roc_auc" is the same for either.  Default: the label 1 (or True) where there is one, as in
        scikit-learn, else the last in sorted order; which one it was, the log and ``fit_result["pos_label"]`` say,
        and a warning unless it is a label like "yes".  Functions of one's own decide that for themselves.
    validation_split : float, optional
        Share of the rows held out for validation, stratified by class or by bins of the target.  Default: 0.3, or
        what `cross_validator` ="auto" chooses.
    shuffle : bool, default=True
        Whether held-out rows are drawn at random; if not, the last ones are held out, as befits rows in order of time.
    cross_validator : str, int, splitter or list of (train, test), optional
        Validate every configuration on folds; predictions are the mean over the folds' networks.  "k_fold",
        "stratified_k_fold", "group_k_fold", "time_series_split" or another of scikit-learn's splitters by name; a
        number of folds; or any object with scikit-learn's ``split``, which gets `X` and `y` as `fit` did.  "none"
        holds rows out instead.  "auto" takes five folds for 50 to 2500 rows, and for up to 25 rows per second and core
        of `max_runtime`, unless `validation_split`, ``groups`` or ``shuffle=False`` ask for a holdout or `max_runtime`
        is below 5 s, and holds out 25 to 10 % of larger tables, or where a fold would lack a class that
        `optimize_metric` needs.  Default: the preset's choice, "none" or "auto".
    cross_validator_args : dict, optional
        Keywords of the splitter that was named, such as {"n_splits": 3}.
    ensemble_size : int, optional
        How many trained networks to choose for the final model, with repetition; 1 keeps the winner alone.
        Default: the preset's choice.
    baseline : bool, default=True
        Whether a linear network is fitted first, which is returned if no other is better, and may join the ensemble.
        Without it nothing is returned before the first trial has ended.  It is always fitted to a single class.
    refit : bool or "auto", optional
        Whether the networks of the final model are trained on all rows in the last 12 % of the time.  Those that were
        validated are averaged with them; with `ensemble_size` = 1 they take the place of the winner's.  Rows given as
        ``X_valid`` are not trained on: there is then no refit.  "auto" is for an ensemble on rows that were held out:
        with folds, all rows train as it is.  Default: the preset's choice, "auto" or False.
    traditional_learners : bool, default=False
        Whether scikit-learn's HistGradientBoosting and ExtraTrees are fitted, too, within 15 % of the time, as
        further members of the ensemble, which `ensemble_size` must allow.  ``fit_result["ensemble"]`` tells what they
        weigh; the best network is found and kept as without them.
    n_jobs : int or "auto", optional
        How many configurations to train at once, each in a process of its own with one thread; -1 stands for one per
        core.  "auto" is one per core for budgets in seconds and 25 seconds or more.  With less than 10 seconds it is
        always one, in this process: others would not be ready.  In workers of joblib, multiprocessing,
        `concurrent.futures` or dask, and beside another fit of the process, "auto" and -1 are 1.  Default: the
        preset's choice.
    categorical_features : list of names or indices, or boolean mask, optional
        Columns that are categories whatever their type.  Columns of strings, booleans and categories are found
        without.
    class_weight : dict or "balanced", optional
        What the rows of a class count, beside their own weight, in training and in the metric.
    hyperparameter_search_space_updates : HyperparameterSearchSpaceUpdates or path, optional
        Edits of the search space, over those of the preset.
    networks, optimizer, lr_scheduler, preprocessors, normalization_strategies, imputation_strategies, embeddings, \
numeric_embeddings, target_transforms, initialization_methods, loss_modules, \
batch_loss_computation_techniques : list of str, optional
        Components to choose from, instead of the preset's.
    device : str, default="auto"
        Where to train: "auto" (a GPU if there is one), "cpu", "cuda".
    random_state : int, RandomState or None, default=None
        Root of all random streams.
    log_level : str or int, optional
        Level of the logger "autonet" while fitting: "debug", "info", ... or a number of `logging`.  Default: as it is.
        Lines go where logging sends them, or to standard error if it has not been set up.
    progress_bar : bool or "auto", default="auto"
        Show time, what is being done, trials per budget and the best score while fitting, on standard error.  "auto"
        shows it in a terminal and in a notebook.
    **others
        Options of Auto-PyTorch 0.0.2: renamed ones are translated, those about its servers are ignored.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, in the type of `y`.
    columns_ : tuple of Column
        What the columns of the table were taken for, which are not used and why; prints as a table.
    best_config_ : dict
        The configuration of the network that is kept.
    history_ : History
        Every trial with its budgets and reports.
    fit_result : dict
        What Auto-PyTorch's fit returned: configuration, budget, loss and scores.
    search_space_ : ConfigurationSpace
        The space that was searched.
    threshold_ : float, ndarray of shape (n_labels,) or None
        The probability of ``classes_[1]``, or of each label, above which `predict` says so; can be set.  None for
        other numbers of classes: the most probable one is predicted.
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
    default_metrics: ClassVar[Mapping[TaskKind, str]] = {
        "classification": "accuracy",
        "multilabel": "multilabel_accuracy",
    }

    def _read_targets(self, y: Any) -> Targets:
        return ClassTargets.fit(y)

    def predict(self, X: Any) -> Array:
        """Predict labels.

        Parameters
        ----------
        X : as in `fit`, of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            In the type of the `y` that was fitted.
        """
        check_is_fitted(self, "model_")
        return self.model_.predict(X)

    def predict_proba(self, X: Any) -> Array:
        """Predict probabilities, columns in the order of `classes_`.

        Parameters
        ----------
        X : as in `fit`, of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            Of several labels, the probability of each.
        """
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(X)

    @property
    def threshold_(self) -> float | Array | None:
        """The probability above which `predict` says ``classes_[1]``, or a label; None for other numbers of classes.

        It is the best one for `optimize_metric` on the validation rows where that depends on it, else 0.5.  It can be
        set, to a number from 0 to 1, or for several labels to one for each; None stands for 0.5.
        """
        check_is_fitted(self, "model_")
        n_outputs, threshold = self.model_.targets.n_outputs, self.model_.threshold
        if self.model_.targets.kind == "multilabel":
            return np.full(n_outputs, 0.5) if threshold is None else np.array(threshold)
        if n_outputs != BINARY:
            return None
        return 0.5 if threshold is None else float(threshold)

    @threshold_.setter
    def threshold_(self, value: Any) -> None:
        check_is_fitted(self, "model_")
        self.model_ = replace(self.model_, threshold=_checked_threshold(value, self.model_.targets))

    def score(
        self, X: Any = None, y: Any = None, sample_weight: Any = None, *, X_test: Any = None, Y_test: Any = None
    ) -> float:
        """Return the accuracy; ``X_test`` and ``Y_test`` are Auto-PyTorch's names of `X` and `y`."""
        X, y = X if X_test is None else X_test, y if Y_test is None else Y_test
        return float(super().score(X, y, sample_weight))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the estimator can do."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _checked_threshold(value: Any, targets: Targets) -> float | Array | None:
    """Check a threshold, or one per label."""
    n_labels = targets.n_outputs
    if value is None:
        return None
    if targets.kind == "classification" and n_labels != BINARY:
        raise InvalidOption(
            f"threshold_ is for two classes or several labels; of {n_labels} classes the most probable is predicted."
        )
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
