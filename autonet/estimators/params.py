"""The parameters of the estimators: default, valid values and meaning of each, declared once.

The constructor repeats names and defaults, as scikit-learn and editors want it; a test compares the two.
"""

# ruff: noqa: RUF009 - `param` returns a field

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from autonet.estimators.callbacks import check_callbacks
from autonet.estimators.checks import (
    ALGORITHM,
    BUDGET_TYPE,
    CONFIGS,
    COUNT,
    COUNT_OR_ZERO,
    METRICS,
    N_JOBS,
    NOT_NEGATIVE,
    PATH,
    PRECISION,
    PRESET,
    QUANTILES,
    SCORE_METRIC,
    SHARE,
    UPDATES,
    accept,
    check_cross_validator,
    check_directory,
    check_executor,
    check_log_level,
    check_logs,
    check_search_space,
    check_tensorboard,
    flag,
    number,
)
from autonet.estimators.param_fields import component_map, components, param

if TYPE_CHECKING:
    from autonet.core.component import ComponentList
    from autonet.space.updates import HyperparameterSearchSpaceUpdates

__all__ = ["Params"]


@dataclass(frozen=True)
class Params:
    """Values of all parameters of an estimator."""

    preset: str | Path | Mapping[str, Any] | None = param(
        "medium_cs",
        "str, Path, dict or None",
        PRESET,
        'Search space to start from: "tiny_cs", "medium_cs", "best_cs", "full_cs", "tiny_cs_002", or the path of a '
        "TOML file.  A dictionary of options, or the path of a file of them, ``option=value`` in lines of a ``.txt`` "
        "file, sets the options that are at their defaults; `preset` may be among them.  None stands for everything "
        "at its full range, one network at the end and no portfolio.",
    )
    max_runtime: float | None = param(
        None,
        "float",
        number(finite=False),
        "Time limit of `fit`, in seconds.  Default: 300, unless the number of trials is limited.",
    )
    max_trials: int | None = param(None, "int", COUNT, "Number of configurations to start.")
    num_iterations: int | None = param(
        None,
        "int",
        number(finite=False),
        "Limit the configurations to those that this many Hyperband brackets would start (Auto-PyTorch's option).",
    )
    min_budget: float | None = param(
        None,
        "float",
        number(),
        "Lowest budget of a configuration: seconds of its own training, epochs, or a share of the rows.  Default: "
        "derived from `max_runtime`; 5 for epochs, 1/9 for shares.",
    )
    max_budget: float | None = param(
        None,
        "float",
        number(),
        "Highest budget of a configuration, as `min_budget`.  Default: derived from `max_runtime`; 150 for epochs, "
        "1 for shares.",
    )
    budget_type: str = param(
        "time",
        '{"time", "training_time", "epochs", "subset"}',
        BUDGET_TYPE,
        'Unit of the budgets.  "time" and "training_time" are seconds of training and validation.  "epochs" are '
        'reproducible bit for bit, and so is "subset": the share of the training rows on which a network is trained '
        "anew, for 50 epochs; larger shares contain the smaller ones.",
    )
    algorithm: str = param(
        "bohb",
        '{"bohb", "hyperband", "random"}',
        ALGORITHM,
        'How to search: "bohb" proposes configurations by a model and promotes them as soon as they are good; '
        '"hyperband" draws them at random and promotes them when a rung is complete; "random" trains each to '
        "`max_budget`.  The portfolio of the preset is tried with 'bohb' only.",
    )
    eta: float = param(
        3, "float", number(1, optional=False), "One in eta configurations is promoted from a budget to the next."
    )
    optimize_metric: str | Callable[..., float] | None = param(
        None,
        "str or callable",
        accept,
        "Metric that selects epochs, promotions, decision thresholds and the final model: a name of scikit-learn's "
        'scorers ("roc_auc", "f1_macro", "neg_log_loss", ...) or of Auto-PyTorch ("auc_metric", "cross_entropy", '
        '...), a scorer, or a function ``f(y_true, y_pred)``, greater is better.  Default: "accuracy" for classes, '
        '"multilabel_accuracy" for several labels, "r2" for regression, "pinball" for `quantiles`.',
    )
    additional_metrics: Sequence[str | Callable[..., float]] | None = param(
        None, "list of str or callable", METRICS, "Metrics to record only."
    )
    score_metric: str | None = param(
        None,
        "str",
        SCORE_METRIC,
        'What `score` returns: accuracy or R2, or, with "optimize_metric", the score by `optimize_metric`, of which '
        "greater is better: an error is negative.",
    )
    pos_label: Any = param(
        None,
        "label of `y`",
        accept,
        'The positive class of a binary classification, which "f1", "jaccard", "precision", "recall", '
        '"average_precision" and the likelihood ratios score; "roc_auc" is the same for either.  Default: the label '
        "1 (or True) if there is one, as in scikit-learn, else the last in sorted order; the log and "
        '``fit_result["pos_label"]`` say which it was, and a warning does unless it is a label like "yes".  '
        "Functions of your own decide for themselves.",
    )
    validation_split: float | None = param(
        None,
        "float",
        SHARE,
        "Share of the rows to hold out for validation, stratified by class or by bins of the target.  0 trains the "
        "final model on all rows: rows are held out during the search as by default, and `refit_on_all_rows` is True.  "
        'Default: 0.3, or what `cross_validator` ="auto" chooses.',
    )
    shuffle: bool = param(
        True,
        "bool",
        flag(),
        "Whether held-out rows are drawn at random; if not, the last ones are held out, as for rows in order of time.",
    )
    cross_validator: Any = param(
        None,
        "str, int, splitter or list of (train, test)",
        check_cross_validator,
        'Validate every configuration on folds; predictions are the mean over the folds\' networks.  "k_fold", '
        '"stratified_k_fold", "group_k_fold", "time_series_split" or another of scikit-learn\'s splitters by name; a '
        "number of folds; or any object with scikit-learn's ``split``, which gets `X` and `y` as passed to `fit`.  "
        '"none" holds rows out instead.  "auto" takes five folds for 50 to 2500 rows (images: 500), and for up to '
        "25 rows per second and core of `max_runtime`, unless `validation_split`, ``groups`` or ``shuffle=False`` ask "
        "for a holdout or `max_runtime` is below 5 s, and holds out 25 to 10 % of larger data (images: 2 %), or where "
        'a fold would lack a class that `optimize_metric` needs.  Default: the preset\'s choice, "none" or "auto".',
    )
    cross_validator_args: Mapping[str, Any] | None = param(
        None,
        "dict",
        accept,
        'Keywords of the splitter given by name, such as {"n_splits": 3}; of "auto", `n_splits` and `n_repeats`, which '
        "it uses where there is time for so many networks.  Default: the preset's choice.",
    )
    min_budget_for_cv: float | None = param(
        None,
        "float",
        NOT_NEGATIVE,
        "Budget below which a configuration is trained and validated on the first fold only.  Only those that were "
        "validated on all folds are in the final model, if there are any.  Default: all budgets have all folds.",
    )
    ensemble_size: int | None = param(
        None,
        "int",
        COUNT,
        "Number of trained networks to select for the final model, with repetition; 1 keeps the best network alone.  "
        "Default: the preset's choice.",
    )
    ensemble_only_consider_n_best: int | None = param(
        None,
        "int",
        COUNT_OR_ZERO,
        "Number of best models that the ensemble is selected from, the others are left out; 0 for the default.  "
        "Default: 30 trials, tree ensembles if there are any, and the baseline.",
    )
    ensemble_sorted_initialization_n_best: int | None = param(
        None,
        "int",
        COUNT_OR_ZERO,
        "Number of best models that the ensemble begins with, `ensemble_size` at most; further ones are selected one "
        "by one.  Default: 1.",
    )
    baseline: bool = param(
        True,
        "bool",
        flag(),
        "Whether to fit a linear network first, which is returned if no other is better, and may join the ensemble.  "
        "Without it nothing is returned before the first trial has ended.  It is always fitted to a single class.",
    )
    refit_on_all_rows: bool | str | None = param(
        None,
        'bool or "auto"',
        flag("auto", None),
        "Whether to train the networks and tree ensembles of the final model on all rows in the last 12 % of the "
        "time.  The validated networks are averaged with them; trees, and with `ensemble_size` = 1 networks, are "
        "replaced.  Rows given as ``X_valid`` are not trained on, so that there is no refit then.  "
        '"auto" refits an ensemble validated on held-out rows: with '
        'folds, all rows train anyway.  Default: the preset\'s choice, "auto" or False.',
    )
    tree_ensembles: bool | None = param(
        None,
        "bool",
        flag(None),
        "Whether to fit scikit-learn's HistGradientBoosting and ExtraTrees beside the networks, as members of the "
        "ensemble, which requires `ensemble_size` > 1.  They get from 12 to 40 % of the time, more where they have "
        'weight in the ensemble; ``fit_result["ensemble"]`` has the weights.  `get_pytorch_model` returns the best '
        "network.  Default: the preset's choice, True or False.",
    )
    n_jobs: int | str | None = param(
        None,
        'int or "auto"',
        N_JOBS,
        "Number of configurations to train at once, each in a process of its own with one thread; -1 stands for one "
        'per core.  "auto" is one per core, at most 8, for budgets in seconds, a `max_runtime` of 15 seconds or more '
        "and tables of up to 512 MiB, or images of up to 8 GiB; otherwise 1.  With less than 10 seconds "
        "it is always one, in this process: worker processes would not be ready.  In workers of joblib, "
        'multiprocessing, `concurrent.futures` or dask, and beside another fit of the process, "auto" and -1 are 1.  '
        "Default: the preset's choice.",
    )
    run_dir: str | Path | None = param(
        None,
        "path-like",
        PATH,
        "Directory in which the search is saved as it goes.  The same fit with the same directory resumes where it "
        "ended, also after `kill -9`: no result is lost, and no trial is trained again.  `max_runtime` and "
        "`max_trials` are totals; larger ones continue a search that had ended.  Other data, options or versions of "
        "autonet raise `RunMismatch`.  `autonet.open_run` looks at a run, also while it continues.",
    )
    warm_start: bool = param(
        False,
        "bool",
        flag(),
        "Whether another call of `fit` with the same data continues with the search of the last one, as with `run_dir` "
        "but in memory.",
    )
    executor: Any = param(
        None,
        "dask.distributed.Client, address, concurrent.futures.Executor or Executor",
        check_executor,
        "Where to train configurations, instead of on this machine's cores: a dask client, the address of a dask "
        'scheduler such as "tcp://host:8786", a pool of `concurrent.futures`, or an executor of ``autonet.search``.  '
        "The data are sent to each worker once; a worker that dies costs its configuration.  It stays open, and is "
        "left out of pickles.  A number as `n_jobs` is then the number of configurations at once, by default one per "
        "worker; executors of ``autonet.search`` have their own.",
    )
    memory_limit_mb: float | None = param(
        None,
        "float",
        number(),
        "Memory in MiB that training one configuration may take beyond that of its worker process with the data: one "
        'that needs more ends alone, with status "memout".  In total it is at most `n_jobs` times that.  Every '
        "configuration is trained in a worker process then, also with ``n_jobs=1``.  Linux only, and not with "
        "`executor`.",
    )
    categorical_features: Sequence[Any] | None = param(
        None,
        "list of names or indices, or boolean mask",
        accept,
        "Columns to treat as categorical, whatever their type.  Columns of strings, booleans and categories always "
        "are.",
    )
    class_weight: Mapping[Any, float] | str | None = param(
        None,
        'dict or "balanced"',
        accept,
        "Weights of the classes, multiplied with those of the rows, in training and in the metric.",
    )
    hyperparameter_search_space_updates: HyperparameterSearchSpaceUpdates | str | Path | None = param(
        None,
        "HyperparameterSearchSpaceUpdates or path",
        UPDATES,
        "Edits of the search space, applied after those of the preset.",
    )
    initial_configs: Sequence[Mapping[str, Any]] | None = param(
        None, "list of dict", CONFIGS, "Configurations to try first; what they leave out has its default."
    )
    search_space: Mapping[str, Any] | None = param(
        None, "dict", check_search_space, 'More edits: ``{"CreateDataLoader:batch_size": (32, 512, "log")}``.'
    )
    include: Mapping[str, ComponentList] | None = component_map("to choose from", '{"networks": ["resnet"]}')
    exclude: Mapping[str, Sequence[str]] | None = component_map("to leave out", '{"optimizer": ["sgd"]}')
    networks: ComponentList | None = components("Networks")
    optimizer: ComponentList | None = components("Optimizers")
    lr_scheduler: ComponentList | None = components("Learning-rate schedules")
    preprocessors: ComponentList | None = components("Preprocessors of numerical features")
    normalization_strategies: ComponentList | None = components("Scalings of numerical features")
    imputation_strategies: Sequence[str] | None = components("Imputations of missing values", custom=False)
    embeddings: ComponentList | None = components("Embeddings of categorical features")
    numeric_embeddings: ComponentList | None = components("Embeddings of numerical features")
    target_transforms: Sequence[str] | None = components("Transforms of regression targets", custom=False)
    quantiles: float | Sequence[float] | None = param(
        None,
        "float or list of float",
        QUANTILES,
        "Levels between 0 and 1 of the quantiles that a regression of one target predicts, such as [0.05, 0.5, "
        "0.95].  Networks train with the pinball loss, whose mean over the levels is scored.  Default: the mean.",
    )
    initialization_methods: ComponentList | None = components("Initializations of the weights")
    loss_modules: ComponentList | None = components("Losses")
    early_stopping_patience: float | None = param(
        None,
        "float",
        number(finite=False),
        "Epochs without improvement that end a training; infinite: none do.  Default: those of the best, plus 16.",
    )
    over_sampling_methods: Sequence[str] | None = components(
        'Oversampling of classes ("random", "smote")', custom=False
    )
    under_sampling_methods: Sequence[str] | None = components('Undersampling of classes ("random")', custom=False)
    target_size_strategies: Sequence[str] | None = components("Numbers of rows per class after both", custom=False)
    batch_loss_computation_techniques: ComponentList | None = components("Batch techniques, such as mixup,")
    device: str | torch.device = param(
        "auto", "str or torch.device", accept, 'Where to train: "auto" (a GPU if there is one), "cpu", "cuda".'
    )
    precision: str = param(
        *("float32", '{"auto", "float32", "bfloat16"}', PRECISION),
        'Of matrix products in training (``torch.autocast``); "auto": the faster one, for budgets in seconds.',
    )
    max_parameters: int | None = param(None, "int", COUNT, "Configurations of larger networks fail before training.")
    random_state: int | np.random.RandomState | None = param(
        None, "int or RandomState", accept, "Seed of all random numbers."
    )
    log_level: str | int | None = param(
        None,
        "str or int",
        check_log_level,
        'Level of the logger "autonet" during the fit: "debug", "info", ... or a number of `logging`.  Default: as '
        "it is.  Lines go to the handlers of `logging`, or to standard error if there are none.",
    )
    additional_logs: Sequence[str] | None = param(
        None,
        'list of {"test_result"}',
        check_logs,
        '"test_result" asks for the scores of ``X_test`` and ``y_test``, which are recorded wherever these are passed '
        "to `fit`.",
    )
    result_logger_dir: str | Path | None = param(
        None,
        "path-like",
        check_directory,
        "Directory to which configurations and results are written as trials end, in the files ``configs.json`` and "
        "``results.json`` of HpBandSter.",
    )
    use_tensorboard_logger: bool = param(
        False,
        "bool",
        check_tensorboard,
        "Whether to write event files of TensorBoard at the end of the fit, to the directory ``tensorboard`` in "
        "`result_logger_dir`, or in the current one; needs the extra ``tensorboard``.",
    )
    progress_bar: bool | str = param(
        "auto",
        'bool or "auto"',
        flag("auto", None),
        'Show time, step, trials per budget and the best score during the fit, on standard error.  "auto" shows it in '
        "a terminal and in a notebook.",
    )
    callbacks: Sequence[Any] | None = param(
        None,
        "list of callable or Callback",
        check_callbacks,
        "Told about trials as they end, about epochs and the best trial; True ends the search.  See `Callback`.",
    )

    @classmethod
    def names(cls) -> list[str]:
        """Names of all parameters."""
        return [parameter.name for parameter in fields(cls)]

    def check_each(self) -> None:
        """Check each value by itself.

        Raises
        ------
        InvalidOption, UnknownName
        """
        for parameter in fields(self):
            parameter.metadata["check"](parameter.name, getattr(self, parameter.name))
