"""`TabularClassificationTask` and `TabularRegressionTask` of Auto-PyTorch 0.2.1."""

from typing import Any, ClassVar

from autonet.compat.autopytorch.base_task import BaseTask
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.estimators.base import AutoNet
from autonet.estimators.classification import AutoNetClassification
from autonet.estimators.regression import AutoNetRegression

__all__ = ["TabularClassificationTask", "TabularRegressionTask"]


class TabularClassificationTask(BaseTask):
    """`AutoNetClassification` with the methods of Auto-PyTorch 0.2.1.

    Parameters
    ----------
    seed : int
    n_jobs : int
        Configurations to train at once.
    ensemble_size : int
        Number of models in the ensemble, with repetition; 0 keeps the best one.
    ensemble_nbest : int
        Best models to select it from.
    temporary_directory : str, optional
        With ``delete_tmp_folder_after_terminate=False``, the `run_dir` of the estimators.
    include_components, exclude_components : mapping of str to list of str, optional
        Components by node, by the names of Auto-PyTorch or of autonet.
    resampling_strategy : HoldoutValTypes or CrossValTypes
    resampling_strategy_args : mapping, optional
        ``val_share`` or ``num_splits``.
    search_space_updates : HyperparameterSearchSpaceUpdates, optional
        Components that it names are added to those of the preset.
    n_threads, logging_config, max_models_on_disc, output_directory : optional
        Ignored, with a note in the log.
    delete_output_folder_after_terminate : bool
        Ignored: nothing is written.
    backend : None

    Notes
    -----
    The search is that of `AutoNetClassification`, with the preset "medium_cs"; ``estimator_`` is the estimator, which
    has everything else.

    Examples
    --------
    >>> from autonet.compat.autopytorch import TabularClassificationTask
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> api = TabularClassificationTask(seed=42, ensemble_size=0)
    >>> api = api.search("accuracy", X, y, max_budget=5, smac_scenario_args={"runcount_limit": 1})
    >>> list(api.score(api.predict(X), y))
    ['accuracy']
    """

    kind: ClassVar[TaskKind] = "classification"
    estimator_class: ClassVar[type[AutoNet]] = AutoNetClassification
    default_metric: ClassVar[str] = "accuracy"

    def predict_proba(self, X_test: Any, batch_size: int | None = None, n_jobs: int = 1) -> Array:
        """Predict probabilities, columns in the sorted order of the labels.

        Parameters
        ----------
        X_test, batch_size, n_jobs : as in `predict`

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        probabilities: Array = self.estimator_.predict_proba(X_test)
        return probabilities


class TabularRegressionTask(BaseTask):
    """`AutoNetRegression` with the methods of Auto-PyTorch 0.2.1; see `TabularClassificationTask`.

    Examples
    --------
    >>> from autonet.compat.autopytorch import TabularRegressionTask
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> api = TabularRegressionTask(ensemble_size=0)
    >>> api = api.search("r2", X, y, max_budget=5, enable_traditional_pipeline=False,
    ...     smac_scenario_args={"runcount_limit": 1})
    >>> list(api.score(api.predict(X), y))
    ['r2']
    """

    kind: ClassVar[TaskKind] = "regression"
    estimator_class: ClassVar[type[AutoNet]] = AutoNetRegression
    default_metric: ClassVar[str] = "r2"
