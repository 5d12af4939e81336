"""What classification and regression share: the constructor, the ladder of `fit`, and what is kept of it."""

import inspect
import logging
import math
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from autonet.core.cores import occupying_cores
from autonet.core.errors import InvalidOption, SearchFailed
from autonet.core.interrupts import current_interrupt, interruptible
from autonet.core.names import join
from autonet.core.task import Task, TaskKind
from autonet.data.reading.alignment import warn_of_other_order
from autonet.data.reading.brands import open_table
from autonet.data.reading.names import are_strings
from autonet.data.reading.schema import Schema
from autonet.data.table import Table
from autonet.estimators.first_models import fit_first_models
from autonet.estimators.fitted import FittedEstimator
from autonet.estimators.hints import unknown_option
from autonet.estimators.logs import describe_model, log_columns, logged, warn_of_columns
from autonet.estimators.options import Options, renamed
from autonet.estimators.preparation import Given, Targets, prepared
from autonet.estimators.progress import describe_best, show_progress
from autonet.estimators.scoring import positive_label
from autonet.estimators.searching import make_study, search_limits
from autonet.estimators.winner import Winner
from autonet.pipeline.timing import epoch_seconds
from autonet.pipeline.trial import run_trial
from autonet.pipeline.workspace import Workspace
from autonet.search.executors.base import Executor
from autonet.search.history import History
from autonet.search.study import Study
from autonet.space.updates import HyperparameterSearchSpaceUpdates
from autonet.training.modes import training_modes
from autonet.training.threads import one_thread

__all__ = ["AutoNet"]

Array = NDArray[Any]


class AutoNet(FittedEstimator, ABC):
    """Base class of the estimators; see `AutoNetClassification` for the parameters."""

    kind: ClassVar[TaskKind]
    default_metrics: ClassVar[Mapping[TaskKind, str]]
    __signature__: ClassVar[inspect.Signature]

    def __init__(
        self,
        preset: str | Path = "medium_cs",
        *,
        max_runtime: float | None = None,
        max_trials: int | None = None,
        num_iterations: int | None = None,
        min_budget: float | None = None,
        max_budget: float | None = None,
        budget_type: str = "time",
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
        **others: Any,
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
        # Only keywords of Auto-PyTorch come here; a keyword that nobody knows is refused with the nearest ones.
        for name, value in renamed(others, Options.names())[0].items():
            setattr(self, name, value)

    def set_params(self, **params: Any) -> Self:
        """Set options by name; those that do not exist are refused as in the constructor."""
        names = Options.names()
        for name in params:
            if name.partition("__")[0] not in names:
                raise unknown_option(name, names)
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
        """Search for the best network within the time given, and keep it.

        Parameters
        ----------
        X : data frame (pandas, polars, pyarrow), array-like or sparse matrix of shape (n_samples, n_features)
            Numbers, categories, booleans, strings, dates, short texts; missing values are missing values.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels of any type, or zeros and ones for several labels per row; numbers for regression.
        sample_weight : array-like of shape (n_samples,), optional
            What each row counts, in training and in the metric: 2 is the row twice, 0 is no row.
        groups : array-like of shape (n_samples,), optional
            Rows of a group are never on both sides of a split.
        X_valid, y_valid : as `X` and `y`, optional
            Rows to validate on instead of held-out ones.
        **options
            Any option of the constructor, for this call only; Auto-PyTorch's ``X_train``, ``Y_train`` and
            ``Y_valid`` are understood.

        Returns
        -------
        self

        Raises
        ------
        InvalidData
            If the table, the targets or the weights cannot be learned from; before any training.
        InvalidOption
            If an option or an update of the space cannot work; before any training.
        SearchFailed
            If nothing could be trained at all; its cause is the first exception.

        Notes
        -----
        A fit that raises, for whatever reason, leaves the estimator as it was: fitted before, it predicts as before.
        Ctrl-C and SIGTERM return the best model so far, with a warning; fits may run in threads.
        """
        data = {"X": X, "y": y, "X_valid": X_valid, "y_valid": y_valid}
        # A copy is fitted, and its state is taken over in a single assignment, which nothing can interrupt halfway.
        fitted = copy(self)
        with interruptible(protected=False), training_modes(), occupying_cores():
            fitted._search_and_keep(data, sample_weight, groups, options)  # noqa: SLF001 - a copy of itself
            self.__dict__ = fitted.__dict__
        return self

    def _search_and_keep(
        self, data: dict[str, Any], sample_weight: Any, groups: Any, options: Mapping[str, Any]
    ) -> None:
        """Fit, changing the attributes on the way."""
        began, networks = time.monotonic(), self._known_networks()
        data, chosen = self._arguments(data, options)
        self._searched_with = repr(self._arguments({}, {})[1])
        with logged(chosen.log_level) as logger, one_thread(), ExitStack() as on_exit:
            bar = on_exit.enter_context(show_progress(chosen.progress_bar, chosen.time.runtime, chosen.max_trials))
            bar.begin("reading")
            workspace = self._workspace(chosen, **data, sample_weight=sample_weight, groups=groups)
            bar.describe = partial(describe_best, workspace.metric)
            asked_to_refit = chosen.refit not in ("auto", False)
            chosen = chosen.settled(len(workspace.folds), has_valid=data["X_valid"] is not None)
            space = chosen.space(workspace.task, networks)
            selector = space[join(networks.name, networks.selector)]
            workspace.networks = networks.only(filter(selector.legal_value, networks.components))
            default = dict(space.get_default_configuration())
            deadline = began + (chosen.time.runtime or math.inf)
            executor = chosen.time.executor(workspace.table)
            on_exit.callback(executor.close)
            bar.begin("baseline")
            first = fit_first_models(workspace, default, chosen, deadline)
            searching, epoch = first.leave_something(workspace, deadline), 0.0
            if searching and chosen.time.needs_timing:
                with current_interrupt().abandoning():
                    epoch = epoch_seconds(workspace, default)
            rungs = chosen.time.rungs(epoch, workspace.metric.seconds * len(workspace.folds))
            selecting, refitting, closing = chosen.time.kept_back
            scoring = chosen.time.scoring(workspace.additional_metrics, len(workspace.folds))
            left = deadline - time.monotonic() - selecting - scoring - refitting - closing
            study = make_study(space, workspace, chosen, rungs)
            logger.info("%d of %d hyperparameters free; rungs %s", study.encoding.n_features, len(space), study.rungs)
            if searching:
                bar.begin("search")
                self._search(study, workspace, executor, search_limits(study, chosen, left, bar))
            bar.begin("selection")
            winner = Winner.of(study, workspace, first, chosen.networks_kept, deadline - closing - refitting, scoring)
            if chosen.refit:
                bar.begin("refit")
                winner = winner.refitted(
                    study, workspace, chosen.networks_kept, executor, deadline - closing, asked_for=asked_to_refit
                )
            self._keep(study, workspace, winner, min(deadline, current_interrupt().deadline))
            for line in describe_model(self.fit_result_):
                logger.info("%s", line)
            logger.info("fit took %.1f s; best configuration: %s", time.monotonic() - began, self.best_config_)

    def _search(self, study: Study, workspace: Workspace, executor: Executor, limits: Mapping[str, Any]) -> None:
        """Run the search; if it comes to nothing, there is the baseline."""
        try:
            with current_interrupt().abandoning():
                study.optimize(partial(run_trial, workspace), executor=executor, **limits)
        except SearchFailed:
            logging.getLogger("autonet").debug("the search has no model", exc_info=True)

    def _arguments(self, data: dict[str, Any], options: Mapping[str, Any]) -> tuple[dict[str, Any], Options]:
        """Sort the keywords of fit into data and options."""
        data_names = {"X_train": "X", "Y_train": "y", "Y_valid": "y_valid"}
        for old, new in data_names.items():
            if old in options:
                data = {**data, new: options[old]}
        rest = {k: v for k, v in options.items() if k not in data_names}
        overrides, ignored = renamed(rest, Options.names())
        values = {name: getattr(self, name) for name in Options.names()}
        checked = Options.checked(values, overrides)
        for name in ignored:
            logging.getLogger("autonet").info("option %s of Auto-PyTorch is not needed and ignored", name)
        return data, checked

    def _workspace(
        self, options: Options, X: Any, y: Any, X_valid: Any, y_valid: Any, sample_weight: Any, groups: Any
    ) -> Workspace:
        """Read the table and the targets, and prepare them for a search."""
        if (X_valid is None) != (y_valid is None):
            raise InvalidOption("X_valid and y_valid belong together; got only one of them.")
        warn_of_other_order("X", X, {"y": y, "sample_weight": sample_weight, "groups": groups})
        warn_of_other_order("X_valid", X_valid, {"y_valid": y_valid})
        table, self._targets, codes = self._read(X, y, options)
        valid = None if X_valid is None else (self._table(X_valid), self._targets.codes(y_valid, "y_valid"))
        metrics = options.metrics(self.default_metrics, self._targets.kind)
        given = Given(X, table, self.n_features_in_, self._targets, codes, sample_weight, groups, valid)
        return prepared(given, metrics, options)

    def _read(self, X: Any, y: Any, options: Options) -> tuple[Table, Targets, Array]:
        """Find out what columns and targets there are, and read them."""
        opened = open_table(X)
        self._schema = Schema.detect(opened, options.categorical_features)
        self._set_features(self._schema)
        log_columns(logging.getLogger("autonet"), self._schema.columns)
        warn_of_columns(self._schema.columns)
        table = self._schema.read(opened)
        targets = self._read_targets(y)
        codes = targets.codes(y)
        check_consistent_length(table.codes, codes)
        return table, targets, codes

    def _table(self, X: Any) -> Table:
        """Read further rows."""
        return self._schema.read(self._schema.open(X, type(self).__name__))

    def _set_features(self, schema: Schema) -> None:
        """Set what scikit-learn defines: the number of features, and their names if all are strings."""
        self.n_features_in_ = len(schema.columns)
        self.__dict__.pop("feature_names_in_", None)
        if are_strings(schema.names):
            self.feature_names_in_ = np.array(schema.names, dtype=object)

    def _keep(self, study: Study, workspace: Workspace, winner: Winner, deadline: float) -> None:
        """Keep the winner and what there is to know of it by then."""
        self._winner = winner
        for warning in self._winner.warnings:
            warnings.warn(warning, stacklevel=4)
        self.best_config_ = self._winner.config
        self.history_: History = study.history
        self.search_space_ = study.space
        self.fit_result_ = {
            **self._winner.summary(workspace, deadline),
            "pos_label": positive_label(workspace.metric, self._targets),
        }

    @abstractmethod
    def _read_targets(self, y: Any) -> Targets:
        """Find out what there is to predict."""

    # --- afterwards

    def _prediction(self, X: Any) -> Array:
        """Return probabilities, or values in their own units."""
        check_is_fitted(self, "best_config_")
        table = self._table(X)
        with one_thread():
            return self._winner.ensemble.prediction(table)

    def get_hyperparameter_search_space(
        self, X_train: Any = None, y_train: Any = None, **options: Any
    ) -> ConfigurationSpace:
        """Return the space that `fit` searches, or searched.

        Parameters
        ----------
        X_train, y_train : array-like, optional
            A table to build the space for.  Without them: the space of the last fit, or of a table like the default
            `Task`.
        **options
            Any option of the constructor, for this call only.
        """
        y_train = options.pop("Y_train", y_train)
        _, chosen = self._arguments({}, options)
        if X_train is None:
            searched = not options and getattr(self, "_searched_with", None) == repr(chosen)
            return self.search_space_ if searched else chosen.space(Task(self.kind), self._known_networks())
        other = clone(self)
        table, targets, _ = other._read(X_train, y_train, chosen)  # noqa: SLF001 - a copy of itself
        task = Task(targets.kind, len(table), other.n_features_in_, targets.n_outputs)
        return chosen.space(task, self._known_networks())

    def get_current_autonet_config(self) -> dict[str, Any]:
        """Return every option with its value; what is left to the preset has the preset's."""
        return vars(self._arguments({}, {})[1])

    def print_help(self) -> None:
        """Print every option with its default and meaning."""
        print(inspect.cleandoc(type(self).__doc__ or ""))  # noqa: T201 - printing is what it is for

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the estimator can do."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = tags.input_tags.categorical = True
        tags.non_deterministic = self.budget_type == "time"  # epochs are reproducible
        return tags


# What the constructor takes, as far as help, editors and scikit-learn are concerned: its options alone.
AutoNet.__signature__ = inspect.Signature(
    [p for p in inspect.signature(AutoNet).parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
)
