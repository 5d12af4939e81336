"""Base class of the estimators: the constructor, the steps of `fit`, fitted attributes."""

import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from ConfigSpace import ConfigurationSpace
from sklearn.utils.validation import check_consistent_length
from torch import nn

from autonet.core.component import Node
from autonet.core.cores import occupying_cores
from autonet.core.errors import InvalidOption, SearchFailed
from autonet.core.interrupts import current_interrupt, interruptible
from autonet.core.modality import Modality, Reader
from autonet.core.names import join
from autonet.core.task import Task, TaskKind
from autonet.data.reading.frames import warn_if_index_order_differs
from autonet.data.reading.schema import are_strings
from autonet.data.targets.targets import Targets
from autonet.estimators.autopytorch import accept_old_keywords, translate_data, translate_options
from autonet.estimators.baselines import fit_baselines
from autonet.estimators.context import build_context
from autonet.estimators.fitted import FittedEstimator
from autonet.estimators.inputs import FitInputs
from autonet.estimators.options import Options
from autonet.estimators.report import describe_best, describe_model, log_fit, show_progress
from autonet.estimators.scoring import get_positive_label
from autonet.estimators.search import create_study, limit_search, place_rungs
from autonet.estimators.selection import Selection, select_model
from autonet.estimators.synonyms import unknown_option_error
from autonet.estimators.time_plan import TimePlan
from autonet.models.model import FittedModel, one_thread
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tabular import TABLES
from autonet.pipeline.trial import run_trial
from autonet.search.history import History
from autonet.search.rungs import Unit
from autonet.search.study import Study
from autonet.space.updates import HyperparameterSearchSpaceUpdates
from autonet.training.loop import training_modes

__all__ = ["AutoNet"]


class AutoNet(FittedEstimator, ABC):
    """Base class of the estimators; see `AutoNetClassification` for the parameters."""

    kind: ClassVar[TaskKind]
    modality: ClassVar[Modality] = TABLES
    default_metrics: ClassVar[Mapping[TaskKind, str]]

    @accept_old_keywords
    def __init__(
        self,
        preset: str | Path = "medium_cs",
        *,
        max_runtime: float | None = None,
        max_trials: int | None = None,
        num_iterations: int | None = None,
        min_budget: float | None = None,
        max_budget: float | None = None,
        budget_type: Unit = "time",
        eta: float = 3,
        optimize_metric: str | Callable[..., float] | None = None,
        additional_metrics: Sequence[str | Callable[..., float]] | None = None,
        pos_label: Any = None,
        validation_split: float | None = None,
        shuffle: bool = True,
        cross_validator: Any = None,
        cross_validator_args: Mapping[str, Any] | None = None,
        ensemble_size: int | None = None,
        baseline: bool = True,
        refit: bool | str | None = None,
        traditional_learners: bool = False,
        n_jobs: int | str | None = None,
        categorical_features: Sequence[Any] | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        hyperparameter_search_space_updates: HyperparameterSearchSpaceUpdates | str | Path | None = None,
        networks: Sequence[str] | None = None,
        optimizer: Sequence[str] | None = None,
        lr_scheduler: Sequence[str] | None = None,
        preprocessors: Sequence[str] | None = None,
        normalization_strategies: Sequence[str] | None = None,
        imputation_strategies: Sequence[str] | None = None,
        embeddings: Sequence[str] | None = None,
        numeric_embeddings: Sequence[str] | None = None,
        target_transforms: Sequence[str] | None = None,
        initialization_methods: Sequence[str] | None = None,
        loss_modules: Sequence[str] | None = None,
        batch_loss_computation_techniques: Sequence[str] | None = None,
        device: str | torch.device = "auto",
        random_state: int | np.random.RandomState | None = None,
        log_level: str | int | None = None,
        progress_bar: bool | str = "auto",
    ) -> None:
        self.preset = preset
        self.max_runtime = max_runtime
        self.max_trials = max_trials
        self.num_iterations = num_iterations
        self.min_budget = min_budget
        self.max_budget = max_budget
        self.budget_type = budget_type
        self.eta = eta
        self.optimize_metric = optimize_metric
        self.additional_metrics = additional_metrics
        self.pos_label = pos_label
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.cross_validator = cross_validator
        self.cross_validator_args = cross_validator_args
        self.ensemble_size = ensemble_size
        self.baseline = baseline
        self.refit = refit
        self.traditional_learners = traditional_learners
        self.n_jobs = n_jobs
        self.categorical_features = categorical_features
        self.class_weight = class_weight
        self.hyperparameter_search_space_updates = hyperparameter_search_space_updates
        self.networks = networks
        self.optimizer = optimizer
        self.lr_scheduler = lr_scheduler
        self.preprocessors = preprocessors
        self.normalization_strategies = normalization_strategies
        self.imputation_strategies = imputation_strategies
        self.embeddings = embeddings
        self.numeric_embeddings = numeric_embeddings
        self.target_transforms = target_transforms
        self.initialization_methods = initialization_methods
        self.loss_modules = loss_modules
        self.batch_loss_computation_techniques = batch_loss_computation_techniques
        self.device = device
        self.random_state = random_state
        self.log_level = log_level
        self.progress_bar = progress_bar

    def set_params(self, **params: Any) -> Self:
        """Set options by name; unknown ones raise as in the constructor."""
        names = Options.names()
        for name in params:
            if name.partition("__")[0] not in names:
                raise unknown_option_error(name, names)
        return super().set_params(**params)  # type: ignore[no-any-return]

    # --- fit, step by step

    def fit(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        X_valid: Any = None,
        y_valid: Any = None,
        **options: Any,
    ) -> Self:
        """Fit the best model found within the time limit.

        Parameters
        ----------
        X : data frame (pandas, polars, pyarrow), array-like or sparse matrix of shape (n_samples, n_features)
            Numbers, categories, booleans, strings, dates, short texts, with missing values.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels of any type, or zeros and ones for several labels per row; numbers for regression.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in training and in the metric: 2 is the row twice, 0 is no row.
        groups : array-like of shape (n_samples,), optional
            Rows of a group are never on both sides of a split.
        X_valid, y_valid : as `X` and `y`, optional
            Rows to validate on instead of held-out ones.
        **options
            Any option of the constructor, for this call only; also Auto-PyTorch's ``X_train``, ``Y_train`` and
            ``Y_valid``.

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
        data = {"X": X, "y": y, "X_valid": X_valid, "y_valid": y_valid}
        # Fit a copy, and take over its state in a single assignment, which no interrupt can split.
        fitted = copy(self)
        with interruptible(protected=False), training_modes(), occupying_cores():
            fitted._fit(data, sample_weight, groups, options)  # noqa: SLF001 - a copy of itself
            self.__dict__ = fitted.__dict__
        return self

    def _fit(self, data: dict[str, Any], sample_weight: Any, groups: Any, overrides: Mapping[str, Any]) -> None:
        """Fit, step by step, within a time plan."""
        data, overrides = translate_data(data, overrides)
        options = self._resolve_options(overrides)
        plan, networks = options.plan_time(), self._known_networks()
        with log_fit(options.log_level) as logger, one_thread(), ExitStack() as on_exit:
            bar = on_exit.enter_context(show_progress(options.progress_bar, plan.runtime, options.max_trials))
            bar.begin("reading")
            reader, inputs = self._read_inputs(data, sample_weight, groups, options)
            context = build_context(
                inputs, options.list_metrics(self.default_metrics, inputs.targets.kind), options, plan
            )
            bar.describe = partial(describe_best, context.metric)
            resolved = options.resolve_refit(len(context.folds), has_valid=inputs.valid is not None)
            plan = replace(plan, refits=resolved.refit is True)
            space = self._build_space(context, resolved, networks)
            executor = plan.executor(context.data)
            on_exit.callback(executor.close)
            bar.begin("baseline")
            default = context.resolve(space.get_default_configuration())
            baselines = fit_baselines(context, default, resolved, plan)
            searches = baselines.should_search(context, plan)
            rungs, plan = place_rungs(context, default, plan, timed=searches)
            study = create_study(space, context, resolved, rungs)
            logger.info("%d of %d hyperparameters free; rungs %s", study.encoding.n_features, len(space), study.rungs)
            if searches:
                bar.begin("search")
                with suppress(SearchFailed), current_interrupt().abandoning():  # the baseline remains
                    limits = limit_search(study, resolved, plan, bar)
                    study.optimize(partial(run_trial, context), executor=executor, **limits)
            bar.begin("selection")
            selection = select_model(study, context, baselines, resolved.max_networks, plan)
            if resolved.refit:
                bar.begin("refit")
                was_asked, size = options.refit not in ("auto", False), resolved.max_networks
                selection = selection.refit(study, context, size, executor, plan, asked_for=was_asked)
            self._set_fitted_attributes(reader, inputs.targets, study, context, selection, plan)
            for line in describe_model(self.fit_result_):
                logger.info("%s", line)
            logger.info("fit took %.1f s; best configuration: %s", time.monotonic() - plan.began, self.best_config_)

    def _resolve_options(self, overrides: Mapping[str, Any]) -> Options:
        """Override parameters by keywords, and check them."""
        values = {name: getattr(self, name) for name in Options.names()}
        return Options.resolve({**values, **translate_options(overrides, Options.names())})

    def _read_inputs(
        self, data: Mapping[str, Any], sample_weight: Any, groups: Any, options: Options
    ) -> tuple[Reader, FitInputs]:
        """Read data and targets."""
        X_valid, y_valid = data.get("X_valid"), data.get("y_valid")
        if (X_valid is None) != (y_valid is None):
            raise InvalidOption("X_valid and y_valid belong together; got only one of them.")
        warn_if_index_order_differs("X", data["X"], {"y": data["y"], "sample_weight": sample_weight, "groups": groups})
        warn_if_index_order_differs("X_valid", X_valid, {"y_valid": y_valid})
        reader, rows = self.modality.read(data["X"], categorical_features=options.categorical_features)
        targets = self._read_targets(data["y"])
        codes = targets.encode(data["y"])
        check_consistent_length(range(len(rows)), codes)
        valid = None
        if X_valid is not None:
            valid = reader.read(X_valid, type(self).__name__), targets.encode(y_valid, "y_valid")
        inputs = FitInputs(
            self.modality, data["X"], rows, reader.n_features, targets, codes, sample_weight, groups, valid
        )
        return reader, inputs

    def _build_space(self, context: TrialContext, options: Options, networks: Node[nn.Module]) -> ConfigurationSpace:
        """Build the search space; only networks that it can choose go to worker processes."""
        space = options.build_space(context.task, self.modality, networks)
        selector = space[join(networks.name, networks.selector)]
        context.networks = networks.restrict(filter(selector.legal_value, networks.components))
        return space

    def _set_fitted_attributes(
        self,
        reader: Reader,
        targets: Targets,
        study: Study,
        context: TrialContext,
        selection: Selection,
        plan: TimePlan,
    ) -> None:
        """Set the attributes of a fitted estimator, and warn."""
        for warning in selection.warnings:
            warnings.warn(warning, stacklevel=4)
        name = type(self).__name__
        self.model_ = FittedModel(reader, targets, selection.ensemble, selection.members, selection.threshold, name)
        self.n_features_in_ = reader.n_features
        self.__dict__.pop("feature_names_in_", None)
        if are_strings(reader.names):
            self.feature_names_in_ = np.array(reader.names, dtype=object)
        if targets.labels is not None:
            self.classes_ = targets.labels
        self.best_config_ = selection.config
        self.history_: History = study.history
        self.search_space_ = study.space
        self._searched_with = repr(self._resolve_options({}))
        until = min(plan.until("closing"), current_interrupt().limit.at)
        self.fit_result_ = {
            **selection.summary(context, until),
            "pos_label": get_positive_label(context.metric, targets),
        }

    @abstractmethod
    def _read_targets(self, y: Any) -> Targets:
        """Read the targets: classes, labels or values."""

    # --- after fit

    def get_hyperparameter_search_space(
        self, X_train: Any = None, y_train: Any = None, **options: Any
    ) -> ConfigurationSpace:
        """Return the search space of `fit`.

        Parameters
        ----------
        X_train, y_train : array-like, optional
            Data to build the space for.  Default: the space of the last fit, or of the default `Task`.
        **options
            Any option of the constructor, for this call only.
        """
        data, overrides = translate_data({"X": X_train, "y": y_train}, options)
        chosen = self._resolve_options(overrides)
        if X_train is None:
            searched = not overrides and getattr(self, "_searched_with", None) == repr(chosen)
            return (
                self.search_space_
                if searched
                else chosen.build_space(Task(self.kind), self.modality, self._known_networks())
            )
        _, inputs = self._read_inputs(data, None, None, chosen)
        task = Task(inputs.targets.kind, len(inputs.data), inputs.n_features, inputs.targets.n_outputs)
        return chosen.build_space(task, self.modality, self._known_networks())

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = tags.input_tags.categorical = True
        tags.non_deterministic = self.budget_type == "time"  # epochs are reproducible
        return tags
