"""Base class of the tasks of Auto-PyTorch 0.2.1: constructor, search, refit and predictions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from autonet.compat.autopytorch.inspected_task import InspectedTask
from autonet.compat.autopytorch.metrics import find_metric, list_metrics
from autonet.compat.autopytorch.pipelines import Dataset, PipelineTask, ravel
from autonet.compat.autopytorch.search_options import (
    PIPELINE_OPTIONS,
    PRESET,
    find_categorical,
    find_max_trials,
    note_constructor,
    note_ignored,
    note_search,
    to_budget_type,
    to_components,
    to_precision,
    to_training,
)
from autonet.compat.autopytorch.validation import (
    HoldoutValTypes,
    NoResamplingStrategyTypes,
    ResamplingStrategy,
    to_validation,
)
from autonet.core.errors import InvalidData, InvalidOption, RunMismatch
from autonet.core.typing import Array
from autonet.estimators.base import AutoNet
from autonet.inspection.scoring import find_optimized_metric

if TYPE_CHECKING:
    from autonet.space.updates import HyperparameterSearchSpaceUpdates

__all__ = ["BaseTask"]

BINARY = 2  # classes; the last in sorted order is the positive one


class BaseTask(InspectedTask, PipelineTask):
    """Base class of the tasks."""

    estimator_class: ClassVar[type[AutoNet]]

    def __init__(
        self,
        seed: int = 1,
        n_jobs: int = 1,
        n_threads: int = 1,
        logging_config: Mapping[str, Any] | None = None,
        ensemble_size: int = 50,
        ensemble_nbest: int = 50,
        max_models_on_disc: int = 50,
        temporary_directory: str | None = None,
        output_directory: str | None = None,
        delete_tmp_folder_after_terminate: bool = True,
        delete_output_folder_after_terminate: bool = True,
        include_components: Mapping[str, Any] | None = None,
        exclude_components: Mapping[str, Any] | None = None,
        resampling_strategy: ResamplingStrategy = HoldoutValTypes.holdout_validation,
        resampling_strategy_args: Mapping[str, Any] | None = None,
        backend: None = None,
        search_space_updates: "HyperparameterSearchSpaceUpdates | None" = None,
    ) -> None:
        note_constructor(vars())
        self.seed, self.n_jobs = seed, n_jobs
        self.ensemble_size, self.ensemble_nbest = ensemble_size, ensemble_nbest
        self.run_dir = None if delete_tmp_folder_after_terminate else temporary_directory
        self.include_components, self.exclude_components = include_components, exclude_components
        self.resampling_strategy, self.resampling_strategy_args = resampling_strategy, resampling_strategy_args
        self.search_space_updates = search_space_updates
        self.dataset_name: str | None = None
        self._pipeline_options = dict(PIPELINE_OPTIONS)
        self._estimator: AutoNet | None = None
        self._in_memory = False

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes; pickles and copies leave out the search that `refit` continues."""
        return {**vars(self), "_in_memory": False}

    def search(
        self,
        optimize_metric: str,
        X_train: Any = None,
        y_train: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        dataset_name: str | None = None,
        feat_types: Sequence[str] | None = None,
        budget_type: str = "epochs",
        min_budget: int = 5,
        max_budget: int = 50,
        total_walltime_limit: float = 100,
        func_eval_time_limit_secs: float | None = None,
        enable_traditional_pipeline: bool = True,
        memory_limit: float | None = None,
        smac_scenario_args: Mapping[str, Any] | None = None,
        get_smac_object_callback: None = None,
        all_supported_metrics: bool = True,
        precision: int = 32,
        disable_file_output: Sequence[Any] | None = None,
        load_models: bool = True,
        portfolio_selection: str | None = None,
        dataset_compression: bool | Mapping[str, Any] = False,
    ) -> Self:
        """Search for networks and build an ensemble of them.

        Parameters
        ----------
        optimize_metric : str
            Such as "accuracy", "log_loss" or "r2", or any metric of the estimators.
        X_train, y_train, X_test, y_test : as `X` and `y` in `AutoNetClassification.fit`
            Test rows are scored and nothing else.
        dataset_name : str, optional
            For `sprint_statistics`.
        feat_types : sequence of {"numerical", "categorical"}, optional
            One per column.
        budget_type : {"epochs", "runtime"}
            Unit of the budgets; "runtime" is seconds.
        min_budget, max_budget : float
            Lowest and highest budget of a configuration.
        total_walltime_limit : float
            Time limit in seconds.
        enable_traditional_pipeline : bool
            Whether a linear network and, in an ensemble, tree ensembles take part, as `baseline` and `tree_ensembles`
            of the estimators.
        memory_limit : float, optional
            Memory in MB that a configuration may take.  Default: no limit; 4096 in Auto-PyTorch.
        all_supported_metrics : bool
            Whether to record all metrics of the task.
        portfolio_selection : {"greedy", None}
            The portfolio is always tried first.
        func_eval_time_limit_secs, disable_file_output, load_models, dataset_compression : optional
            Ignored, with a note in the log.
        smac_scenario_args : mapping, optional
            ``{"runcount_limit": n}`` limits the number of configurations; other options of SMAC are refused.
        get_smac_object_callback : None
            Others are refused.
        precision : {32, 16}
            Bits; 16 is bfloat16.

        Returns
        -------
        self

        Raises
        ------
        InvalidData, InvalidOption
            If data or an argument is invalid; before any training.
        SearchFailed
            If nothing could be trained.
        """
        note_search(vars())
        self._metric = find_metric(optimize_metric, self.kind)
        y_train, y_test = ravel(y_train), ravel(y_test)
        labels = _list_labels(y_train) if self.kind == "classification" and np.ndim(y_train) == 1 else []
        single = all_supported_metrics and np.ndim(y_train) == 1
        found = list_metrics(self.kind, len(labels)) if single else []
        self._metrics = list(dict.fromkeys([self._metric, *found]))
        self.dataset_name = dataset_name
        estimator = self._make_estimator(
            optimize_metric=self._metric.scorer,
            additional_metrics=[metric.scorer for metric in self._metrics[1:]],
            pos_label=labels[-1] if len(labels) == BINARY else None,
            categorical_features=find_categorical(feat_types, X_train),
            budget_type=to_budget_type(budget_type),
            min_budget=min_budget,
            max_budget=max_budget,
            max_runtime=total_walltime_limit,
            max_trials=find_max_trials(smac_scenario_args),
            baseline=enable_traditional_pipeline,
            tree_ensembles=enable_traditional_pipeline and self.ensemble_size > 1,
            precision=to_precision(precision),
            memory_limit_mb=memory_limit,
            run_dir=self.run_dir,
            warm_start=self.run_dir is None,  # for `refit`
        )
        self._estimator, self._in_memory = estimator.fit(X_train, y_train, X_test=X_test, y_test=y_test), True
        return self

    def _make_estimator(self, **options: Any) -> AutoNet:
        return self.estimator_class(
            PRESET,
            ensemble_size=max(self.ensemble_size, 1),
            refit_on_all_rows=False,
            n_jobs=self.n_jobs,
            random_state=self.seed,
            device=self._pipeline_options["device"],
            hyperparameter_search_space_updates=self.search_space_updates,
            **to_training(self.ensemble_nbest, self._pipeline_options["early_stopping"]),
            **to_validation(self.resampling_strategy, self.resampling_strategy_args),
            **to_components(self.kind, self.include_components, self.exclude_components, self.search_space_updates),
            **options,
        )

    def refit(
        self,
        dataset: Dataset | None = None,
        X_train: Any = None,
        y_train: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        dataset_name: str | None = None,
        resampling_strategy: ResamplingStrategy = NoResamplingStrategyTypes.no_resampling,
        total_walltime_limit: float = 120,
        **ignored: Any,
    ) -> Self:
        """Train the models of the ensemble on all rows, without a search; it averages them with those of the search.

        Parameters
        ----------
        dataset : Dataset, optional
            What `get_dataset` returned, instead of the rows.
        X_train, y_train, X_test, y_test : as in `search`
            Those to train on are the same as there.
        dataset_name : str, optional
        resampling_strategy : NoResamplingStrategyTypes.no_resampling
        total_walltime_limit : float
            Time limit in seconds.
        **ignored
            Other arguments of Auto-PyTorch, such as `run_time_limit_secs`; each is noted in the log.

        Returns
        -------
        self

        Raises
        ------
        NotFittedError
        InvalidData
            If the rows to train on are not those of `search`.
        InvalidOption
            If the strategy holds rows out, or the task was pickled or copied.
        """
        estimator = self.estimator_
        if not isinstance(resampling_strategy, NoResamplingStrategyTypes):
            raise InvalidOption(
                f"refit trains on all rows; got resampling_strategy={resampling_strategy!r}. For another validation, "
                "pass it to the constructor and search again."
            )
        if self.run_dir is None and not self._in_memory:
            raise InvalidOption(
                "refit continues a search, which pickles and copies leave out; call it before, or keep the search with "
                "temporary_directory and delete_tmp_folder_after_terminate=False."
            )
        note_ignored("refit", ignored)
        rows = dataset or Dataset(X_train, ravel(y_train), X_test, ravel(y_test), dataset_name)
        self.dataset_name = dataset_name or self.dataset_name
        searched = estimator.get_params()["max_runtime"]
        try:
            self._estimator = estimator.fit(
                rows.X_train,
                rows.y_train,
                X_test=rows.X_test,
                y_test=rows.y_test,
                refit_on_all_rows=True,
                max_trials=max(len(estimator.history_), 1),
                max_runtime=searched + total_walltime_limit,
            )
        except RunMismatch as error:
            if not any(text.startswith(("X ", "y ")) for text in error.differences):
                raise
            raise InvalidData(
                "refit takes the rows of search, and X_train or y_train hold others; search again for them, or train "
                "one configuration with fit_pipeline."
            ) from error
        return self

    def predict(self, X_test: Any, batch_size: int | None = None, n_jobs: int = 1) -> Array:
        """Predict labels or values.

        Parameters
        ----------
        X_test : as `X_train`
        batch_size, n_jobs : int
            Ignored: rows are predicted in batches, on all cores.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        predicted: Array = self.estimator_.predict(X_test)
        return predicted

    def score(self, y_pred: Any, y_test: Any) -> dict[str, float]:
        """Score predictions by the metric of `search`.

        Parameters
        ----------
        y_pred : array-like of shape (n_samples,), or (n_samples, n_classes) of probabilities
        y_test : array-like of shape (n_samples,)

        Returns
        -------
        dict
            The score by the name of the metric; of an error, it is positive.
        """
        estimator = self.estimator_
        targets = estimator.model_.targets
        given = {name: getattr(estimator, name) for name in ("optimize_metric", "pos_label")}
        metric = find_optimized_metric(estimator.fit_result, targets, given["optimize_metric"], given["pos_label"])
        predicted = np.asarray(ravel(y_pred))
        if targets.kind != "classification":
            outputs = predicted.reshape(len(predicted), -1)
        elif predicted.ndim == 1:
            outputs = np.eye(targets.n_outputs)[targets.encode(predicted)]
        else:
            outputs = predicted
        return {self._metric.name: self._metric.from_score(metric.score(targets.encode(ravel(y_test)), outputs))}


def _list_labels(y: Any) -> list[Any]:
    """Return the labels in sorted order; those of several types by their texts."""
    labels = set(np.asarray(y).ravel().tolist())
    try:
        return sorted(labels)
    except TypeError:
        return sorted(labels, key=str)
