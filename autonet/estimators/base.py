"""Base class of the estimators: the constructor and `fit`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch

from autonet.core.component import ComponentList
from autonet.core.cores import occupying_cores
from autonet.core.interrupts import interruptible
from autonet.core.modality import Modality
from autonet.core.task import TaskKind
from autonet.data.targets.targets import Targets
from autonet.estimators.autopytorch.keywords import (
    accept_old_keywords,
    translate_data,
    translate_options,
    translate_refit,
)
from autonet.estimators.autopytorch.methods import accept_old_order, tell_weights_from_rows
from autonet.estimators.fitted import FittedEstimator
from autonet.estimators.params import Params
from autonet.pipeline.tabular import TABLES
from autonet.training.loop import training_modes

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autonet.core.resulttable import ResultTable
    from autonet.estimators.options import Options
    from autonet.space.updates import HyperparameterSearchSpaceUpdates

__all__ = ["AutoNet"]


class AutoNet(FittedEstimator, ABC):
    """Base class of the estimators; see `AutoNetClassification` for the parameters."""

    kind: ClassVar[TaskKind]
    modality: ClassVar[Modality] = TABLES
    _params: ClassVar[type[Params]] = Params
    default_metrics: ClassVar[Mapping[TaskKind, str]]

    @accept_old_keywords
    def __init__(  # noqa: PLR0915 - a statement for each option
        self,
        preset: str | Path | Mapping[str, Any] | None = "medium_cs",
        *,
        max_runtime: float | None = None,
        max_trials: int | None = None,
        num_iterations: int | None = None,
        min_budget: float | None = None,
        max_budget: float | None = None,
        budget_type: str = "time",
        algorithm: str = "bohb",
        eta: float = 3,
        optimize_metric: str | Callable[..., float] | None = None,
        additional_metrics: Sequence[str | Callable[..., float]] | None = None,
        score_metric: str | None = None,
        pos_label: Any = None,
        validation_split: float | None = None,
        shuffle: bool = True,
        cross_validator: Any = None,
        cross_validator_args: Mapping[str, Any] | None = None,
        min_budget_for_cv: float | None = None,
        ensemble_size: int | None = None,
        ensemble_only_consider_n_best: int | None = None,
        ensemble_sorted_initialization_n_best: int | None = None,
        baseline: bool = True,
        refit_on_all_rows: bool | str | None = None,
        tree_ensembles: bool | None = None,
        n_jobs: int | str | None = None,
        run_dir: str | Path | None = None,
        warm_start: bool = False,
        executor: Any = None,
        memory_limit_mb: float | None = None,
        categorical_features: Sequence[Any] | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        hyperparameter_search_space_updates: HyperparameterSearchSpaceUpdates | str | Path | None = None,
        initial_configs: Sequence[Mapping[str, Any]] | None = None,
        search_space: Mapping[str, Any] | None = None,
        include: Mapping[str, ComponentList] | None = None,
        exclude: Mapping[str, Sequence[str]] | None = None,
        networks: ComponentList | None = None,
        optimizer: ComponentList | None = None,
        lr_scheduler: ComponentList | None = None,
        preprocessors: ComponentList | None = None,
        normalization_strategies: ComponentList | None = None,
        imputation_strategies: Sequence[str] | None = None,
        embeddings: ComponentList | None = None,
        numeric_embeddings: ComponentList | None = None,
        target_transforms: Sequence[str] | None = None,
        quantiles: float | Sequence[float] | None = None,
        initialization_methods: ComponentList | None = None,
        loss_modules: ComponentList | None = None,
        early_stopping_patience: float | None = None,
        over_sampling_methods: Sequence[str] | None = None,
        under_sampling_methods: Sequence[str] | None = None,
        target_size_strategies: Sequence[str] | None = None,
        batch_loss_computation_techniques: ComponentList | None = None,
        device: str | torch.device = "auto",
        precision: str = "float32",
        max_parameters: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        log_level: str | int | None = None,
        additional_logs: Sequence[str] | None = None,
        result_logger_dir: str | Path | None = None,
        use_tensorboard_logger: bool = False,
        progress_bar: bool | str = "auto",
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.preset = preset
        self.max_runtime = max_runtime
        self.max_trials = max_trials
        self.num_iterations = num_iterations
        self.min_budget = min_budget
        self.max_budget = max_budget
        self.budget_type = budget_type
        self.algorithm = algorithm
        self.eta = eta
        self.optimize_metric = optimize_metric
        self.additional_metrics = additional_metrics
        self.score_metric = score_metric
        self.pos_label = pos_label
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.cross_validator = cross_validator
        self.cross_validator_args = cross_validator_args
        self.min_budget_for_cv = min_budget_for_cv
        self.ensemble_size = ensemble_size
        self.ensemble_only_consider_n_best = ensemble_only_consider_n_best
        self.ensemble_sorted_initialization_n_best = ensemble_sorted_initialization_n_best
        self.baseline = baseline
        self.refit_on_all_rows = refit_on_all_rows
        self.tree_ensembles = tree_ensembles
        self.n_jobs = n_jobs
        self.run_dir = run_dir
        self.warm_start = warm_start
        self.executor = executor
        self.memory_limit_mb = memory_limit_mb
        self.categorical_features = categorical_features
        self.class_weight = class_weight
        self.hyperparameter_search_space_updates = hyperparameter_search_space_updates
        self.initial_configs = initial_configs
        self.search_space = search_space
        self.include = include
        self.exclude = exclude
        self.networks = networks
        self.optimizer = optimizer
        self.lr_scheduler = lr_scheduler
        self.preprocessors = preprocessors
        self.normalization_strategies = normalization_strategies
        self.imputation_strategies = imputation_strategies
        self.embeddings = embeddings
        self.numeric_embeddings = numeric_embeddings
        self.target_transforms = target_transforms
        self.quantiles = quantiles
        self.initialization_methods = initialization_methods
        self.loss_modules = loss_modules
        self.early_stopping_patience = early_stopping_patience
        self.over_sampling_methods = over_sampling_methods
        self.under_sampling_methods = under_sampling_methods
        self.target_size_strategies = target_size_strategies
        self.batch_loss_computation_techniques = batch_loss_computation_techniques
        self.device = device
        self.precision = precision
        self.max_parameters = max_parameters
        self.random_state = random_state
        self.log_level = log_level
        self.additional_logs = additional_logs
        self.result_logger_dir = result_logger_dir
        self.use_tensorboard_logger = use_tensorboard_logger
        self.progress_bar = progress_bar
        self.callbacks = callbacks

    def set_params(self, **params: Any) -> Self:
        """Set options by name; unknown ones raise as in the constructor."""
        names = self._params.names()
        nested = [name for name in params if name.partition("__")[0] in names]
        return super().set_params(**translate_options(params, [*names, *nested]))  # type: ignore[no-any-return]

    def fit(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        y_valid: Any = None,
        *,
        groups: Any = None,
        X_valid: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        **options: Any,
    ) -> Self:
        """Fit the best model found within the time limit.

        Parameters
        ----------
        X : data frame (pandas, polars, pyarrow), array-like or sparse matrix of shape (n_samples, n_features)
            Numbers, categories, booleans, strings, dates, short texts, with missing values.
        y : array-like, data frame or dictionary of columns, of shape (n_samples,) or (n_samples, n_outputs)
            Labels of any type, or zeros and ones for several labels per row; numbers for regression.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in training and in the metric: 2 is the row twice, 0 is no row.  A table in this place
            is `X_valid`, as in Auto-PyTorch's ``fit(X, y, X_valid, y_valid)``.
        groups : array-like of shape (n_samples,), optional
            Rows of a group are never on both sides of a split.
        X_valid, y_valid : as `X` and `y`, optional
            Rows to validate on instead of held-out ones.
        X_test, y_test : as `X` and `y`, optional
            Rows that are scored and nothing else: ``fit_result["info"]`` has ``test_<metric>`` of the final model, and
            ``history_`` that of each trial, of more than 10,000 rows for 10,000 of them.
        **options
            Any option of the constructor, for this call only; also Auto-PyTorch's ``X_train``, ``Y_train``,
            ``Y_valid`` and ``Y_test``.

        Returns
        -------
        self

        Raises
        ------
        InvalidData
            If data, targets or weights are invalid; before any training.
        InvalidOption
            If an option or an update of the space is invalid; before any training.
        SearchFailed
            If no model could be trained; its cause is the first exception.

        Notes
        -----
        A fit that raises leaves the estimator unchanged: fitted before, it predicts as before.
        Ctrl-C and SIGTERM return the best model so far, with a warning; fits may run in threads.
        """
        from autonet.estimators.fitting import fit_estimator  # noqa: PLC0415 - loading a model needs no search

        sample_weight, X_valid = tell_weights_from_rows(sample_weight, y_valid, X_valid)
        data = {"X": X, "y": y, "X_valid": X_valid, "y_valid": y_valid, "X_test": X_test, "y_test": y_test}
        # Fit a copy, and take over its state in a single assignment, which no interrupt can split.
        fitted = self._copy_for_fit()
        with interruptible(protected=False), training_modes(), occupying_cores():
            fit_estimator(fitted, data, sample_weight, groups, options)
            self.__dict__ = fitted.__dict__
        return self

    @accept_old_order
    def refit(
        self,
        X: Any = None,
        y: Any = None,
        hyperparameter_config: Mapping[str, Any] | int | None = None,
        budget: float | None = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        X_valid: Any = None,
        y_valid: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        ensemble_configs: Mapping[str, Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> Self:
        """Fit one configuration, without a search.

        It is trained and validated as a trial of `fit`, and is the only one in ``history_``; there is no ensemble.

        Parameters
        ----------
        X, y : as in `fit`
        hyperparameter_config : mapping of str to value, or int, optional
            Values of hyperparameters, which have their defaults otherwise; or the number of a trial of the last fit.
            Default: ``best_config_``, or the default configuration if the estimator is not fitted.  Auto-PyTorch's
            order is understood, too: ``refit(X, y, X_valid, y_valid, hyperparameter_config)``.
        budget : float, optional
            Seconds, epochs or a share of the rows, as `budget_type` says.  Default: the budget of the best network, or
            `max_budget` if the estimator is not fitted.
        sample_weight, groups, X_valid, y_valid, X_test, y_test : as in `fit`
        ensemble_configs : mapping of str to mapping, optional
            Configurations to train instead, all on the same budget, such as ``fit_result["ensemble_configs"]``; an
            ensemble of them is selected anew.
        **options
            Any option of the constructor, for this call only; also Auto-PyTorch's ``X_train``, ``Y_train``,
            ``Y_valid`` and ``autonet_config``, a mapping of options.

        Returns
        -------
        self

        Raises
        ------
        InvalidData, InvalidOption
            If data, an option, the configuration or the budget is invalid; before any training.
        SearchFailed
            If the network could not be trained.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from autonet import AutoNetClassification
        >>> auto = AutoNetClassification("tiny_cs", budget_type="epochs", random_state=0)
        >>> auto = auto.refit(*load_iris(return_X_y=True), {"CreateDataLoader:batch_size": 32}, budget=20)
        >>> len(auto.history_), auto.best_config_["CreateDataLoader:batch_size"]
        (1, 32)
        """
        from autonet.estimators.chosen import choose_configuration  # noqa: PLC0415
        from autonet.estimators.fitting import fit_estimator  # noqa: PLC0415 - loading a model needs no search

        data = {"X": X, "y": y, "X_valid": X_valid, "y_valid": y_valid, "X_test": X_test, "y_test": y_test}
        data, options = translate_data(data, options)
        fitted = self._copy_for_fit()
        with interruptible(protected=False), training_modes(), occupying_cores():
            chosen, options = choose_configuration(
                fitted, hyperparameter_config, budget, translate_refit(options), ensemble_configs
            )
            fit_estimator(fitted, data, sample_weight, groups, options, chosen)
            self.__dict__ = fitted.__dict__
        return self

    def _options(self) -> type[Options]:
        """Return the class of the options of a fit."""
        from autonet.estimators.options import Options  # noqa: PLC0415 - loading a model needs no search

        return Options

    def _find_rows(self, X: Any, y: Any, options: Options | None = None, y_fit: Any = None) -> tuple[Any, Any]:
        """Return data and targets where X names both.

        The options are those of a fit; None for rows to score.  Of further rows of a fit, `y_fit` are its targets.
        """
        return X, y

    @abstractmethod
    def _read_targets(self, y: Any, quantiles: tuple[float, ...]) -> Targets:
        """Read the targets: classes, labels or values, of which to predict quantiles if there are any."""

    def get_hyperparameter_search_space(
        self, X_train: Any = None, y_train: Any = None, X_valid: Any = None, y_valid: Any = None, **options: Any
    ) -> ConfigurationSpace:
        """Return the search space of `fit`.

        Parameters
        ----------
        X_train, y_train, X_valid, y_valid : as in `fit`, optional
            Data to build the space for.  Default: the space of the last fit, or of the default `Task`.
        **options
            Any option of the constructor, for this call only.
        """
        from autonet.estimators.fitting import get_search_space  # noqa: PLC0415 - loading a model needs no search

        return get_search_space(self, {"X": X_train, "y": y_train, "X_valid": X_valid, "y_valid": y_valid}, options)

    def plan(self, X: Any = None, y: Any = None, **options: Any) -> ResultTable:
        """Forecast a fit: its rungs, its stages, and how many configurations fit into its time.

        Parameters
        ----------
        X, y : as in `fit`, optional
            With them an epoch of the default configuration is timed on these rows, and nothing else is trained.
            Without, the rungs of budgets in seconds are those of small data.
        **options
            Any option of the constructor, for this call only.

        Returns
        -------
        ResultTable
            ``section`` and ``item``; ``trials`` that reach a rung, if each takes its budget and one in `eta` is
            promoted; ``seconds`` of a stage, or of a trial to a rung.  A fit may find other numbers: trials stop early
            when their loss does, and good ones are trained longer.

        Raises
        ------
        InvalidData, InvalidOption
            If data or an option is invalid, as in `fit`.
        """
        from autonet.estimators.planning import plan_fit  # noqa: PLC0415 - loading a model needs no search

        with interruptible(protected=False), training_modes(), occupying_cores():
            return plan_fit(self, X, y, options)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []  # always float32
        tags.non_deterministic = self.budget_type in ("time", "training_time")  # others are reproducible
        return tags
